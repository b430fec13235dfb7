"""Views: other ways to read a string, so that what hides in an encoding is found.

Law of this file: a view turns a text into other texts with a map back; it knows nothing of rules.
Each has a cheap trigger: an RE2 pattern that rides in the one set pass over the document, or, for
look-alikes, "is not ASCII". A new way to hide is a new row in `VIEWS`, never a case in a rule.
"""

import binascii
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from relay.rules.patterns import Pattern, compile_pattern

Mapped = tuple[str, list[int], list[int]]
"""A text, and for each of its characters where its source begins and ends."""

MakeView = Callable[[str, Iterator[tuple[int, int]]], Iterator[Mapped]]
"""(text, spans that the trigger found in it) -> the texts it can also be read as."""


@dataclass(frozen=True, slots=True)
class View:
    """A name, the trigger and the function that reads.

    `by_token` is true where each span of the trigger is read alone, false where the text is read
    as a whole.
    """

    name: str
    trigger: Pattern
    make: MakeView
    by_token: bool = False


class _Builder:
    """Collects a text with its map."""

    __slots__ = ("ends", "pieces", "starts")

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.starts: list[int] = []
        self.ends: list[int] = []

    def copy(self, text: str, start: int, end: int) -> None:
        if start < end:
            self.pieces.append(text[start:end])
            self.starts.extend(range(start, end))
            self.ends.extend(range(start + 1, end + 1))

    def put(self, piece: str, start: int, end: int) -> None:
        self.pieces.append(piece)
        self.starts.extend([start] * len(piece))
        self.ends.extend([end] * len(piece))

    def result(self) -> Mapped:
        return "".join(self.pieces), self.starts, self.ends


# --- look-alikes ---------------------------------------------------------------------------------

_INVISIBLE: Final = frozenset(
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200c\u200d\u200e\u200f"
    "\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069"
    "\u206a\u206b\u206c\u206d\u206e\u206f\ufeff\ufff9\ufffa\ufffb"
) | {chr(c) for c in (*range(0xFE00, 0xFE10), *range(0xE0000, 0xE0080), *range(0xE0100, 0xE01F0))}
# Letters of other scripts that look like Latin ones (Unicode TR 39, the everyday part).
_CONFUSABLE: Final = dict(
    zip(
        "АВСЕНІЈКМОРЅТХУасеһіјорѕхуԁԛԝΑΒΕΖΗΙΚΜΝΟΡΤΥΧοανρυικτ"
        "\u0131\u0237\u0261\u2113\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2044\u2215\uff1a\u3002\uff0e\u2024",
        "ABCEHIJKMOPSTXYacehijopsxydqwABEZHIKMNOPTYXoavpuiktijgl-------//:...",
        strict=True,
    )
)


def fold(text: str) -> Mapped | None:
    """Read as NFKC (Unicode Annex 15), without invisible characters, look-alikes as Latin.

    Returns None when that reads the same.
    """
    out = _Builder()
    plain = 0
    changed = False
    for i, c in enumerate(text):
        if c < "\u0080":
            continue
        if c in _INVISIBLE:
            other = ""
        else:
            other = _CONFUSABLE.get(c) or unicodedata.normalize("NFKC", c)
            if other == c:
                digit = unicodedata.decimal(c, None)
                if digit is None:
                    continue
                other = str(digit)
            elif len(other) > _LONGEST_FOLD:
                continue
            else:
                other = "".join(_CONFUSABLE.get(o, o) for o in other)
        changed = True
        out.copy(text, plain, i)
        out.put(other, i, i + 1)
        plain = i + 1
    if not changed:
        return None
    out.copy(text, plain, len(text))
    return out.result()


_LONGEST_FOLD: Final = 4
"""A few characters unfold to whole sentences; they hide nothing, and a text must not explode."""


# --- escapes -------------------------------------------------------------------------------------


