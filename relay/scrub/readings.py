"""A Reading: one way to look at a string, with a map back to where each character came from."""

from typing import NamedTuple


class Reading(NamedTuple):
    """A text and the offsets of its characters in the original string.

    Attributes:
        text: what detectors see.
        origin: the number of the original string in its document.
        starts: where each character's source begins; None when the text is the original itself.
        ends: where each character's source ends.
        depth: how many views lie between this text and the original.
    """

    text: str
    origin: int
    starts: list[int] | None = None
    ends: list[int] | None = None
    depth: int = 0

    def __repr__(self) -> str:
        return f"Reading(origin={self.origin}, depth={self.depth}, length={len(self.text)})"

    def source(self, start: int, end: int) -> tuple[int, int]:
        """Return the span of the original that text[start:end] came from; `start < end`."""
        if self.starts is None or self.ends is None:
            return start, end
        return self.starts[start], self.ends[end - 1]

    def derive(self, text: str, starts: list[int], ends: list[int]) -> "Reading":
        """Return a reading of this reading; the offsets given are offsets into this text."""
        if self.starts is not None and self.ends is not None:
            outer_starts, outer_ends = self.starts, self.ends
            starts = [outer_starts[i] for i in starts]
            ends = [outer_ends[i - 1] if i else 0 for i in ends]
        return Reading(text, self.origin, starts, ends, self.depth + 1)
