"""Extended keys: xpub, xprv and their many relatives.

Sources: BIP32 (78 bytes and a checksum: 111 or 112 characters), SLIP-132, and the coin definitions
of trezor-firmware for the odd ones.
"""

import re

from relay.detectors.base58 import BITCOIN
from relay.detectors.spans import NOTHING, Span, disjoint

_KEY_LENGTHS = (111, 112)
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
_PREFIXES = frozenset(_PUBLIC.split()) | _PRIVATE_PREFIXES
# A closed list, not a rule pattern.
_PREFIX_AT = re.compile("|".join(sorted(_PREFIXES)))  # noqa: TID251
_MIN_DIGITS = 2
"""Fewest digits behind a prefix: a name in camel case has none, 20 of base58 rarely fewer."""


def _spans(text: str, start: int, end: int, *, private: bool) -> tuple[Span, ...]:
    run = text[start:end]
    if run.strip(BITCOIN):
        return NOTHING
    last = len(run) - _MIN_AFTER_PREFIX
    at = -1
    while (found := _PREFIX_AT.search(run, at + 1, last)) is not None:
        at, prefix = found.start(), found.group()
        rest = run[at + _PREFIX : at + _PREFIX + 2 * _MIN_AFTER_PREFIX]
        if sum(char.isdigit() for char in rest) < _MIN_DIGITS:
            continue
        if (prefix in _PRIVATE_PREFIXES) != private:
            return NOTHING
        # What is glued to the end cannot be told from the key where it was cut: all of it goes.
        return disjoint([(start + at, end)])
    if not private and len(run) in _KEY_LENGTHS and any(char.isdigit() for char in run):
        return ((start, end),)
    return NOTHING


def xpub(text: str, start: int, end: int) -> tuple[Span, ...]:
    """Find extended public keys in a run of base58 characters, cut off or not.

    A known prefix and at least 20 characters, or any run of 111 or 112 characters.
    """
    return _spans(text, start, end, private=False)


def xprv(text: str, start: int, end: int) -> tuple[Span, ...]:
    """Find extended private keys in a run of base58 characters, cut off or not."""
    return _spans(text, start, end, private=True)
