"""The budget of one document: work is counted, not timed, and running out drops the item."""

from dataclasses import dataclass
from typing import Final

from relay.errors import ScrubError


@dataclass(slots=True)
class Budget:
    """Work left for one document. Running out drops the item.

    A unit is a character looked at, or about 25 ns of a check (`relay.detectors.COSTS`).

    Attributes:
        left: units.
        room: bytes that packed text may still take when it is unpacked: memory, not work.
    """

    left: int
    room: int = 1_000_000

    def spend(self, work: int) -> None:
        """Take so much.

        Raises:
            ScrubError: nothing is left.
        """
        self.left -= work
        if self.left < 0:
            raise ScrubError("the document needs more work than its size allows")

    def take(self, size: int) -> None:
        """Take so much of the room.

        Raises:
            ScrubError: there is not so much.
        """
        self.room -= size
        if self.room < 0:
            raise ScrubError("the document unpacks to more than its size allows")


def budget_for(size: int) -> Budget:
    """Return the budget for a document of this many bytes: linear in its size."""
    return Budget(_WORK_FLOOR + _WORK_PER_BYTE * size, _ROOM_FLOOR + _ROOM_PER_BYTE * size)


_WORK_FLOOR: Final = 8_000_000
_WORK_PER_BYTE: Final = 160
"""Real events spend 2 to 30. JSON in one string, full of what rules name, spends up to 175: the
floor makes that enough for half a megabyte. All of the budget is less than 20 times the CPU time of
an event of that size with much to scrub (`benchmarks/adversarial.py`)."""

_ROOM_FLOOR: Final = 1_000_000
_ROOM_PER_BYTE: Final = 4
"""What is unpacked stands in memory about four times while it is searched."""