def _percent(text: str, spans: Iterator[tuple[int, int]]) -> Iterator[Mapped]:
    """Read `%41` as `A`, runs of them as UTF-8 (RFC 3986, section 2.1)."""
    out = _Builder()
    at = 0
    for start, end in spans:
        out.copy(text, at, start)
        raw = binascii.unhexlify(text[start:end].replace("%", ""))
        _put_bytes(out, raw, start, 3)
        at = end
    out.copy(text, at, len(text))
    yield out.result()


def _put_bytes(out: _Builder, raw: bytes, start: int, width: int) -> None:
    """Add decoded bytes, of which each stood in `width` characters of source."""
    try:
        decoded = raw.decode()
    except UnicodeDecodeError:
        decoded = raw.decode("latin-1")
    at = start
    for c in decoded:
        size = width * (len(c.encode()) if len(decoded) != len(raw) else 1)
        out.put(c, at, at + size)
        at += size


# Feeds, bells and the like are left out: they hide nothing, and names of folders begin so.
_SIMPLE: Final = {"n": "\n", "r": "\r", "t": "\t"}


def _unescape(text: str, spans: Iterator[tuple[int, int]]) -> Iterator[Mapped]:
    r"""Read `\u0041`, `\x41`, `\n`, `\"` and `\\` as what they stand for (RFC 8259, section 7)."""
    out = _Builder()
    at = 0
    for start, end in spans:
        out.copy(text, at, start)
        kind = text[start + 1]
        if kind in "uUx" and end - start > 2:
            code = int(text[start + 2 : end].strip("{}"), 16)
            c = chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"
        else:
            c = _SIMPLE.get(kind, kind)
        out.put(c, start, end)
        at = end
    out.copy(text, at, len(text))
    yield out.result()


_ENTITIES: Final = {
    "amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'", "nbsp": " ", "colon": ":",
    "period": ".", "sol": "/", "bsol": "\\", "commat": "@", "lowbar": "_", "hyphen": "-",
}  # fmt: skip


def _entities(text: str, spans: Iterator[tuple[int, int]]) -> Iterator[Mapped]:
    """Read `&#x2F;` and `&amp;` as what they stand for (HTML, character references)."""
    out = _Builder()
    at = 0
    for start, end in spans:
        out.copy(text, at, start)
        name = text[start + 1 : end].rstrip(";").lower()
        if name.startswith("#"):
            digits = name[1:]
            code = int(digits[1:], 16) if digits.startswith("x") else int(digits)
            c = chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"
        else:
            c = _ENTITIES[name]
        out.put(c, start, end)
        at = end
    out.copy(text, at, len(text))
    yield out.result()


def _joined(text: str, spans: Iterator[tuple[int, int]]) -> Iterator[Mapped]:
    """Read groups and display lines as one word: what stands between them is left out."""
    for start, end in spans:
        out = _Builder()
        at = start
        for i in range(start, end):
            if not text[i].isalnum():
                out.copy(text, at, i)
                at = i + 1
        out.copy(text, at, end)
        yield out.result()


# --- encodings -----------------------------------------------------------------------------------

_PRINTABLE: Final = bytes((*range(32, 127), 9, 10, 13))
_CONTROL: Final = bytes((*range(32), 127))


