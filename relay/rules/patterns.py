"""The one door to RE2: compile a pattern, find its hits, ask many patterns at once.

Law of this file: nothing else imports re2. Texts are searched joined: many strings in one UTF-8
buffer, one newline between two of them. So a pattern must never match a newline (RE2's `never_nl`
takes it out of every class), `^` and `$` mean the ends of a string, and a newline inside a string
stands as a carriage return in the buffer (same length, still white space).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import re2

_PATTERN_MEMORY: Final = 16 << 20
_SET_MEMORY: Final = 32 << 20
"""RE2 starts its automaton afresh, or gives up, when it outgrows this; `PatternSet` then answers
"maybe"."""

_REFUSED: Final = (
    ("\\A", "use ^"),
    ("\\z", "use $"),
    ("\\C", "a single byte is not a character"),
    ("\\n", "use \\s; a newline inside a string is white space"),
    ("\\Q", "escape the characters one by one"),
)
_UNANCHORED: Final = re2._re2.RE2.Anchor.UNANCHORED  # noqa: SLF001
_LOOKS: Final = ("(?!", "(?=", "(?<!", "(?<=", "(?<")
_EMPTY_PROBES: Final = (b"", b"a", b"a b", b"0", b".-", "\u00e9".encode())


class PatternError(ValueError):
    """A pattern that RE2 refuses, or that we do; the message says why."""


def _options(memory: int) -> Any:
    options = re2.Options()
    options.never_nl = True
    options.log_errors = False
    options.max_mem = memory
    return options


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern.

    Attributes:
        source: as written in the rule.
        groups: how many capturing groups it has; what stands in them is what gets redacted.
    """

    source: str
    groups: int
    _match: Any = field(repr=False, compare=False)

    def spans(
        self, buffer: bytes, start: int = 0, end: int | None = None
    ) -> Iterator[tuple[int, int]]:
        """Yield what `find` finds."""
        yield from self.find(buffer, start, end)

    def occurs(self, buffer: bytes) -> bool:
        """Return whether it matches anywhere."""
        found = self._match(_UNANCHORED, buffer, 0, len(buffer))
        return bool(found[0][0] >= 0)

    def find(self, buffer: bytes, start: int = 0, end: int | None = None) -> list[tuple[int, int]]:
        """Return the byte spans to redact, ascending and not empty.

        Without groups that is each match; with groups, each group that took part. The search goes
        on right after what was found, so context behind it may serve the next hit too.
        """
        match = self._match
        spans: list[tuple[int, int]] = []
        position = start
        stop = len(buffer) if end is None else end
        if not self.groups:
            while position <= stop:
                ((begin, after),) = match(_UNANCHORED, buffer, position, stop)
                if begin < 0:
                    break
                # Always forward, even past an empty match.
                if begin < after:
                    spans.append((begin, after))
                    position = after
                else:
                    position = begin + 1
            return spans
        while position <= stop:
            found = match(_UNANCHORED, buffer, position, stop)
            begin = found[0][0]
            if begin < 0:
                break
            after = 0
            for left, right in found[1:]:
                if left < right:
                    spans.append((left, right))
                    after = max(after, right)
            # Always forward, even past a match whose groups were empty.
            position = max(after, begin + 1)
        return spans


