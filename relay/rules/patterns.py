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
_SET_MEMORY: Final = 256 << 20
"""RE2 gives up when its DFA outgrows this; `PatternSet` then answers "maybe" for all."""

_REFUSED: Final = (
    ("\\A", "use ^"),
    ("\\z", "use $"),
    ("\\C", "a single byte is not a character"),
    ("\\n", "use \\s; a newline inside a string is white space"),
)
_UNANCHORED: Final = re2._re2.RE2.Anchor.UNANCHORED  # noqa: SLF001
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
        """Yield the byte spans to redact, ascending and not empty.

        Without groups that is each match; with groups, each group that took part. The search goes
        on right after what was yielded, so context behind it may serve the next hit too.
        """
        match, groups = self._match, self.groups
        position = start
        stop = len(buffer) if end is None else end
        while position <= stop:
            found = match(_UNANCHORED, buffer, position, stop)
            begin, after = found[0]
            if begin < 0:
                return
            if groups:
                after = 0
                for left, right in found[1:]:
                    if left < right:
                        yield left, right
                        after = max(after, right)
            elif begin < after:
                yield begin, after
            # Always forward, even past a match whose groups were empty.
            position = max(after, begin + 1)


def compile_pattern(source: str) -> Pattern:
    """Compile an RE2 pattern (https://github.com/google/re2/wiki/Syntax) for joined texts.

    Raises:
        PatternError: RE2 refuses it, it uses what cannot work on joined texts, or it can match
            the empty string.
    """
    for token, hint in _REFUSED:
        if _has_escape(source, token):
            raise PatternError(f"{token} cannot be used here: {hint}")
    try:
        compiled = re2.compile("(?m)" + source, _options(_PATTERN_MEMORY))
    except re2.error as error:
        text = error.args[0] if error.args else "invalid"
        raise PatternError(text.decode() if isinstance(text, bytes) else str(text)) from None
    for probe in _EMPTY_PROBES:
        found = compiled.search(probe)
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
    """Asks many patterns at once which of them can match anywhere in a buffer (RE2::Set)."""

    __slots__ = ("_all", "_sentinel", "_set")

    def __init__(self, sources: Sequence[str]) -> None:
        """Compile the patterns; their numbers are their places in `sources`."""
        self._set = re2.Set.SearchSet(_options(_SET_MEMORY))
        for source in sources:
            self._set.Add("(?m)" + source)
        # Always matches: when even this is missing, RE2 ran out of memory and said nothing.
        self._sentinel = self._set.Add(r"(?m)^")
        self._set.Compile()
        self._all = frozenset(range(len(sources)))

    def candidates(self, buffer: bytes) -> frozenset[int]:
        """Return the numbers of the patterns that match somewhere; all of them when in doubt."""
        found = self._set.Match(buffer)
        if not found or self._sentinel not in found:
            return self._all
        return frozenset(found) - {self._sentinel}
