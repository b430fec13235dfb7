"""Ethereum's 40 hex digits, with the checksum in the case of the letters.

Sources: EIP-55, RSKIP-60 (the chain's number is hashed along).
"""

from Crypto.Hash import keccak

from relay.detectors.spans import NOTHING, Span, edges_free

_DIGITS = 40
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

    All-lower and all-upper ones are left: bare they look like commit ids, with `0x` a rule knows
    them by their shape.
    """
    if text[start : start + 2] in ("0x", "0X"):
        start += 2
    digits = text[start:end]
    if len(digits) != _DIGITS or not _HEX.issuperset(digits):
        return NOTHING
    if digits.islower() or digits.isupper() or digits.isdigit():
        return NOTHING
    if text[start - 2 : start] in ("0x", "0X"):
        start -= 2
    if not edges_free(text, start, end):
        return NOTHING
    if any(_case_holds(digits, chain) for chain in _RSK_CHAINS):
        return ((start, end),)
    return NOTHING
