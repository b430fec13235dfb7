"""The words of every check: what a span is, and the few steps that all families share."""

import re
from collections.abc import Callable, Iterable, Sequence

Span = tuple[int, int]
"""Start and end offsets in characters, end exclusive."""

Check = Callable[[str, int, int], Sequence[Span]]
"""Takes a text and a candidate's start and end; gives the spans that really are an identifier."""

NOTHING: tuple[Span, ...] = ()

MAX_RUN = 512
"""Longest candidate, in characters, that a windowed check looks into. Longer walls go as a whole:
no identifier and no word of ordinary text is that long, and looking inside would cost an attacker
nothing and us seconds."""


def disjoint(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Merge spans that overlap; the result is sorted and disjoint."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


def before(text: str, start: int) -> str:
    """Give the one character before `start`, or an empty string at the beginning."""
    return text[start - 1] if start > 0 else ""


def after(text: str, end: int) -> str:
    """Give the one character at `end`, or an empty string at the end."""
    return text[end] if end < len(text) else ""


def ascii_alnum(char: str) -> bool:
    """Tell whether `char` is one ASCII letter or digit; an empty string is not."""
    return char.isascii() and char.isalnum()


def edges_free(text: str, start: int, end: int) -> bool:
    """Tell whether no ASCII letter or digit touches the span on either side."""
    return not ascii_alnum(before(text, start)) and not ascii_alnum(after(text, end))


# The humps of a name in camel case; a closed shape, not a rule pattern.
_HUMP = re.compile("[A-Z]+(?![a-z])|[A-Z]?[a-z]+")  # noqa: TID251
_MIN_HUMPS = 4
_HUMP_LETTERS = 3
"""Most letters of a hump, on average, where chance decides on the case; words have more."""


def jagged(word: str) -> bool:
    """Tell whether the case of letters changes as by chance, and not as in `aNameInCamelCase`.

    Nine of ten pieces of base58 without digits do, and of 20 letters and more one name in 5,000.
    """
    humps = _HUMP.findall(word)
    return len(humps) >= _MIN_HUMPS and sum(map(len, humps)) <= _HUMP_LETTERS * len(humps)
