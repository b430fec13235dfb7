"""Sentry's ingest protocol, spoken to the running relay: callers, bodies, consent, answers."""

import base64
import gzip
import json
import re
import socket
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.packing import PACKERS, begin_peak, bomb, peak
from tests.system.running import (
    AUTH,
    DEADLINE,
    ENVELOPE,
    KEY,
    LIVE,
    PROJECT,
    READY,
    Client,
    Headers,
    Relay,
    Reply,
    Sentry,
    envelope,
    event,
    project,
    running,
    sentry_in_thread,
)

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("protocol")]

WITH_KEY: Headers = (("X-Sentry-Auth", AUTH),)
SECRET = "203.0.113.42"
MARK = "zebra-in-the-payload"
DISCARDING, MINIMAL, COINJOIN, SMALL = "2", "3", "4", "5"
numbers = count(0x1000)


@dataclass
class Setup:
    """A running relay, its upstream, and a connection to it."""

    relay: Relay
    sentry: Sentry
    client: Client

    def post(self, path: str, body: bytes, *headers: tuple[str, str]) -> Reply:
        return self.client.send("POST", path, headers or WITH_KEY, body)


@pytest.fixture(scope="module")
def setup(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Setup]:
    """One relay for all tests here; at its end nothing of any payload stands in its output."""
    folder = tmp_path_factory.mktemp("protocol")
    with sentry_in_thread() as sentry:
        dsn = sentry.dsn()
        config = {
            "projects": [
                project(dsn),
                project(dsn, id=DISCARDING, consent={"answer": 200}),
                project(dsn, id=MINIMAL, consent={"missing": "minimal"}),
                project(dsn, id=COINJOIN, consent={"flags": ["coinjoinReport"]}),
                project(dsn, id=SMALL, limits={"envelope": "20kB"}),
            ]
        }
        with running(folder, config) as relay:
            client = Client(relay.port)
            yield Setup(relay, sentry, client)
            client.close()
            relay.drain()
            metrics = relay.metrics().encode()
        for path in relay.output.iterdir():
            assert (path.name, -1) == (path.name, path.read_bytes().find(MARK.encode()))
            assert (path.name, -1) == (path.name, path.read_bytes().find(SECRET.encode()))
        assert MARK.encode() not in metrics


def new_event(**more: Any) -> dict[str, Any]:
    """An event that no other test sends, with something to scrub."""
    return event(next(numbers), message=f"{MARK} from {SECRET}", **more)


# --- who is calling ------------------------------------------------------------------------------

OTHER = "0" * 31 + "1"
BASIC = "Basic " + base64.b64encode(f"{KEY}:".encode()).decode()

AUTHS: dict[str, tuple[Headers, str, int]] = {
    "header": ((("X-Sentry-Auth", AUTH),), "", 200),
    "header, lower-case scheme": (
        (("X-Sentry-Auth", AUTH.replace("Sentry ", "sentry ")),),
        "",
        200,
    ),
    "authorization": ((("Authorization", AUTH),), "", 200),
    "basic": ((("Authorization", BASIC),), "", 200),
    "query": ((), f"?sentry_key={KEY}&sentry_version=7", 200),
    "another scheme beside the query": (
        (("Authorization", "Bearer of-a-proxy"),),
        f"?sentry_key={KEY}",
        200,
    ),
    "key in capitals": ((), f"?sentry_key={KEY.upper()}", 200),
    "none": ((), "", 401),
    "header and query": ((("X-Sentry-Auth", AUTH),), f"?sentry_key={KEY}", 401),
    "header and authorization": ((("X-Sentry-Auth", AUTH), ("Authorization", AUTH)), "", 401),
    "query twice": ((), f"?sentry_key={KEY}&sentry_key={KEY}", 401),
    "malformed header": ((("X-Sentry-Auth", "nonsense"),), "", 401),
    "malformed key": ((), "?sentry_key=abc", 401),
    "wrong key": ((), f"?sentry_key={OTHER}", 403),
    "newer version": ((), f"?sentry_key={KEY}&sentry_version=8", 400),
}


