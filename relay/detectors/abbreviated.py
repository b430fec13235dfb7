"""Identifiers as interfaces shorten them: the first and the last characters, dots between."""

from relay.detectors.spans import NOTHING, Span

_LEADS = (
    "bc1", "tb1", "bcrt1", "ltc1", "addr1", "addr_test1", "stake1", "0x", "xpub", "ypub", "zpub",
    "tpub", "upub", "vpub", "bnb1", "cosmos1", "bitcoincash:", "npub1", "ltub",
)  # fmt: skip
_MIN_PART = 4


def _mixed(part: str) -> bool:
    digits = sum(char.isdigit() for char in part)
    return 0 < digits < len(part)


def abbreviated(text: str, start: int, end: int) -> tuple[Span, ...]:
    """Find `bc1qw508…v8f3t4` and `1A1zP1eP...DivfNa`; a sentence that trails off stays.

    A known beginning is enough; otherwise both parts must mix letters and digits.
    """
    word = text[start:end]
    for dots in ("\u2026", "...", ".."):
        head, found, tail = word.partition(dots)
        if not found:
            continue
        tail = tail.lstrip(".")
        low = head.lower()
        if low.startswith(_LEADS) and len(head) > _MIN_PART and len(tail) >= _MIN_PART - 1:
            rest = low[2:] if low.startswith("0x") else low[3:]
            return ((start, end),) if any(c.isdigit() for c in rest + tail) else NOTHING
        if len(head) >= _MIN_PART and len(tail) >= _MIN_PART and _mixed(head) and _mixed(tail):
            return ((start, end),)
        return NOTHING
    return NOTHING
