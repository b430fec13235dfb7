"""Real SDKs at one end, a real Sentry-compatible server at the other, the relay between them.

Each small app sends the same two failures twice: to Bugsink itself, and through the relay to
another project of the same Bugsink.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.system.bugsink import CLIENTS, Arrived, Bugsink, running_bugsink
from tests.system.captured import SAMPLES
from tests.system.planted import Leak, Needles
from tests.system.running import DEADLINE, KEY, Relay, project, running

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("real_ends")]

NODE = Path(__file__).parent / "node"
HAS_NODE = shutil.which("node") is not None and (NODE / "node_modules" / "@sentry").is_dir()
APPS = {
    "python": [sys.executable, str(CLIENTS / "python_app.py")],
    "node": ["node", str(NODE / "send.mjs")],
}
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


@pytest.fixture(scope="module")
def ends(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ends]:
    folder = tmp_path_factory.mktemp("ends")
    needles = _needles()
    kept = [f"{kind}-{app}" for app in APPS for kind in ("relayed", "refused")]
    names = [*kept, *(f"direct-{app}" for app in APPS)]
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