@pytest.mark.parametrize("form", list(AUTHS))
def test_credentials(setup: Setup, form: str) -> None:
    """Each form of credentials is taken alone, and none, two or wrong ones are refused."""
    headers, query, status = AUTHS[form]
    document = new_event()
    reply = setup.client.send("POST", ENVELOPE + query, headers, envelope(document))
    assert status == reply.status
    if status == 200:
        assert {"id": document["event_id"]} == reply.json()
        setup.sentry.arrival(document["event_id"])


def test_the_envelope_may_name_the_key(setup: Setup) -> None:
    """Without any header or query the `dsn` in the envelope header is enough."""
    document = new_event()
    dsn = f"https://{KEY}@relay.example/{PROJECT}"
    assert 200 == setup.client.send("POST", ENVELOPE, (), envelope(document, dsn=dsn)).status
    setup.sentry.arrival(document["event_id"])


@pytest.mark.parametrize(
    "dsn",
    [f"https://{OTHER}@relay.example/{PROJECT}", f"https://{KEY}@relay.example/77", "nonsense"],
)
def test_an_envelope_that_contradicts_the_request_is_refused(setup: Setup, dsn: str) -> None:
    """Another key, another project or no DSN at all in the envelope header: 400."""
    assert 400 == setup.post(ENVELOPE, envelope(new_event(), dsn=dsn)).status


def test_an_unknown_project_is_refused(setup: Setup) -> None:
    """A project that is not configured is 403, whoever calls."""
    assert 403 == setup.post("/api/4711/envelope/", envelope(new_event())).status


# --- where ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/api/",
        f"/api/{PROJECT}/",
        f"/api/{PROJECT}/unreal/{KEY}/",
        f"/api/{PROJECT}/upload/",
        f"/api/{PROJECT}/integration/otlp/v1/traces/",
        f"/api/{PROJECT}/envelope/more/",
        f"/api/0/projects/{MARK}/",
        "/metrics",
    ],
)
def test_unknown_routes_are_404(setup: Setup, path: str) -> None:
    """What the relay does not scrub it does not take, and metrics are not on this port."""
    reply = setup.post(path, b"x")
    assert 404 == reply.status
    assert {"detail": "not found", "causes": []} == reply.json()


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "HEAD"])
def test_wrong_methods_are_405(setup: Setup, method: str) -> None:
    """An envelope comes by POST; the answer says so."""
    reply = setup.client.send(method, ENVELOPE, WITH_KEY)
    assert (405, "POST, OPTIONS") == (reply.status, reply.headers["allow"])


@pytest.mark.parametrize(
    "path",
    [
        f"//api/{PROJECT}/envelope/",
        f"/api//{PROJECT}//envelope//",
        f"/api/{PROJECT}/envelope",
        f"/consented/api/{PROJECT}/envelope",
    ],
)
def test_slashes_do_not_matter(setup: Setup, path: str) -> None:
    """Doubled slashes are folded, and the last one may be missing."""
    document = new_event()
    assert 200 == setup.post(path, envelope(document)).status
    setup.sentry.arrival(document["event_id"])


@pytest.mark.parametrize("path", ["/tunnel/", "/tunnel", "/tunnel?consent=true"])
def test_tunnel(setup: Setup, path: str) -> None:
    """A tunnel takes project and key from the envelope's `dsn`, and forwards no `dsn`."""
    document = new_event()
    dsn = f"https://{KEY}@relay.example/{PROJECT}"
    reply = setup.client.send("POST", path, (), envelope(document, dsn=dsn))
    assert (200, {"id": document["event_id"]}) == (reply.status, reply.json())
    setup.sentry.arrival(document["event_id"])
    assert b"relay.example" not in b"".join(setup.sentry.mini.delivered)


