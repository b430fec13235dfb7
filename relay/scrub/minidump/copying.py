"""The input, the output, and which bytes of a dump have been given a meaning.

Law of this file: no byte has two meanings. Bytes that are read as one structure can then not go out
as another, and all that is read together is not longer than the dump.
"""

from dataclasses import dataclass, field
from typing import Final

from relay.errors import ScrubError

MAX_RECORDS: Final = 16_384
"""Threads, modules or names in one list. Large programs have some hundreds."""


@dataclass(slots=True)
class Copying:
    """A dump that is being copied.

    Attributes:
        data: the dump as it came.
        out: the clean dump, as long; zeros at first.
    """

    data: bytes = field(repr=False)
    out: bytearray = field(init=False, repr=False)
    _meanings: set[tuple[int, int, str]] = field(init=False, repr=False, default_factory=set)
    _read: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self.out = bytearray(len(self.data))

    def within(self, start: int, size: int) -> None:
        """Do nothing if the bytes are inside the dump.

        Raises:
            ScrubError: they are not.
        """
        if start < 0 or size < 0 or start + size > len(self.data):
            raise ScrubError("a minidump that points behind its end")

    def claim(self, start: int, size: int, meaning: str) -> bool:
        """Give bytes their meaning; return whether it is new to them.

        The same bytes may be named twice as the same, as the context of a thread and of its
        exception are.

        Raises:
            ScrubError: they are not inside the dump, or all together are longer than it.
        """
        self.within(start, size)
        claim = (start, size, meaning)
        if size == 0 or claim in self._meanings:
            return False
        self._meanings.add(claim)
        self._read += size
        if self._read > len(self.data):
            raise ScrubError("a minidump whose parts overlap")
        return True

    def check(self) -> None:
        """Raise `ScrubError` if two meanings share a byte."""
        end = 0
        for start, size, _ in sorted(self._meanings):
            if start < end:
                raise ScrubError("a minidump whose parts overlap")
            end = start + size

    def write(self, start: int, content: bytes | bytearray) -> None:
        """Put clean bytes at a place that was claimed."""
        self.out[start : start + len(content)] = content

    def count(self, start: int, size: int, entry: int) -> tuple[int, int]:
        """Return how many entries a list has and where they begin.

        A list is a number of 32 bits and its entries; some writers align these to eight bytes.

        Raises:
            ScrubError: the stream is shorter than the number says, or the number is absurd.
        """
        if size < 4:
            raise ScrubError("a list of a minidump that is cut off")
        entries = int.from_bytes(self.data[start : start + 4], "little")
        whole = entries * entry
        if entries > MAX_RECORDS or 4 + whole > size:
            raise ScrubError("a list of a minidump that is longer than its stream")
        return entries, start + (8 if size == 8 + whole else 4)
