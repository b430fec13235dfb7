"""Base32 with checksums: Stellar, Algorand, NEM and onion names.

Sources: RFC 4648, Stellar SEP-23 (strkey, CRC16-XModem), Algorand "accounts" (SHA-512/256),
NEM technical reference (keccak-256), Tor rend-spec-v3 (SHA3-256).
"""

import re
from binascii import crc_hqx
from hashlib import new, sha3_256
from itertools import pairwise

from Crypto.Hash import keccak

from relay.detectors.spans import MAX_RUN, NOTHING, Span, disjoint

_BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_ALPHABET = frozenset(_BASE32)
_TO_DIGITS = str.maketrans(_BASE32, "0123456789abcdefghijklmnopqrstuv")
_BITS = 5
_PAYLOADS = tuple(-(-8 * (39 + size) // _BITS) for size in range(4, 68, 4))
_STELLAR = {
    **dict.fromkeys("GSTXCL", (56,)), "B": (58,), "M": (69,), "P": _PAYLOADS,
}  # fmt: skip
"""Lengths in characters by lead: account, seed, pre-authorised, hash, contract, liquidity pool;
claimable balance; muxed account; signed payload of up to 64 bytes."""
_BYTE_END = frozenset("ABCD")
"""Second characters where the first byte is a multiple of eight, as all versions here are."""
_ALGORAND = 58
_ALGORAND_END = frozenset("AEIMQUY4")
"""Last characters of 58: the last two of 290 bits are none of the 36 bytes, and zero."""
_NEM = 40
_NEM_PARTS = (6, 6, 6, 6, 6, 6, 4)
_NEM_LEADS = "NTM"
_NEM_TRIES = 32
"""Hashes for one candidate. Chance has a lead in 50 characters; one with more goes as a whole."""
_ONION = 56


class _Run:
    """A run of base32 as one number: the bytes of any window are a shift and a mask."""

    __slots__ = ("length", "number")

    def __init__(self, run: str) -> None:
        self.length = len(run)
        self.number = int(run.translate(_TO_DIGITS), 32)

    def bytes_at(self, at: int, length: int) -> bytes:
        """Decode `length` characters from `at`; bits that fill no byte at the end are dropped."""
        bits = _BITS * length
        value = self.number >> _BITS * (self.length - at - length) & (1 << bits) - 1
        return (value >> bits % 8).to_bytes(bits // 8, "big")


def stellar(text: str, start: int, end: int) -> tuple[Span, ...]:
    """Find Stellar's keys, addresses and ids (SEP-23) in a run of upper-case base32.

    At most `MAX_RUN` starts are tried; a longer run is returned whole.
    """
    if end - start > MAX_RUN:
        return ((start, end),)
    word = text[start:end]
    if not word or not _ALPHABET.issuperset(word):
        return NOTHING
    run = _Run(word)
    spans = []
    for at, (lead, second) in enumerate(pairwise(word)):
        if second not in _BYTE_END:
            continue
        for length in _STELLAR.get(lead, ()):
            if at + length > run.length:
                continue
            data = run.bytes_at(at, length)
            if crc_hqx(data[:-2], 0) == int.from_bytes(data[-2:], "little"):
                spans.append((start + at, start + at + length))
    return disjoint(spans)


def algorand(text: str, start: int, end: int) -> tuple[Span, ...]:
    """Find Algorand addresses: 58 characters of base32 with a checksum of SHA-512/256.

    At most `MAX_RUN` starts are tried; a longer run is returned whole.
    """
    if end - start > MAX_RUN:
        return ((start, end),)
    word = text[start:end]
    if len(word) < _ALGORAND or not _ALPHABET.issuperset(word):
        return NOTHING
    run = _Run(word)
    spans = []
    for at in range(run.length - _ALGORAND + 1):
        if word[at + _ALGORAND - 1] not in _ALGORAND_END:
            continue
        data = run.bytes_at(at, _ALGORAND)
        if new("sha512_256", data[:32]).digest()[-4:] == data[32:]:
            spans.append((start + at, start + at + _ALGORAND))
    return disjoint(spans)


def nem(text: str, start: int, end: int) -> tuple[Span, ...]:
    """Find NEM addresses: 40 characters of base32, plain or dashed in groups of six.

    A run over `MAX_RUN`, or with more than 32 possible starts, is returned whole.
    """
    if end - start > MAX_RUN:
        return ((start, end),)
    run = text[start:end].upper()
    spans = []
    tries = 0
    for at, pair in enumerate(pairwise(run)):
        if pair[0] not in _NEM_LEADS or pair[1] not in _BYTE_END:
            continue
        word, length = _nem_word(run, at)
        if not word:
            continue
        tries += 1
        if tries > _NEM_TRIES:
            return ((start, end),)
        data = _Run(word).bytes_at(0, _NEM)
        if keccak.new(digest_bits=256, data=data[:21]).digest()[:4] == data[21:]:
            spans.append((start + at, start + at + length))
    return disjoint(spans)


def _nem_word(run: str, at: int) -> tuple[str, int]:
    """Give the 40 characters that stand at a place, dashes taken out, and how long they are."""
    plain = run[at : at + _NEM]
    if _ALPHABET.issuperset(plain):
        return (plain, _NEM) if len(plain) == _NEM else ("", 0)
    dashed = run[at : at + _NEM + len(_NEM_PARTS) - 1]
    parts = dashed.split("-")
    word = "".join(parts)
    if tuple(map(len, parts)) != _NEM_PARTS or not _ALPHABET.issuperset(word):
        return "", 0
    return word, len(dashed)


def onion(text: str, start: int, end: int) -> tuple[Span, ...]:
    """Find Tor v3 service names without `.onion`: 56 characters of base32 with their checksum.

    With the suffix the shape is enough, and a rule's pattern knows it. At most `MAX_RUN` characters
    are searched for what words are glued to; a longer run is no name.
    """
    if not _ONION <= end - start <= MAX_RUN:
        return NOTHING
    word = text[start:end].upper()
    if not _ALPHABET.issuperset(word):
        return NOTHING
    spans = []
    for found in _ONION_END.finditer(word, _ONION - 2):
        stop = found.end()
        if _onion_holds(word[stop - _ONION : stop]):
            spans.append((start + stop - _ONION, start + stop))
    return disjoint(spans)


# The version, 3, is the last byte. A closed shape, not a rule pattern.
_ONION_END = re.compile("[AIQY]D")  # noqa: TID251


def _onion_holds(word: str) -> bool:
    data = _Run(word).bytes_at(0, _ONION)
    digest = sha3_256(b".onion checksum" + data[:32] + data[34:35]).digest()
    return digest[:2] == data[32:34]