def test_tunnel_without_dsn(setup: Setup) -> None:
    """A tunnel that is not told where to is 401."""
    assert 401 == setup.client.send("POST", "/tunnel/", (), envelope(new_event())).status


def test_an_unknown_caller_of_the_tunnel_is_refused_at_once(setup: Setup) -> None:
    """The first line is enough to refuse: the rest is not waited for."""
    head = f"POST /tunnel/ HTTP/1.1\r\nHost: x\r\nContent-Length: {150_000_000}\r\n\r\n"
    dsn = f"https://{OTHER}@relay.example/{PROJECT}"
    for line, status in (({}, 401), ({"dsn": dsn}, 403), ({"dsn": MARK}, 400)):
        with socket.create_connection(("127.0.0.1", setup.relay.port), DEADLINE) as connection:
            connection.sendall(head.encode() + json.dumps(line).encode() + b"\n")
            assert f"HTTP/1.1 {status} ".encode() == connection.recv(13)


# --- what goes upstream beside the body ----------------------------------------------------------


@pytest.mark.parametrize(
    ("client", "sent"),
    [
        ("sentry.javascript.electron/4.24.0", True),
        ("203.0.113.42/203.0.113.42", False),
        ("a/355C817510C0EABF2F147145", False),
        ("jane.doe/1.0", False),
    ],
)
def test_what_the_client_calls_itself(setup: Setup, client: str, sent: bool) -> None:
    """A name and version of an SDK goes upstream, and nothing else that stands in its place."""
    document = new_event()
    path = f"{ENVELOPE}?sentry_key={KEY}&sentry_client={quote(client, safe='')}"
    assert 200 == setup.client.send("POST", path, (), envelope(document)).status
    setup.sentry.arrival(document["event_id"])
    arrived = next(r for r in setup.sentry.mini.received if document["event_id"].encode() in r.body)
    assert sent == (client in str(arrived.headers))
    assert sent or "sentry_client=scrub-relay/" in arrived.headers["x-sentry-auth"]


def test_a_catch_all_passes_numbers_on(tmp_path: Path) -> None:
    """A project id that is no number, in the URL or in a `dsn`, does not reach the upstream."""
    strange = [
        "jane.doe@example.com", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "jane", "..", "%2e%2e",
        "5%2f..%2f..", "%D9%A5",
    ]  # fmt: skip
    with sentry_in_thread() as sentry:
        config = {"projects": [project(f"http://127.0.0.1:{sentry.port}", id="*", key="*")]}
        with running(tmp_path / "relay", config) as relay:
            client = Client(relay.port)
            for odd in strange:
                path = f"/api/{odd}/envelope/?sentry_key={KEY}"
                reply = client.send("POST", path, (), envelope(new_event()))
                assert (odd, True) == (odd, reply.status in {403, 404})
                dsn = f"https://{KEY}@relay.example/{odd}"
                reply = client.send("POST", "/tunnel/", (), envelope(new_event(), dsn=dsn))
                assert (odd, True) == (odd, reply.status in {400, 403})
            document = new_event()
            path = f"{ENVELOPE}?sentry_key={KEY}"
            assert 200 == client.send("POST", path, (), envelope(document)).status
            sentry.arrival(document["event_id"])
            relay.drain()
            client.close()
        assert [ENVELOPE] == [received.path for received in sentry.mini.received]


# --- bodies --------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", list(PACKERS))
@pytest.mark.parametrize("chunked", [False, True])
def test_encodings(setup: Setup, encoding: str, chunked: bool) -> None:
    """Each Content-Encoding is undone, with a length and in chunks, and the event scrubbed."""
    document = new_event()
    headers = (("X-Sentry-Auth", AUTH), ("Content-Encoding", encoding))
    if chunked:
        headers += (("Transfer-Encoding", "chunked"),)
    assert 200 == setup.post(ENVELOPE, PACKERS[encoding](envelope(document)), *headers).status
    arrived = setup.sentry.arrival(document["event_id"])
    assert f"{MARK} from [ip]" == arrived["message"]


