"""A Buffer: many texts joined into one, searched by RE2 in one go, and the way back to each.

Law of this file: one newline stands between two texts and nowhere else, so a pattern, which never
matches a newline, never crosses from one text into the next.
"""

from bisect import bisect_right, insort
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Final

from relay.rules.patterns import Pattern
from relay.scrub.readings import Reading

Span = tuple[int, int]
Found = tuple[int, int, int]
"""(number of the text, start, end in its characters)."""

_HIT_COST: Final = 24
"""What a candidate costs beyond its length: the calls around it."""

_NOTHING: Final[tuple[int, list[Found]]] = (0, [])


@dataclass(slots=True)
class Buffer:
    """Texts joined for one round of a search.

    Attributes:
        texts: as they are.
        opened: the readings that the texts are of; None when they are the originals, for which
            readings are made only where something is found.
        data: all texts in UTF-8, with a newline between two of them.
        starts: where each text begins in `data`.
        ascii: whether bytes and characters are the same throughout.
    """

    texts: Sequence[str] = field(repr=False)
    opened: Sequence[Reading] | None = field(repr=False)
    data: bytes = field(repr=False)
    starts: list[int] = field(repr=False)
    ascii: bool
    _places: dict[int, Span] = field(default_factory=dict, repr=False)
    _hits: dict[str, tuple[int, list[Found]]] = field(default_factory=dict, repr=False)

    def reading(self, number: int) -> Reading:
        """Return a text as a reading."""
        if self.opened is None:
            return Reading(self.texts[number], number)
        return self.opened[number]

    def hits(
        self, pattern: Pattern, stretches: Sequence[Span] | None = None
    ) -> tuple[int, list[Found]]:
        """Return where a pattern matches; rules with the same pattern share one search.

        Args:
            pattern: what to search for.
            stretches: where it can be, from the prefilter; the same for the same pattern.

        Returns:
            The work that goes with them, and (number of the text, start, end in its characters).
        """
        known = self._hits.get(pattern.source)
        if known is None:
            data = self.data
            spans: list[Span] = []
            for start, end in stretches or ((0, len(data)),):
                spans += pattern.find(data, start, end)
            known = self._hits[pattern.source] = self._located(spans)
        return known

    def _located(self, spans: list[Span]) -> tuple[int, list[Found]]:
        if not spans:
            return _NOTHING
        work = 0
        found: list[Found] = []
        starts, plain = self.starts, self.ascii
        for left, right in spans:
            work += _HIT_COST + right - left
            if plain:
                number = bisect_right(starts, left) - 1
                base = starts[number]
                found.append((number, left - base, right - base))
            else:
                found.append(self.locate(left, right))
        return work, found

    def locate(self, start: int, end: int) -> tuple[int, int, int]:
        """Return (number of the text, start, end in its characters) for a span of bytes."""
        number = bisect_right(self.starts, start) - 1
        base = self.starts[number]
        if self.ascii or self.texts[number].isascii():
            return number, start - base, end - base
        # Hits of one rule ascend, so each string is decoded once a rule, not once a hit.
        byte, char = self._places.get(number, (base, 0))
        if byte > start:
            byte, char = base, 0
        first = char + len(self.data[byte:start].decode("utf-8", "ignore"))
        last = first + len(self.data[start:end].decode("utf-8", "ignore"))
        self._places[number] = (start, first)
        return number, first, last


@dataclass(slots=True)
class Claims:
    """Spans of the originals that are redacted whatever else is found in them.

    Attributes:
        spans: ascending, by original.
    """

    spans: dict[int, list[Span]] = field(default_factory=dict, repr=False)

    def add(self, origin: int, span: Span) -> None:
        """Note a span of an original."""
        spans = self.spans.get(origin)
        if spans is None:
            self.spans[origin] = [span]
        else:
            insort(spans, span)


def covers(spans: list[Span], start: int, end: int) -> bool:
    """Return whether a span lies inside the last of the spans that begin no later."""
    at = bisect_right(spans, (start, _FAR)) - 1
    return at >= 0 and spans[at][1] >= end


_FAR: Final = 1 << 62


def join(texts: Sequence[str], opened: Sequence[Reading] | None = None) -> Buffer:
    """Join texts; a newline inside one becomes a carriage return, which is white space too.

    Args:
        texts: any strings.
        opened: the readings that they are of; None when they are the originals.
    """
    flat = texts
    joined = "\n".join(flat)
    if joined.count("\n") != len(flat) - 1:
        flat = [text.replace("\n", "\r") for text in flat]
        joined = "\n".join(flat)
    plain = joined.isascii()
    data = joined.encode("utf-8", "replace")
    lengths = map(len, flat) if plain else (len(t.encode("utf-8", "replace")) for t in flat)
    starts = list(accumulate((length + 1 for length in lengths), initial=0))
    starts.pop()
    return Buffer(texts, opened, data, starts, plain)
