"""Locks between processes."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from relay.errors import SpoolUnavailableError
from relay.spool.locks import Lock, Turn, is_open_elsewhere, slot_is_free, take_slot, turn_at

ROOT = Path(__file__).parents[3]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spool.db"


def test_a_slot_is_taken_once(path: Path) -> None:
    """Who asks for a slot that is taken is told; other slots are free, and so is it afterwards."""
    lock = take_slot(path, 1)
    with pytest.raises(SpoolUnavailableError, match="is a relay already running here"):
        take_slot(path, 1)
    assert [True, False, True] == [slot_is_free(path, slot) for slot in range(3)]
    assert [True, False] == [is_open_elsewhere(path, slot) for slot in (0, 1)]
    lock.close()
    assert slot_is_free(path, 1)
    take_slot(path, 1).close()


def test_to_look_makes_no_files(path: Path) -> None:
    """Asking for slots that nobody ever had leaves no trace."""
    assert not is_open_elsewhere(path, 0)
    assert [] == list(path.parent.iterdir())


def test_files_are_for_us_alone(path: Path) -> None:
    """Lock files have mode 0600, and no program that is started gets them."""
    lock = take_slot(path, 0)
    with turn_at(path):
        modes = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
    assert dict.fromkeys(("spool.db.lock", "spool.db.next", "spool.db.write"), 0o600) == modes
    assert lock._file is not None
    assert not os.get_inheritable(lock._file)
    lock.close()


def test_turns_are_taken_one_after_the_other(path: Path) -> None:
    """Nobody has the turn while another has it; who waits is next, before who asks again."""
    mine, theirs = Turn(path), Turn(path)
    order: list[str] = []
    waiting = Lock(path.with_name("spool.db.next"))

    def other() -> None:
        with theirs:
            order.append("theirs")

    thread = threading.Thread(target=other)
    with mine:
        thread.start()
        while waiting.try_take():  # until the other one waits
            waiting.free()
        order.append("mine")
    with mine:
        order.append("mine again")
    thread.join()
    assert ["mine", "theirs", "mine again"] == order
    for one in (mine, theirs, waiting):
        one.close()


FORK = """
import os, sys
from pathlib import Path
from relay.spool.locks import take_slot, turn_at
path = Path(sys.argv[1])
lock = take_slot(path, 0)
with turn_at(path):
    if os.fork():
        os._exit(0)
    print("ready", flush=True)
    sys.stdin.read()
"""


def test_a_child_keeps_no_lock_of_its_parent(path: Path) -> None:
    """When a process has died, its locks are free, though a child that it forked lives on."""
    with subprocess.Popen(
        [sys.executable, "-c", FORK, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdin is not None
        assert b"ready\n" == parent.stdout.readline()
        assert 0 == parent.wait(10)
        assert slot_is_free(path, 0)
        with turn_at(path):
            pass
        parent.stdin.close()
        assert b"" == parent.stdout.read()
