"""Lists read as one text: words of a phrase, parts of a path, bytes as numbers, pieces of a word.

Law of this file: it makes the text and says which elements a span of it covers; what is found by
itself inside one element is not its business.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, Final

from relay.scrub.hits import Hit

_SEPARATOR: Final = ", "
_FEWEST: Final = 3
_LONGEST: Final = 24
"""Longer elements are no words and no numbers of a path."""
_FEWEST_PIECES, _FEWEST_BYTES = 4, 7
_PRINTABLE: Final = frozenset((*range(32, 127), 9, 10, 13))
"""Bytes of text; a `Buffer` of JavaScript comes as a list of numbers."""


@dataclass(frozen=True, slots=True)
class ListText:
    """A list as one text.

    Attributes:
        text: what it reads as.
        starts: where each element begins in it.
        sizes: how many characters each element has by itself.
        gap: how many characters of `text` stand between two elements.
    """

    text: str = field(repr=False)
    starts: Sequence[int]
    sizes: Sequence[int]
    gap: int = 0

    def covered(self, hits: Sequence[Hit]) -> dict[int, list[Hit]]:
        """Return hits over whole elements for each hit that covers more than one of them."""
        found: dict[int, list[Hit]] = {}
        starts = self.starts
        ends = [*(start - self.gap for start in starts[1:]), len(self.text)]
        for hit in hits:
            first = bisect_right(ends, hit.start)
            last = bisect_left(starts, hit.end)
            for place in range(first, last) if last - first > 1 else ():
                found.setdefault(place, []).append(hit._replace(start=0, end=self.sizes[place]))
        return found


def list_text(node: list[Any]) -> ListText | None:
    """Return a list as one text; None unless it is of short strings and whole numbers alone."""
    if len(node) < _FEWEST:
        return None
    pieces: list[str] = []
    for value in node:
        piece = value if type(value) is str else str(value) if type(value) is int else None
        if not piece or len(piece) > _LONGEST:
            return None
        pieces.append(piece)
    sizes = list(map(len, pieces))
    if len(node) >= _FEWEST_BYTES and _PRINTABLE.issuperset(node):
        return ListText(bytes(node).decode("ascii"), range(len(node)), sizes)
    separator = "" if _is_cut_evenly(node, sizes) else _SEPARATOR
    gap = len(separator)
    starts = tuple(accumulate((size + gap for size in sizes[:-1]), initial=0))
    return ListText(separator.join(pieces), starts, sizes, gap)


def _is_cut_evenly(node: list[Any], sizes: list[int]) -> bool:
    """Return whether these are pieces of one word: of the same length, but for the last one."""
    return (
        len(sizes) >= _FEWEST_PIECES
        and sizes[-1] <= sizes[0]
        and min(sizes[:-1]) == max(sizes[:-1])
        and all(type(value) is str for value in node)
    )
