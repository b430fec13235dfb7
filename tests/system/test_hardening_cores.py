"""Core dumps: no command leaves one, for each may hold what is not scrubbed, or a secret."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.system.running import DEADLINE, until

COMMANDS = (
    ("scrub", "{file}"),
    ("spool", "show", "1", "--body", "--config", "{file}"),
)


def core_limits(pid: int) -> tuple[str, ...]:
    """The limits of a process on core dumps: what holds, and what it may be raised to."""
    lines = Path(f"/proc/{pid}/limits").read_text().splitlines()
    (core,) = (line for line in lines if line.startswith("Max core file size"))
    return tuple(core.split()[4:6])


@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells and holds it")
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_no_command_leaves_a_core_dump(command: tuple[str, ...], tmp_path: Path) -> None:
    """By the time that it reads a file none can be written, nor piped: a limit of 1 does both."""
    file = tmp_path / "file.yaml"
    os.mkfifo(file)
    process = subprocess.Popen(
        [sys.executable, "-m", "relay", *(part.format(file=file) for part in command)],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        # A pipe can be opened for writing without waiting once somebody reads from it.
        end = until(lambda: opened(file), "the command to read its file")
        assert core_limits(process.pid) in (("1", "1"), ("0", "0"))
        os.close(end)
    finally:
        process.kill()
        process.wait(DEADLINE)


def opened(file: Path) -> int | None:
    """The writing end of a pipe, if somebody has opened the other."""
    try:
        return os.open(file, os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        return None
