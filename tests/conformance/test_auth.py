"""Who is calling: each form of credentials, two at once, contradictions, versions."""

import base64
from dataclasses import dataclass

import pytest

from tests.conformance.target import (
    AGREED,
    AUTH,
    KEY,
    PROJECT,
    UNKNOWN_KEY,
    WITH_KEY,
    Target,
    envelope,
    event,
    path,
)
from tests.system.running import Headers

rows = pytest.mark.rows


def basic(user: str) -> str:
    """The value of Authorization for a user without a password."""
    return "Basic " + base64.b64encode(f"{user}:".encode()).decode()


@dataclass(frozen=True)
class Case:
    """A way to call, and the status that it gets."""

    status: int = 200
    headers: Headers = ()
    query: str = ""
    detail: str = ""


TWO = "multiple authorization payloads detected"
NONE = "missing authorization information"
HEADER = ("X-Sentry-Auth", AUTH)
AUTHORIZATION = ("Authorization", AUTH)
BASIC = ("Authorization", basic(KEY))
QUERY = f"?sentry_key={KEY}"


def header(value: str) -> Headers:
    return (("X-Sentry-Auth", value),)


ALONE = {
    "X-Sentry-Auth": Case(headers=(HEADER,)),
    "X-Sentry-Auth, sentry in lower case": Case(headers=header(AUTH.replace("Sentry ", "sentry "))),
    "X-Sentry-Auth, SENTRY in capitals": Case(headers=header(AUTH.replace("Sentry ", "SENTRY "))),
    "X-Sentry-Auth, no space after commas": Case(headers=header(AUTH.replace(", ", ","))),
    "X-Sentry-Auth, the key alone": Case(headers=header(f"Sentry sentry_key={KEY}")),
    "X-Sentry-Auth, with a secret": Case(headers=header(f"{AUTH}, sentry_secret={UNKNOWN_KEY}")),
    "X-Sentry-Auth, with a timestamp": Case(headers=header(f"{AUTH}, sentry_timestamp=1.5")),
    "Authorization: Sentry": Case(headers=(AUTHORIZATION,)),
    "Authorization: Basic": Case(headers=(BASIC,)),
    "query": Case(query=QUERY),
    "query with version and client": Case(query=f"{QUERY}&sentry_version=7&sentry_client=a/1"),
}


def call(target: Target, case: Case, *, dsn: str | None = None) -> None:
    """Send an event in this way; what is accepted arrives, what is not is told why."""
    document = event()
    head = {"event_id": document["event_id"]} | ({"dsn": dsn} if dsn is not None else {})
    body = envelope(head, ("event", document))
    where = path("envelope") + case.query
    reply = target.send("POST", where, *case.headers, *AGREED, body=body)
    assert case.status == reply.status
    if reply.status == 200:
        target.upstream.of(document["event_id"])
    elif case.detail:
        assert case.detail in " ".join((reply.json()["detail"], *reply.json()["causes"]))


@rows("auth/x-sentry-auth", "auth/authorization", "auth/basic", "auth/query")
@pytest.mark.parametrize("form", list(ALONE))
def test_each_form_is_enough(target: Target, form: str) -> None:
    """One of them, alone."""
    call(target, ALONE[form])


TOGETHER = {
    "X-Sentry-Auth and query": Case(401, (HEADER,), QUERY, TWO),
    "X-Sentry-Auth and Authorization: Sentry": Case(401, (HEADER, AUTHORIZATION), "", TWO),
    "X-Sentry-Auth and Authorization: Basic": Case(401, (HEADER, BASIC), "", TWO),
    "Authorization: Sentry and query": Case(401, (AUTHORIZATION,), QUERY, TWO),
    "Authorization: Basic and query": Case(401, (BASIC,), QUERY, TWO),
}


@rows("auth/two-at-once", "answers/401")
@pytest.mark.parametrize("forms", list(TOGETHER))
def test_two_at_once_are_refused(target: Target, forms: str) -> None:
    """Also where both say the same."""
    call(target, TOGETHER[forms])


@rows("auth/two-at-once", "auth/path")
def test_a_key_in_path_and_query_is_refused(target: Target) -> None:
    """Where the path has a key, nothing else may."""
    where = f"{path(f'cron/nightly/{KEY}')}{QUERY}&status=ok"
    assert 401 == target.send("GET", where, *AGREED).status


WRONG = {
    "nothing": Case(401, (), "", NONE),
    "X-Sentry-Auth without a key": Case(401, header("Sentry sentry_version=7")),
    "X-Sentry-Auth of another scheme": Case(401, header("nonsense")),
    "Basic that is no base64": Case(401, (("Authorization", "Basic !!!"),)),
    "a key that is too short": Case(401, (), "?sentry_key=abc"),
    "a key that is no hex": Case(401, (), f"?sentry_key={'z' * 32}"),
    "an unknown key": Case(403, (), f"?sentry_key={UNKNOWN_KEY}"),
    "version 8": Case(400, (), f"{QUERY}&sentry_version=8"),
    "version 8 in the header": Case(400, header(AUTH.replace("version=7", "version=8"))),
}


@rows("auth/none", "auth/key", "auth/unknown", "auth/version", "answers/401")
@pytest.mark.parametrize("what", list(WRONG))
def test_what_is_wrong_is_refused(target: Target, what: str) -> None:
    """401 for what names nobody, 403 for whom we do not know, 400 for a version over 7."""
    call(target, WRONG[what])


@rows("auth/version")
@pytest.mark.parametrize("version", ["7", "6", "5"])
def test_older_versions_are_taken(target: Target, version: str) -> None:
    """7 is the newest; what is older is taken as it was."""
    call(target, Case(query=f"{QUERY}&sentry_version={version}"))


@rows("auth/unknown", "answers/403")
def test_an_unknown_project_is_refused(target: Target) -> None:
    """403 whoever calls."""
    body = envelope({}, ("event", event()))
    reply = target.send("POST", path("envelope", "4711"), *WITH_KEY, *AGREED, body=body)
    assert 403 == reply.status


def dsn(key: str = KEY, project: str = PROJECT) -> str:
    return f"https://{key}@relay.example/{project}"


AGREEING = {
    "alone": (Case(200), dsn()),
    "beside the query": (Case(200, (), QUERY), dsn()),
    "beside the header": (Case(200, (HEADER,)), dsn()),
    "of another host and path": (Case(200, (HEADER,)), f"http://{KEY}@other.test/a/{PROJECT}"),
    "of another key": (Case(400, (HEADER,)), dsn(UNKNOWN_KEY)),
    "of another project": (Case(400, (HEADER,)), dsn(KEY, "77")),
    "alone, of another project": (Case(400), dsn(KEY, "77")),
    "that is none": (Case(400, (HEADER,)), "nonsense"),
    "alone, of an unknown key": (Case(403), dsn(UNKNOWN_KEY)),
}


@rows("auth/envelope-dsn", "auth/dsn-agrees", "answers/400")
@pytest.mark.parametrize("what", list(AGREEING))
def test_a_dsn_in_the_envelope(target: Target, what: str) -> None:
    """It is enough alone, and else it says what the request says."""
    case, named = AGREEING[what]
    call(target, case, dsn=named)


@rows("auth/envelope-dsn")
def test_a_dsn_counts_on_envelope_only(target: Target) -> None:
    """An event for store that has a `dsn` names nobody."""
    document = str(event(dsn=dsn())).replace("'", '"').replace("True", "true")
    assert 401 == target.send("POST", path("store"), *AGREED, body=document.encode()).status