def _as_text(raw: bytes) -> str | None:
    """Return bytes as text if they are text: UTF-8 or UTF-16, nearly all of it printable."""
    if not raw:
        return None
    for encoding in ("utf-8", "utf-16-le" if raw[1:2] == b"\0" else "utf-16-be"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        odd = sum(1 for c in text if c < " " and c not in "\t\n\r")
        if odd * 20 <= len(text):
            return text
    return None


def _base64(text: str, spans: Iterator[tuple[int, int]]) -> Iterator[Mapped]:
    """Open base64 and base64url (RFC 4648), padded or not; a hit redacts the whole token."""
    for start, end in spans:
        token = text[start:end].rstrip("=")
        # Base64 of text mixes its letters; words and paths mostly do not.
        if token.islower() or token.isupper():
            continue
        token = token.replace("-", "+").replace("_", "/")
        # A token cut from something longer may begin one to three characters early.
        for skip in range(4) if len(token) <= _SHIFT_LIMIT else (0,):
            # The head alone tells most tokens that are no base64 of text.
            head = token[skip : skip + _HEAD]
            if not _mostly_text(binascii.a2b_base64(head[: len(head) // 4 * 4])):
                continue
            part = token[skip:]
            part = part[:-1] if len(part) % 4 == 1 else part
            raw = binascii.a2b_base64(part + "=" * (-len(part) % 4))
            opened = _as_text(raw)
            if opened:
                yield opened, [start] * len(opened), [end] * len(opened)
                break


_SHIFT_LIMIT: Final = 4_096
_HEAD: Final = 32


def _mostly_text(raw: bytes) -> bool:
    """Whether the first bytes look like text; keeps random tokens cheap."""
    head = raw[:24]
    odd = head.translate(None, _PRINTABLE)
    if len(odd) * 2 > len(head):
        return False
    zeros = odd.count(0)
    high = len(odd.translate(None, _CONTROL)) if odd else 0
    return len(odd) - zeros - high <= 1 and high * 3 <= len(head)


def _hex(text: str, spans: Iterator[tuple[int, int]]) -> Iterator[Mapped]:
    """Open hex of text; each character maps to its own two digits."""
    for start, end in spans:
        for skip in (0, 1):
            digits = text[start + skip : end]
            digits = digits[: len(digits) // 2 * 2]
            raw = binascii.unhexlify(digits)
            if not _mostly_text(raw):
                continue
            opened = _as_text(raw)
            if opened is None or not opened.isascii():
                continue
            width = 2 if len(opened) == len(raw) else 4
            first = start + skip
            starts = [first + i * width for i in range(len(opened))]
            yield opened, starts, [s + width for s in starts]
            break


def may_hide(text: str) -> bool:
    """Return whether any view could read a text differently; a cheap test for a single text."""
    return (
        len(text) >= _SHORTEST or "%" in text or "\\" in text or "&" in text or not text.isascii()
    )


_SHORTEST: Final = 20
"""Characters of the shortest text that `groups`, `base64` and `hex` open."""

VIEWS: Final[tuple[View, ...]] = (
    View("percent", compile_pattern(r"(?:%[0-9A-Fa-f]{2})+"), _percent),
    View(
        "unescape",
        compile_pattern(
            r"\\(?:u[0-9A-Fa-f]{4}|u\{[0-9A-Fa-f]{1,6}\}|x[0-9A-Fa-f]{2}|U[0-9A-Fa-f]{8}"
            r"|[\\\"'/nrt])"
        ),
        _unescape,
    ),
    View(
        "entities",
        compile_pattern(
            r"(?i)&(?:#[0-9]{1,7}|#x[0-9a-f]{1,6}"
            r"|amp|lt|gt|quot|apos|nbsp|colon|period|sol|bsol|commat|lowbar|hyphen);"
        ),
        _entities,
    ),
    View(
        "groups",
        compile_pattern(
            r"\b(?:[0-9A-Za-z]{4}[\s-]{1,3}){5,}[0-9A-Za-z]{1,4}\b"
            r"|\b(?:[0-9A-Za-z]{17,21}\s{1,3})+[0-9A-Za-z]{1,21}\b"
        ),
        _joined,
        by_token=True,
    ),
    View("base64", compile_pattern(r"[A-Za-z0-9+/_-]{20,}={0,2}"), _base64, by_token=True),
    View("hex", compile_pattern(r"[0-9A-Fa-f]{24,}"), _hex, by_token=True),
)
"""All views with a trigger; `fold` goes by "is not ASCII"."""
