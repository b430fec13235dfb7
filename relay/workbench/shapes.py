"""The shape of a text: a pattern that finds its like, and invented texts that look like it.

Law of this file: an invented text is made of the shape alone (what kinds of characters, how many),
so nobody can work out the text that the shape was taken from.
"""

import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

LONGEST: Final = 120
"""Longer texts have no pattern of their own."""
_INVENTED: Final = 40
"""No invented text is longer, where no pattern asks for it."""
_DIGITS: Final = "7391852064"
_VOWELS, _CONSONANTS = "aeiou", "bdkmnprstvz"
_MOST_DIGITS: Final = 2
_LONGEST_KEY: Final = 40
_PREFIX: Final = 6
_TELLING: Final = 2
_TELLING_LENGTH: Final = 12
_HEX: Final = frozenset("0123456789abcdefABCDEF")
_LEAST_HEX: Final = 4

# Closed shapes, not rule patterns: what a text is cut into.
_RUNS: Final = re.compile(r"[0-9A-Za-z]+|[^0-9A-Za-z]")  # noqa: TID251
_PREFIXED: Final = re.compile(r"([A-Z]{2,6}|[a-z]+|[A-Z][a-z]+)([0-9]+)")  # noqa: TID251
_KEY: Final = re.compile(r"[A-Za-z_$@][\w .$/:-]*")  # noqa: TID251


@dataclass(frozen=True, slots=True)
class _Piece:
    """A fixed text, or `count` characters of a class."""

    pattern: str
    pools: tuple[str, ...]  # what each character may be; one for all that follow the last
    count: int
    fixed: str = ""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a text looks like.

    Attributes:
        pattern: an RE2 pattern for all texts of this shape.
        telling: whether it says enough by itself to be looked for everywhere.
        varied: whether digits tell values apart; else the pattern finds words of this length only.
        words: the words of the text that the pattern keeps.
    """

    pattern: str
    telling: bool
    varied: bool
    words: tuple[str, ...] = field(repr=False)
    _pieces: tuple[_Piece, ...] = field(repr=False)

    def invented(self, seed: int) -> str:
        """Return a text of this shape; another for each seed, if the shape has room for it."""
        made: list[str] = []
        turn = seed * 7
        for piece in self._pieces:
            if piece.fixed:
                made.append(piece.fixed)
                continue
            for place in range(piece.count):
                pool = piece.pools[min(place, len(piece.pools) - 1)]
                turn += 1 + place % 3
                made.append(pool[turn % len(pool)])
        return "".join(made)


def shape_of(text: str, *, free: tuple[bool, bool] = (True, True), keep: bool = True) -> Shape:
    """Return the shape of a text.

    Args:
        text: not empty, at most `LONGEST` characters.
        free: whether no letter or digit touches it before and behind, where it stands.
        keep: whether words are kept where digits beside them tell values apart.
    """
    runs = _RUNS.findall(text)
    letters_digits = "".join(run for run in runs if run.isascii() and run.isalnum())
    all_hex = _is_hex(letters_digits)
    varied = any(_is_varied(run) for run in runs)
    keep = keep and varied
    pieces: list[_Piece] = []
    for run, after in pairwise([*runs, ""]):
        split = None if all_hex else _PREFIXED.fullmatch(run)
        if split is not None:
            prefix, digits = split.groups()
            pieces += [_word(prefix, keep=keep and prefix.isupper()), _digits(digits)]
        else:
            pieces.append(_piece(run, after, hexes=letters_digits if all_hex else "", keep=keep))
    words = tuple(piece.fixed for piece in pieces if piece.fixed.isalpha())
    count = sum(piece.count for piece in pieces if not piece.fixed)
    telling = any(len(word) >= _TELLING for word in words) or (count >= _TELLING_LENGTH and varied)
    pattern = "".join(piece.pattern for piece in pieces)
    before = r"\b" if free[0] and _is_word(text[0]) else ""
    behind = r"\b" if free[1] and _is_word(text[-1]) else ""
    return Shape(f"{before}{pattern}{behind}", telling, varied, words, tuple(pieces))


def invent(text: str, seed: int) -> str:
    """Return a text that looks like another and says nothing of it, cut to a readable length."""
    return shape_of(text[:_INVENTED] or "x", keep=False).invented(seed)


def is_telling_word(key: str) -> bool:
    """Return whether a key looks like a name that a programmer gave, and not like data."""
    digits = sum(char.isdigit() for char in key)
    return len(key) <= _LONGEST_KEY and digits <= _MOST_DIGITS and _KEY.fullmatch(key) is not None


def _piece(run: str, after: str, *, hexes: str, keep: bool) -> _Piece:
    if not (run.isascii() and run.isalnum()):
        return _sign(run)
    if hexes or _is_hex(run):
        return _hex(run, hexes or run)
    if run.isdigit():
        return _digits(run)
    if run.isalpha():
        joined = bool(after) and not after.isspace() and not after.isalnum()
        return _word(run, keep=keep and (_is_prefix(run) or (run.islower() and joined)))
    lower, upper = run.upper() != run, run.lower() != run
    pool = "0-9" + "A-Z" * upper + "a-z" * lower
    letters = "ZKMPRTVX" * upper + "zkmprtvx" * lower
    return _Piece(f"[{pool}]{_times(run)}", (letters, _DIGITS + letters), len(run))


def _is_prefix(run: str) -> bool:
    return run.isupper() and len(run) <= _PREFIX


def _is_varied(run: str) -> bool:
    return any(char.isdigit() for char in run)


def _is_hex(run: str) -> bool:
    return len(run) >= _LEAST_HEX and _HEX.issuperset(run) and _is_varied(run) and not run.isdigit()


def _hex(run: str, whole: str) -> _Piece:
    upper = whole.lower() != whole
    lower = whole.upper() != whole
    letters = "A-F" * upper + "a-f" * lower
    return _Piece(
        f"[0-9{letters}]{_times(run)}",
        ("7b3e91d5" if lower else "7B3E91D5", "c5d28f6a4b09e713" if lower else "C5D28F6A4B09E713"),
        len(run),
    )


def _digits(run: str) -> _Piece:
    return _Piece(f"[0-9]{_times(run)}", (_DIGITS,), len(run))


def _word(run: str, *, keep: bool) -> _Piece:
    if keep:
        return _Piece(run, (), len(run), fixed=run)
    pools = tuple(
        pool.upper() if char.isupper() else pool
        for char, pool in zip(run, (_CONSONANTS, _VOWELS) * len(run), strict=False)
    )
    if run.islower() or run.isupper():
        name = "a-z" if run.islower() else "A-Z"
        return _Piece(f"[{name}]{_times(run)}", pools, len(run))
    if run[1:].islower():
        return _Piece(f"[A-Z][a-z]{_times(run[1:])}", pools, len(run))
    return _Piece(f"[A-Za-z]{_times(run)}", pools, len(run))


def _sign(char: str) -> _Piece:
    """Return what stands for one character that is no ASCII letter or digit."""
    if char.isspace():
        return _Piece(r"\s" if char != " " else " ", (" ",), 1, fixed=" ")
    if char.isalpha():
        return _Piece(r"\pL", ("éàñ",), 1)
    if not char.isprintable() or not char.isascii():
        return _Piece(".", ("·•",), 1)
    return _Piece(char if char in "-_:,/@#=%&~\"'<>;!" else f"\\{char}", (), 1, fixed=char)


def _times(run: str) -> str:
    return f"{{{len(run)}}}" if len(run) > 1 else ""


def _is_word(char: str) -> bool:
    return char.isascii() and (char.isalnum() or char == "_")
