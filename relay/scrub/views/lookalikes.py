"""Look-alikes: characters that read as Latin letters, digits and signs, or not at all."""

# ruff: noqa: RUF001 - look-alikes are what this file is about

import re
import unicodedata
from typing import Final

from relay.scrub.readings import COPIED
from relay.scrub.views.model import Builder, Mapped

_LONGEST_FOLD: Final = 4
"""A few characters unfold to whole sentences; they hide nothing, and a text must not explode."""
_MEMORY: Final = 70_000
"""So many characters are remembered; then the memory starts afresh."""

_INVISIBLE: Final = frozenset(
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200c\u200d\u200e\u200f"
    "\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069"
    "\u206a\u206b\u206c\u206d\u206e\u206f\ufeff\ufff9\ufffa\ufffb\u3164\uffa0"
)
# Combining marks that are put over or through Latin letters, variation selectors, tags.
_MARKS: Final = (
    range(0x0300, 0x0370), range(0x0483, 0x048A), range(0x1AB0, 0x1B00), range(0x1DC0, 0x1E00),
    range(0x20D0, 0x2100), range(0xFE00, 0xFE10), range(0xFE20, 0xFE30), range(0xE0000, 0xE0080),
    range(0xE0100, 0xE01F0),
)  # fmt: skip
# White on black, and the letters of flags, which no normalisation knows.
_ALPHABETS: Final = (0x1F150, 0x1F170, 0x1F1E6)
_TAG: Final = 0xE0000
_TAGS: Final = range(_TAG + 0x20, _TAG + 0x7F)
_FEWEST_TAGS: Final = 4
"""So many tags in a row are text of their own; fewer stand between the letters of another."""

# Letters of other scripts, and signs, that look like ASCII ones (Unicode TR 39, confusables).
_ALIKE: Final = {
    "-": "\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212\u2796\u2cba",
    ".": "\u2024\u3002\ua4f8\uff0e",
    "/": "\u2041\u2044\u2215\u2571\u27cb\u29f8\u2cc6",
    "2": "ƧϨ\ua75a",
    "3": "ƷȜЗӠ\u2ccc\ua76a\ua7ab",
    "4": "\u13ce",
    "5": "Ƽ",
    "6": "б\u13ee\u2cd2",
    "8": "Ȣȣ",
    "9": "\u2cca\ua76e",
    ":": "\u0589\u205a\u2236\ua4fd\ua789\uff1a",
    "A": "ΑА\u13aa\ua4ee",
    "B": "ΒВ\u13f4\ua4d0\ua7b4",
    "C": "ϹС\u13df\u2ca4\ua4da",
    "D": "\u13a0\ua4d3",
    "E": "ΕЕ\u13ac\ua4f0",
    "F": "Ϝ\ua4dd\ua798",
    "G": "Ԍ\u13c0\u13f3\ua4d6",
    "H": "ΗН\u13bb\u2c8e\ua4e7",
    "I": "ƖΙІӀ\u2c92",
    "J": "ͿЈ\u13ab\ua4d9\ua7b2",
    "K": "ΚК\u13e6\u2c94\ua4d7",
    "L": "\u13de\u2cd0\ua4e1",
    "M": "ΜϺМ\u13b7\u2c98\ua4df",
    "N": "Ν\u2c9a\ua4e0",
    "O": "ΟОՕ\u2c9e\ua4f3",
    "P": "ΡР\u13e2\u2ca2\ua4d1",
    "Q": "Ԛ",
    "R": "Ʀ\u13a1\u13d2\ua4e3",
    "S": "ЅՏ\u13d5\u13da\ua4e2",
    "T": "ΤТ\u13a2\u2ca6\ua4d4",
    "U": "Ս\ua4f4",
    "V": "Ѵ\u13d9\ua4e6",
    "W": "Ԝ\u13b3\u13d4\ua4ea",
    "X": "ΧХ\u2cac\ua4eb\ua7b3",
    "Y": "ΥϒУҮ\u13a9\u13bd\u2ca8\ua4ec",
    "Z": "Ζ\u13c3\ua4dc",
    "\\": "\u2216\u29f5",
    "a": "ɑαа",
    "b": "ƄЬ\u13cf",
    "c": "ϲс\u1d04\u2ca5",
    "d": "ԁ\u13e7\ua4d2",
    "e": "еҽ",
    "f": "ք\ua799",
    "g": "ƍɡց",
    "h": "һհ\u13c2",
    "i": "ıɩɪͺιіӏ\u13a5",
    "j": "ȷϳј",
    "k": "κ",
    "l": "ǀ\u2113\ua4f2",
    "n": "ոռ",
    "o": "οσоօ\u1d0f\u1d11\u2c9f",
    "p": "ρϱр\u2ca3",
    "q": "ԛգզ",
    "r": "г\u1d26\u2c85",
    "s": "ƽѕ\ua731",
    "t": "τ",
    "u": "ʋυս\u1d1c\ua79f",
    "v": "νѵ\u1d20",
    "w": "ɯѡԝա\u1d21",
    "x": "х",
    "y": "ɣʏγуү",
    "z": "\u1d22",
}  # fmt: skip