def test_unknown_encoding(setup: Setup) -> None:
    """An encoding that cannot be undone cannot be scrubbed: 415."""
    headers = (("X-Sentry-Auth", AUTH), ("Content-Encoding", "compress"))
    assert 415 == setup.post(ENVELOPE, envelope(new_event()), *headers).status


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(envelope(event()))[:-9]),
        ("gzip", b"not gzip"),
        ("br", b"\xff" * 40),
        ("zstd", b"not zstd"),
        ("deflate", b"\x78\x9cnot zlib"),
        ("", b""),
        ("", MARK.encode()),
        ("", b'{"event_id":1'),
        ("", b"{}\n{broken\n{}"),
        ("", b'{}\n{"type":"event","length":99}\n{}'),
        ("", envelope(event()) + b'\n{"type":"event"}\n{}'),
    ],
)
def test_broken_bodies_are_400(setup: Setup, encoding: str, body: bytes) -> None:
    """A body that does not decompress, or is no envelope, is refused as a whole."""
    headers = (("X-Sentry-Auth", AUTH), ("Content-Encoding", encoding))
    assert 400 == setup.post(ENVELOPE, body, *headers).status


def test_an_envelope_without_items_is_taken(setup: Setup) -> None:
    """Headers alone are 200, and nothing is forwarded."""
    before = setup.relay.count("relay_items_total")
    assert (200, {}) == ((r := setup.post(ENVELOPE, b"{}")).status, r.json())
    assert before == setup.relay.count("relay_items_total")


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd"])
def test_a_bomb_is_refused_with_little_memory(setup: Setup, encoding: str) -> None:
    """A hundred megabytes in a few kilobytes end in 413, and the process stays small."""
    packed = bomb(encoding, 100 * 1024 * 1024)
    before = begin_peak(setup.relay.pid)
    headers = (("X-Sentry-Auth", AUTH), ("Content-Encoding", encoding))
    assert 413 == setup.post(ENVELOPE, packed, *headers).status
    assert peak(setup.relay.pid) - before < 32 * 1024 * 1024


def test_a_large_body_is_refused_while_it_comes(setup: Setup) -> None:
    """A project's own limit holds for what comes in chunks with no length."""
    headers = (("X-Sentry-Auth", AUTH), ("Transfer-Encoding", "chunked"))
    document = new_event(extra={"much": "x" * 30_000})
    reply = setup.post(f"/api/{SMALL}/envelope/", envelope(document), *headers)
    setup.client.close()
    assert 413 == reply.status


# --- the old store -------------------------------------------------------------------------------

STORE_FORMS: dict[str, Callable[[bytes], bytes]] = {
    "JSON": bytes,
    "base64": base64.b64encode,
    "base64 of zlib": lambda data: base64.b64encode(zlib.compress(data)),
}


@pytest.mark.parametrize("path", [f"/api/{PROJECT}/store/", "/api/store/"])
@pytest.mark.parametrize("form", list(STORE_FORMS))
def test_store(setup: Setup, form: str, path: str) -> None:
    """The old endpoint takes an event in each form, answers its id, and it arrives clean."""
    document = new_event()
    reply = setup.post(path, STORE_FORMS[form](json.dumps(document).encode()))
    assert (200, {"id": document["event_id"]}) == (reply.status, reply.json())
    assert f"{MARK} from [ip]" == setup.sentry.arrival(document["event_id"])["message"]


def test_the_pixel(setup: Setup) -> None:
    """A GET on store with the event in the query answers a picture, and the event arrives."""
    document = new_event()
    data = quote(base64.b64encode(zlib.compress(json.dumps(document).encode())).decode(), safe="")
    path = f"/api/{PROJECT}/store/?sentry_key={KEY}&sentry_version=7&sentry_data={data}"
    reply = setup.client.send("GET", path)
    assert (200, "image/gif", b"GIF89a") == (
        reply.status,
        reply.headers["content-type"],
        reply.body[:6],
    )
    assert f"{MARK} from [ip]" == setup.sentry.arrival(document["event_id"])["message"]


