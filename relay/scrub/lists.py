"""Lists and forms read as one text: words of a phrase, parts of a path, bytes, pieces of a word.

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
_FEWEST_WORDS: Final = 6
"""A phrase has no fewer, whatever stands around."""
_MOST_FIELDS: Final = 3
"""Fields of a map in a list of words: the word, its number, whether it was right."""
SOURCE: Final = frozenset({"pre_context", "post_context"})
"""Keys of lists of lines of code."""
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
        slots: the number of each element in the list, where some are left out; else None.
    """

    text: str = field(repr=False)
    starts: Sequence[int]
    sizes: Sequence[int]
    gap: int = 0
    slots: Sequence[int] | None = None

    def covered(self, hits: Sequence[Hit]) -> dict[int, list[Hit]]:
        """Return hits over whole elements for each hit that covers more than one of them.

        What a key inside one element is said to have as its value ends with that element: only
        pieces of one word go on in the next.
        """
        found: dict[int, list[Hit]] = {}
        starts = self.starts
        ends = [*(start - self.gap for start in starts[1:]), len(self.text)]
        for hit in hits:
            if hit.inner and self.gap:
                continue
            first = bisect_right(ends, hit.start)
            last = bisect_left(starts, hit.end)
            for place in range(first, last) if last - first > 1 else ():
                slot = place if self.slots is None else self.slots[place]
                found.setdefault(slot, []).append(hit._replace(start=0, end=self.sizes[place]))
        return found


def list_text(node: list[Any], *, under: str = "") -> ListText | None:
    """Return the short strings and the numbers of a list as one text; None if they are too few.

    What else stands between them is left out: a phrase is not broken by a null or a note. Lines of
    code are read only if all of them are so short, for code has short lines everywhere.

    Args:
        node: a list.
        under: the key that it stands under.
    """
    lines = under in SOURCE
    if len(node) < _FEWEST:
        return None
    pieces: list[str] = []
    sizes: list[int] = []
    slots: list[int] = []
    for slot, value in enumerate(node):
        kind = type(value)
        if kind is str:
            piece, size = value, len(value)
            if value[:1] == "[" and value[-1:] == "]":
                # A marker is no word that says what stands beside it.
                piece = _MARKER
        elif kind is int:
            piece = str(value)
            size = len(piece)
        elif kind is float and 0 <= value < _EXACT and value.is_integer():
            # A hardened number has 32 bits, which not everybody keeps in an integer.
            piece, size = str(int(value)), len(repr(value))
        else:
            piece, size = "", 0
        if 0 < size <= _LONGEST:
            pieces.append(piece)
            sizes.append(size)
            slots.append(slot)
        elif lines:
            return None
    if len(pieces) < _FEWEST:
        return None
    whole = len(pieces) == len(node)
    if whole and len(node) >= _FEWEST_BYTES and _PRINTABLE.issuperset(node):
        return ListText(bytes(map(int, node)).decode("ascii"), range(len(node)), sizes)
    separator = "" if whole and _is_cut_evenly(node, sizes) else _SEPARATOR
    gap = len(separator)
    starts = tuple(accumulate((len(piece) + gap for piece in pieces[:-1]), initial=0))
    return ListText(separator.join(pieces), starts, sizes, gap, None if whole else slots)


_MARKER: Final = "[x]"
_EXACT: Final = 1 << 53
"""Whole numbers that a float keeps."""


def _is_cut_evenly(node: list[Any], sizes: list[int]) -> bool:
    """Return whether these are pieces of one word: of the same length, but for the last one."""
    return (
        len(sizes) >= _FEWEST_PIECES
        and sizes[-1] <= sizes[0]
        and min(sizes[:-1]) == max(sizes[:-1])
        and all(type(value) is str for value in node)
    )


def field_words(node: list[Any]) -> tuple[str | int, ListText] | None:
    """Return a list of maps or lists with one word each: `{"word": …}`, `[1, …]` or `[…]`.

    It comes as the key or index of the words, and as one text; None for all other lists.
    """
    slot = _word_slot(node[0]) if len(node) >= _FEWEST_WORDS else None
    if slot is None:
        return None
    kind, size = type(node[0]), len(node[0])
    words = []
    for part in node:
        if type(part) is not kind or len(part) != size or (kind is dict and slot not in part):
            return None
        words.append(part[slot])
    read = words_text(words)
    return None if read is None else (slot, read)


def _word_slot(part: Any) -> str | int | None:
    """Return where the only word of a map or list stands, or of a pair behind a number."""
    if type(part) is dict and len(part) <= _MOST_FIELDS:
        slots = [key for key, value in part.items() if type(value) is str]
        return slots[0] if len(slots) == 1 else None
    if type(part) is list and len(part) == 1:
        return 0
    if type(part) is list and len(part) == 2:
        number = part[0]
        counted = type(number) is int or (type(number) is str and number.isdigit())
        return 1 if counted else None
    return None


def are_numbered(keys: Sequence[str]) -> bool:
    """Return whether keys differ in their last number alone: `1`, `2`; `word1`, `word2`."""
    if len(keys) < _FEWEST_WORDS or not keys[0][-1:].isdigit():
        return False
    stem = keys[0].rstrip(_DIGITS)
    return all(key[-1:].isdigit() and key.rstrip(_DIGITS) == stem for key in keys)


_DIGITS: Final = "0123456789"


def words_text(values: Sequence[Any]) -> ListText | None:
    """Return values as one text if each is one short word of letters; else None."""
    for value in values:
        if type(value) is not str or not value.isalpha() or len(value) > _LONGEST:
            return None
    sizes = list(map(len, values))
    gap = len(_SEPARATOR)
    starts = tuple(accumulate((size + gap for size in sizes[:-1]), initial=0))
    return ListText(_SEPARATOR.join(values), starts, sizes, gap)
