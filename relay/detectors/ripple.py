"""The XRP Ledger: Base58Check in an alphabet of its own.

Sources: xrpl.org "base58 encodings", XLS-5 (X-address).
"""

from collections.abc import Sequence

from relay.detectors.base58 import ADDRESS, LENGTHS, Run, checksum_holds, mixed, to_digits
from relay.detectors.spans import MAX_RUN, NOTHING, Span, disjoint

RIPPLE = "rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz"
_DIGIT = {char: value for value, char in enumerate(RIPPLE)}

_SIZES = {"r": (ADDRESS,), "s": (21, 23), "a": (38,), "n": (38,)}
_X_ADDRESS = (35,)
_X_PREFIXES = (b"\x05\x44", b"\x04\x93")


def _least(sizes: Sequence[int]) -> int:
    """Give the digits of the shortest window that begins with a digit other than 0."""
    return min(LENGTHS[size].start for size in sizes)


_LEAST = {
    char: _least(sizes) for char, sizes in {**_SIZES, "X": _X_ADDRESS, "T": _X_ADDRESS}.items()
}
_ZERO = RIPPLE[0]


def _begins(word: str) -> list[int]:
    """Give where in a word something can begin that is long enough, without a look at its digits.

    A digit 0 is a byte that is 0, which takes one character and not 1.37: windows that begin with
    several of them are shorter.
    """
    length = len(word)
    found = []
    for at, char in enumerate(word):
        least = _LEAST.get(char)
        if least is None:
            continue
        if char == _ZERO:
            zeros = length - at - len(word[at:].lstrip(_ZERO))
            least = zeros + LENGTHS[ADDRESS - zeros].start if zeros < ADDRESS else zeros
        if at + least <= length:
            found.append(at)
    return found


def ripple(text: str, start: int, end: int) -> tuple[Span, ...]:
    """Find XRP Ledger addresses, seeds and public keys (Ripple's alphabet) and X-addresses.

    Tries at most `MAX_RUN` starts; a longer run is returned whole.
    """
    word = text[start:end]
    if not mixed(word):
        return NOTHING
    if len(word) > MAX_RUN:
        return ((start, end),)
    begins = _begins(word)
    if not begins:
        return NOTHING
    digits = to_digits(text, start, end, _DIGIT)
    if digits is None:
        return NOTHING
    run = Run(digits)
    spans = []
    for at in begins:
        char = word[at]
        for size in _X_ADDRESS if char in "XT" else _SIZES.get(char, ()):
            for last, data in run.windows(at, size):
                if size in _X_ADDRESS and data[:2] not in _X_PREFIXES:
                    continue
                if checksum_holds(data):
                    spans.append((start + at, start + last))
    return disjoint(spans)
