"""Encodings: base64, base32 and hex that hold text, opened.

A hit in opened base64 or base32 redacts the whole token; one in hex its own digits.
"""

import base64 as codec
import binascii
import re
import zlib
from collections.abc import Callable, Iterator
from typing import Final

from relay.scrub.budget import Budget
from relay.scrub.readings import Map
from relay.scrub.views.model import Builder, Mapped, put_bytes

Span = tuple[int, int]

_ANY: Final = "[A-Za-z0-9+/_-]"
# Four characters that stand for three of ASCII text: the highest bit of each byte is 0, and none
# is a control character but for white space. Ordinary words do not look so four times in a row.
_ASCII: Final = f"[CDI-Za-f][AC-HQS-Xgi-nwy-z0-3][ABEFIJMNQRUVYZcdghklopstwx014589]{_ANY}"
# Eight that stand for three characters of Latin text in UTF-16.
_WIDE: Final = f"[I-Za-f][AQgw][AB]{_ANY}A[A-H]{_ANY}A"
# Four that stand for digits and dots alone: an address may have as few as seven.
_DIGITS: Final = "[L-O][CDSTijyz][AEIMQUYcgk4][u-z0-5]"
# A typographic apostrophe or a prime between a digit and a slash, as in derivation paths: so few
# characters stand between them that no four groups are ASCII.
_PRIMES: Final = f"4oC[Zy]Lz|[M-O][Oeu]KA(?:mS|si)8|{_ANY}{{3}}i(?:gJk|gLI)v"
# The first bytes of gzip and zlib.
_PACKED: Final = rf"\b(?:H4sI|e[AFJN]){_ANY}{{24,}}"

BASE64: Final = f"(?:{_ASCII}){{4,}}|(?:{_WIDE}){{2,}}|(?:{_DIGITS}){{2,}}[L-O]|{_PRIMES}|{_PACKED}"
BASE32: Final = "[A-Za-z2-7]{24,}={0,6}"
HEX: Final = (
    # ASCII text, the same in UTF-16, and an IPv4 address, which may be shorter.
    "(?:[2-7][0-9A-Fa-f]){10,}|(?:[2-7][0-9A-Fa-f]00){6,}"
    "|(?:3[0-9]){1,3}(?:2[Ee](?:3[0-9]){1,3}){3}"
)

_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_"
_HEX_DIGITS: Final = "0123456789abcdefABCDEF"
_STANDARD: Final = str.maketrans("-_", "+/", "= \t\r\n")
# Fixed tokenisers, not rule patterns.
_REST: Final = re.compile(r"[A-Za-z0-9+/_-]*={0,2}")  # noqa: TID251
_HEX_REST: Final = re.compile("[0-9A-Fa-f]*")  # noqa: TID251
_NEXT_LINE: Final = re.compile(r"[ \t\r\n]{1,4}([A-Za-z0-9+/_-]+={0,2})")  # noqa: TID251
_RUNS: Final = re.compile(rb"[\t\n\r -~]{8,}")  # noqa: TID251
_LINES: Final = range(57, 81)
"""Characters of a line of base64 (RFC 2045 has 76 at most, PEM 64)."""


def _tokens(
    text: str,
    spans: Iterator[Span],
    letters: str,
    end_of: Callable[[str, int, int], int],
    size: int,
) -> Iterator[tuple[int, int, int]]:
    """Widen what triggers found to whole tokens of these letters.

    Yields (begin of the token, where its units of so many characters begin, end), each once.
    """
    begin = end = 0
    tried: set[int] = set()
    for start, stop in spans:
        if start >= end:
            begin = end + len(text[end:start].rstrip(letters))
            end = end_of(text, begin, stop)
            tried = set()
        phase = (start - begin) % size
        if phase not in tried:
            tried.add(phase)
            yield begin, begin + phase, end


def base64(text: str, spans: Iterator[Span], budget: Budget) -> Iterator[Mapped]:
    """Open base64 and base64url (RFC 4648), padded or not, over several lines or not.

    The trigger finds where groups of four begin, so it does not matter what is glued before.
    """
    for begin, first, end in _tokens(text, spans, _ALPHABET, _base64_end, 4):
        opened = _opened(text[first:end].translate(_STANDARD), budget)
        if opened:
            way = Map()
            way.add(len(opened), begin, end)
            yield opened, way


