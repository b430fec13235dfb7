"""Base58Check in Bitcoin's alphabet: addresses, keys and their checksums.

Sources: Bitcoin wiki "Base58Check encoding", BIP38, SLIP-44's coins, Tezos
`src/lib_crypto/base58.ml` (prefixes), SmartCash (keccak checksum).
"""

from collections.abc import Iterator
from hashlib import sha256

from Crypto.Hash import keccak

from relay.detectors.spans import MAX_RUN, NOTHING, Span, disjoint, jagged

BITCOIN = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
BITCOIN_DIGIT = {char: value for value, char in enumerate(BITCOIN)}

_BASE = 58
_MAX_BYTES = 82
_POWERS = [_BASE**exponent for exponent in range(MAX_RUN + 1)]
_MASK = (1 << 8 * (_MAX_BYTES + 1)) - 1
"""Sums are kept to as many bits as the largest window has: more would make long runs a square."""
_CHECKSUM = 4
ADDRESS = 25
"""Bytes of an address with a version of one byte: version, 20 of hash, checksum."""


def _lengths(size: int) -> range:
    """Give the numbers of base58 digits that a number of exactly `size` bytes can take."""
    least = next(n for n, power in enumerate(_POWERS) if power > 256 ** (size - 1))
    most = next(n for n, power in enumerate(_POWERS) if power >= 256**size)
    return range(least, most + 1)


LENGTHS = [range(0), *map(_lengths, range(1, _MAX_BYTES + 1))]
"""By size in bytes: how many base58 digits a number of that size takes."""

# Sizes in bytes that are tried where the window begins or ends with the whole run, so that coins
# which are on no list are found too: versions of 1, 2 and 3 bytes, and WIF without and with 01.
_EDGE_SIZES = (ADDRESS, 26, 27, 37, 38)

_GLUED_SIZES = (ADDRESS, 37, 38)
_MOST_GLUED = 80
"""Characters of a run that an address or a key and the words glued to it have at most: there any
version is looked for at any place. Runs without a digit and in the case of a name are none."""

# In the middle of a longer run only what leads with a known prefix is tried.
_LEADS: dict[str, tuple[int, ...]] = {
    # Zcash, Bitcoin Private, Koto (2 bytes of version)
    "t1": (26,), "t3": (26,), "tm": (26,), "t2": (26,), "b1": (26,), "bx": (26,), "jz": (26,),
    "k1": (26,), "k2": (26,), "k3": (26,),
    # Crown, Tezos, Mavryk (3 bytes)
    "CR": (27,), "tz": (27,), "mv": (27,),
    # BIP38: an intermediate code
    "pa": (53,),
    # BIP38; Tezos keys and signatures
    "6P": (43,), "ed": (40, 72, 73), "sp": (40, 41, 73), "p2": (40, 41, 72), "si": (71,),
    # WIF
    "5H": (37,), "5J": (37,), "5K": (37,),
    "91": (37,), "92": (37,), "93": (37,),
    # with 01
    **{f"{lead}{second}": (38,) for lead in "KLc" for second in BITCOIN},
    "KT": (27, 38),
    # BIP38: a confirmation code
    "cf": (38, 55),
}  # fmt: skip

# Version bytes of the coin table; other versions are found in short runs and at the edges.
_VERSIONS = frozenset(
    bytes.fromhex(
        "0003050e07101213151617191c1e202123242526303234353738373a3c3d3f414b464c4752535e"
        "6f6e696d757678787a7b7d828c8e91b2c4eb"
    )
)


