"""Long hex: transaction ids, keys, scripts and raw transactions, by shape.

A hash of a build looks the same; it stays where its place says what it is (an integrity value, the
name of a built file). Everything else of 64 digits and more may be a key, so it goes.
"""

from relay.detectors.spans import NOTHING, Span, after, ascii_alnum, before

_HEX = frozenset("0123456789abcdefABCDEF")
_MIN_DIGITS = 64
_MIN_VARIETY = 5
"""Fewest different digits of 64 by chance: one in 10^30 has fewer."""
_PUBLIC_KEY = 66
_LOOK_BACK = 16
_HASH_WORDS = (
    "sha1",
    "sha224",
    "sha256",
    "sha384",
    "sha512",
    "sha3",
    "md5",
    "blake2b",
    "integrity",
)
_BUILT = (
    "js",
    "mjs",
    "cjs",
    "css",
    "map",
    "wasm",
    "woff",
    "woff2",
    "svg",
    "png",
    "chunk",
    "bundle",
)
_EXTENSION = 7


def _is_integrity(text: str, start: int) -> bool:
    """Tell whether `sha256-`, `sha256:`, `integrity=` or the like stands before."""
    head = text[max(0, start - _LOOK_BACK) : start].lower().rstrip(" \"'-:=")
    return head.replace("-", "").endswith(_HASH_WORDS)


def _is_built_file(text: str, end: int) -> bool:
    """Tell whether `.js`, `.css`, `.chunk` and so on follow."""
    if after(text, end) != ".":
        return False
    stop = end + 1
    while stop < len(text) and stop - end <= _EXTENSION and ascii_alnum(text[stop]):
        stop += 1
    return text[end + 1 : stop].lower() in _BUILT


def hex64(text: str, start: int, end: int) -> tuple[Span, ...]:
    """Find 64 or more hex digits, with `0x` or not, that are no integrity value or built file.

    The candidate is widened to the maximal run. Transaction and block ids, public keys (66 and 130
    digits), Cardano's account keys (128), private keys, session ids and raw transactions.
    """
    first = start + 2 if text[start : start + 2] in ("0x", "0X") else start
    if end - first < _MIN_DIGITS or not _HEX.issuperset(text[first:end]):
        return NOTHING
    while first > 0 and text[first - 1] in _HEX:
        first -= 1
    while end < len(text) and text[end] in _HEX:
        end += 1
    if _is_integrity(text, first) or _is_built_file(text, end):
        return NOTHING
    word = text[first:end]
    # A large number, for hex of this length has letters; or a pattern, and filler.
    if word.isdigit() or len(set(word.lower())) < _MIN_VARIETY:
        return NOTHING
    return ((min(start, first), end),)


def node_id(text: str, start: int, end: int) -> tuple[Span, ...]:
    """Find a compressed public key: exactly 66 hex digits beginning with 02 or 03."""
    word = text[start:end]
    if len(word) != _PUBLIC_KEY or word[:2] not in ("02", "03") or not _HEX.issuperset(word):
        return NOTHING
    if ascii_alnum(before(text, start)) or ascii_alnum(after(text, end)):
        return NOTHING
    return ((start, end),)
