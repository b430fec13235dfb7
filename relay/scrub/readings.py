"""A Reading: one way to look at a string, with a map back to where each character came from.

Law of this file: a map is made of pieces, not of characters, so that a view costs what it changes
and not what it copies.
"""

from bisect import bisect_right
from typing import NamedTuple

COPIED = 1
"""The width of a piece that reads as it stands: a character of source for each of its own."""
WHOLE = 0
"""The width of a piece whose characters all come from the whole of its source."""


class Map:
    """Where the characters of a text came from, piece by piece, in ascending order.

    A piece has a width: so many characters of source stand for each of its own; `WHOLE` says that
    all of its source stands for each.
    """

    __slots__ = ("at", "length", "sources")

    def __init__(self) -> None:
        """Begin a map of an empty text.

        Attributes:
            at: where each piece begins.
            sources: where the source of each begins and ends, and its width.
            length: how many characters the map tells of so far.
        """
        self.length = 0
        self.at: list[int] = []
        self.sources: list[tuple[int, int, int]] = []

    def add(self, size: int, begin: int, end: int, width: int = WHOLE) -> None:
        """Add a piece of so many characters, whose source is from `begin` to `end`."""
        if size > 0:
            self.at.append(self.length)
            self.sources.append((begin, end, width))
            self.length += size

    def source(self, start: int, end: int) -> tuple[int, int]:
        """Return the span that text[start:end] came from; `start < end`."""
        place = bisect_right(self.at, start) - 1
        begin, stop, width = self.sources[place]
        begin += width * (start - self.at[place])
        if end - 1 > start:
            place = bisect_right(self.at, end - 1) - 1
            first, stop, width = self.sources[place]
        else:
            first = self.sources[place][0]
        return begin, stop if width == WHOLE else first + width * (end - self.at[place])


class Reading(NamedTuple):
    """A text and the way back to the original string.

    Attributes:
        text: what detectors see.
        origin: the number of the original string in its document.
        map: leads into the text of `parent`; None when that has the same offsets.
        parent: the reading that this is a view of; None when the text is the original itself.
        depth: how many views lie between this text and the original.
    """

    text: str
    origin: int
    map: Map | None = None
    parent: "Reading | None" = None
    depth: int = 0

    def __repr__(self) -> str:
        return f"Reading(origin={self.origin}, depth={self.depth}, length={len(self.text)})"

    def source(self, start: int, end: int) -> tuple[int, int]:
        """Return the span of the original that text[start:end] came from; `start < end`."""
        reading: Reading | None = self
        while reading is not None:
            if reading.map is not None:
                start, end = reading.map.source(start, end)
            reading = reading.parent
        return start, end

    def derive(self, text: str, way: Map | None) -> "Reading":
        """Return a view of this reading; the map leads into this text, None if offsets stay."""
        return Reading(text, self.origin, way, self, self.depth + 1)