def compile_pattern(source: str) -> Pattern:
    """Compile an RE2 pattern (https://github.com/google/re2/wiki/Syntax) for joined texts.

    Raises:
        PatternError: RE2 refuses it, it uses what cannot work on joined texts, or it can match
            the empty string.
    """
    if any(c < " " or c == "\x7f" for c in source):
        raise PatternError(
            "a control character: between double quotes YAML turns \\b and the like into one; "
            "write the pattern between single quotes"
        )
    for token, hint in _REFUSED:
        if _has_escape(source, token):
            raise PatternError(f"{token} cannot be used here: {hint}")
    try:
        compiled = re2.compile("(?m)" + source, _options(_PATTERN_MEMORY))
    except re2.error as error:
        text = error.args[0] if error.args else "invalid"
        shown = text.decode() if isinstance(text, bytes) else str(text)
        for start in _LOOKS:
            if start in shown:
                raise PatternError("RE2 has no look-around: use a group, or a check") from None
        raise PatternError(shown.replace("(?m)", "", 1)) from None
    for probe in _EMPTY_PROBES:
        for at in range(len(probe) + 1):
            found = compiled.search(probe, at)
            if found is not None and found.start() == found.end():
                raise PatternError("the pattern can match the empty string")
    # The wrapper's own search makes an object for each match; its inner call gives bare spans.
    return Pattern(source, compiled.groups, compiled._regexp.Match)  # noqa: SLF001


def _has_escape(source: str, token: str) -> bool:
    """Whether the escape stands in the pattern, not as the tail of a doubled backslash."""
    at = source.find(token)
    while at >= 0:
        before = at
        while before > 0 and source[before - 1] == "\\":
            before -= 1
        if (at - before) % 2 == 0:
            return True
        at = source.find(token, at + 1)
    return False


class PatternSet:
    """Asks many patterns at once which of them can match anywhere in a buffer (RE2::Set).

    One set over everything is fastest on text that repeats itself, but its automaton grows with the
    product of its patterns on text that does not. So like patterns share small sets, and the caller
    gives patterns without long counts (`relay.rules.prefilter.weaken`).
    """

    __slots__ = ("_all", "_sets")

    def __init__(self, sources: Sequence[str]) -> None:
        """Compile the patterns; their numbers are their places in `sources`."""
        self._all = frozenset(range(len(sources)))
        self._sets: list[tuple[Any, tuple[int, ...]]] = []
        # Those that begin alike have states in common.
        order = sorted(self._all, key=lambda number: sources[number])
        for first in range(0, len(order), _SET_SIZE):
            numbers = tuple(order[first : first + _SET_SIZE])
            made = re2.Set.SearchSet(_options(_SET_MEMORY))
            for number in numbers:
                made.Add("(?m)" + sources[number])
            # Always matches: when even this is missing, RE2 ran out of memory and said nothing.
            made.Add(r"(?m)^")
            made.Compile()
            self._sets.append((made, numbers))

    def candidates(self, buffer: bytes) -> frozenset[int]:
        """Return the numbers of the patterns that may match somewhere; all of them when in doubt.

        A pattern that is not among them matches nowhere.
        """
        hits: set[int] = set()
        for one, numbers in self._sets:
            found = one.Match(buffer)
            if not found or len(numbers) not in found:
                hits.update(numbers)
            else:
                hits.update(numbers[place] for place in found if place < len(numbers))
        return frozenset(hits)


_SET_SIZE: Final = 8


class WordSet:
    """Asks many patterns at once whether the words are there that a match must contain.

    RE2 finds out which words those are (FilteredRE2); looking for words alone, its automaton stays
    small whatever the text. A pattern without such words is always among the candidates.
    """

    __slots__ = ("_all", "_filter", "_size")

    def __init__(self, sources: Sequence[str]) -> None:
        """Compile the patterns; their numbers are their places in `sources`."""
        self._size = len(sources)
        self._all = frozenset(range(self._size))
        self._filter = re2.Filter()
        for source in sources:
            self._filter.Add("(?m)" + source, _options(_PATTERN_MEMORY))
        self._filter.Add(_SENTINEL.decode(), _options(_PATTERN_MEMORY))
        self._filter.Compile()

    def candidates(self, buffer: bytes) -> frozenset[int]:
        """Return the numbers of the patterns that may match; all of them when in doubt."""
        found = self._filter.Match(buffer + _SENTINEL, True)
        # Without the word that is always there, RE2 ran out of memory and said nothing.
        if not found or self._size not in found:
            return self._all
        return frozenset(found) - {self._size}


_SENTINEL: Final = b"\x07end-of-text\x07"
