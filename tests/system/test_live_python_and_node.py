"""Live SDKs for Python and node, old and new, use all that they have; the relay lies between."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.live import CLIENTS, NODE, OLD_SDK, End, end, has_package, run
from tests.system.live_expectations import LIVE

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("live_sdks")]

OWN_ACT = {"feedback", "user_report"}


def _node(package: str) -> tuple[pytest.MarkDecorator, ...]:
    reason = f"node or its package {package} is not here; `make node` installs it"
    return pytest.mark.node, pytest.mark.skipif(not has_package(package), reason=reason)


_OLD = pytest.mark.skipif(
    not (OLD_SDK / "sentry_sdk").is_dir(),
    reason="sentry-sdk 1.x is not here; `make setup` installs it",
)
CLIENT = {
    "sentry-sdk 2": ([sys.executable, str(CLIENTS / "live_python.py")], "", ()),
    "sentry-sdk 1": (
        [sys.executable, str(CLIENTS / "live_python.py")],
        "",
        (_OLD, pytest.mark.long),
    ),
    "@sentry/node 11": (["node", str(NODE / "live.mjs")], "@sentry/node", _node("@sentry/node")),
    "@sentry/node 7": (
        ["node", str(NODE / "live.mjs")],
        "sentry-node-7",
        (*_node("sentry-node-7"), pytest.mark.long),
    ),
}


def send(client: str, dsn: str) -> None:
    """Run a client's app."""
    command, package, _ = CLIENT[client]
    path = {"PYTHONPATH": str(OLD_SDK)} if client == "sentry-sdk 1" else {}
    run(command, {"dsn": dsn, "package": package}, **path)


@pytest.fixture(
    scope="module",
    params=[pytest.param(name, marks=marks) for name, (_, _, marks) in CLIENT.items()],
)
def client(request: pytest.FixtureRequest) -> str:
    """Which client sends."""
    return request.param


@pytest.fixture(scope="module")
def agreed(client: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[End]:
    """What came out of the app of somebody who agreed: the DSN says so."""
    with end(tmp_path_factory.mktemp("agreed") / "relay") as made:
        send(client, made.dsn())
        yield made


def test_every_kind_arrives_or_is_dropped_as_told(client: str, agreed: End) -> None:
    """The kinds, and what became of each, are the ones that the table of live clients holds."""
    assert LIVE[client] == agreed.outcomes()


def test_what_was_accepted_arrived(client: str, agreed: End) -> None:
    """Each kind that is scrubbed has arrived, and no other."""
    told = {kind for kind, outcome in LIVE[client].items() if "scrubbed" in outcome}
    assert told == {item.kind for item in agreed.items()} - {"client_report"}


def test_nothing_planted_is_anywhere(agreed: End) -> None:
    """Not in what arrived, not in the spool, the output or the metrics."""
    assert [] == agreed.leaks()


def test_without_consent_nothing_arrives(client: str, tmp_path: Path) -> None:
    """Nobody was asked: all is refused but what the user typed and sent."""
    with end(tmp_path / "relay") as made:
        send(client, made.dsn(prefix=""))
        arrived = {item.kind for item in made.items()} - {"client_report"}
        assert LIVE[client].keys() & OWN_ACT == arrived
        assert "dropped: consent_missing" == made.outcomes()["event"]
        assert [] == made.leaks()
