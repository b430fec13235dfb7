"""Base32 with checksums: Stellar, Algorand, NEM and onion names.

Sources: RFC 4648, Stellar SEP-23 (strkey, CRC16-XModem), Algorand "accounts" (SHA-512/256),
NEM technical reference (keccak-256), Tor rend-spec-v3 (SHA3-256).
"""

from base64 import b32decode
from binascii import Error, crc_hqx
from hashlib import new, sha3_256

from Crypto.Hash import keccak

from relay.detectors.spans import MAX_RUN, NOTHING, Span, disjoint

_ALPHABET = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
_STELLAR = {"G": (56,), "S": (56,), "M": (69,), "T": (56,), "X": (56,), "C": (56,), "P": (165,)}
"""Lengths in characters by lead: account, seed, muxed account, pre-authorised, hash, contract."""
_STELLAR_VERSIONS = {"G": 6, "S": 18, "M": 12, "T": 19, "X": 23, "C": 2, "P": 15}
_ALGORAND = 58
_NEM = 40
_NEM_PARTS = (6, 6, 6, 6, 6, 6, 4)
_NEM_LEADS = "NTM"
_ONION = 56


def _decode(word: str) -> bytes | None:
    try:
        return b32decode(word + "=" * (-len(word) % 8))
    except Error:
        return None


def _stellar_holds(word: str) -> bool:
    data = _decode(word)
    if data is None or data[0] >> 3 != _STELLAR_VERSIONS[word[0]]:
        return False
    return crc_hqx(data[:-2], 0) == int.from_bytes(data[-2:], "little")


def stellar(text: str, start: int, end: int) -> tuple[Span, ...]:
    """Find Stellar keys and addresses (G, M, S, T, X, C) in a run of upper-case base32.

    At most `MAX_RUN` starts are tried; a longer run is returned whole.
    """
    if end - start > MAX_RUN:
        return ((start, end),)
    if not _ALPHABET.issuperset(text[start:end]):
        return NOTHING
    return disjoint(
        (at, at + length)
        for at in range(start, end)
        for length in _STELLAR.get(text[at], ())
        if at + length <= end and _stellar_holds(text[at : at + length])
    )


def algorand(text: str, start: int, end: int) -> tuple[Span, ...]:
    """Find Algorand addresses: 58 characters of base32 with a checksum of SHA-512/256.

    At most `MAX_RUN` starts are tried; a longer run is returned whole.
    """
    if end - start > MAX_RUN:
        return ((start, end),)
    if not _ALPHABET.issuperset(text[start:end]):
        return NOTHING
    spans = []
    for at in range(start, end - _ALGORAND + 1):
        data = _decode(text[at : at + _ALGORAND])
        if data is not None and new("sha512_256", data[:32]).digest()[-4:] == data[32:36]:
            spans.append((at, at + _ALGORAND))
    return disjoint(spans)


def _nem_holds(word: str) -> bool:
    data = _decode(word)
    if data is None:
        return False
    digest = keccak.new(digest_bits=256, data=data[:21]).digest()
    return digest[:4] == data[21:25]


def nem(text: str, start: int, end: int) -> tuple[Span, ...]:
    """Find NEM addresses: 40 characters of base32, plain or dashed in groups of six.

    At most `MAX_RUN` starts are tried; a longer run is returned whole.
    """
    if end - start > MAX_RUN:
        return ((start, end),)
    run = text[start:end].upper()
    spans = []
    for at, char in enumerate(run):
        if char not in _NEM_LEADS:
            continue
        plain = run[at : at + _NEM]
        dashed = run[at : at + _NEM + len(_NEM_PARTS) - 1]
        if _ALPHABET.issuperset(plain):
            if len(plain) == _NEM and _nem_holds(plain):
                spans.append((start + at, start + at + len(plain)))
            continue
        parts = dashed.split("-")
        if tuple(map(len, parts)) == _NEM_PARTS and _nem_holds("".join(parts)):
            spans.append((start + at, start + at + len(dashed)))
    return disjoint(spans)


def onion(text: str, start: int, end: int) -> tuple[Span, ...]:
    """Find Tor v3 service names without `.onion`: 56 characters of base32 with their checksum.

    With the suffix the shape is enough, and a rule's pattern knows it.
    """
    word = text[start:end].upper()
    if len(word) != _ONION or not _ALPHABET.issuperset(word):
        return NOTHING
    data = _decode(word)
    if data is None or data[34] != 3:
        return NOTHING
    digest = sha3_256(b".onion checksum" + data[:32] + data[34:35]).digest()
    return ((start, end),) if digest[:2] == data[32:34] else NOTHING
