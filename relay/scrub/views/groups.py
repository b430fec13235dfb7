"""Groups and lines: one word that was written in pieces of the same length.

A display shows an address in groups of four, or in lines of 17 to 21 characters; people write keys
in fives, and tools print bytes in pairs. Joined, such pieces are read as the word that they make.
"""

import re
from collections.abc import Iterator
from typing import Final

from relay.detectors.spans import MAX_RUN, jagged
from relay.scrub.budget import Budget
from relay.scrub.views.model import Builder, Mapped

Span = tuple[int, int]

_LONGEST_GROUP: Final = 8
_FEWEST: Final = 20
"""Characters that groups must have together, their last not counted, to be more than words."""
_SIGNED: Final = "[0-9A-Za-z@:_]"
_LINES: Final = range(17, 22)


def _alternatives() -> Iterator[str]:
    for size in range(1, _LONGEST_GROUP + 1):
        # The last group may be shorter.
        count = max(3, (_FEWEST - 1) // size)
        yield rf"\b(?:[0-9A-Za-z]{{{size}}}[\s-]{{1,8}}){{{count},}}[0-9A-Za-z]{{1,{size}}}\b"
    yield r"\b(?:(?:0x)?[0-9A-Fa-f]{2}[\s:,-]{1,2}){9,}(?:0x)?[0-9A-Fa-f]{2}\b"
    yield r"\b(?:[0-9A-Za-z]{17,21}\s{1,8})+[0-9A-Za-z]{1,21}\b"
    for size in (4, 5, *_LINES):
        # With signs in them: an address with its prefix, the state of a device.
        count = max(2, _FEWEST // size)
        yield rf"(?:^|\s)(?:{_SIGNED}{{{size}}}\s{{1,8}}){{{count},}}{_SIGNED}{{1,{size}}}"


GROUPS: Final = "|".join(_alternatives())

# Fixed tokenisers of what the trigger found.
_PLAIN: Final = re.compile(r"[0-9A-Za-z\s-]+")  # noqa: TID251
_BYTES: Final = re.compile(r"[0-9A-Fa-fx\s:,-]+")  # noqa: TID251
_WORD: Final = re.compile(r"[0-9A-Za-z]+")  # noqa: TID251
_ASCII_BYTES: Final = re.compile("(?:[2-7][0-9A-Fa-f]){10}")  # noqa: TID251
_ASCII: Final = 0x80
_UNSPACED: Final = re.compile(r"\S+")  # noqa: TID251


def joined(text: str, spans: Iterator[Span], _: Budget) -> Iterator[Mapped]:
    """Read groups and lines as one word: what stands between them is left out.

    Words of the same length make no group, for they have no digits, nor numbers, for they have
    nothing else; and no identifier is as long as a table. Where a word stands before or behind,
    the pieces are read without it too.
    """
    for start, end in spans:
        has_signs = _PLAIN.fullmatch(text, start, end) is None
        is_bytes = has_signs and _BYTES.fullmatch(text, start, end) is not None
        piece = _UNSPACED if has_signs and not is_bytes else _WORD
        pieces = [found.span() for found in piece.finditer(text, start, end)]
        if all(text.startswith("0x", first) for first, _ in pieces):
            pieces = [(first + 2, last) for first, last in pieces]
        word = "".join([text[first:last] for first, last in pieces])
        if len(word) > MAX_RUN or not _is_telling(word, has_signs=has_signs):
            if _ASCII_BYTES.match(word) is not None:
                yield _opened(text, pieces)
            continue
        yield _join(text, pieces)
        first, last = 0, len(pieces)
        while first < last and _is_word(text[slice(*pieces[first])]):
            first += 1
        while first < last and _is_word(text[slice(*pieces[last - 1])]):
            last -= 1
        inner = _join(text, pieces[first:last])
        if _FEWEST <= len(inner[0]) < len(word):
            yield inner


def _join(text: str, pieces: list[Span]) -> Mapped:
    out = Builder()
    for start, end in pieces:
        out.copy(text, start, end)
    return out.result()


def _opened(text: str, pieces: list[Span]) -> Mapped:
    """Read pairs of digits as bytes at once: joined, they would be a number like any other."""
    out = Builder()
    for start, end in pieces:
        if end - start == 2:
            code = int(text[start:end], 16)
            out.put(chr(code) if code < _ASCII else "\ufffd", start, end)
    return out.result()


def _is_telling(word: str, *, has_signs: bool) -> bool:
    if not any(c.isalpha() for c in word):
        return False
    return any(c.isdigit() for c in word) or (jagged(word) and not has_signs)


def _is_word(piece: str) -> bool:
    return piece.isalpha() and (piece.islower() or piece.isupper() or piece.istitle())
