"""Locks between processes that share one spool: who has which slot, and whose turn it is to write.

Law of this file: all locks are `flock`, which the kernel frees when their process dies, however it
dies. A child that is forked closes its copies at once, or they would outlive its parent.
"""

import os
import sys
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from relay.errors import SpoolUnavailableError

if sys.platform != "win32":
    import fcntl

SLOTS: Final = 64
"""So many processes can have one spool open."""

MODE: Final = 0o600

_open_locks: "weakref.WeakSet[Lock]" = weakref.WeakSet()


class Lock:
    """One file that one process at a time has locked."""

    def __init__(self, path: Path) -> None:
        """Open the file; it is made where it is missing.

        Raises:
            OSError: it cannot be opened.
        """
        self._file: int | None = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, MODE)
        _open_locks.add(self)

    def try_take(self) -> bool:
        """Take it if it is free; return whether it was."""
        if sys.platform != "win32" and self._file is not None:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
        return True

    def take(self) -> None:
        """Wait for it."""
        if sys.platform != "win32" and self._file is not None:
            fcntl.flock(self._file, fcntl.LOCK_EX)

    def free(self) -> None:
        """Let the next one have it."""
        if sys.platform != "win32" and self._file is not None:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        """Free it and close the file. May be repeated."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


class Turn:
    """Whose turn it is to write: processes take it one after the other, none waits for ever.

    With one lock a process that writes without a pause would take it again before those who wait
    have woken. So whoever waits holds a second lock, which everybody must have had first.
    """

    def __init__(self, path: Path) -> None:
        """Open the files beside the spool.

        Raises:
            OSError: they cannot be opened.
        """
        self._next = Lock(path.with_name(path.name + ".next"))
        self._write = Lock(path.with_name(path.name + ".write"))

    def __enter__(self) -> None:
        """Wait for the turn."""
        self._next.take()
        try:
            self._write.take()
        finally:
            self._next.free()

    def __exit__(self, *_: object) -> None:
        """End the turn."""
        self._write.free()

    def close(self) -> None:
        """Close the files. May be repeated."""
        self._next.close()
        self._write.close()


@contextmanager
def turn_at(path: Path) -> Iterator[None]:
    """Have the turn to write inside the block.

    Raises:
        OSError: the files beside the spool cannot be opened.
    """
    turn = Turn(path)
    try:
        with turn:
            yield
    finally:
        turn.close()


def take_slot(path: Path, slot: int) -> Lock:
    """Take a slot of a spool; called by whoever has the turn.

    Raises:
        SpoolUnavailableError: another process has it.
        OSError: its file cannot be opened.
    """
    lock = Lock(_slot_path(path, slot))
    if not lock.try_take():
        lock.close()
        message = f"{path} is open in another process: is a relay already running here?"
        raise SpoolUnavailableError(f"{message} (else set spool.path)")
    return lock


def slot_is_free(path: Path, slot: int) -> bool:
    """Return whether no process has a slot; called by whoever has the turn, for it looks by taking.

    Raises:
        OSError: its file cannot be opened.
    """
    file = _slot_path(path, slot)
    if not file.exists():
        return True
    lock = Lock(file)
    try:
        return lock.try_take()
    finally:
        lock.close()


def is_open_elsewhere(path: Path, slot: int | None) -> bool:
    """Return whether a process has a slot other than this one; called by whoever has the turn."""
    return not all(slot_is_free(path, other) for other in range(SLOTS) if other != slot)


def _slot_path(path: Path, slot: int) -> Path:
    return path.with_name(f"{path.name}.lock-{slot}" if slot else f"{path.name}.lock")


def _close_in_child() -> None:
    for lock in list(_open_locks):
        lock.close()


if sys.platform != "win32":
    os.register_at_fork(after_in_child=_close_in_child)
