"""Whether a span is a piece of base64: what stands in it by chance is no identifier.

Sources: RFC 4648 (base64), RFC 2397 (data URIs), Subresource Integrity. What base64 hides is the
business of views, which open it.
"""

from relay.detectors.spans import jagged

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_LOOK = 160
"""Most characters on each side that are looked at."""
_AROUND = 64
"""Fewest characters of base64 around a span that has no telling word before it."""
_ZEROS, _OFTEN, _LONG = "A", 4, 32
"""What base64 writes zeros as; of so many random characters hardly ever more than one in four."""
_OPENERS = ("base64,", "sha256-", "sha384-", "sha512-")
_LONGEST_OPENER = max(map(len, _OPENERS))
_NO_ID = frozenset("OIl+")
"""What neither base58 nor hex has: an identifier next to another is no base64."""


def in_base64(text: str, start: int, end: int) -> bool:
    """Tell whether a span is a piece of longer base64.

    It is behind `base64,` or `sha256-`, with nothing but base64 between, or where so much of what
    stands around it mixes its letters as base64 does, and words and other identifiers do not.
    Base64 of numbers is told by its zeros.
    """
    if end - start >= _LONG and text.count(_ZEROS, start, end) * _OFTEN > end - start:
        return True
    head = text[max(0, start - _LOOK) : start]
    left = head[len(head.rstrip(_LETTERS)) :]
    first = start - len(left)
    if text[max(0, first - _LONGEST_OPENER) : first].lower().endswith(_OPENERS):
        return True
    tail = text[end : end + _LOOK]
    right = tail[: len(tail) - len(tail.lstrip(_LETTERS))]
    if len(left) + len(right) < _AROUND:
        return False
    pieces = (*left.split("/"), *right.split("/"))
    return any(not _NO_ID.isdisjoint(piece) and jagged(piece) for piece in pieces)
