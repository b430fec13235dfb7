"""`relay spool` beside a relay that runs: what it shows and what it changes is the relay's own."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes import Answer
from tests.system.running import (
    AUTH,
    ENVELOPE,
    FEW_RULES,
    PROJECT,
    Client,
    Relay,
    Sentry,
    envelope,
    event,
    project,
    until,
)

pytestmark = pytest.mark.system

HEADERS = (("X-Sentry-Auth", AUTH),)


@pytest.fixture
def relay(tmp_path: Path, sentry: Sentry) -> Iterator[Relay]:
    """A relay that has three dead letters."""
    relay = Relay(tmp_path / "relay", {"projects": [project(sentry.dsn())], "rules": FEW_RULES})
    with relay.running():
        sentry.mini.script.extend([Answer(403)] * 3)
        client = Client(relay.port)
        for number in range(1, 4):
            assert 200 == client.send("POST", ENVELOPE, HEADERS, envelope(event(number))).status
        client.close()
        until(lambda: 3 == spool(relay, "status")["dead"], "three dead letters")
        yield relay


def run(relay: Relay, *arguments: str) -> "subprocess.CompletedProcess[bytes]":
    """Run the command where the relay runs."""
    return subprocess.run(
        [sys.executable, "-m", "relay", "spool", *arguments],
        cwd=relay.folder,
        capture_output=True,
        check=False,
        timeout=60,
    )


def spool(relay: Relay, *arguments: str) -> Any:
    """Run the command, which must succeed, and return its answer for scripts."""
    done = run(relay, *arguments, "--json")
    assert (0, b"") == (done.returncode, done.stderr)
    return json.loads(done.stdout)


def test_dead_letters_are_shown_while_the_relay_runs(relay: Relay) -> None:
    """Status, list and show tell of what the running relay has buried; bodies are scrubbed."""
    status = spool(relay, "status")
    assert {"rejected_upstream": 3} == status["dead_by_reason"]
    letters = spool(relay, "list")
    assert [f"{number:032x}" for number in range(1, 4)] == [one["envelope_id"] for one in letters]
    assert {PROJECT} == {one["project"] for one in letters}
    number = str(letters[0]["number"])
    assert ["event"] == [item["kind"] for item in spool(relay, "show", number)["items"]]
    body = run(relay, "show", number, "--body").stdout
    assert letters[0]["bytes"] == len(body)
    assert f"{1:032x}" == json.loads(body.split(b"\n")[2])["event_id"]


def test_a_retry_is_sent_by_the_relay_that_runs(relay: Relay, sentry: Sentry) -> None:
    """What is retried arrives with no restart, and is no dead letter any more."""
    letters = spool(relay, "list")
    assert {"retried": 1, "missing": 0} == spool(relay, "retry", str(letters[1]["number"]))
    sentry.arrival(f"{2:032x}")
    until(lambda: 2 == spool(relay, "status")["dead"], "the dead letter to be gone")
    assert {"retried": 2, "missing": 0} == spool(relay, "retry", "--all")
    for number in (1, 3):
        sentry.arrival(f"{number:032x}")
    relay.drain()
    assert 0 == spool(relay, "status")["bytes"]


def test_it_works_while_no_relay_runs(relay: Relay, sentry: Sentry) -> None:
    """With the relay stopped it shows, purges and retries too; the next start sends."""
    assert 0 == relay.stop()
    first, *_ = spool(relay, "list")
    assert {"purged": 1, "missing": 0} == spool(relay, "purge", str(first["number"]))
    assert {"retried": 2, "missing": 0} == spool(relay, "retry", "--all")
    assert 1 == run(relay, "show", str(first["number"])).returncode
    modes = {
        file.stat().st_mode & 0o777
        for file in relay.folder.iterdir()
        if file.name.startswith("spool.db")
    }
    assert {0o600} == modes
    relay.start()
    relay.drain()
    assert {f"{number:032x}" for number in (2, 3)} == sentry.ids()


def test_wrong_use(relay: Relay) -> None:
    """Without numbers, or all without a yes, it is wrong use; nothing has changed."""
    assert [2, 2] == [run(relay, *words).returncode for words in (["retry"], ["purge", "--all"])]
    assert 3 == spool(relay, "status")["dead"]
