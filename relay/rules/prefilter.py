"""The prefilter: which of many patterns can match in a buffer of joined texts, and where.

Law of this file: it may say "maybe" too often, never too seldom. A pattern is asked in the cheapest
way that tells something apart: by the words that a match must contain, by the long run of letters
and digits that it must contain, by a set of whole patterns, or, if it matches ordinary text anyway,
not at all. One set over everything would be simpler, but its automaton grows with the product of
its patterns on text that does not repeat itself.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from relay.rules.patterns import PatternError, PatternSet, WordSet, compile_pattern

Span = tuple[int, int]

_COUNT: Final = re.compile(r"\{([0-9]+)(?:,([0-9]*))?\}")  # noqa: TID251 - reads patterns, not text
_ALNUM: Final = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")

LONG_RUN: Final = 20
"""Letters and digits in a row that ordinary words do not have."""

_FLAT: Final = bytes(0x78 if chr(byte) in _ALNUM else 0x20 for byte in range(256))
_LONG: Final = b"x" * LONG_RUN
"""What `_FLAT` makes of a long run."""

_STRETCH: Final = 4_096
"""Bytes of a piece that the set is asked about: a rule that can match in one is spared the rest."""

_ORDINARY: Final = (
    b"Cannot read properties of undefined (reading 'device') at https://suite.example/web/js/a.js:1"
    b'\nmain.9f3a.chunk.js 12 24.11.1 2026-11-24T10:00:00Z T3T1 {"a": [1, 2]} x=1; y_z: q-r <b>'
)
"""Text as every event has it: a pattern that matches here tells nothing apart."""


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a pattern: its text, how deep in groups it stands, whether it is a class.

    `least` is set for a count: how often at least what stands before it is repeated.
    """

    text: str
    depth: int
    is_class: bool = False
    least: int | None = None


def tokens(source: str) -> Iterator[Token]:
    """Take a pattern apart, as far as counts, classes and groups are concerned."""
    at = depth = 0
    while at < len(source):
        c = source[at]
        if c == "\\":
            # An escape may own a brace: \\x{41}, \\p{Greek}.
            end = at + 2
            if source[at + 1 : end] in ("x", "p", "P") and source[end : end + 1] == "{":
                end = source.find("}", end) + 1 or len(source)
            yield Token(source[at:end], depth)
        elif c == "[":
            end = _class_end(source, at)
            yield Token(source[at:end], depth, is_class=True)
        elif c == "{" and (found := _COUNT.match(source, at)):
            end = found.end()
            yield Token(source[at:end], depth, least=int(found[1]))
        else:
            end = at + 1
            if c == "(":
                depth += 1
            yield Token(c, depth)
            if c == ")":
                depth -= 1
        at = end


def _class_end(source: str, at: int) -> int:
    """Return the place after the bracket that closes the class at `at`."""
    end = at + 1
    if source[end : end + 1] == "^":
        end += 1
    if source[end : end + 1] == "]":
        end += 1
    while end < len(source) and source[end] != "]":
        if source.startswith("[:", end) and (name_end := source.find(":]", end)) > 0:
            end = name_end + 2
        elif source[end] == "\\":
            end += 2
        else:
            end += 1
    return end + 1


@lru_cache(maxsize=1024)
def weaken(source: str) -> str:
    """Return a pattern that matches wherever this one does, without counts: `x{24,}` is `x+`.

    A count is that many states alive at once, and in a set they multiply.
    """
    return "".join(
        token.text if token.least is None else "+" if token.least else "*"
        for token in tokens(source)
    )


@lru_cache(maxsize=1024)
def required_run(source: str) -> int:
    """Return how many letters and digits in a row every match of a pattern must hold, if known.

    Only counted classes outside of groups and alternatives are looked at; else the answer is 0.
    """
    longest = 0
    previous: Token | None = None
    for token in tokens(source):
        if token.text == "|" and token.depth == 0:
            return 0
        if (
            token.least is not None
            and token.depth == 0
            and previous is not None
            and previous.is_class
            and _is_alnum(previous.text)
        ):
            longest = max(longest, token.least)
        previous = token
    return longest