# --- consent -------------------------------------------------------------------------------------


def _untold(**more: Any) -> dict[str, Any]:
    document = new_event()
    del document["tags"]
    return document | more


@pytest.mark.parametrize(
    ("headers", "query", "prefix", "status"),
    [
        ((), "", "", 403),
        ((("X-Suite-Consent", "true"),), "", "", 200),
        ((("x-suite-consent", "granted"),), "", "", 200),
        ((("X-Suite-Consent", "no"),), "", "", 403),
        ((), "&consent=granted", "", 200),
        ((), "&consent=", "", 403),
        ((), "", "/consented", 200),
        ((("X-Suite-Consent", "false"),), "&consent=true", "/consented", 403),
    ],
)
def test_consent_by_request(
    setup: Setup, headers: Headers, query: str, prefix: str, status: int
) -> None:
    """HTTP header, query and path prefix grant; one that says anything else denies."""
    document = _untold()
    path = f"{prefix}{ENVELOPE}?sentry_key={KEY}{query}"
    reply = setup.client.send("POST", path, headers, envelope(document))
    assert status == reply.status
    if status == 200:
        setup.sentry.arrival(document["event_id"])
    else:
        assert "retry-after" not in reply.headers
        assert "x-sentry-rate-limits" not in reply.headers


@pytest.mark.parametrize(
    ("tags", "status", "cause"),
    [
        ({"allowReport": True}, 200, None),
        ([["allowReport", "true"]], 200, None),
        ({"allowReport": False}, 403, "consent_denied"),
        ({"allowReport": "yes"}, 403, "consent_denied"),
        ({}, 403, "consent_missing"),
    ],
)
def test_consent_by_tag(setup: Setup, tags: Any, status: int, cause: str | None) -> None:
    """The tag decides, as a mapping or as pairs; a refusal says which of the two it is."""
    reply = setup.post(ENVELOPE, envelope(_untold(tags=tags)))
    assert (status, [cause] if cause else None) == (reply.status, reply.json().get("causes"))


def test_a_refusal_that_looks_like_a_success(setup: Setup) -> None:
    """With `answer: 200` a refused event is accepted and discarded."""
    document = _untold()
    kept = new_event()
    assert 200 == setup.post(f"/api/{DISCARDING}/envelope/", envelope(document)).status
    assert 200 == setup.post(f"/api/{DISCARDING}/envelope/", envelope(kept)).status
    setup.sentry.arrival(kept["event_id"])
    setup.relay.drain()
    assert document["event_id"] not in setup.sentry.ids()


def test_a_skeleton_goes_on_where_consent_is_missing(setup: Setup) -> None:
    """With `missing: minimal` the place of the mistake arrives, and nothing that a user brought."""
    frame = {
        "function": "sync",
        "lineno": 7,
        "filename": "/home/jane/app/sync.js",
        "vars": {"a": 1},
    }
    fault = {"type": "TypeError", "value": MARK, "stacktrace": {"frames": [frame]}}
    document = _untold(
        exception={"values": [fault]},
        user={"id": MARK},
        breadcrumbs=[{"message": MARK}],
        release="trezor-suite@24.11.1",
        extra={"device": MARK},
    )
    assert 200 == setup.post(f"/api/{MINIMAL}/envelope/", envelope(document)).status
    arrived = setup.sentry.arrival(document["event_id"])
    frames = [{"function": "sync", "lineno": 7, "filename": "sync.js"}]
    assert [{"type": "TypeError", "stacktrace": {"frames": frames}}] == arrived["exception"][
        "values"
    ]
    assert {
        "event_id", "level", "platform", "release", "exception", "sdk", "tags"
    } == arrived.keys() - {"timestamp", "_meta"}  # fmt: skip
    assert {"relay.rules"} == arrived["tags"].keys()
    assert MARK not in json.dumps(arrived)


