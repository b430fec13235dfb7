"""`relay rules explain`, `test` and `list` as they are run: pipes, terminals, real requests."""

import json
import os
import pty
import sys
from pathlib import Path

import pytest

from tests.system.test_rules_new import RELAY, run, until

pytestmark = pytest.mark.system

SAMPLES = Path(__file__).parents[1] / "samples"
EVENT = {"message": "at 203.0.113.42", "extra": {"jane.roe@example.org": {"note": "x"}}}


def test_from_a_pipe(tmp_path: Path) -> None:
    """An event on standard input is explained; of what was redacted nothing is shown."""
    given = json.dumps(EVENT).encode()
    asked = ("--path", "message", "--rule", "network/*", "--json")
    done = run(tmp_path, "rules", "explain", *asked, given=given)
    assert (0, b"") == (done.returncode, done.stderr)
    shown = json.loads(done.stdout)
    assert {("network/ip-address", "message"), ("people/email", "extra.'[email]'")} == {
        (r["rule"], r["path"]) for r in shown["parts"][0]["redactions"]
    }
    fired = [why["rule"] for why in shown["why"] if why["cause"] == "fired"]
    assert ["network/ip-address"] == fired
    assert not [word for word in (b"203.0.113", b"jane", b"roe") if word in done.stdout]


@pytest.mark.long
def test_reveal_is_for_terminals(tmp_path: Path) -> None:
    """Into a pipe nothing is revealed; on a terminal it is, in colour."""
    (tmp_path / "event.json").write_text(json.dumps(EVENT))
    refused = run(tmp_path, "rules", "explain", "--reveal", "event.json")
    assert (2, b"") == (refused.returncode, refused.stdout)
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(tmp_path)
        os.environ["TERM"] = "xterm-256color"
        os.execv(sys.executable, [*RELAY, "rules", "explain", "--reveal", "event.json"])
    said = until(terminal, b"items dropped")
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    assert 0 == os.waitstatus_to_exitcode(status)
    assert b"203.0.113.42" in said
    assert b"\x1b[" in said


@pytest.mark.long
def test_every_sample(tmp_path: Path) -> None:
    """Real envelopes are explained, and no planted value is told, whatever the output."""
    planted = [v.encode() for v in told(json.loads((SAMPLES / "planted.json").read_text()))]
    assert planted
    for name in ("python-2.75.0/compress-none-01", "python-2.75.0/consent-tag-before-send-01"):
        file = SAMPLES / f"{name}.bin"
        for more in ((), ("--json",), ("--path", "**", "--json")):
            done = run(tmp_path, "rules", "explain", str(file), *more)
            assert (0, b"") == (done.returncode, done.stderr)
            assert not [word for word in planted if word in done.stdout]


@pytest.mark.long
def test_a_choice_of_rules(tmp_path: Path) -> None:
    """A part of the rules is tested and listed; in a pipe without colours."""
    tested = run(tmp_path, "rules", "test", "--rule", "people/email", "-v")
    assert (0, b"") == (tested.returncode, tested.stderr)
    assert tested.stdout.endswith(b" 0 failed\n")
    listed = run(tmp_path, "rules", "list", "--status", "enforce", "e-mail")
    assert 0 == listed.returncode
    assert b"people/email" in listed.stdout
    assert b"\x1b" not in tested.stdout + listed.stdout


@pytest.mark.long
def test_narrow_terminals(tmp_path: Path) -> None:
    """A table fits into 80 columns, and into 40."""
    for width in (80, 40):
        pid, terminal = pty.fork()
        if pid == 0:
            os.environ.update(COLUMNS=str(width), TERM="dumb")
            os.chdir(tmp_path)
            os.execv(sys.executable, [*RELAY, "rules", "list", "--rule", "people/*"])
        said = until(terminal, b"rules")
        _, status = os.waitpid(pid, 0)
        os.close(terminal)
        assert 0 == os.waitstatus_to_exitcode(status)
        lines = said.decode().replace("\r", "").split("\n")
        assert [] == [line for line in lines if len(line) > width]


def told(value: object) -> list[str]:
    """All texts in a document."""
    if isinstance(value, str):
        return [value]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for part in parts for text in told(part)]
