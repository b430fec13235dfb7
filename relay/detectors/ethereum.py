"""Ethereum's 40 hex digits, with the checksum in the case of the letters.

Sources: EIP-55, RSKIP-60 (the chain's number is hashed along).
"""

from Crypto.Hash import keccak

from relay.detectors.spans import NOTHING, Span

_DIGITS = 40
_MAX_RUN = _DIGITS + 8
_MIN_CAPITALS = 5
"""Fewest letters where all are capitals: each of them doubles what the checksum is worth."""
_MIN_NUMBERED = 3
"""Fewest characters of a word with a digit behind it."""
_HEX = frozenset("0123456789abcdefABCDEF")
_RSK_CHAINS = ("", "30", "31")


def _case_holds(digits: str, chain: str) -> bool:
    low = digits.lower()
    hashed = f"{chain}0x{low}" if chain else low
    digest = keccak.new(digest_bits=256, data=hashed.encode()).hexdigest()
    return all(
        char.isdigit() or (char.isupper() == (nibble >= "8"))
        for char, nibble in zip(digits, digest, strict=False)
    )


def eip55(text: str, start: int, end: int) -> tuple[Span, ...]:
    """Find 40 hex digits in mixed case whose case is a valid checksum, `0x` before them or not.

    The candidate is widened to the maximal run of hex; up to eight letters of it on one side may
    belong to a word that is glued on, and a digit behind them before it (`acc1`). Those in small
    letters are left: bare they look like commit ids, with `0x` a rule knows them by their shape.
    """
    if text[start : start + 2] in ("0x", "0X"):
        start += 2
    if end - start < _DIGITS or not _HEX.issuperset(text[start:end]):
        return NOTHING
    while start > 0 and text[start - 1] in _HEX and end - start <= _MAX_RUN:
        start -= 1
    while end < len(text) and text[end] in _HEX and end - start <= _MAX_RUN:
        end += 1
    if end - start > _MAX_RUN:
        return NOTHING
    for first in dict.fromkeys((end - _DIGITS, start)):
        last = first + _DIGITS
        glued = text[start:first] + text[last:end]
        if (not glued or _is_word(text[start:first], text[last:end])) and _holds(text[first:last]):
            prefixed = text[max(0, first - 2) : first] in ("0x", "0X")
            return ((first - 2 if prefixed else first, last),)
    return NOTHING


def _is_word(head: str, tail: str) -> bool:
    """Tell whether what is glued to one side is a word, with a digit behind it or not."""
    numbered = len(head) >= _MIN_NUMBERED and head[:-1].isalpha()
    return (head + tail).isalpha() or (numbered and not tail)


def _holds(digits: str) -> bool:
    if digits.islower() or digits.isdigit():
        return False
    if digits.isupper():
        # By chance an address has capitals only; one run of such digits in 4,000 passes.
        return sum(char.isalpha() for char in digits) >= _MIN_CAPITALS and _case_holds(digits, "")
    return any(_case_holds(digits, chain) for chain in _RSK_CHAINS)