def test_no_skeleton_of_what_was_refused(setup: Setup) -> None:
    """`missing: minimal` is about silence: a denial still stops everything."""
    document = new_event(tags={"allowReport": False})
    assert 403 == setup.post(f"/api/{MINIMAL}/envelope/", envelope(document)).status


def test_feedback_is_its_own_consent(setup: Setup) -> None:
    """What a user writes and sends passes without any tag, and is scrubbed."""
    document = _untold(type="feedback", contexts={"feedback": {"message": f"it broke at {SECRET}"}})
    head = json.dumps({"event_id": document["event_id"]}).encode()
    body = b"\n".join((head, b'{"type":"feedback"}', json.dumps(document).encode()))
    assert 200 == setup.post(ENVELOPE, body).status
    arrived = setup.sentry.arrival(document["event_id"])
    assert "it broke at [ip]" == arrived["contexts"]["feedback"]["message"]


def test_a_coinjoin_report_passes_where_its_flag_counts(setup: Setup) -> None:
    """A project can name further flags; elsewhere such a report says nothing of consent."""
    document = {"message": MARK, "level": "error", "tags": {"coinjoinReport": True}}
    reply = setup.post(f"/api/{COINJOIN}/envelope/", envelope(document))
    assert 200 == reply.status
    tags = setup.sentry.arrival(reply.json()["id"])["tags"]
    assert document["tags"] == {key: tags[key] for key in tags if key != "relay.rules"}
    assert 403 == setup.post(ENVELOPE, envelope(document)).status


# --- answers -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "body", "headers", "status"),
    [
        (ENVELOPE, envelope(event()), WITH_KEY, 200),
        (ENVELOPE, MARK.encode(), WITH_KEY, 400),
        (ENVELOPE, envelope(event()), (), 401),
        (ENVELOPE, envelope(event(tags={MARK: "x"})), WITH_KEY, 403),
        (f"/{MARK}/", MARK.encode(), WITH_KEY, 404),
        (ENVELOPE, b"x", (*WITH_KEY, ("Content-Encoding", MARK)), 415),
    ],
)
def test_every_answer_is_readable_across_origins(
    setup: Setup, path: str, body: bytes, headers: Headers, status: int
) -> None:
    """All answers carry CORS headers; errors have one shape and never repeat what was sent."""
    origin = (("Origin", "https://suite.example"),)
    reply = setup.client.send("POST", path, (*headers, *origin), body)
    assert (status, "*", "application/json") == (
        reply.status,
        reply.headers["access-control-allow-origin"],
        reply.headers["content-type"].partition(";")[0],
    )
    exposed = reply.headers["access-control-expose-headers"].split(", ")
    assert {"x-sentry-error", "x-sentry-rate-limits", "retry-after"} <= set(exposed)
    assert "cross-origin" == reply.headers["cross-origin-resource-policy"]
    if status != 200:
        assert {"detail", "causes"} == reply.json().keys()
    assert MARK not in repr(reply)
    assert SECRET not in repr(reply)


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (f"{MARK}\r\n\r\n", 400),
        (f"GET /{MARK} HTTP/7\r\n\r\n", 400),
        (f"GET / HTTP/1.1\r\n{MARK}\r\n\r\n", 400),
        (f"GET /{MARK * 1000} HTTP/1.1\r\n\r\n", 400),
        (f"POST {ENVELOPE} HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n{MARK}\r\n", 400),
        (f"POST {ENVELOPE} HTTP/1.1\r\nHost: x\r\nExpect: {MARK}\r\n\r\n", 417),
    ],
)
def test_what_is_not_http_is_refused_without_an_echo(setup: Setup, head: str, status: int) -> None:
    """Also what does not get as far as a route is answered in the one shape, and counted."""
    name = "relay_envelopes_total"
    before = setup.relay.count(name)["invalid_body", "unknown"]
    with socket.create_connection(("127.0.0.1", setup.relay.port), DEADLINE) as connection:
        connection.sendall(head.encode())
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))
    top, _, body = answer.partition(b"\r\n\r\n")
    assert f" {status} ".encode() == answer[8:13]
    assert {"detail": "bad request", "causes": []} == json.loads(body)
    assert b"access-control-allow-origin: *" in top.lower()
    assert MARK.encode() not in answer
    assert before + 1 == setup.relay.count(name)["invalid_body", "unknown"]


