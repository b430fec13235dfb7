"""Extended keys: xpub, xprv and their many relatives.

Sources: BIP32 (78 bytes and a checksum: 111 or 112 characters), SLIP-132, and the coin definitions
of trezor-firmware for the odd ones.
"""

import re

from relay.detectors.base58 import BITCOIN, BITCOIN_DIGIT, Run, checksum_holds, to_digits
from relay.detectors.encoded import in_base64
from relay.detectors.spans import NOTHING, Span, disjoint, jagged

_KEY_LENGTHS = (111, 112)
_KEY_BYTES = 82
_MOST_GLUED = 200
"""Characters of a run that a key and the words glued to it have at most."""
_PREFIX = 4
_MIN_AFTER_PREFIX = 20
"""Fewest base58 characters behind a known prefix: shorter is a name, not what is left of a key."""

_PUBLIC = (
    "xpub ypub zpub Ypub Zpub tpub upub vpub Upub Vpub Ltub Mtub ttub drkp dgub dpub ppub "
    "tgub ToEA 127x xq1v 277J XPAR xpar"
)
_PRIVATE = (
    "tgpv xprv yprv zprv Yprv Zprv tprv uprv vprv Uprv Vprv Ltpv Mtpv ttpv drkv dgpv dprv pprv"
)
_PRIVATE_PREFIXES = frozenset(_PRIVATE.split())
PREFIXES = frozenset(_PUBLIC.split()) | _PRIVATE_PREFIXES
# A closed list, not a rule pattern.
_PREFIX_AT = re.compile("|".join(sorted(PREFIXES)))  # noqa: TID251
_MIN_DIGITS = 2
"""Fewest digits behind a prefix, for what is short and has the case of a name in words."""
_LONG = 40
"""Characters behind a prefix that no name has: they are a key, with digits or without. A digit
right behind the prefix, as most keys have it, is enough too: `xpub6`, `xprv9`."""


def _is_rest(rest: str) -> bool:
    """Tell whether what stands behind a prefix is left of a key, and not the rest of a name."""
    if len(rest) >= _LONG or rest[0].isdigit():
        return True
    return sum(char.isdigit() for char in rest) >= _MIN_DIGITS or jagged(rest)


def _spans(text: str, start: int, end: int, *, private: bool) -> tuple[Span, ...]:
    run = text[start:end]
    if run.strip(BITCOIN):
        return NOTHING
    if len(run) >= _KEY_LENGTHS[0] and run[:_PREFIX] not in PREFIXES and not run.isalpha():
        # A prefix may stand in the middle by chance: one key in 4,000 has one.
        whole = _by_checksum(text, start, end)
        if whole:
            return NOTHING if private else whole
    last = len(run) - _MIN_AFTER_PREFIX
    at = -1
    while (found := _PREFIX_AT.search(run, at + 1, last)) is not None:
        at, prefix = found.start(), found.group()
        if not _is_rest(run[at + _PREFIX :]):
            continue
        if (prefix in _PRIVATE_PREFIXES) != private:
            return NOTHING
        if in_base64(text, start + at, end) and not _is_whole(text, start + at, end):
            return NOTHING
        # What is glued to the end cannot be told from the key where it was cut: all of it goes.
        return disjoint([(start + at, end)])
    if not private and len(run) in _KEY_LENGTHS and any(char.isdigit() for char in run):
        return NOTHING if in_base64(text, start, end) else ((start, end),)
    return NOTHING


def _is_whole(text: str, start: int, end: int) -> bool:
    """Tell by its checksum whether a key begins here: one is no base64, whatever stands around."""
    digits = to_digits(text, start, min(end, start + _KEY_LENGTHS[1]), BITCOIN_DIGIT)
    return digits is not None and any(
        checksum_holds(data) for _, data in Run(digits).windows(0, _KEY_BYTES)
    )


def _by_checksum(text: str, start: int, end: int) -> tuple[Span, ...]:
    """Find a key under a prefix that is on no list, words glued to it or not."""
    digits = to_digits(text, start, end, BITCOIN_DIGIT) if end - start <= _MOST_GLUED else None
    if digits is None:
        return NOTHING
    run = Run(digits)
    for at in range(run.length - _KEY_LENGTHS[0] + 1):
        for last, data in run.windows(at, _KEY_BYTES):
            known = text[start + at : start + at + _PREFIX] in PREFIXES
            if not known and checksum_holds(data):
                return ((start + at, start + last),)
    return NOTHING


def xpub(text: str, start: int, end: int) -> tuple[Span, ...]:
    """Find extended public keys in a run of base58 characters, cut off or not.

    A known prefix and at least 20 characters, any run of 111 or 112 characters, or a checksum.
    """
    return _spans(text, start, end, private=False)


def xprv(text: str, start: int, end: int) -> tuple[Span, ...]:
    """Find extended private keys in a run of base58 characters, cut off or not."""
    return _spans(text, start, end, private=True)
