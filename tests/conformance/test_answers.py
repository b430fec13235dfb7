"""Answers: the one form of errors, and what pages of other origins may see (CORS)."""

import re
from dataclasses import dataclass

import pytest

from tests.conformance.target import (
    AGREED,
    AUTH,
    KEY,
    UNKNOWN_KEY,
    WITH_KEY,
    Target,
    event_envelope,
    new_id,
    path,
    short,
)
from tests.system.running import Headers

rows = pytest.mark.rows
ours = pytest.mark.ours

ROUTES = [
    "envelope",
    "store",
    "security",
    "csp-report",
    "nel",
    "minidump",
    "events/0123456789abcdef0123456789abcdef/attachments",
    f"cron/nightly/{KEY}",
]
MARK = "zebra-in-the-payload"


@dataclass(frozen=True)
class Case:
    """A request that is refused, and its row."""

    row: str
    status: int
    route: str = "envelope"
    method: str = "POST"
    headers: Headers = WITH_KEY
    query: str = ""
    body: bytes = b""


REFUSED = {
    "400 no envelope": Case("answers/400", 400, body=MARK.encode()),
    "400 no event": Case("answers/400", 400, "store", body=MARK.encode()),
    "400 no minidump": Case(
        "answers/400",
        400,
        "minidump",
        headers=(*WITH_KEY, ("Content-Type", "application/x-dmp")),
        body=MARK.encode(),
    ),
    "401 nobody": Case("answers/401", 401, headers=(), body=event_envelope()),
    "403 unknown key": Case(
        "answers/403", 403, headers=(), query=f"?sentry_key={UNKNOWN_KEY}", body=event_envelope()
    ),
    "404": Case("answers/404", 404, MARK),
    "405": Case("answers/405", 405, method="PUT", body=MARK.encode()),
    "413": Case("answers/413", 413, body=event_envelope(extra={"much": MARK * 100_000})),
    "415 encoding": Case(
        "answers/415", 415, headers=(*WITH_KEY, ("Content-Encoding", MARK)), body=MARK.encode()
    ),
    "415 type": Case(
        "answers/415",
        415,
        "security",
        headers=(*WITH_KEY, ("Content-Type", f"text/{MARK}")),
        body=MARK.encode(),
    ),
}


@rows(
    "answers/form",
    "answers/400",
    "answers/401",
    "answers/403",
    "answers/404",
    "answers/405",
    "answers/413",
    "answers/415",
    "cors/origin",
    "cors/expose",
    "policy/no-echo",
)
@pytest.mark.parametrize("what", list(REFUSED))
def test_an_error_has_one_form(target: Target, what: str) -> None:
    """JSON with `detail` and `causes`, readable across origins, with nothing of what was sent."""
    case = REFUSED[what]
    headers = (*case.headers, *AGREED, ("Origin", "https://suite.example"))
    reply = target.send(case.method, path(case.route) + case.query, *headers, body=case.body)
    assert case.status == reply.status
    assert "application/json" == reply.headers["content-type"].partition(";")[0]
    document = reply.json()
    assert {"detail", "causes"} == document.keys()
    assert isinstance(document["detail"], str)
    assert document["detail"]
    assert all(isinstance(cause, str) for cause in document["causes"])
    assert "*" == reply.headers["access-control-allow-origin"]
    assert MARK not in repr(reply)


EXPOSED = {"x-sentry-error", "x-sentry-rate-limits", "retry-after"}
ALLOWED = {
    "x-sentry-auth", "x-requested-with", "origin", "referer", "accept", "content-type",
    "authentication", "authorization", "content-encoding", "transfer-encoding",
}  # fmt: skip


def names(value: str) -> set[str]:
    return set(re.split(r",\s*", value.lower()))


@rows("cors/origin", "cors/expose", "cors/resource-policy")
@pytest.mark.parametrize("route", ROUTES, ids=short)
def test_answers_are_readable_across_origins(target: Target, route: str) -> None:
    """On every route where something is sent, whatever the answer."""
    headers = (*WITH_KEY, *AGREED, ("Origin", "https://suite.example"))
    reply = target.send("POST", path(route), *headers, body=event_envelope())
    assert "*" == reply.headers["access-control-allow-origin"]
    assert names(reply.headers["access-control-expose-headers"]) >= EXPOSED
    assert "cross-origin" == reply.headers["cross-origin-resource-policy"]


@rows("cors/preflight", "cors/methods", "cors/headers", "cors/origin")
@pytest.mark.parametrize("route", ROUTES, ids=short)
def test_a_preflight(target: Target, route: str) -> None:
    """200 with no body; POST, on store GET too; ten headers; an hour."""
    asked = (
        ("Origin", "https://suite.example"),
        ("Access-Control-Request-Method", "POST"),
        ("Access-Control-Request-Headers", "content-type, x-sentry-auth"),
    )
    reply = target.send("OPTIONS", path(route), *asked)
    assert (200, b"", "*", "3600") == (
        reply.status,
        reply.body,
        reply.headers["access-control-allow-origin"],
        reply.headers["access-control-max-age"],
    )
    wanted = {"post", "get"} if route == "store" else {"post"}
    assert names(reply.headers["access-control-allow-methods"]) >= wanted
    assert names(reply.headers["access-control-allow-headers"]) >= ALLOWED


@ours
@rows("cors/headers", "cors/preflight", "routes/tunnel", "routes/consented")
@pytest.mark.parametrize(
    "where", ["/tunnel/", path("envelope"), path("envelope", prefix="/consented")]
)
def test_a_preflight_lets_the_consent_header_pass(target: Target, where: str) -> None:
    """Else a browser that brings consent by header delivers nothing."""
    asked = (
        ("Origin", "https://suite.example"),
        ("Access-Control-Request-Method", "POST"),
        ("Access-Control-Request-Headers", "x-suite-consent"),
    )
    reply = target.send("OPTIONS", where, *asked)
    assert 200 == reply.status
    assert "x-suite-consent" in names(reply.headers["access-control-allow-headers"])


@ours
@rows("policy/no-echo", "answers/form")
@pytest.mark.parametrize(
    ("head", "status"),
    [
        (f"{MARK}\r\n\r\n", 400),
        (f"GET /{MARK} HTTP/7\r\n\r\n", 400),
        (f"GET / HTTP/1.1\r\n{MARK}\r\n\r\n", 400),
        (f"GET /{MARK * 1000} HTTP/1.1\r\n\r\n", 400),
        (f"POST {path('envelope')} HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n{MARK}\r\n", 400),
    ],
)
def test_what_is_no_http_is_refused_in_the_same_form(
    target: Target, head: str, status: int
) -> None:
    """Also what gets to no route is answered as JSON, with no echo."""
    answer = target.raw(head.encode())
    assert f" {status} ".encode() == answer[8:13]
    assert b'{"detail":' in answer
    assert MARK.encode() not in answer


@rows("answers/form")
def test_a_success_after_an_error(target: Target) -> None:
    """An error leaves nothing behind on its connection."""
    assert 400 == target.post("envelope", b"nonsense").status
    event_id = new_id()
    headers = (("X-Sentry-Auth", AUTH), *AGREED)
    body = event_envelope(event_id)
    assert 200 == target.send("POST", path("envelope"), *headers, body=body).status