_KNOWN: Final = {
    **{chr(code): "" for marks in _MARKS for code in marks},
    **dict.fromkeys(_INVISIBLE, ""),
    **{other: latin for latin, others in _ALIKE.items() for other in others},
    **{
        chr(first + place): letter
        for first in _ALPHABETS
        for place, letter in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    },
}


def _reads_as(c: str) -> str:
    """Return what a character that is not ASCII reads as: NFKC (Unicode Annex 15), or alike."""
    known = _KNOWN.get(c)
    if known is not None:
        return known
    other = unicodedata.normalize("NFKC", c)
    if other == c:
        digit = unicodedata.digit(c, None)
        return c if digit is None else str(digit)
    if len(other) > _LONGEST_FOLD:
        return c
    return "".join(_KNOWN.get(o, o) for o in other)


class _Table(dict[int, str]):
    """What characters read as, by code; for `str.translate`, which then runs without Python."""

    def __missing__(self, code: int) -> str:
        if len(self) >= _MEMORY:
            self.clear()
        read = self[code] = chr(code) if code < _ASCII else _reads_as(chr(code))
        return read


_ASCII: Final = 0x80
_OTHERS: Final = re.compile("[^\x00-\x7f]+")  # noqa: TID251 - a closed shape
_TABLE: Final = _Table()


def fold(text: str) -> Mapped | None:
    """Read as NFKC, without invisible characters and marks, look-alikes as Latin.

    Returns None when that reads the same.
    """
    others = "".join(_OTHERS.findall(text))
    distinct = set(others)
    changed = {c for c in distinct if _TABLE[ord(c)] != c}
    if not changed:
        return None
    plain = _without_tags(text) if any(ord(c) in _TAGS for c in changed) else text
    odd = {c for c in changed if len(_TABLE[ord(c)]) != 1}
    if not odd:
        return plain.translate(_TABLE), None
    out = Builder()
    at = 0
    for run in _OTHERS.finditer(plain):
        start, end = run.span()
        if odd.isdisjoint(run.group()):
            continue
        _copy(out, plain, at, start)
        for place in range(start, end):
            c = plain[place]
            out.put(_TABLE[ord(c)], place, place + 1)
        at = end
    _copy(out, plain, at, len(plain))
    return out.result()


def _copy(out: Builder, text: str, start: int, end: int) -> None:
    """Add a part in which each character reads as one."""
    piece = text[start:end]
    out.put(piece if piece.isascii() else piece.translate(_TABLE), start, end, COPIED)


def _without_tags(text: str) -> str:
    """Read text that is written in tags: each is an ASCII character that is not shown."""
    out: list[str] = []
    at = 0
    while at < len(text):
        end = at
        while end < len(text) and (ord(text[end]) in _TAGS) == (ord(text[at]) in _TAGS):
            end += 1
        piece = text[at:end]
        if ord(text[at]) in _TAGS and end - at >= _FEWEST_TAGS:
            piece = "".join(chr(ord(c) - _TAG) for c in piece)
        out.append(piece)
        at = end
    return "".join(out)
