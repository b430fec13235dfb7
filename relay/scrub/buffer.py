"""A Buffer: many texts joined into one, searched by RE2 in one go, and the way back to each.

Law of this file: one newline stands between two texts and nowhere else, so a pattern, which never
matches a newline, never crosses from one text into the next.
"""

from bisect import bisect_right, insort
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Final

from relay.rules.patterns import Pattern, PatternSet
from relay.scrub.readings import Reading

Span = tuple[int, int]


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
    _spans: dict[str, list[Span]] = field(default_factory=dict, repr=False)
    _claims: list[Span] = field(default_factory=list, repr=False)

    def reading(self, number: int) -> Reading:
        """Return a text as a reading."""
        if self.opened is None:
            return Reading(self.texts[number], number)
        return self.opened[number]

    def candidates(self, patterns: PatternSet) -> dict[int, list[Span]]:
        """Ask a set which of its patterns can match, and in which stretches of the buffer."""
        found: dict[int, list[Span]] = {}
        data = self.data
        for start, end in self._stretches():
            for number in patterns.candidates(data[start:end]):
                stretches = found.setdefault(number, [])
                if stretches and stretches[-1][1] + 1 == start:
                    stretches[-1] = (stretches[-1][0], end)
                else:
                    stretches.append((start, end))
        return found

    def _stretches(self) -> Iterator[Span]:
        """Cut the buffer between texts, into pieces short enough that a rule is spared most."""
        begin = 0
        for start in self.starts[1:]:
            if start - begin > _STRETCH:
                yield begin, start - 1
                begin = start
        yield begin, len(self.data)

    def spans(self, pattern: Pattern, stretches: Sequence[Span] | None = None) -> list[Span]:
        """Return a pattern's byte spans; rules with the same pattern share one search.

        Args:
            pattern: what to search for.
            stretches: where it can be, from `candidates`; the same for the same pattern.
        """
        known = self._spans.get(pattern.source)
        if known is None:
            data = self.data
            known = self._spans[pattern.source] = [
                span
                for start, end in stretches or ((0, len(data)),)
                for span in pattern.spans(data, start, end)
            ]
        return known

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

    def claim(self, number: int, start: int, end: int) -> None:
        """Note that characters of a text are redacted whatever else is found in them."""
        if self.ascii:
            base = self.starts[number]
            insort(self._claims, (base + start, base + end))

    def is_claimed(self, start: int, end: int) -> bool:
        """Return whether a span of bytes lies inside one that was claimed."""
        claims = self._claims
        at = bisect_right(claims, (start, len(self.data) + 1)) - 1
        return at >= 0 and claims[at][1] >= end


_STRETCH: Final = 1_024


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
