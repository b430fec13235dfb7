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
_RULES: Final = 3
_DIGEST: Final = 4
_FIELDS: Final = 5
_RESTARTS: Final = SEATS * _FIELDS
_DAMAGES: Final = _RESTARTS + 1
_ANSWER: Final = _DAMAGES + 1
_STALE: Final = _ANSWER + 1
_WHOLE: Final = _STALE + 1

DIGITS: Final = 12
"""Of a digest, which stand on the board: as many as events say in their tag."""


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
            for field in (_CLOSED, _RULES, _DIGEST):
                self._numbers[seat * _FIELDS + field] = 0
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

    def rules(self, seat: int) -> tuple[int, str]:
        """Return which rules the process on a seat uses: their number, and digits of the digest.

        The number is that of the sheet; 0 for the rules of the start. No digits: it has none yet.
        """
        at = seat * _FIELDS
        number, digest = self._numbers[at + _RULES], self._numbers[at + _DIGEST]
        return number, f"{digest - 1:0{DIGITS}x}" if digest else ""

    def set_rules(self, seat: int, number: int, digest: str) -> None:
        """Say so; only the process on the seat does. `digest` is in hex, as long as it may be."""
        at = seat * _FIELDS
        self._numbers[at + _DIGEST] = int(digest[:DIGITS], 16) + 1
        self._numbers[at + _RULES] = number

    @property
    def answer(self) -> tuple[int, bool]:
        """Up to which number it was answered whether rules may be used, and the last answer."""
        packed = self._numbers[_ANSWER]
        return packed >> 1, bool(packed & 1)

    def set_answer(self, number: int, *, taken: bool) -> None:
        """Answer what was asked for under a number."""
        self._numbers[_ANSWER] = number << 1 | taken

    @property
    def stale(self) -> bool:
        """Whether the rules on the disk were refused, and others go on."""
        return bool(self._numbers[_STALE])

    def set_stale(self, stale: bool) -> None:
        """Say whether they were."""
        self._numbers[_STALE] = stale

    def seats(self, state: SeatState) -> list[int]:
        """Return the seats in a state, the first one aside: the admin port has it."""
        return [seat for seat in range(1, SEATS) if self.state(seat) is state]

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
        return len(self.seats(state))
