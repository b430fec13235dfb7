"""Several projects behind one relay: each with its own upstream, key, consent and item policy."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.system.running import (
    UPSTREAM_KEY,
    Client,
    Relay,
    Sentry,
    event,
    project,
    running,
    sentry_in_thread,
    until,
)

pytestmark = pytest.mark.system

DESKTOP, MOBILE, STRANGER = "1" * 32, "2" * 32, "3" * 32
LOG = {"timestamp": 1.0, "level": "info", "body": "something happened"}


@dataclass(frozen=True)
class Setup:
    """One relay and two Sentries: projects 10 and 11 have one each, all others go to the second."""

    relay: Relay
    client: Client
    first: Sentry
    second: Sentry

    def send(self, project: str, key: str, *items: tuple[str, Any], **headers: Any) -> int:
        """Send items of some kinds; return the status."""
        lines: list[Any] = [headers]
        for kind, document in items:
            lines += [{"type": kind}, document]
        path = f"/api/{project}/envelope/?sentry_key={key}"
        return self.client.send("POST", path, (), "\n".join(map(json.dumps, lines)).encode()).status

    def arrived(self, event_id: str) -> tuple[str, str, str]:
        """Return where an event came out: which Sentry, at which path, under which key."""

        def look() -> tuple[str, str, str] | None:
            for name, sentry in (("first", self.first), ("second", self.second)):
                for received in list(sentry.mini.received):
                    if event_id.encode() in received.body:
                        key = received.headers["x-sentry-auth"].partition("sentry_key=")[2][:32]
                        return name, received.path, key
            return None

        return until(look, f"the event {event_id} to arrive")


@pytest.fixture(scope="module")
def setup(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Setup]:
    folder = tmp_path_factory.mktemp("projects") / "relay"
    with sentry_in_thread() as first, sentry_in_thread() as second:
        config = {
            "items": {"log": "drop"},
            "projects": [
                project(first.dsn("10"), id="10", key=DESKTOP),
                project(
                    second.dsn("77"),
                    id="11",
                    key=MOBILE,
                    consent={"flags": ["mobileReport"]},
                    items={"log": "scrub", "session": "drop"},
                ),
                project(
                    f"http://127.0.0.1:{second.port}",
                    id="*",
                    key="*",
                    consent={"required": False},
                ),
            ],
        }
        with running(folder, config) as relay:
            client = Client(relay.port)
            yield Setup(relay, client, first, second)
            client.close()


def test_each_project_has_its_upstream(setup: Setup) -> None:
    """A listed project goes where it says, under the upstream's own key."""
    assert 200 == setup.send("10", DESKTOP, ("event", event(1)))
    assert ("first", "/api/10/envelope/", UPSTREAM_KEY) == setup.arrived(event(1)["event_id"])
    assert 200 == setup.send("11", MOBILE, ("event", event(2)))
    assert ("second", "/api/77/envelope/", UPSTREAM_KEY) == setup.arrived(event(2)["event_id"])


def test_a_catch_all_changes_the_host_alone(setup: Setup) -> None:
    """Any other project goes on under the client's own id and key, with no consent asked here."""
    silent = event(3, tags={})
    assert 200 == setup.send("4242", STRANGER, ("event", silent))
    assert ("second", "/api/4242/envelope/", STRANGER) == setup.arrived(silent["event_id"])


def test_a_listed_project_takes_its_own_key_alone(setup: Setup) -> None:
    """A key that is not the project's does not fall through to the catch-all, with its consent."""
    assert [403, 403] == [
        setup.send("10", key, ("event", event(4, tags={}))) for key in (MOBILE, STRANGER)
    ]


def test_each_project_has_its_consent(setup: Setup) -> None:
    """A flag counts where it is named; refusal is the default everywhere else."""
    flagged = {"mobileReport": True}
    assert 200 == setup.send("11", MOBILE, ("event", event(5, tags=flagged)))
    assert 403 == setup.send("10", DESKTOP, ("event", event(6, tags=flagged)))
    assert 403 == setup.send("10", DESKTOP, ("event", event(7, tags={})))


@pytest.mark.parametrize(
    ("number", "key", "kinds"),
    [("10", DESKTOP, ["session"]), ("11", MOBILE, ["log"]), ("12", STRANGER, ["session"])],
)
def test_each_project_has_its_item_policy(
    setup: Setup, number: str, key: str, kinds: list[str]
) -> None:
    """What a project says of a kind holds for it alone; what it does not say is the top level's."""
    event_id = f"{0xABC000 + int(number):032x}"
    items = (("event", event(0, event_id=event_id)), ("log", LOG), ("session", {"status": "ok"}))
    assert 200 == setup.send(number, key, *items, event_id=event_id)
    setup.arrived(event_id)
    bodies = [r.body for s in (setup.first, setup.second) for r in s.mini.received]
    [body] = [body for body in bodies if event_id.encode() in body]
    lines = [json.loads(line) for line in body.splitlines()]
    assert ["event", *kinds] == [line["type"] for line in lines[1::2]]


def test_no_consent_is_said_loudly(setup: Setup) -> None:
    """A project that asks for no consent is named in the log, the metrics and the welcome."""
    errors = setup.relay.errors()
    records = [json.loads(line) for line in errors.splitlines() if line.startswith("{")]
    said = [r for r in records if r["message"] == "consent_not_required"]
    assert [("any", "warning")] == [(r["project"], r["level"].lower()) for r in said]
    assert "NOT REQUIRED" in errors
    assert {("*",): 1} == setup.relay.count("relay_consent_not_required")
