"""The XRP Ledger: Base58Check in an alphabet of its own.

Sources: xrpl.org "base58 encodings", XLS-5 (X-address).
"""

from relay.detectors.base58 import ADDRESS, Run, checksum_holds, mixed, to_digits
from relay.detectors.spans import MAX_RUN, NOTHING, Span, disjoint

RIPPLE = "rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz"
_DIGIT = {char: value for value, char in enumerate(RIPPLE)}

_SIZES = {"r": (ADDRESS,), "s": (21, 23), "a": (38,), "n": (38,)}
_X_ADDRESS = (35,)
_X_PREFIXES = (b"\x05\x44", b"\x04\x93")


def ripple(text: str, start: int, end: int) -> tuple[Span, ...]:
    """Find XRP Ledger addresses, seeds and public keys (Ripple's alphabet) and X-addresses.

    Tries at most `MAX_RUN` starts; a longer run is returned whole.
    """
    if not mixed(text[start:end]):
        return NOTHING
    if end - start > MAX_RUN:
        return ((start, end),)
    digits = to_digits(text, start, end, _DIGIT)
    if digits is None:
        return NOTHING
    run = Run(digits)
    spans = []
    for at in range(run.length):
        char = text[start + at]
        for size in _X_ADDRESS if char in "XT" else _SIZES.get(char, ()):
            for last, data in run.windows(at, size):
                if size in _X_ADDRESS and data[:2] not in _X_PREFIXES:
                    continue
                if checksum_holds(data):
                    spans.append((start + at, start + last))
    return disjoint(spans)
