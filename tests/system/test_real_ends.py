"""Real SDKs at one end, a real Sentry-compatible server at the other, the relay between them.

Each small app sends the same two failures twice: to Bugsink itself, and through the relay to
another project of the same Bugsink.
"""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import pytest

from tests.system.bugsink import CLIENTS, Arrived, Bugsink, running_bugsink
from tests.system.captured import SAMPLES, load
from tests.system.planted import Leak, Needles
from tests.system.running import DEADLINE, KEY, Client, Relay, project, running

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("real_ends")]

NODE = Path(__file__).parent / "node"
HAS_NODE = shutil.which("node") is not None and (NODE / "node_modules" / "@sentry").is_dir()
APPS = {
    "python": [sys.executable, str(CLIENTS / "python_app.py")],
    "node": ["node", str(NODE / "send.mjs")],
}
CAPTURED = ("browser-11.12.0/", "electron-4.24.0/", "node-11.12.0/", "python-2.75.0/")
PLANTED = json.loads((SAMPLES / "planted.json").read_text())
JANE = PLANTED | {"home": "/home/jane"}
# Another person with other secrets: documentation's addresses, and examples of EIP-55 and BIP-84.
ROBERT = {
    "user": "robert",
    "home": "/home/robert",
    "email": "robert@example.org",
    "ip4": "198.51.100.7",
    "btc": "bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu",
    "eth": "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    "xpub": PLANTED["zpub"],
}


@pytest.fixture(
    scope="module",
    params=[
        "python",
        pytest.param(
            "node",
            marks=[
                pytest.mark.node,
                pytest.mark.skipif(not HAS_NODE, reason="node or its packages are not here"),
            ],
        ),
    ],
)
def app(request: pytest.FixtureRequest) -> str:
    """Which small app sends."""
    return request.param


@dataclass(frozen=True)
class Ends:
    """Bugsink, and a relay with a project for each of Bugsink's that lies behind it."""

    bugsink: Bugsink
    relay: Relay

    def send(self, app: str, to: str, values: Mapping[str, str], consent: bool | None) -> None:
        """Run an app against a project: `direct-…` is Bugsink's own, anything else the relay's."""
        if to.startswith("direct"):
            dsn = self.bugsink.dsn(to)
        else:
            dsn = f"http://{KEY}@127.0.0.1:{self.relay.port}/{self.bugsink.number(to)}"
        setup = {"dsn": dsn, "consent": consent, "values": dict(values)}
        done = subprocess.run(
            APPS[app],
            env={**os.environ, "SETUP": json.dumps(setup)},
            capture_output=True,
            timeout=DEADLINE * 2,
            check=False,
        )
        assert (0, b"flushed") == (done.returncode, done.stdout.strip())

    def post(self, to: str, events: Iterable[Mapping[str, Any]]) -> None:
        """Send events as they are, with consent, as `send` does."""
        number, key = self.bugsink.projects[to]
        direct = to.startswith("direct")
        client = Client(self.bugsink.port if direct else self.relay.port)
        path = f"/api/{number}/envelope/?sentry_key={key if direct else KEY}"
        for event in events:
            tagged = {**event, "tags": {**event.get("tags", {}), "allowReport": True}}
            lines = ({"event_id": event["event_id"]}, {"type": "event"}, tagged)
            answer = client.send("POST", path, (), "\n".join(map(json.dumps, lines)).encode())
            assert 200 == answer.status
        client.close()


@pytest.fixture(scope="module")
def ends(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ends]:
    folder = tmp_path_factory.mktemp("ends")
    needles = _needles()
    kept = [f"{kind}-{app}" for app in APPS for kind in ("relayed", "refused")] + [
        "relayed-captured"
    ]
    names = [*kept, *(f"direct-{app}" for app in APPS), "direct-captured"]
    (folder / "bugsink").mkdir()
    with running_bugsink(folder / "bugsink", names) as bugsink:
        projects = [project(bugsink.dsn(name), id=bugsink.number(name)) for name in kept]
        config = {"projects": projects}
        with running(folder / "relay", config) as relay:
            yield Ends(bugsink, relay)
            relay.drain()
            leaks = needles.find("/metrics", relay.metrics().encode())
        assert [] == leaks + needles.find_in_folder(relay.folder)


def _needles() -> Needles:
    others = {f"{name}, the other's": value for name, value in ROBERT.items() if name != "home"}
    return Needles(PLANTED | others)


@dataclass(frozen=True)
class Pair:
    """The same failures as they arrived without and with the relay between."""

    direct: list[Arrived]
    relayed: list[Arrived]


@pytest.fixture(scope="module")
def pair(app: str, ends: Ends) -> Pair:
    """One person's two failures sent directly, and those of two people through the relay."""
    ends.send(app, f"direct-{app}", JANE, consent=True)
    ends.send(app, f"relayed-{app}", JANE, consent=True)
    relayed = ends.bugsink.wait_for(f"relayed-{app}", 2)
    ends.send(app, f"relayed-{app}", ROBERT, consent=True)
    relayed += ends.bugsink.wait_for(f"relayed-{app}", 4)[2:]
    return Pair(ends.bugsink.wait_for(f"direct-{app}", 2), relayed)


def _by_type(events: list[Arrived]) -> dict[str, Arrived]:
    return {event.type: event for event in events}


def test_the_secrets_were_there(pair: Pair) -> None:
    """Without the relay Bugsink gets what was planted: else the next test would show nothing."""
    found = {leak.name for leak in _leaks(pair.direct)}
    assert {"xpub", "btc", "eth", "email", "ip4", "user"} <= found


def test_issues_are_clean(pair: Pair) -> None:
    """Through the relay nothing planted is in Bugsink, of neither person."""
    assert [] == _leaks(pair.relayed)


