"""BLAKE-256 of short messages, and Decred's addresses, whose checksum it is.

Sources: "SHA-3 proposal BLAKE" (Aumasson, Henzen, Meier, Phan; version 1.3), Decred's chaincfg
(versions of addresses and keys).
"""

from struct import pack, unpack

from relay.detectors.base58 import decode
from relay.detectors.spans import Span

_WORD = 0xFFFFFFFF
_INITIAL = (
    0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19,
)  # fmt: skip
# The first digits of pi.
_CONSTANTS = (
    0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344, 0xA4093822, 0x299F31D0, 0x082EFA98, 0xEC4E6C89,
    0x452821E6, 0x38D01377, 0xBE5466CF, 0x34E90C6C, 0xC0AC29B7, 0xC97C50DD, 0x3F84D5B5, 0xB5470917,
)  # fmt: skip
_ORDERS = tuple(
    tuple(int(digit, 16) for digit in order)
    for order in (
        "0123456789abcdef", "ea489fd61c02b753", "b8c052fdae367194", "7931dcbe265a40f8",
        "905724afe1bc683d", "2c6a0b834d75fe19", "c51fed4a0763928b", "db7ec13950f4862a",
        "6fe9b308c2d714a5", "a2847615fb9e3cd0",
    )
)  # fmt: skip
_ROUNDS = 14
_COLUMNS_AND_DIAGONALS = (
    (0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
    (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14),
)  # fmt: skip
_LONGEST = 54
"""Bytes that leave room for the padding in one block; addresses have 22, a digest 32."""


def blake256(message: bytes) -> bytes:
    """Give the digest of a message of at most 54 bytes, which fills one block.

    Raises:
        ValueError: the message is longer.
    """
    if len(message) > _LONGEST:
        raise ValueError("more than one block")
    bits = 8 * len(message)
    block = message + b"\x80" + bytes(_LONGEST - len(message)) + b"\x01" + pack(">Q", bits)
    words = unpack(">16I", block)
    state = [*_INITIAL, *_CONSTANTS[:8]]
    state[12] ^= bits
    state[13] ^= bits
    for turn in range(_ROUNDS):
        order = _ORDERS[turn % len(_ORDERS)]
        for step, (a, b, c, d) in enumerate(_COLUMNS_AND_DIAGONALS):
            one, two = order[2 * step], order[2 * step + 1]
            _mix(state, a, b, c, d, words[one] ^ _CONSTANTS[two], words[two] ^ _CONSTANTS[one])
    return pack(">8I", *(_INITIAL[n] ^ state[n] ^ state[n + 8] for n in range(8)))


def _mix(state: list[int], a: int, b: int, c: int, d: int, first: int, second: int) -> None:
    """Mix one column or diagonal of the state in place."""
    va, vb, vc, vd = state[a], state[b], state[c], state[d]
    va = va + vb + first & _WORD
    vd ^= va
    vd = (vd >> 16 | vd << 16) & _WORD
    vc = vc + vd & _WORD
    vb ^= vc
    vb = (vb >> 12 | vb << 20) & _WORD
    va = va + vb + second & _WORD
    vd ^= va
    vd = (vd >> 8 | vd << 24) & _WORD
    vc = vc + vd & _WORD
    vb ^= vc
    vb = (vb >> 7 | vb << 25) & _WORD
    state[a], state[b], state[c], state[d] = va, vb, vc, vd


_ADDRESS = 26
_CHECKSUM = 4
_VERSIONS = frozenset(
    bytes.fromhex(version) for version in ("073f", "071a", "0f21", "0efc", "0e91", "0e6c")
)
"""Hashes of keys and of scripts: main network, test network, simulation."""


def decred(text: str, start: int, end: int) -> tuple[Span, ...]:
    """Find a Decred address: 35 characters of base58 with a checksum of BLAKE-256, twice.

    The candidate is those 35 characters; their version is looked at first, for the hash is slow.
    """
    data = decode(text[start:end])
    if data is None or len(data) != _ADDRESS or data[:2] not in _VERSIONS:
        return ()
    digest = blake256(blake256(data[:-_CHECKSUM]))
    return ((start, end),) if digest[:_CHECKSUM] == data[-_CHECKSUM:] else ()
