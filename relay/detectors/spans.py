"""The words of every check: what a span is, and the few steps that all families share."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

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


# Words in small letters or in camel case, and a number of one digit or two; a closed shape.
_WORDS = re.compile("[a-z]*(?:[A-Z][a-z]+){0,5}[0-9]{0,2}")  # noqa: TID251
_LONGEST_WORDS = 32
_MIN_DIGITS = 3
_MIN_CHANGES = 12
"""Fewest changes between capitals, small letters and digits: chance makes 26 in 43 characters."""
_CHANGE = re.compile("(?:[A-Z]+|[a-z]+|[0-9]+)")  # noqa: TID251
_HUMP_AND_DIGIT = 3.75
"""As `_HUMP_LETTERS`, for a word with a digit."""


def by_chance(word: str) -> bool:
    """Tell whether letters and digits stand as by chance: a piece of base58, and no name.

    All but one in 10,000 of 43 characters do.
    """
    digits = sum(char.isdigit() for char in word)
    if digits >= _MIN_DIGITS:
        return len(_CHANGE.findall(word)) > _MIN_CHANGES or len(word) < 2 * _MIN_CHANGES
    humps = _HUMP.findall(word)
    most = _HUMP_AND_DIGIT if digits else _HUMP_LETTERS
    return len(humps) >= _MIN_HUMPS and sum(map(len, humps)) <= most * len(humps)


def glued_windows(text: str, start: int, end: int, lengths: Iterable[int]) -> Iterator[Span]:
    """Give the windows of a run that stand between what reads like words, as by chance.

    `address7EcDhSYG…LtVx` has the whole address among them, and some that miss its edges. A word
    may begin before the run, with letters that the run's alphabet does not have. Pass runs of a
    bounded length: every window is looked at.
    """
    first_head, last_tail = start, end
    while (
        first_head > 0
        and ascii_alnum(text[first_head - 1])
        and start - first_head <= _LONGEST_WORDS
    ):
        first_head -= 1
    while (
        last_tail < len(text) and ascii_alnum(text[last_tail]) and last_tail - end <= _LONGEST_WORDS
    ):
        last_tail += 1
    heads = _WORDS.match(text, first_head, end)
    last_head = min(heads.end() if heads else first_head, first_head + _LONGEST_WORDS)
    begins = [at for at in range(start, last_head + 1) if _WORDS.fullmatch(text, first_head, at)]
    tails: dict[int, bool] = {}
    chance: bool | None = None
    for length in lengths:
        for first in begins:
            stop = first + length
            if stop > end:
                break
            if stop not in tails:
                tails[stop] = _WORDS.fullmatch(text, stop, last_tail) is not None
            if tails[stop]:
                # The windows of a run have all but a few of their characters in common.
                chance = by_chance(text[first:stop]) if chance is None else chance
                if chance:
                    yield first, stop
