"""Identifiers as interfaces shorten them: the first and the last characters, dots between."""

import re

from relay.detectors.bech32 import TELLING
from relay.detectors.extended_keys import PREFIXES
from relay.detectors.spans import NOTHING, Span, jagged

_SCHEMES = ("bitcoincash:", "bchtest:", "ecash:")
_LEADS = tuple(
    {
        "0x", *_SCHEMES,
        *(f"{name}1" for name in TELLING),
        *(prefix.lower() for prefix in PREFIXES),
    }
)  # fmt: skip
_MIN_PART = 4
_SAME = 6
"""Fewest characters of either part where both have as many: the first eight, the last eight."""
# What ends in a number of up to four digits is a word, and so are letters in the case of a name.
_WORD = re.compile(r"[A-Za-z]*[0-9]{0,4}")  # noqa: TID251
_NAME = re.compile(r"[A-Z]*[a-z]*(?:[A-Z][a-z]+)*[A-Z]*[0-9]{0,4}")  # noqa: TID251
_SERVICE = ".onion"


def _mixed(part: str) -> bool:
    digits = sum(char.isdigit() for char in part)
    return 0 < digits < len(part)


def _cut_from_both_ends(head: str, tail: str) -> bool:
    """Tell whether two parts of one length are no words: one mixes digits in, one its case."""
    if len(head) != len(tail) or len(head) < _SAME:
        return False
    if any(jagged(part) or (_mixed(part) and not _WORD.fullmatch(part)) for part in (head, tail)):
        return True
    return not (_NAME.fullmatch(head) or _NAME.fullmatch(tail))


def abbreviated(text: str, start: int, end: int) -> tuple[Span, ...]:
    """Find `bc1qw508…v8f3t4` and `1A1zP1eP...DivfNa`; a sentence that trails off stays.

    A known beginning is enough; otherwise both parts must mix letters and digits, or have the same
    length and be no words.
    """
    word = text[start:end]
    for dots in ("\u2026", "...", ".."):
        head, found, tail = word.partition(dots)
        if not found:
            continue
        tail = tail.lstrip(".")
        low = head.lower()
        if low.startswith(_SCHEMES) and len(tail) >= _SAME:
            return ((start, end),)
        if low.startswith(_LEADS) and len(head) > _MIN_PART and len(tail) >= _MIN_PART - 1:
            rest = low[2:] if low.startswith("0x") else low[3:]
            return ((start, end),) if any(c.isdigit() for c in rest + tail) else NOTHING
        if len(head) >= _MIN_PART and len(tail) >= _MIN_PART and _mixed(head) and _mixed(tail):
            return ((start, end),)
        if _cut_from_both_ends(head, tail) or (
            len(head) >= _SAME and text.startswith(_SERVICE, end)
        ):
            return ((start, end),)
        return NOTHING
    return NOTHING