def _is_alnum(text: str) -> bool:
    """Return whether a class holds nothing but ASCII letters and digits."""
    inner = text[1:-1]
    return (
        bool(inner) and "\\" not in inner and not set(inner) - _ALNUM - {"-"} and inner[-1] != "-"
    )


class Prefilter:
    """Asks many patterns at once; a pattern's number is its place in `sources`."""

    __slots__ = ("_everywhere", "_in_runs", "_in_set", "_in_words", "_set", "_words")

    def __init__(self, sources: Sequence[str]) -> None:
        """Sort the patterns by how they are asked."""
        in_runs: dict[int, list[int]] = {}
        rest: list[int] = []
        for number, source in enumerate(sources):
            run = required_run(source)
            if run >= LONG_RUN:
                in_runs.setdefault(run, []).append(number)
            else:
                rest.append(number)
        self._in_runs = sorted(in_runs.items())
        common = WordSet([sources[number] for number in rest]).candidates(_ORDINARY)
        self._in_words = [number for place, number in enumerate(rest) if place not in common]
        self._words = WordSet([sources[number] for number in self._in_words])
        telling = [rest[place] for place in sorted(common) if _tells(weaken(sources[rest[place]]))]
        self._in_set = telling
        self._set = PatternSet([weaken(sources[number]) for number in telling])
        self._everywhere = sorted({rest[place] for place in common}.difference(telling))

    @property
    def always(self) -> tuple[int, ...]:
        """The numbers of the patterns that are not asked: they may match in any text."""
        return tuple(self._everywhere)

    def stretches(self, data: bytes, starts: Sequence[int]) -> dict[int, list[Span]]:
        """Return the numbers of the patterns that can match, and in which stretches of the buffer.

        Args:
            data: texts joined by newlines.
            starts: where each text begins in `data`.
        """
        whole = [(0, len(data))]
        found: dict[int, list[Span]] = dict.fromkeys(self._everywhere, whole)
        for start, end in _pieces(data, starts):
            piece = data[start:end]
            for place in self._words.candidates(piece):
                _add(found.setdefault(self._in_words[place], []), (start, end))
            for place in self._set.candidates(piece):
                _add(found.setdefault(self._in_set[place], []), (start, end))
        if self._in_runs:
            self._add_runs(data, starts, found)
        return found

    def _add_runs(self, data: bytes, starts: Sequence[int], found: dict[int, list[Span]]) -> None:
        longest: dict[int, int] = {}
        flat = data.translate(_FLAT)
        start = flat.find(_LONG)
        while start >= 0:
            end = flat.find(b" ", start)
            end = len(flat) if end < 0 else end
            text = bisect_right(starts, start) - 1
            if longest.get(text, 0) < end - start:
                longest[text] = end - start
            start = flat.find(_LONG, end)
        if not longest:
            return
        most = max(longest.values())
        for run, numbers in self._in_runs:
            if run > most:
                break
            stretches: list[Span] = []
            for text, size in longest.items():
                if size >= run:
                    last = starts[text + 1] - 1 if text + 1 < len(starts) else len(data)
                    _add(stretches, (starts[text], last))
            found.update(dict.fromkeys(numbers, stretches))


@lru_cache(maxsize=1024)
def _tells(source: str) -> bool:
    """Return whether a pattern is worth its place in a set: small, and not in ordinary text."""
    if len(source) > _LONG_SOURCE:
        return False
    try:
        return not compile_pattern(source).find(_ORDINARY)
    except PatternError:
        # Without its counts it can match nothing at all.
        return False


_LONG_SOURCE: Final = 600


def _pieces(data: bytes, starts: Sequence[int]) -> Iterator[Span]:
    """Cut a buffer between texts, into pieces of about `_STRETCH` bytes or one text."""
    begin = 0
    for start in starts[1:]:
        if start - begin > _STRETCH:
            yield begin, start - 1
            begin = start
    yield begin, len(data)


def _add(stretches: list[Span], span: Span) -> None:
    """Add a span behind others; neighbours, with a newline between them, become one."""
    if stretches and stretches[-1][1] + 1 >= span[0]:
        stretches[-1] = (stretches[-1][0], max(stretches[-1][1], span[1]))
    else:
        stretches.append(span)
