"""BLAKE-256, the checksum of Decred; no library at hand has it (BLAKE2 is another function).

Source: Aumasson, Henzen, Meier, Phan: SHA-3 proposal BLAKE, version 1.3.
"""

_PI = (
    0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344, 0xA4093822, 0x299F31D0, 0x082EFA98, 0xEC4E6C89,
    0x452821E6, 0x38D01377, 0xBE5466CF, 0x34E90C6C, 0xC0AC29B7, 0xC97C50DD, 0x3F84D5B5, 0xB5470917,
)  # fmt: skip
_ORDERS = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
    (14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3),
    (11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4),
    (7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8),
    (9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13),
    (2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9),
    (12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11),
    (13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10),
    (6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5),
    (10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0),
)
_COLUMNS = ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15))
_DIAGONALS = ((0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14))
_START = (
    0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19,
)  # fmt: skip
_MASK = 0xFFFFFFFF
_ROUNDS = 14


def _turned(word: int, by: int) -> int:
    return (word >> by | word << (32 - by)) & _MASK


def _compress(state: list[int], block: bytes, count: int) -> list[int]:
    words = [int.from_bytes(block[i : i + 4], "big") for i in range(0, 64, 4)]
    v = [*state, *_PI[:8]]
    for i in (12, 13):
        v[i] ^= count & _MASK
    for i in (14, 15):
        v[i] ^= count >> 32
    for turn in range(_ROUNDS):
        order = _ORDERS[turn % 10]
        for at, (a, b, c, d) in enumerate(_COLUMNS + _DIAGONALS):
            x, y = order[2 * at], order[2 * at + 1]
            for word, constant, first, second in ((x, y, 16, 12), (y, x, 8, 7)):
                v[a] = (v[a] + v[b] + (words[word] ^ _PI[constant])) & _MASK
                v[d] = _turned(v[d] ^ v[a], first)
                v[c] = (v[c] + v[d]) & _MASK
                v[b] = _turned(v[b] ^ v[c], second)
    return [one ^ v[i] ^ v[i + 8] for i, one in enumerate(state)]


def blake256(data: bytes) -> bytes:
    """Return the 32 bytes of the digest."""
    bits = 8 * len(data)
    padded = data + b"\x80" + bytes(-(len(data) + 9) % 64)
    padded = padded[:-1] + bytes([padded[-1] | 1]) + bits.to_bytes(8, "big")
    state = list(_START)
    for i in range(0, len(padded), 64):
        # The counter tells bits of the message; a block without any has zero.
        count = min(bits, 8 * (i + 64)) if i < len(data) else 0
        state = _compress(state, padded[i : i + 64], count)
    return b"".join(word.to_bytes(4, "big") for word in state)
