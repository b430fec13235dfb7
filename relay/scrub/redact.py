"""Redactions: what is written in place of what a rule found, and where it ended up."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple, assert_never

from relay import jsonio
from relay.rules.model import Method, Redaction, Rule
from relay.scrub.hashing import HashKeys

KINDS: Final = {Method.REPLACE: "s", Method.REMOVE: "x", Method.MASK: "m", Method.HASH: "p"}
"""Sentry's words for a remark's kind: substituted, removed, masked, pseudonymised."""


class Mark(NamedTuple):
    """A redaction that stands in a text: which rule, and its span in the new text."""

    rule: int
    start: int
    end: int


class Cut(NamedTuple):
    """A span of a text that a rule wants redacted."""

    start: int
    end: int
    rule: int


def replacement(redaction: Redaction, original: str, keys: HashKeys) -> str:
    """Return the text that stands for the original."""
    match redaction.method:
        case Method.REMOVE:
            return ""
        case Method.REPLACE:
            return redaction.text
        case Method.MASK:
            return "*" * len(original)
        case Method.HASH:
            return keys.pseudonym(original, redaction.family)
        case _:
            assert_never(redaction.method)


def stand_in(redaction: Redaction, value: Any, keys: HashKeys) -> str:
    """Return the text that stands for a whole map or list."""
    if redaction.method is Method.MASK:
        return _MASKED
    return replacement(redaction, jsonio.dumps(value).decode(), keys)


_MASKED: Final = "***"
"""What a map or list becomes under `mask`: its size is nobody's business."""


def redact(
    text: str,
    cuts: Sequence[Cut],
    rules: Sequence[Rule],
    keys: HashKeys,
    marks: Sequence[Mark] = (),
) -> tuple[str, list[Mark]]:
    """Redact spans; those that overlap become one, in the name of the longest.

    Args:
        text: the text to change.
        cuts: what to redact in it.
        rules: by number.
        keys: for pseudonyms.
        marks: redactions that already stand in the text; they move with it.

    Returns:
        The new text and all marks in it, ascending. Equal to the text given when nothing changes.
    """
    pieces: list[str] = []
    made: list[Mark] = []
    moves: list[tuple[int, int, int]] = []
    at = length = 0
    for start, end, number in merged(cuts):
        redaction, old = rules[number].redaction, text[start:end]
        constant = redaction.method is Method.REPLACE
        new = redaction.text if constant else replacement(redaction, old, keys)
        if new == old:
            continue
        pieces.append(text[at:start])
        length += start - at
        pieces.append(new)
        made.append(Mark(number, length, length + len(new)))
        length += len(new)
        moves.append((start, end, length - end))
        at = end
    if not made:
        return text, list(marks)
    pieces.append(text[at:])
    if marks:
        made += _moved(marks, moves)
        made.sort(key=lambda mark: (mark.start, mark.end))
    return "".join(pieces), made


def merged(cuts: Sequence[Cut]) -> Sequence[Cut]:
    """Return cuts ascending; those that overlap are one, in the name of the longest."""
    if len(cuts) == 1:
        return cuts
    made: list[Cut] = []
    longest = 0
    for cut in sorted(cuts):
        if made and cut.start < made[-1].end:
            last = made[-1]
            size = cut.end - cut.start
            name = cut.rule if size > longest else last.rule
            longest = max(longest, size)
            made[-1] = Cut(last.start, max(last.end, cut.end), name)
        else:
            made.append(cut)
            longest = cut.end - cut.start
    return made


def _moved(marks: Sequence[Mark], moves: Sequence[tuple[int, int, int]]) -> list[Mark]:
    """Return marks at their new places; those that a new redaction swallowed are gone.

    Both ascend, so one goes along with the other.
    """
    kept: list[Mark] = []
    at = shift = 0
    for mark in marks:
        while at < len(moves) and moves[at][1] <= mark.start:
            shift = moves[at][2]
            at += 1
        if at == len(moves) or mark.end <= moves[at][0]:
            kept.append(Mark(mark.rule, mark.start + shift, mark.end + shift))
    return kept