def _base64_end(text: str, begin: int, stop: int) -> int:
    found = _REST.match(text, stop)
    return _last_line(text, begin, found.end() if found else stop)


def _last_line(text: str, begin: int, end: int) -> int:
    """Return where base64 that goes on over lines of the same length ends."""
    width = end - begin
    if width not in _LINES or width % 4:
        return end
    while True:
        found = _NEXT_LINE.match(text, end)
        size = len(found[1]) if found else 0
        if found is None or size > width or (size % 4 and not found[1].endswith("=")):
            return end
        end = found.end()
        if size < width:
            return end


def _opened(token: str, budget: Budget) -> str | None:
    token = token[: len(token) - (len(token) % 4 == 1)]
    raw = binascii.a2b_base64(token + "=" * (-len(token) % 4))
    return _text_of(_inflated(raw, budget) or raw)


def _text_of(raw: bytes) -> str | None:
    """Return bytes as text: UTF-8 as a whole, else what is printable in them, in lines.

    In UTF-16 every other byte of Latin text is zero, so without them it reads the same.
    """
    if b"\0" not in raw:
        try:
            return raw.decode()
        except UnicodeDecodeError:
            pass
    runs = _RUNS.findall(raw.replace(b"\0", b""))
    return b"\n".join(runs).decode("ascii") if runs else None


def _inflated(raw: bytes, budget: Budget) -> bytes | None:
    """Unpack gzip (RFC 1952) and zlib (RFC 1950), as far as text is packed and there is room."""
    is_zlib = raw[:1] == b"\x78" and int.from_bytes(raw[:2], "big") % 31 == 0
    if not is_zlib and not raw.startswith(b"\x1f\x8b\x08"):
        return None
    try:
        # One byte more than there is room for is enough to know that it does not fit.
        most = min(_RATIO * len(raw), max(0, budget.room) + 1)
        unpacked = zlib.decompressobj(_EITHER).decompress(raw, most)
    except zlib.error:
        return None
    budget.take(len(unpacked))
    return unpacked


_EITHER: Final = 32 + zlib.MAX_WBITS
_RATIO: Final = 32
"""Text packs to a tenth; what grows more is made to."""


def base32(text: str, spans: Iterator[Span], _: Budget) -> Iterator[Mapped]:
    """Open base32 (RFC 4648), padded or not, in capitals or small letters."""
    for start, end in spans:
        token = text[start:end].rstrip("=")
        if not token.isupper() and not token.islower():
            continue
        # Lengths that no number of bytes gives lose what is too much.
        token = token[: len(token) - _TOO_MUCH.get(len(token) % 8, 0)]
        raw = codec.b32decode(token + "=" * (-len(token) % 8), casefold=True)
        opened = _text_of(raw)
        if opened:
            way = Map()
            way.add(len(opened), start, end)
            yield opened, way


_TOO_MUCH: Final = {1: 1, 3: 1, 6: 1}


def hexadecimal(text: str, spans: Iterator[Span], _: Budget) -> Iterator[Mapped]:
    """Open hex of text, in UTF-8 or UTF-16; each character maps to its own digits."""
    for _begin, first, end in _tokens(text, spans, _HEX_DIGITS, _hex_end, 2):
        out = Builder()
        size = (end - first) // 2 * 2
        _put_hex(out, binascii.unhexlify(text[first : first + size]), first)
        if out.pieces:
            yield out.result()


def _hex_end(text: str, _: int, stop: int) -> int:
    found = _HEX_REST.match(text, stop)
    return found.end() if found else stop


def _put_hex(out: Builder, raw: bytes, first: int) -> None:
    width = 2
    even = raw[: len(raw) // 2 * 2]
    for half, other in ((even[::2], even[1::2]), (even[1::2], even[::2])):
        if other.count(0) * 2 > len(other):
            raw, width = half, 4
            break
    if width == 2 and _is_utf8(raw):
        put_bytes(out, raw, first, first + 2 * len(raw), width)
        return
    for run in _RUNS.finditer(raw):
        begin, end = (first + width * place for place in run.span())
        out.put(run.group().decode("ascii"), begin, end, width)
        out.put("\n", end - width, end)


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True
