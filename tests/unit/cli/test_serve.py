"""`relay serve`: what a newcomer reads, and how it ends."""

import socket
from pathlib import Path

import pytest

from relay.cli.main import main
from relay.cli.serve import welcome
from relay.config import parse
from relay.server.running import Started

KEY = "6d91ca6e6a5d4de7b47989455858b5f6"
SECRET = "ab" * 16


def shown(text: str | None, host: str = "127.0.0.1") -> str:
    """Return the welcome for a configuration."""
    return welcome(parse(text, "r.yaml", {}), Started(host, 3005, "127.0.0.1", 3006))


def test_first_steps() -> None:
    """With nothing configured, there is a DSN to copy, and where events go."""
    text = shown(None)
    assert "http://00000000000000000000000000000000@127.0.0.1:3005/1" in text
    assert "inbox/" in text
    assert "the tag allowReport: true" in text
    assert "http://00000000000000000000000000000000@127.0.0.1:3005/consented/1" in text
    assert "http://127.0.0.1:3006/" in text


def test_the_exception_from_consent() -> None:
    """Whoever reads that nothing is kept reads the exception too, as long as there is one."""
    assert "`consent: {explicit: []}` ends it." in shown(None)
    assert "exception" not in shown("consent: {explicit: []}")


def test_what_torrc_needs() -> None:
    """Where there is a listener for an onion service, its line for `torrc` can be copied."""
    started = Started("127.0.0.1", 3005, "127.0.0.1", 3006, "unix:/run/relay/onion.sock")
    line = "  onion service          HiddenServicePort 80 unix:/run/relay/onion.sock\n"
    assert line in welcome(parse(None, "r.yaml", {}), started)
    assert "onion" not in shown(None)


def test_where_usage_events_go() -> None:
    """Each app has an address that can be copied; with no app nothing is said of it."""
    apps = "usage: {apps: [{name: suite, environments: [web]}, {name: connect, environments: []}]}"
    text = shown(apps)
    assert "  usage events           http://127.0.0.1:3005/suite/log/web/stable.log\n" in text
    assert "  usage events           http://127.0.0.1:3005/connect/log/stable.log\n" in text
    assert "usage" not in shown(None)


def test_the_upstreams_key_is_masked() -> None:
    """What is printed at start tells no key of the upstream."""
    text = shown(
        f"projects:\n  - {{id: '7', key: {KEY}, upstream: 'https://{SECRET}@o1.ingest.sentry.io/5',"
        " consent: {required: false}}\n"
        "  - {id: '*', key: '*', upstream: 'https://o2.ingest.sentry.io'}\n",
        host="0.0.0.0",
    )
    assert SECRET not in text
    assert f"http://{KEY}@127.0.0.1:3005/7" in text
    assert "NOT REQUIRED" in text
    assert "any project and key" in text


def test_workers_without_a_spool_to_share(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What cannot be is refused, not passed over."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RELAY_SPOOL__BACKEND", "memory")
    assert 1 == main(["serve", "--workers", "2"])
    assert "--workers:1: listen.workers: several workers need" in capsys.readouterr().err


def test_a_port_that_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A port that somebody else has ends the start with one line."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RELAY_SPOOL__BACKEND", "memory")
    monkeypatch.setenv("RELAY_ADMIN__PORT", "0")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert 1 == main(["serve", "--port", str(taken.getsockname()[1])])
    assert "relay: cannot listen: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("consent", "expected"),
    [
        ("{}", "(without it: 403, and nothing is kept)"),
        ("{answer: 200}", "(without it: 200, and nothing is kept)"),
        ("{missing: minimal}", "(without it: a bare skeleton of an event goes on"),
    ],
)
def test_what_happens_without_consent_is_told_as_configured(consent: str, expected: str) -> None:
    """The greeting does not promise a refusal where the configuration makes none."""
    project = f"projects: [{{id: '1', key: {'0' * 32}, upstream: 'file:./i', consent: {consent}}}]"
    assert expected in shown(project)