def test_a_broken_chunk_ends_a_request_at_once(setup: Setup) -> None:
    """A body whose framing breaks in the middle is 400, long before the time for it is over."""
    head = f"POST {ENVELOPE}?sentry_key={KEY} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
    with socket.create_connection(("127.0.0.1", setup.relay.port), DEADLINE) as connection:
        connection.sendall(f"{head}Expect: 100-continue\r\n\r\n".encode())
        assert b"HTTP/1.1 100 Continue\r\n\r\n" == connection.recv(25, socket.MSG_WAITALL)
        connection.sendall(f"3\r\n{{}}\n\r\n{MARK}\r\n".encode())
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))
    assert b"HTTP/1.1 400 Bad Request" == answer[:24]
    assert 1 == answer.count(b"HTTP/1.")
    assert MARK.encode() not in answer


@pytest.mark.parametrize("path", [ENVELOPE, "/tunnel", f"/api/{PROJECT}/store/"])
def test_preflight(setup: Setup, path: str) -> None:
    """A preflight is 200 without a body; it allows the protocol's and the consent header."""
    asked = (
        ("Origin", "https://suite.example"),
        ("Access-Control-Request-Method", "POST"),
        ("Access-Control-Request-Headers", "x-suite-consent, x-sentry-auth"),
    )
    reply = setup.client.send("OPTIONS", path, asked)
    assert (200, b"", "3600") == (
        reply.status,
        reply.body,
        reply.headers["access-control-max-age"],
    )
    assert "POST" in reply.headers["access-control-allow-methods"].split(", ")
    allowed = set(reply.headers["access-control-allow-headers"].split(", "))
    assert {"x-suite-consent", "x-sentry-auth", "content-type", "content-encoding"} <= allowed


@pytest.mark.parametrize("port", ["ingest", "admin"])
@pytest.mark.parametrize("path", [LIVE, READY, LIVE.rstrip("/"), READY.rstrip("/")])
def test_health(setup: Setup, path: str, port: str) -> None:
    """Both ports say that the relay is well, as Sentry's own Relay says it."""
    client = Client(setup.relay.port if port == "ingest" else setup.relay.admin_port)
    reply = client.send("GET", path)
    client.close()
    assert (200, {"is_healthy": True}) == (reply.status, reply.json())


# --- a newcomer ----------------------------------------------------------------------------------


def test_a_first_run_without_any_file(tmp_path: Path) -> None:
    """With no file the relay prints a DSN, and what is sent there lies clean in ./inbox."""
    # Only the admin port is said, because this machine may use the one of the default.
    relay = Relay(tmp_path / "first", arguments=["--port", "0"], RELAY_ADMIN__PORT="0")
    with relay.running():
        found = re.search(r"(http://([0-9a-f]{32})@127\.0\.0\.1:(\d+)/(1))\s", relay.errors())
        assert found is not None
        assert ("0" * 32, str(relay.port)) == (found[2], found[3])
        client = Client(relay.port)
        path = f"/api/{found[4]}/envelope/?sentry_key={found[2]}"
        assert 200 == client.send("POST", path, (), envelope(new_event())).status
        client.close()
        relay.drain()
        files = sorted((relay.folder / "inbox").iterdir())
        assert [".envelope", ".json"] == sorted(file.suffix for file in files)
        for file in files:
            assert f"{MARK} from [ip]" in file.read_text()
