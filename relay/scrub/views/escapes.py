r"""Escapes: `%41`, `\u0041`, `&#65;` and what else stands for one character.

All are read in one pass: one view for each would be opened in the views of the others again.
"""

import binascii
import re
from collections.abc import Iterator
from html.entities import html5
from typing import Final

from relay.scrub.budget import Budget
from relay.scrub.views.model import Builder, Mapped, put_bytes

Span = tuple[int, int]

ESCAPES: Final = (
    # URLs (RFC 3986, section 2.1), and JavaScript's old `escape`.
    r"(?:%[0-9A-Fa-f]{2})+|(?:%u[0-9A-Fa-f]{4})+"
    # JSON (RFC 8259, section 7), JavaScript, Python, C. Feeds, bells and the like are left out:
    # they hide nothing, and names of folders begin so.
    r"|(?:\\u[0-9A-Fa-f]{4})+|\\u\{[0-9A-Fa-f]{1,6}\}|\\U[0-9A-Fa-f]{8}"
    r"|(?:\\x[0-9A-Fa-f]{2})+|(?:\\[0-3][0-7]{2})+|\\0|(?:\\[\\\"'/nrt])+"
    # HTML, character references.
    r"|(?:&#(?:[0-9]{2,7}|[xX][0-9A-Fa-f]{1,6});?)+|&[A-Za-z][A-Za-z0-9]{1,30};"
    # Quoted-printable (RFC 2045, section 6.7); a single one is mostly an assignment.
    r"|=[0-9A-F][0-9A-F]=[0-9A-F][0-9A-F](?:=[0-9A-F][0-9A-F])*"
    # UTF-16 that was read as bytes; colours of a terminal; a line that goes on in the next.
    r"|\x00+|\x1b\[[0-9;]*m|[=\\]\r{1,2}"
)
"""Runs of the same kind are one span: they are read at once. Newlines are `\r` here."""

_BREAK: Final = 3
"""Most characters of a sign and the end of a line."""
_SIMPLE: Final = str.maketrans({"n": "\n", "r": "\r", "t": "\t"})
_REFERENCE: Final = re.compile("&#([xX]?)([0-9A-Fa-f]+);?")  # noqa: TID251 - a closed shape
_SURROGATE: Final = re.compile("[dD][89A-Fa-f]")  # noqa: TID251
_ALONE: Final = 4
"""Digits of a unit of UTF-16."""
_UNIT: Final = re.compile(  # noqa: TID251
    "[dD][89ABab][0-9A-Fa-f]{2}[dD][C-Fc-f][0-9A-Fa-f]{2}|[0-9A-Fa-f]{4}"
)


def escapes(text: str, spans: Iterator[Span], _: Budget) -> Iterator[Mapped]:
    r"""Read `%41`, `\u0041`, `\x41`, `\101`, `&#65;`, `\n`, `\\` as what they stand for."""
    out = Builder()
    at = 0
    for start, end in spans:
        out.copy(text, at, start)
        first = text[start]
        if first == "%":
            _percent(out, text, start, end)
        elif first == "\\":
            _backslash(out, text, start, end)
        elif first == "&":
            _entity(out, text, start, end)
        elif first == "=" and end - start > _BREAK:
            put_bytes(out, binascii.unhexlify(text[start:end].replace("=", "")), start, end, 3)
        # What is left is a line break, NUL or colour that only separates.
        at = end
    out.copy(text, at, len(text))
    read = out.result()
    if read[0] != text:
        yield read


def _percent(out: Builder, text: str, start: int, end: int) -> None:
    run = text[start:end]
    if run[1] == "u":
        _units(out, run, start, "%u")
    else:
        put_bytes(out, binascii.unhexlify(run.replace("%", "")), start, end, 3)


def _units(out: Builder, run: str, start: int, sign: str) -> None:
    """Read UTF-16 units of four digits, each behind the same two signs."""
    digits = run.replace(sign, "")
    width = len(sign) + 4
    if _SURROGATE.search(digits) is None:
        decoded = binascii.unhexlify(digits).decode("utf-16-be")
        out.put(decoded, start, start + len(run), width)
        return
    for unit in _UNIT.finditer(digits):
        # Two surrogates are one character (RFC 8259, section 7); one alone is none.
        pair = unit[0] if len(unit[0]) > _ALONE else ""
        c = binascii.unhexlify(pair).decode("utf-16-be") if pair else _char(int(unit[0], 16))
        out.put(c, *(start + end // _ALONE * width for end in unit.span()))


def _char(code: int) -> str:
    return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"


def _backslash(out: Builder, text: str, start: int, end: int) -> None:
    run = text[start:end]
    kind = run[1]
    if kind == "u" and run[2] != "{":
        _units(out, run, start, "\\u")
    elif kind in "uU" and end - start > 2:
        out.put(_char(int(run[2:].strip("{}"), 16)), start, end)
    elif kind == "x":
        put_bytes(out, binascii.unhexlify(run.replace("\\x", "")), start, end, 4)
    elif kind in "0123":
        raw = bytes(int(digits, 8) for digits in run.split("\\")[1:])
        put_bytes(out, raw, start, end, end - start if len(raw) == 1 else 4)
    elif kind not in "\r\n":
        out.put(run[1::2].translate(_SIMPLE), start, end, 2)


def _entity(out: Builder, text: str, start: int, end: int) -> None:
    if text[start + 1] == "#":
        for found in _REFERENCE.finditer(text, start, end):
            out.put(_char(int(found[2], 16 if found[1] else 10)), *found.span())
        return
    known = html5.get(text[start + 1 : end]) or html5.get(text[start + 1 : end].lower())
    if known is None:
        out.copy(text, start, end)
    else:
        out.put(known, start, end)