def _version_leads() -> dict[str, tuple[int, ...]]:
    """Give the lengths that addresses of the known versions can have, by two leading characters.

    Version 0 is left out: its leading zeros make it as short as they like.
    """
    leads: dict[str, tuple[int, ...]] = {}
    for length in LENGTHS[ADDRESS]:
        scale = _POWERS[length - 2]
        pairs: set[int] = set()
        for version in _VERSIONS - {0}:
            lowest = (version << 8 * (ADDRESS - 1)) // scale
            highest = (((version + 1) << 8 * (ADDRESS - 1)) - 1) // scale
            pairs.update(range(max(lowest, _BASE), min(highest, _BASE**2 - 1) + 1))
        for pair in pairs:
            lead = BITCOIN[pair // _BASE] + BITCOIN[pair % _BASE]
            leads[lead] = (*leads.get(lead, ()), length)
    return leads


_VERSION_LEADS = _version_leads()

# SmartCash: one round of keccak in the checksum's place.
_KECCAK_VERSIONS = frozenset(bytes.fromhex("3f124115"))
_MIN_TRIES, _CHARS_A_TRY = 8, 16
"""Slow hashes for one candidate: 8, and one more for 16 characters. Chance needs one in 40; a wall
made to need more goes as a whole."""


def to_int(digits: list[int]) -> int:
    """Give the number that base58 digits (0 to 57, most significant first) stand for."""
    value = 0
    for digit in digits:
        value = value * _BASE + digit
    return value


def decode(word: str) -> bytes | None:
    """Decode base58 in Bitcoin's alphabet; None when a character is not of it."""
    try:
        digits = [BITCOIN_DIGIT[char] for char in word]
    except KeyError:
        return None
    zeros = next((n for n, digit in enumerate(digits) if digit), len(digits))
    value = to_int(digits)
    return bytes(zeros) + value.to_bytes((value.bit_length() + 7) // 8, "big")


def checksum_holds(data: bytes) -> bool:
    """Tell whether the last four bytes are the double SHA-256 of the rest."""
    return sha256(sha256(data[:-_CHECKSUM]).digest()).digest()[:_CHECKSUM] == data[-_CHECKSUM:]


class Run:
    """The digits of one candidate, with sums that make the value of any window one subtraction."""

    __slots__ = ("any_version", "digits", "length", "odd", "sums", "zeros")

    def __init__(self, digits: list[int]) -> None:
        self.digits = digits
        self.length = len(digits)
        self.any_version = False
        self.odd = 0  # how often the odd checksum was tried
        sums = [0]
        for digit in digits:
            sums.append(sums[-1] * _BASE + digit & _MASK)
        self.sums = sums
        zeros = [0] * (self.length + 1)
        for index in range(self.length - 1, -1, -1):
            if digits[index] == 0:
                zeros[index] = zeros[index + 1] + 1
        self.zeros = zeros

    def window(self, start: int, end: int, size: int) -> bytes | None:
        """Give the bytes of a window, if it decodes to exactly `size`."""
        zeros = self.zeros[start]
        first = start + zeros
        if first >= end:
            return None
        value: int = self.sums[end] - self.sums[first] * _POWERS[end - first] & _MASK
        if value.bit_length() + 7 >> 3 != size - zeros:
            return None
        return value.to_bytes(size, "big")

    def address_holds(self, data: bytes) -> bool:
        """Tell whether an address has its checksum, SmartCash's among them."""
        if checksum_holds(data):
            return True
        if len(data) != ADDRESS or data[0] not in _KECCAK_VERSIONS:
            return False
        self.odd += 1
        digest = keccak.new(digest_bits=256, data=data[:-_CHECKSUM]).digest()
        return digest[:_CHECKSUM] == data[-_CHECKSUM:]

    def windows(self, start: int, size: int) -> Iterator[tuple[int, bytes]]:
        """Give end and bytes of every window from `start` that decodes to exactly `size` bytes."""
        zeros = self.zeros[start]
        if size - zeros < _CHECKSUM:
            return
        for length in LENGTHS[size - zeros]:
            end = start + zeros + length
            if end > self.length:
                return
            data = self.window(start, end, size)
            if data is not None:
                yield end, data


def to_digits(text: str, start: int, end: int, alphabet: dict[str, int]) -> list[int] | None:
    """Give the digits that a word stands for; None when a character is not of the alphabet."""
    try:
        return [alphabet[char] for char in text[start:end]]
    except KeyError:
        return None


def mixed(word: str) -> bool:
    """Tell whether a word has capitals and small letters, as all but one in 10 million do."""
    return word.lower() != word != word.upper()


def base58check(text: str, start: int, end: int) -> tuple[Span, ...]:
    """Find Base58Check in Bitcoin's alphabet inside a run of base58 characters.

    Addresses with versions of 1 to 3 bytes, WIF and BIP38 keys, Tezos. Tries at most `MAX_RUN`
    starts; a longer run, or one made of what needs slow hashes, is returned whole. A random window
    passes once in 4 billion.
    """
    word = text[start:end]
    if len(word) < _SHORTEST or not mixed(word):
        return NOTHING
    if len(word) > MAX_RUN:
        return ((start, end),)
    digits = to_digits(word, 0, len(word), BITCOIN_DIGIT)
    if digits is None:
        return NOTHING
    run = Run(digits)
    run.any_version = run.length <= _MOST_GLUED and not (word.isalpha() and not jagged(word))
    most = _MIN_TRIES + run.length // _CHARS_A_TRY
    spans: list[Span] = []
    at = 0
    while at <= run.length - _SHORTEST:
        last = _last_end(run, word, at)
        if run.odd > most:
            return ((start, end),)
        if last:
            spans.append((start + at, start + last))
        at = max(at + 1, last)
    return disjoint(spans)


_SHORTEST = min(LENGTHS[ADDRESS]) - 8
"""Digits of the shortest address that is tried: eight leading zeros make it that short."""


_LONGEST_SUFFIX = max(LENGTHS[max(_EDGE_SIZES)])
_COMPRESSED = 38
"""Bytes of a private key with the mark 01 behind it, which all of that size have."""


def _last_end(run: Run, word: str, at: int) -> int:
    """Give the end of the longest valid window that begins at `at`, or 0."""
    lead = word[at : at + 2]
    last = 0
    for size in _LEADS.get(lead, ()):
        for end, data in run.windows(at, size):
            if (size != _COMPRESSED or data[-_CHECKSUM - 1] == 1) and checksum_holds(data):
                last = max(last, end)
    zeros = run.zeros[at]
    if at == 0 or zeros or run.any_version:
        for size in _sizes(run, at):
            for end, data in run.windows(at, size):
                marked = at == 0 or size != _COMPRESSED or data[-_CHECKSUM - 1] == 1
                if marked and run.address_holds(data):
                    last = max(last, end)
    else:
        for length in _VERSION_LEADS.get(lead, ()):
            end = at + length
            window = run.window(at, end, ADDRESS) if end <= run.length else None
            if window is not None and window[0] in _VERSIONS and run.address_holds(window):
                last = max(last, end)
    if at and run.length - at - zeros <= _LONGEST_SUFFIX and _suffix_holds(run, at):
        return run.length
    return last


def _sizes(run: Run, at: int) -> tuple[int, ...]:
    """Give the sizes in bytes to try at a place, for any version."""
    left = run.length - at
    if at == 0:
        return _EDGE_SIZES
    if run.zeros[at]:
        return _GLUED_SIZES if run.any_version else (ADDRESS,)
    return tuple(size for size in _GLUED_SIZES if LENGTHS[size][0] <= left)


def _suffix_holds(run: Run, at: int) -> bool:
    """Tell whether what begins at `at` and ends with the run is valid, whatever its version."""
    zeros = run.zeros[at]
    left = run.length - at - zeros
    for size in _EDGE_SIZES:
        if size - zeros >= _CHECKSUM and left in LENGTHS[size - zeros]:
            data = run.window(at, run.length, size)
            if data is not None and run.address_holds(data):
                return True
    return False
