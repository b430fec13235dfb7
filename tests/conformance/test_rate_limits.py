"""Rate limits: learned from the upstream, answered to clients, told upstream.

Each test exhausts a project of its own, at a relay that is only for that: what is put back for a
limit stays in its spool. Of another relay, which has one project, it waits until the limit is over.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conformance import conftest
from tests.conformance.target import (
    AGREED,
    OTHER,
    PROJECT,
    WITH_KEY,
    Parts,
    Target,
    envelope,
    event,
    event_envelope,
    new_id,
    path,
)
from tests.conformance.upstream import Answer
from tests.system.running import Reply, until

rows = pytest.mark.rows
ours = pytest.mark.ours

SECONDS = 2 if OTHER else 60
PROJECTS = [str(number) for number in range(100, 130)]
unspent = iter(PROJECTS)


class Project:
    """A project whose limits may be exhausted."""

    def __init__(self, target: Target, name: str) -> None:
        self.target = target
        self.name = name

    def send(self, *items: Parts, event_id: str | None = None) -> Reply:
        head = {"event_id": event_id} if event_id else {}
        body = envelope(head, *items)
        where = path("envelope", self.name)
        return self.target.send("POST", where, *WITH_KEY, *AGREED, body=body)

    def learn(self, status: int, **headers: str) -> None:
        """Let the upstream answer the next request so, and wait until it has."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.target.upstream.answers[self.name].append(Answer(status, named))
        before = len(self.arrived())
        assert 200 == self.send(("event", event())).status
        until(lambda: len(self.arrived()) > before, "the upstream to answer")

    def arrived(self) -> list[Any]:
        return [one for one in self.target.upstream.envelopes() if one.project == self.name]

    def refused(self, *items: Parts) -> Reply:
        """Send until it is refused with 429, for an answer is learned a moment after it came."""

        def look() -> Reply | None:
            reply = self.send(*items)
            return reply if reply.status == 429 else None

        return until(look, "the limit to be answered to the client", 5)


