"""Whether a span is a piece of base64: what stands in it by chance is no identifier.

Sources: RFC 4648 (base64), RFC 2397 (data URIs), Subresource Integrity. What base64 hides is the
business of views, which open it.
"""

import re

from relay.detectors.spans import after, ascii_alnum, before, jagged

# Fixed tokenisers, not rule patterns. Shorter pieces say nothing.
_LETTERS = re.compile("[A-Za-z0-9+/]*")  # noqa: TID251
_PIECES = re.compile("[A-Za-z0-9+]{8,}")  # noqa: TID251
_LOOK = 160
"""Most characters on each side that are looked at."""
_AROUND = 64
"""Fewest characters of base64 around a span that has no telling word before it."""
_ZEROS, _OFTEN, _LONG = "A", 4, 32
"""What base64 writes zeros as; of so many random characters hardly ever more than one in four."""
_AROUND_PADDED = 12
"""The same where a `=` ends it all."""
_OPENERS = ("base64,", "sha256-", "sha384-", "sha512-")
_LONGEST_OPENER = max(map(len, _OPENERS))
_SEGMENT = 20
"""Most characters of a word that a `/` or `+` sets apart."""
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
    first = start - _length(text[max(0, start - _LOOK) : start][::-1])
    if text[max(0, first - _LONGEST_OPENER) : first].lower().endswith(_OPENERS):
        return True
    stop = end + _length(text[end : end + _LOOK])
    padded = after(text, stop) == "=" and not ascii_alnum(after(text, stop + 1))
    if start - first + stop - end < (_AROUND_PADDED if padded else _AROUND):
        return False
    return _is_random(text, first, start) or _is_random(text, end, stop)


def _is_random(text: str, start: int, end: int) -> bool:
    """Tell whether a piece between two `/` has the case of chance, and what no identifier has."""
    pieces = _PIECES.findall(text, start, end)
    return any(not _NO_ID.isdisjoint(piece) and jagged(piece) for piece in pieces)


def _length(text: str) -> int:
    """Give how many letters of base64 a text begins with."""
    found = _LETTERS.match(text)
    return found.end() if found else 0


def _wordlike(segment: str) -> bool:
    """Tell whether the neighbour across a `/` or `+` is a word, and not more of a base64 text."""
    if len(segment) > _SEGMENT:
        return False
    return not segment or segment.islower() or segment.isdigit()


def touches_base64(text: str, start: int, end: int) -> bool:
    """Tell whether a run stands inside of base64, be it short: glued to it by `+`, `/` or `=`."""
    if in_base64(text, start, end):
        return True
    if after(text, end) == "=" and not ascii_alnum(after(text, end + 1)):
        return True
    if before(text, start) in ("+", "/"):
        at = start - 1
        while at > 0 and ascii_alnum(text[at - 1]) and start - at <= _SEGMENT + 1:
            at -= 1
        if not _wordlike(text[at : start - 1]):
            return True
    if after(text, end) in ("+", "/"):
        at = end + 1
        while at < len(text) and ascii_alnum(text[at]) and at - end <= _SEGMENT + 1:
            at += 1
        return not _wordlike(text[end + 1 : at])
    return False
