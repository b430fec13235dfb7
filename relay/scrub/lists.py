"""Lists read as one text: a recovery phrase, or a derivation path, one part an element.

Law of this file: it makes the text and says which elements a span of it covers; what is found by
itself inside one element is not its business.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from relay.scrub.search import Hit

_SEPARATOR: Final = ", "
_FEWEST: Final = 3
_LONGEST: Final = 24
"""Longer elements are no words and no numbers of a path."""


@dataclass(frozen=True, slots=True)
class ListText:
    """A list of words or numbers as one text, and where each element begins in it."""

    text: str = field(repr=False)
    starts: tuple[int, ...]

    def covered(self, hits: Sequence[Hit]) -> dict[int, list[Hit]]:
        """Return hits over whole elements for each hit that covers more than one of them."""
        found: dict[int, list[Hit]] = {}
        starts = self.starts
        ends = [*(start - len(_SEPARATOR) for start in starts[1:]), len(self.text)]
        for hit in hits:
            first = bisect_right(ends, hit.start)
            last = bisect_left(starts, hit.end)
            for place in range(first, last) if last - first > 1 else ():
                whole = hit._replace(start=0, end=ends[place] - starts[place])
                found.setdefault(place, []).append(whole)
        return found


def list_text(node: list[Any]) -> ListText | None:
    """Return a list as one text; None unless it is of short strings and whole numbers alone."""
    if len(node) < _FEWEST:
        return None
    pieces: list[str] = []
    starts: list[int] = []
    at = 0
    for value in node:
        piece = value if type(value) is str else str(value) if type(value) is int else None
        if not piece or len(piece) > _LONGEST:
            return None
        pieces.append(piece)
        starts.append(at)
        at += len(piece) + len(_SEPARATOR)
    return ListText(_SEPARATOR.join(pieces), tuple(starts))
