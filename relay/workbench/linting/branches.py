"""The alternatives of a pattern, and the pattern without each."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from relay.rules.prefilter import tokens

_HEAD: Final = re.compile(r"\?(?:P?<\w+>|[A-Za-z-]*:)")  # noqa: TID251 - reads patterns, not text
"""What a group begins with: `?:`, `?i:`, `?P<name>`."""


@dataclass(frozen=True, slots=True)
class Branch:
    """One alternative of a pattern.

    Attributes:
        start: where it begins in the pattern, in characters.
        end: where it ends.
        text: as written.
        without: the pattern without it.
    """

    start: int
    end: int
    text: str
    without: str


@dataclass(slots=True)
class _Group:
    """A group that is open: where its first alternative begins, where its bars stand."""

    start: int
    bars: list[int] = field(default_factory=list)


def branches(source: str) -> tuple[Branch, ...]:
    """Return all alternatives of a pattern, outer ones before those inside of them."""
    spans = sorted(_spans(source), key=lambda span: (span[0], -span[1]))
    return tuple(
        Branch(start, end, source[start:end], source[:left] + source[right:])
        for start, end, left, right in spans
    )


def _spans(source: str) -> Iterator[tuple[int, int, int, int]]:
    """Yield each alternative: its place, and what goes with it when it goes, a bar too."""
    open_ = [_Group(0)]
    at = 0
    for token in tokens(source):
        begin, at = at, at + len(token.text)
        match token.text:
            case "(":
                head = _HEAD.match(source, at)
                open_.append(_Group(head.end() if head else at))
            case "|":
                open_[-1].bars.append(begin)
            case ")":
                group = open_.pop()
                if _is_flags(source[group.start : begin]):
                    # `(?i)` is no group: what follows it is the first alternative.
                    if open_[-1].start == group.start - 1:
                        open_[-1].start = at
                else:
                    yield from _of_group(group, begin)
            case _:
                pass
    yield from _of_group(open_[0], len(source))


def _is_flags(inner: str) -> bool:
    return inner.startswith("?") and inner[1:].replace("-", "").isalpha()


def _of_group(group: _Group, end: int) -> Iterator[tuple[int, int, int, int]]:
    if not group.bars:
        return
    starts = [group.start, *(bar + 1 for bar in group.bars)]
    ends = [*group.bars, end]
    for number, (left, right) in enumerate(zip(starts, ends, strict=True)):
        if number:
            yield left, right, left - 1, right
        else:
            yield left, right, left, right + 1
