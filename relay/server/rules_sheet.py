"""A sheet in shared memory: one text, which one process writes and all of a relay read.

Law of this file: it is made before the first fork. A reader gets a whole text or none; whoever dies
in the middle of writing has written nothing. What stands here is configuration, never a payload.
"""

import hashlib
import mmap
from dataclasses import dataclass, field
from typing import Final

_NUMBER: Final = 8
_HEAD: Final = 8 + hashlib.sha256().digest_size
"""Before each text its length and its digest."""

_TRIES: Final = 1_000


class Sheet:
    """One text, and how many there were before it."""

    def __init__(self, capacity: int) -> None:
        """Set up; there is no text yet.

        Args:
            capacity: bytes that a text may have; memory is taken only for those that are written.
        """
        self.capacity = capacity
        self._half = _HEAD + capacity
        self._memory = mmap.mmap(-1, _NUMBER + 2 * self._half)
        # Eight bytes, aligned: a reader sees the old number or the new one.
        self._view = memoryview(self._memory)
        self._numbers = self._view[:_NUMBER].cast("Q")

    @property
    def number(self) -> int:
        """How many texts there have been; 0 for none yet."""
        return self._numbers[0]

    def write(self, text: bytes) -> int:
        """Put a text in the place of the last one; return its number. One process alone writes.

        Raises:
            ValueError: it is larger than the sheet.
        """
        if len(text) > self.capacity:
            raise ValueError("the text is larger than its sheet")
        number = self.number + 1
        # The one before stays whole in the other half, for whoever reads it just now.
        start = _NUMBER + number % 2 * self._half
        digest = hashlib.sha256(text).digest()
        self._view[start : start + _HEAD] = len(text).to_bytes(8, "big") + digest
        self._view[start + _HEAD : start + _HEAD + len(text)] = text
        self._numbers[0] = number
        return number

    def read(self) -> tuple[int, bytes] | None:
        """Return the number of the last text, and the text; None if there is none yet.

        Raises:
            ValueError: it is not whole, however often it is read.
        """
        for _ in range(_TRIES):
            number = self.number
            if number == 0:
                return None
            start = _NUMBER + number % 2 * self._half
            head = bytes(self._view[start : start + _HEAD])
            size = int.from_bytes(head[:8], "big")
            text = bytes(self._view[start + _HEAD : start + _HEAD + min(size, self.capacity)])
            if hashlib.sha256(text).digest() == head[8:]:
                return number, text
        raise ValueError("what stands on the sheet is not whole")


RULES_SIZE: Final = 8 * 1024 * 1024
"""Bytes of all rule files together, packed. Those that ship have a hundredth of it."""

PATHS_SIZE: Final = 4 * 1024 * 1024
"""A configuration has a quarter of it at most."""


@dataclass(frozen=True, slots=True)
class Sheets:
    """What the processes of one relay tell each other about rules.

    Attributes:
        rules: the rule files that hold, packed; none yet for those of the start.
        paths: where to read rules, as a list in JSON: each text asks to look there now.
    """

    rules: Sheet = field(default_factory=lambda: Sheet(RULES_SIZE))
    paths: Sheet = field(default_factory=lambda: Sheet(PATHS_SIZE))