@pytest.fixture(scope="module")
def limited(target: Target, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """A relay of ours with many projects, or the other one."""
    if OTHER:
        yield target
        return
    folder = tmp_path_factory.mktemp("limited") / "relay"
    projects: dict[str, dict[str, Any]] = {id_: {} for id_ in PROJECTS}
    often = {"interval": "1s"}
    with conftest.ours(
        folder, target.upstream, {PROJECT: {}, **projects}, client_reports=often
    ) as own:
        yield own


@pytest.fixture
def project(limited: Target) -> Iterator[Project]:
    yield (one := Project(limited, PROJECT if OTHER else next(unspent)))
    if OTHER:
        until(lambda: one.send(("event", event())).status == 200, "the limit to be over")


def session() -> Parts:
    times = {"started": "2026-11-26T10:00:00Z", "timestamp": "2026-11-26T10:00:00Z"}
    more = {"init": True, "status": "ok", "attrs": {"release": "a@1"}}
    return ("session", {"sid": new_id(), **times, **more})


def limits(reply: Reply) -> list[list[str]]:
    """The limits in X-Sentry-Rate-Limits, each as its parts."""
    return [one.strip().split(":") for one in reply.headers["x-sentry-rate-limits"].split(",")]


@rows("limited/by-429", "answers/429", "answers/form")
def test_a_429_of_the_upstream_is_answered_to_clients(project: Project) -> None:
    """A bare Retry-After stops every kind: 429, Retry-After, a limit for all categories."""
    project.learn(429, Retry_After=str(SECONDS))
    reply = project.refused(("event", event()))
    assert {"detail", "causes"} == reply.json().keys()
    assert 0 < int(reply.headers["retry-after"]) <= SECONDS
    [[seconds, categories, *_]] = limits(reply)
    assert (True, "") == (0 < int(seconds) <= SECONDS, categories)
    assert 429 == project.send(session()).status


@rows("limited/by-429", "limited/by-category", "answers/429")
def test_a_429_with_limits_stops_what_they_name(project: Project) -> None:
    """With X-Sentry-Rate-Limits beside Retry-After, the limits say what is stopped."""
    named = f"{SECONDS}:error:organization:quota"
    project.learn(429, Retry_After=str(SECONDS), X_Sentry_Rate_Limits=named)
    reply = project.refused(("event", event()))
    [[seconds, categories, scope, *_]] = limits(reply)
    assert ("error", "organization") == (categories, scope)
    assert 0 < int(seconds) <= SECONDS
    assert 200 == project.send(session()).status


@rows("limited/by-header", "limited/by-category")
@pytest.mark.parametrize("status", [200, 400, 503])
def test_limits_are_learned_from_any_status(project: Project, status: int) -> None:
    """X-Sentry-Rate-Limits counts on a 200 too."""
    project.learn(status, X_Sentry_Rate_Limits=f"{SECONDS}:error:key:quota")
    reply = project.refused(("event", event()))
    assert 0 < int(reply.headers["retry-after"]) <= SECONDS
    assert 200 == project.send(session()).status


@rows("limited/format")
def test_several_limits_at_once(project: Project) -> None:
    """A comma between limits, a semicolon between categories."""
    header = f"{SECONDS}:transaction;error:key:first, {SECONDS}:session:organization:second"
    project.learn(200, X_Sentry_Rate_Limits=header)
    reply = project.refused(("event", event()))
    form = r"\d+:[a-z_;]*:[a-z_]*(:[^:,]*)*"
    assert re.fullmatch(rf"{form}(, ?{form})*", reply.headers["x-sentry-rate-limits"])
    named = {category for _, categories, *_ in limits(reply) for category in categories.split(";")}
    assert "error" in named
    assert 429 == project.refused(session()).status
    check_in = {"check_in_id": new_id(), "monitor_slug": "nightly", "status": "ok"}
    assert 200 == project.send(("check_in", check_in)).status


@rows("limited/by-category", "answers/429")
def test_what_is_not_limited_passes(project: Project) -> None:
    """The limited item is dropped, the other goes on, and the 200 says which limit holds."""
    project.learn(200, X_Sentry_Rate_Limits=f"{SECONDS}:attachment:key:quota")
    project.refused(("attachment", b"text", {"filename": "a.txt"}))
    event_id = new_id()
    note = ("attachment", b"some text", {"filename": "a.txt"})
    reply = project.send(("event", event(event_id)), note, event_id=event_id)
    assert 200 == reply.status
    assert "attachment" in reply.headers["x-sentry-rate-limits"]
    arrival = project.target.upstream.of(event_id)
    assert ["event"] == [item.kind for item in arrival.items]


@rows("limited/by-category")
def test_a_limit_of_a_namespace(project: Project) -> None:
    """A limit of custom metrics stops metric_buckets of that namespace."""
    header = f"{SECONDS}:metric_bucket:organization:quota:custom"
    project.learn(200, X_Sentry_Rate_Limits=header)
    bucket = {"timestamp": 1, "width": 10, "type": "c", "value": 1.0}
    project.refused(("metric_buckets", [{**bucket, "name": "c:custom/a@none"}]))
    other = ("metric_buckets", [{**bucket, "name": "c:transactions/a@none"}])
    assert 200 == project.send(other).status


@rows("limited/by-category")
def test_another_project_is_not_limited(project: Project) -> None:
    """A limit holds for a key of a project."""
    if OTHER:
        pytest.skip("the other relay has one project")
    project.learn(429, Retry_After=str(SECONDS))
    project.refused(("event", event()))
    event_id = new_id()
    assert 200 == project.target.post("envelope", event_envelope(event_id)).status
    project.target.upstream.of(event_id)


@rows("limited/expires")
def test_a_limit_ends(project: Project) -> None:
    """After its seconds all is taken again."""
    project.learn(200, X_Sentry_Rate_Limits="1:error:key:quota")
    project.refused(("event", event()))
    until(lambda: project.send(("event", event())).status == 200, "the limit to be over", 10)


@ours
@rows("limited/reported")
def test_what_a_limit_drops_is_reported(project: Project) -> None:
    """The upstream is told, in a client report, how many of which category were dropped."""
    project.learn(200, X_Sentry_Rate_Limits=f"{SECONDS}:error:key:quota")
    project.refused(("event", event()))

    def told() -> int:
        return sum(
            int(entry["quantity"])
            for one in list(project.target.upstream.arrivals)
            if one.project == project.name
            for item in one.all_items
            if item.kind == "client_report"
            for name in ("discarded_events", "rate_limited_events")
            for entry in item.json().get(name, [])
            if entry["category"] == "error"
        )

    assert until(told, "a client report", 20) >= 1