def _leaks(events: list[Arrived]) -> list[Leak]:
    needles = _needles()
    return [leak for one in events for leak in needles.find(one.type, repr(one).encode())]


def test_issues_say_the_same(pair: Pair) -> None:
    """Type, level, platform and the place in the code are those of the event sent directly."""
    direct, relayed = _by_type(pair.direct), _by_type(pair.relayed[:2])
    assert 2 == len(direct)
    assert direct.keys() == relayed.keys()
    for kind, one in direct.items():
        other = relayed[kind]
        assert (one.type, one.level, one.platform) == (other.type, other.level, other.platform)
        assert one.place == other.place
        assert one.data["release"] == other.data["release"]
        assert _lines(one.data) == _lines(other.data)


def _lines(data: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    frames = data["exception"]["values"][-1]["stacktrace"]["frames"]
    return [(frame.get("function"), frame.get("lineno"), frame.get("colno")) for frame in frames]


def test_an_error_without_secrets_in_its_text_groups_as_before(pair: Pair) -> None:
    """The grouping key is that of the event sent directly, whatever else of it was scrubbed."""
    kinds = ("ValueError", "RangeError")
    keys = [
        {one.grouping_key for one in events if one.type in kinds}
        for events in (pair.direct, pair.relayed)
    ]
    assert 1 == len(keys[0])
    assert keys[0] == keys[1]


def test_an_error_with_secrets_in_its_text_becomes_one_issue(pair: Pair) -> None:
    """Two people's failures that differ in nothing but their secrets are one issue."""
    issues = {one.issue for one in pair.relayed if one.type in ("LookupError", "TypeError")}
    assert 1 == len(issues)
    assert 2 == sum(one.type in ("LookupError", "TypeError") for one in pair.relayed)


@pytest.mark.parametrize("consent", [False, None])
def test_without_consent_nothing_arrives_and_the_app_lives(
    app: str, ends: Ends, consent: bool | None
) -> None:
    """A refusal reaches the SDK, which goes on and ends well; Bugsink hears nothing."""
    name = f"refused-{app}"
    reason = "consent_missing" if consent is None else "consent_denied"
    counted = (reason, ends.bugsink.number(name))
    before = ends.relay.count("relay_envelopes_total")[counted]
    ends.send(app, name, JANE, consent)
    assert 2 <= ends.relay.count("relay_envelopes_total")[counted] - before
    ends.relay.drain()
    assert [] == ends.bugsink.events(name)


def captured_errors() -> dict[str, dict[str, Any]]:
    """Errors that SDKs have sent, by their id: of one text two, and one with nothing told in it."""
    found: dict[str, dict[str, Any]] = {}
    told = Counter[str]()
    for sample in load(SAMPLES):
        event = sample.event
        if event is None or event["event_id"] in found or not sample.name.startswith(CAPTURED):
            continue
        text = json.dumps([event.get("message"), *map(_told, _exceptions(event))])
        told[text] += 1
        if told[text] <= 2:
            found[event["event_id"]] = event
        if told[text] == 1:
            plain = json.loads(json.dumps(event | {"event_id": uuid5(NAMESPACE_URL, text).hex}))
            for exception in _exceptions(plain):
                exception["value"] = "the device went away"
            found[plain["event_id"]] = plain | ({"message": "ready"} if "message" in plain else {})
    return found


def _exceptions(event: Mapping[str, Any]) -> list[dict[str, Any]]:
    values: list[dict[str, Any]] = (event.get("exception") or {}).get("values", [])
    return values


def _told(exception: Mapping[str, Any]) -> tuple[Any, Any]:
    return exception.get("type"), exception.get("value")


@pytest.fixture(scope="module")
def filed(ends: Ends) -> list[tuple[Arrived, Arrived]]:
    """Captured errors, as they were filed without the relay and with it."""
    events = captured_errors()
    filed: list[dict[str, Arrived]] = []
    for name in ("direct-captured", "relayed-captured"):
        ends.post(name, events.values())
        arrived = ends.bugsink.wait_for(name, len(events))
        filed.append({one.data["event_id"]: one for one in arrived})
    assert events.keys() == filed[0].keys() == filed[1].keys()
    return [(filed[0][number], filed[1][number]) for number in events]


def _title(one: Arrived) -> bytes:
    """What an issue is named after, before Bugsink makes its key of it."""
    told = [one.data.get(key) for key in ("message", "logentry", "transaction")]
    return json.dumps([*told, *map(_told, _exceptions(one.data))]).encode()


@pytest.mark.long
def test_captured_errors_group_as_before(filed: list[tuple[Arrived, Arrived]]) -> None:
    """The key is the same where the title holds no secret; where it does, only that is gone."""
    needles = _needles()
    same = [pair for pair in filed if not needles.find("", _title(pair[0]))]
    others = [pair for pair in filed if pair not in same]
    assert 20 <= len(same)
    assert 20 <= len(others)
    assert [a.grouping_key for a, _ in same] == [b.grouping_key for _, b in same]
    assert [a.type for a, _ in others] == [b.type for _, b in others]
    assert [] == [leak for _, b in filed for leak in needles.find("", _title(b))]


@pytest.mark.long
def test_no_issue_is_split(filed: list[tuple[Arrived, Arrived]]) -> None:
    """Errors that are one issue without the relay are one with it."""
    issues: dict[str, set[str]] = {}
    for direct, relayed in filed:
        issues.setdefault(direct.issue, set()).add(relayed.issue)
    assert 10 <= len(issues) < len(filed)
    assert [1] * len(issues) == [len(of_one) for of_one in issues.values()]
