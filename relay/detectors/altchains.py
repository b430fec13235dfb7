"""Chains with a form of their own: TON, Cardano Byron, Monero, EOS.

Sources: TON TEP-2, Cardano Byron address CDDL (CRC32 inside of CBOR), Monero
"cryptonote base58", EOS public keys.
"""

from base64 import urlsafe_b64decode
from binascii import crc32, crc_hqx

from Crypto.Hash import RIPEMD160, keccak

from relay.detectors.base58 import BITCOIN_DIGIT, decode, mixed, to_int
from relay.detectors.spans import MAX_RUN, NOTHING, Span, disjoint

_TON = 48
_TON_LEADS = frozenset(
    head + workchain + third
    for head in "EUk0"
    for workchain, thirds in (("Q", "ABCD"), ("f", "89-_+/"))
    for third in thirds
) | {"PuY", "PuZ", "Pua", "Pub"}
"""What the first two bytes can be: bounceable or not, test or not; workchain 0 or -1; a key."""
_TON_RUN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/")


def ton(text: str, start: int, end: int) -> tuple[Span, ...]:
    """Find TON addresses and public keys (TEP-2): 48 characters of base64 of either kind, CRC16.

    Only starts with a known tag are tried; a run over `MAX_RUN` characters is searched no further.
    """
    run = text[start : min(end, start + MAX_RUN)]
    if not _TON_RUN.issuperset(run):
        return NOTHING
    run = run.replace("+", "-").replace("/", "_")
    spans = []
    for at in range(len(run) - _TON + 1):
        if run[at : at + 3] not in _TON_LEADS:
            continue
        data = urlsafe_b64decode(run[at : at + _TON])
        if crc_hqx(data[:-2], 0) == int.from_bytes(data[-2:], "big"):
            spans.append((start + at, start + at + _TON))
    return disjoint(spans)


_BYRON_LEADS = ("Ae2", "DdzFF", "2cWKM", "37bt")
_BYRON_SHAPES = ("Ae2tdPwUPE", "DdzFF", "2cWKM", "37btjrVyb4")
"""What the head in CBOR makes of the first characters: telling, cut off or glued or not."""
_BYRON_HEAD = b"\x82\xd8\x18\x58"
_BYRON_MAX = 200
_BYRON_MIN = 40
_BYRON_CRC_SIZES = {0x1A: 4, 0x19: 2, 0x18: 1}
_BYRON_TELLING = 20


def _byron_holds(word: str) -> bool:
    data = decode(word)
    if data is None or data[:4] != _BYRON_HEAD:
        return False
    size = data[4]
    payload, rest = data[5 : 5 + size], data[5 + size :]
    width = _BYRON_CRC_SIZES.get(rest[0] if rest else 0, 0)
    return len(rest) == 1 + width and crc32(payload) == int.from_bytes(rest[1:], "big")


def byron(text: str, start: int, end: int) -> tuple[Span, ...]:
    """Find Cardano's Byron addresses in a run of base58.

    By checksum, or by a beginning that is telling enough, cut off or not.
    """
    run = text[start:end]
    for lead in _BYRON_LEADS:
        at = run.find(lead)
        if at < 0:
            continue
        word = run[at:]
        if word.startswith(_BYRON_SHAPES) and len(word) >= _BYRON_TELLING:
            return ((start + at, end),)
        if _BYRON_MIN <= len(word) <= _BYRON_MAX and _byron_holds(word):
            return ((start + at, end),)
    return NOTHING


_MONERO_LENGTHS = (95, 106)
_MONERO_LEADS = frozenset("4859AB7")
_MONERO_NETWORKS = frozenset((18, 19, 42, 53, 54, 63, 24, 25, 36))
_BLOCK_CHARS, _BLOCK_BYTES = 11, 8
_TAIL_BYTES = {7: 5}
"""Bytes in the last block of either length: 95 and 106 leave seven characters over."""


_MONERO_TRIES = 24
"""Hashes for one candidate. Chance makes one in a thousand runs need any; one with more is a wall
that was made so, and goes as a whole."""


def _monero_block(word: str) -> bytes | None:
    size = _BLOCK_BYTES if len(word) == _BLOCK_CHARS else _TAIL_BYTES[len(word)]
    value = to_int([BITCOIN_DIGIT[char] for char in word])
    return None if value >> 8 * size else value.to_bytes(size, "big")


def _monero_decode(run: str, at: int, length: int, known: dict[int, bytes | None]) -> bytes | None:
    """Decode an address in blocks of 11; whole blocks, by their place, are decoded once a run."""
    parts = []
    whole = length - length % _BLOCK_CHARS
    for first in range(at, at + whole, _BLOCK_CHARS):
        if first not in known:
            known[first] = _monero_block(run[first : first + _BLOCK_CHARS])
        part = known[first]
        if part is None or (first == at and part[0] not in _MONERO_NETWORKS):
            return None
        parts.append(part)
    tail = _monero_block(run[at + whole : at + length])
    return None if tail is None else b"".join((*parts, tail))


def monero(text: str, start: int, end: int) -> tuple[Span, ...]:
    """Find Monero addresses (95 characters, 106 with a payment id) in a run of base58.

    A run over `MAX_RUN`, or one that more than 24 windows of need a hash, is returned whole.
    """
    if not mixed(text[start:end]):
        return NOTHING
    if end - start > MAX_RUN:
        return ((start, end),)
    run = text[start:end]
    if not BITCOIN_DIGIT.keys() >= set(run):
        return NOTHING
    spans = []
    known: dict[int, bytes | None] = {}
    tries = 0
    for at in range(len(run) - _MONERO_LENGTHS[0] + 1):
        if run[at] not in _MONERO_LEADS:
            continue
        for length in _MONERO_LENGTHS:
            if at + length > len(run):
                continue
            data = _monero_decode(run, at, length, known)
            if data is None:
                continue
            tries += 1
            if tries > _MONERO_TRIES:
                return ((start, end),)
            if keccak.new(digest_bits=256, data=data[:-4]).digest()[:4] == data[-4:]:
                spans.append((start + at, start + at + length))
    return disjoint(spans)


_EOS_KEY = 50


def eos(text: str, start: int, end: int) -> tuple[Span, ...]:
    """Find an EOS public key: `EOS` and 50 base58 characters with a RIPEMD-160 checksum."""
    word = text[start:end].removeprefix("EOS")
    data = decode(word) if len(word) == _EOS_KEY else None
    if data is None or RIPEMD160.new(data[:-4]).digest()[:4] != data[-4:]:
        return NOTHING
    return ((start, end),)
