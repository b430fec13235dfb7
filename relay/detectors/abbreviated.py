"""Identifiers as interfaces shorten them: the first and the last characters, dots between."""

import re

from relay.detectors.bech32 import CHARSET, TELLING
from relay.detectors.cashaddr import PREFIXES_OF_CASH
from relay.detectors.extended_keys import PREFIXES
from relay.detectors.spans import NOTHING, Span, jagged

_SCHEMES = tuple(f"{prefix}:" for prefix in PREFIXES_OF_CASH)
_NAMES = tuple(f"{name}1" for name in TELLING)
_PREFIXES = tuple({prefix.lower() for prefix in PREFIXES})
_MIN_PART = 4
_SAME = 6
"""Fewest characters of either part where both have as many: the first eight, the last eight."""
# What ends in a number of up to four digits is a word, and so are letters in the case of a name.
_WORD = re.compile(r"[A-Za-z]*[0-9]{0,4}")  # noqa: TID251
_NAME = re.compile(r"[A-Z]*[a-z]*(?:[A-Z][a-z]+)*[A-Z]*[0-9]{0,4}")  # noqa: TID251
# Words with a number on both sides are a range (`step1...step12`), and so are octal ones.
_NUMBERED = re.compile(r"(?![0-9a-f]+$)[A-Z]?[a-z]{2,}[0-9]{1,2}|0o[0-7]+")  # noqa: TID251
_SERVICE = ".onion"
_RANGE = ".."
"""Two dots between numbers in hex are a range, of characters or commits."""
_HEX = frozenset("0123456789abcdefABCDEF")


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


def _begins_so(head: str, tail: str) -> bool:
    """Tell whether a known beginning stands before the dots, and no word behind them."""
    if head.startswith(_NAMES):
        data = head.rpartition("1")[2]
        digits = any(char.isdigit() for char in data + tail) or len(tail) >= _SAME
        return bool(data) and digits and not (data + tail).strip(CHARSET)
    if head.startswith(_PREFIXES):
        return any(char.isdigit() for char in head[_MIN_PART:] + tail)
    return head.startswith("0x") and any(char.isdigit() for char in head[2:] + tail)


def abbreviated(text: str, start: int, end: int) -> tuple[Span, ...]:
    """Find `bc1qw508…v8f3t4` and `1A1zP1eP...DivfNa`; a sentence that trails off stays.

    A known beginning is enough; otherwise both parts must mix letters and digits, or have the same
    length and be no words.
    """
    word = text[start:end]
    for dots in ("\u2026", "...", _RANGE):
        head, found, tail = word.partition(dots)
        if not found:
            continue
        tail = tail.lstrip(".")
        low = head.lower()
        if low.startswith(_SCHEMES) and len(tail) >= _SAME:
            return ((start, end),)
        if len(head) > _MIN_PART and len(tail) >= _MIN_PART - 1 and _begins_so(low, tail.lower()):
            return ((start, end),)
        both = len(head) >= _MIN_PART and len(tail) >= _MIN_PART and _mixed(head) and _mixed(tail)
        if dots == _RANGE and _HEX.issuperset(head + tail):
            return NOTHING
        if both and not (_NUMBERED.fullmatch(head) and _NUMBERED.fullmatch(tail)):
            return ((start, end),)
        if _cut_from_both_ends(head, tail) or (
            len(head) >= _SAME and text.startswith(_SERVICE, end)
        ):
            return ((start, end),)
        return NOTHING
    return NOTHING
