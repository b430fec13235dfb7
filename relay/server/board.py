"""A few numbers in shared memory: what the processes of one relay tell each other without words.

Law of this file: numbers alone, one writer each. It is made before the first fork.
"""

import mmap
from enum import IntEnum
from typing import Final

SEATS: Final = 64
"""Processes that may stand on one board; as many as a spool has slots."""


class SeatState(IntEnum):
    """What the process on a seat does."""

    EMPTY = 0
    STARTING = 1
    READY = 2
    STOPPING = 3


_STATE: Final = 0
_CLOSED: Final = 1
_BEATS: Final = 2
_FIELDS: Final = 3
_RESTARTS: Final = SEATS * _FIELDS
_DAMAGES: Final = _RESTARTS + 1
_WHOLE: Final = _DAMAGES + 1


class Board:
    """Numbers of every seat, and how often a process was replaced. Shared by fork."""

    def __init__(self) -> None:
        # Eight bytes each, aligned: a reader sees the old number or the new one.
        self._numbers = memoryview(mmap.mmap(-1, _WHOLE * 8)).cast("Q")

    def state(self, seat: int) -> SeatState:
        """Return what the process on a seat does."""
        return SeatState(self._numbers[seat * _FIELDS + _STATE])

    def set_state(self, seat: int, state: SeatState) -> None:
        """Say what the process on a seat does; a seat that is taken begins at no connections."""
        if state is SeatState.STARTING:
            self._numbers[seat * _FIELDS + _CLOSED] = 0
        self._numbers[seat * _FIELDS + _STATE] = state

    def closed(self, seat: int) -> int:
        """Return how many of the connections that were given to a seat have ended."""
        return self._numbers[seat * _FIELDS + _CLOSED]

    def add_closed(self, seat: int) -> None:
        """Say that one more has ended; only the process on the seat does."""
        self._numbers[seat * _FIELDS + _CLOSED] += 1

    def beats(self, seat: int) -> int:
        """Return how often the process on a seat has said that it goes on."""
        return self._numbers[seat * _FIELDS + _BEATS]

    def beat(self, seat: int) -> None:
        """Say that it goes on; only the process on the seat does, twice a second."""
        self._numbers[seat * _FIELDS + _BEATS] += 1

    @property
    def restarts(self) -> int:
        """How often a process that had died was replaced."""
        return self._numbers[_RESTARTS]

    def add_restart(self) -> None:
        """Say that one more was."""
        self._numbers[_RESTARTS] += 1

    @property
    def damages(self) -> int:
        """How often a damaged spool was set aside."""
        return self._numbers[_DAMAGES]

    def add_damage(self) -> None:
        """Say that one more was."""
        self._numbers[_DAMAGES] += 1

    def count(self, state: SeatState) -> int:
        """Return how many seats are in a state, the first one aside: the admin port has it."""
        return sum(self.state(seat) is state for seat in range(1, SEATS))
