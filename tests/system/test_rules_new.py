"""`relay rules new` as it is run: a pipe and a terminal, and the rule that comes out at work."""

import json
import os
import pty
import select
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.system

RELAY = [sys.executable, "-m", "relay"]
EVENT = {"message": "see TKT-48213 now", "extra": {"device_nick": "Jane's safe"}}


def run(folder: Path, *arguments: str, given: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        [*RELAY, *arguments], cwd=folder, input=given, capture_output=True, check=False, timeout=60
    )


@pytest.mark.long
def test_from_a_leak_to_a_rule_that_works(tmp_path: Path) -> None:
    """Drafted from a pipe, proven by `test`, and at work in `scrub`."""
    sample = json.dumps(EVENT).encode()
    draft = ["rules", "new", "--id", "suite/nick", "--sample", "-", "--key", "device_nick"]
    made = run(tmp_path, *draft, "--why", "It is a name.", "--out", "mine", given=sample)
    assert (0, b"") == (made.returncode, made.stderr)
    assert b"next: relay rules test --rules mine" in made.stdout
    tested = run(tmp_path, "rules", "test", "--rules", "mine")
    assert (0, b"1 rules, 6 examples, 0 failed\n") == (tested.returncode, tested.stdout)
    clean = run(tmp_path, "scrub", "--rules", "mine", given=sample)
    assert "[id]" == json.loads(clean.stdout)["extra"]["device_nick"]
    assert b"Jane" not in (tmp_path / "mine/suite/nick.yaml").read_bytes()
    again = run(tmp_path, *draft, "--rules", "mine", given=sample)
    assert 1 == again.returncode
    assert b"redacted already by suite/nick" in again.stderr


def test_it_asks_on_a_terminal(tmp_path: Path) -> None:
    """With no flag each thing is asked for, and the rule is shown."""
    (tmp_path / "event.json").write_text(json.dumps(EVENT))
    answers = [b"support/ticket", b"event.json", b"TKT-48213", b"It leads to a person."]
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(tmp_path)
        os.execv(sys.executable, [*RELAY, "rules", "new"])
    said = b""
    for question, answer in zip(
        (b"Id of", b"File with", b"Text of", b"Why may"), answers, strict=True
    ):
        said = until(terminal, question)
        os.write(terminal, answer + b"\n")
    said = until(terminal, b"leaves:")
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    assert 0 == os.waitstatus_to_exitcode(status)
    assert b"why: 'It leads to a person.'" in said


def until(terminal: int, words: bytes) -> bytes:
    """Read what a terminal shows, until it has shown some words and pauses."""
    said = b""
    while words not in said or select.select([terminal], [], [], 0.2)[0]:
        ready, _, _ = select.select([terminal], [], [], 30)
        assert ready, said
        try:
            said += os.read(terminal, 65536)
        except OSError:  # the other end is closed
            assert words in said
            break
    return said
