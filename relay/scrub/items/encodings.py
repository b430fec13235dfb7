"""In which encoding the bytes of an attachment are text, if in any.

Law of this file: a reading must be so narrow that what is not text has none. UTF-8 and UTF-16 are
known by their byte-order mark or by what they hold; what else is ASCII with letters of Western
Europe is read as Windows writes it (code page 1252), in which each identifier reads as it is, in
any other code page too. UTF-32 is written by nobody.
"""

import codecs
import unicodedata
from dataclasses import dataclass, field
from typing import Final

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CONTROL: Final = frozenset(map(chr, range(32))) - set("\t\n\r\f\v\b\x1b")
_MOST_CUT: Final = 3
"""Bytes that can be left of a character of UTF-8 that was cut."""
_FEWEST, _SPACING = 2, 12
"""Zeros that UTF-16 has at least, in all and one in so many characters."""
_WESTERN: Final = "cp1252"
_SIGNS: Final = frozenset(
    "\u20ac\u2013\u2014\u2018\u2019\u201c\u201d\u2026\u00a7\u00a9\u00ab\u00b0\u00bb"
)
"""The signs beside letters that occur in logs: the euro, dashes, quotes, dots, degrees."""
_NO_TEXT: Final = frozenset({"Cn", "Co", "Cs"})
"""Categories of what no text holds: characters that are not assigned, or only in private."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text, and how to write it as it came.

    Attributes:
        bom: its byte-order mark; may be empty.
        encoding: Python's name of its encoding.
        text: without the mark.
    """

    bom: bytes
    encoding: str
    text: str = field(repr=False)

    @property
    def is_wide(self) -> bool:
        """Whether a character takes two bytes at least."""
        return self.encoding.startswith("utf-16")

    def encode(self, text: str) -> bytes:
        """Return another text in the same encoding, so that it is read as text again."""
        if self.encoding == _WESTERN and " " not in text and "\n" not in text:
            # JSON is written without spaces, and bytes without any have no such reading.
            text += "\n"
        if self.is_wide:
            # A document may have said such characters in escapes, and is written without those.
            odd = {ord(c): "\ufffd" for c in frozenset(text) if _is_odd(c)}
            text = text.translate(odd) if odd else text
        return self.bom + text.encode(self.encoding, "replace")


def decode(payload: bytes) -> Decoded | None:
    """Read bytes as text; None if they are none."""
    for bom, encoding in _BOMS:
        if payload.startswith(bom):
            return _utf_8(payload, bom) if encoding == "utf-8" else _wide(payload, bom, encoding)
    if b"\0" not in payload:
        return _utf_8(payload, b"") or _western(payload)
    if len(payload) % 2:
        return None
    # UTF-16 without a mark: spaces, digits and ends of lines have a zero, mostly on the same side.
    low, high = payload[::2].count(0), payload[1::2].count(0)
    zeros, units = max(low, high), len(payload) // 2
    if zeros < max(_FEWEST, units // _SPACING):
        return None
    if zeros * 2 <= units and payload.isascii() and not _is_control(payload):
        # Text of one byte a character, with a few zeros in it.
        return None
    return _wide(payload, b"", "utf-16-le" if high > low else "utf-16-be")


def _is_control(payload: bytes) -> bool:
    flat = payload.replace(b"\0", b"").decode("latin-1")
    return bool(_CONTROL.intersection(flat))


def _utf_8(payload: bytes, bom: bytes) -> Decoded | None:
    """Read UTF-8; a character that is cut off at the end is left out."""
    data = payload[len(bom) :]
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.reason != "unexpected end of data" or len(data) - error.start > _MOST_CUT:
            return None
        text = data[: error.start].decode("utf-8")
        if not text:
            return None
    return None if _CONTROL.intersection(text) else Decoded(bom, "utf-8", text)


def _wide(payload: bytes, bom: bytes, encoding: str) -> Decoded | None:
    try:
        text = payload[len(bom) :].decode(encoding)
    except UnicodeDecodeError:
        return None
    if any(_is_odd(c) for c in frozenset(text)):
        return None
    return Decoded(bom, encoding, text)


def _is_odd(character: str) -> bool:
    return character in _CONTROL or unicodedata.category(character) in _NO_TEXT


def _western(payload: bytes) -> Decoded | None:
    try:
        text = payload.decode(_WESTERN)
    except UnicodeDecodeError:
        return None
    characters = frozenset(text)
    if _CONTROL & characters or characters.isdisjoint(" \n"):
        return None
    if not all(c.isascii() or c.isalpha() or c in _SIGNS for c in characters):
        return None
    return Decoded(b"", _WESTERN, text)
