"""Addresses whose checksum is BLAKE2b: Ergo, Filecoin, Substrate's SS58.

Sources: Ergo "Address encoding" (docs.ergoplatform.com), Filecoin specification "Address", RFC
4648 (base32), Substrate "SS58".
"""

import re
from base64 import b32decode
from hashlib import blake2b

from relay.detectors.base58 import BITCOIN_DIGIT, Run, decode, mixed, to_digits
from relay.detectors.encoded import in_base64
from relay.detectors.spans import MAX_RUN, NOTHING, Span, edges_free, glued_windows

_CHECKSUM = 4
_ERGO_KEY = 38
"""Bytes of an address of a public key: network and type in one, the key of 33, checksum."""
_ERGO_HASH = 29
"""Bytes of an address of a script's hash: network and type in one, 24 of hash, checksum."""
_ERGO_HEADS = (b"\x01\x02", b"\x01\x03", b"\x11\x02", b"\x11\x03")
_ERGO_SCRIPTS = (0x02, 0x12)
_ERGO_TREES = (0x03, 0x13)
_ERGO_MIN_TREE = 50
"""Fewest characters of an address that holds a whole script."""
# Closed shapes, not rule patterns: what the first bytes make of the first characters.
_ERGO_AT = re.compile("9(?=[e-i])|3(?=[V-X])|6(?=[G-z])|8(?=[1-u])|p(?=[P-z])|s(?=[12])|[7qr]")  # noqa: TID251
_ERGO_LENGTHS = {"9": 51, "3": 52}
_ERGO_HASH_LENGTH = 39


def _ergo_sum(data: bytes) -> bool:
    """Tell whether the last four bytes are the beginning of the rest's BLAKE2b-256."""
    digest = blake2b(data[:-_CHECKSUM], digest_size=32).digest()
    return digest[:_CHECKSUM] == data[-_CHECKSUM:]


def _ergo_holds(word: str) -> bool:
    data = decode(word)
    if data is None:
        return False
    if len(data) == _ERGO_KEY:
        return data[:2] in _ERGO_HEADS and _ergo_sum(data)
    if len(data) == _ERGO_HASH:
        return data[0] in _ERGO_SCRIPTS and _ergo_sum(data)
    return False


def ergo(text: str, start: int, end: int) -> tuple[Span, ...]:
    """Find Ergo's addresses in a run of base58: of keys and of scripts' hashes, glued or not.

    An address that holds its whole script has no length of its own and must be the whole run. A run
    over `MAX_RUN` is not looked at: base58check returns it whole.
    """
    length = end - start
    if not _ERGO_HASH_LENGTH <= length <= MAX_RUN or not mixed(text[start:end]):
        return NOTHING
    spans: list[Span] = []
    done = start
    for found in _ERGO_AT.finditer(text, start, end):
        at = found.start()
        stop = at + _ERGO_LENGTHS.get(text[at], _ERGO_HASH_LENGTH)
        if at >= done and stop <= end and _ergo_holds(text[at:stop]):
            spans.append((at, stop))
            done = stop
    if not spans and length >= _ERGO_MIN_TREE:
        data = decode(text[start:end])
        if data is not None and data[0] in _ERGO_TREES and _ergo_sum(data):
            return ((start, end),)
    return tuple(spans)


_FILECOIN_LENGTHS = {"1": 41, "2": 41, "3": 86, "4": 44}
_FILECOIN_SUM = 4
_FILECOIN_ETHEREUM = "410f"
"""A delegated address in the name space of Ethereum: protocol 4, actor 10."""


def filecoin(text: str, start: int, end: int) -> tuple[Span, ...]:
    """Find a Filecoin address: `f` or `t`, its protocol, base32 of what it stands for.

    Alone the shape is enough; where words are glued on, the checksum tells (BLAKE2b of 4 bytes).
    """
    if edges_free(text, start, end) or _filecoin_holds(text[start:end]):
        return ((start, end),)
    return NOTHING


def _filecoin_holds(word: str) -> bool:
    if len(word) != _FILECOIN_LENGTHS.get(word[1:2]):
        return False
    delegated = word[1:].startswith(_FILECOIN_ETHEREUM)
    head, body = (b"\x04\x0a", word[5:]) if delegated else (bytes([int(word[1])]), word[2:])
    try:
        data = b32decode(body.upper() + "=" * (-len(body) % 8))
    except ValueError:
        return False
    digest = blake2b(head + data[:-_FILECOIN_SUM], digest_size=_FILECOIN_SUM).digest()
    return digest == data[-_FILECOIN_SUM:]


_SS58_BYTES = (35, 36)
_SS58_LENGTHS = range(46, 51)
_SS58_MAX_RUN = 80


def ss58(text: str, start: int, end: int) -> tuple[Span, ...]:
    """Find a Polkadot-like address in a run of base58.

    The checksum has 16 bits only, so just the ten windows at the edges of a run of at most 80
    characters are tried, and those between what reads like words, on both sides.
    """
    if not _SS58_LENGTHS[0] <= end - start <= _SS58_MAX_RUN or not mixed(text[start:end]):
        return NOTHING
    digits = to_digits(text, start, end, BITCOIN_DIGIT)
    if digits is None:
        return NOTHING
    run = Run(digits)
    for length in reversed(_SS58_LENGTHS):
        for first in dict.fromkeys((0, run.length - length)):
            if first >= 0 and first + length <= run.length and _ss58_holds(run, first, length):
                span = (start + first, start + first + length)
                return NOTHING if in_base64(text, *span) else (span,)
    for first, stop in glued_windows(text, start, end, _SS58_LENGTHS):
        if _ss58_holds(run, first - start, stop - first) and not in_base64(text, first, stop):
            return ((first, stop),)
    return NOTHING


def _ss58_holds(run: Run, first: int, length: int) -> bool:
    for size in _SS58_BYTES:
        data = run.window(first, first + length, size)
        if data is not None and (size == _SS58_BYTES[1]) == bool(data[0] & 0x40):
            return blake2b(b"SS58PRE" + data[:-2]).digest()[:2] == data[-2:]
    return False
