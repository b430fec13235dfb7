"""Derivation paths: `m/84'/0'/0'/0/5` in every spelling of the hardened mark.

Sources: BIP32, BIP43, BIP44, SLIP-25 (`10025'`), CIP-1852.
"""

from string import ascii_letters, digits

from relay.detectors.encoded import in_base64
from relay.detectors.spans import NOTHING, Span, after, ascii_alnum, before, jagged

_MARKS = frozenset("'hH\u2019\u2032\u00b4`")
_LIMIT = 2**31
_NUMBER_DIGITS = 10
_MIN_HARDENED = 2
_LONGEST_WORD = 40


def _part(word: str) -> bool | None:
    """Tell whether a part is hardened; None when it is no part."""
    hardened = word[-1:] in _MARKS
    number = word[:-1] if hardened else word
    if not number.isdigit() or not number.isascii() or len(number) > _NUMBER_DIGITS:
        return None
    if int(number) >= _LIMIT:
        return None
    return hardened


def _is_word(text: str, end: int) -> bool:
    """Tell whether what a path is glued to is a word, and no piece of an encoding."""
    head = text[max(0, end - _LONGEST_WORD) : end]
    word = head[len(head.rstrip(ascii_letters + digits)) :]
    return word.isalpha() and not jagged(word)


def bip32_path(text: str, start: int, end: int) -> tuple[Span, ...]:
    """Find a derivation path in a run of digits, slashes and hardened marks.

    With `m/` before it: one hardened part, or three parts. Without: two hardened parts.
    SLIP-48 writes ` / ` between them.
    """
    word = text[start:end]
    slash = " / " if " / " in word else "/"
    root = 1 + len(slash)
    rooted = word[:root] in (f"m{slash}", f"M{slash}")
    glued = ascii_alnum(before(text, start))
    body = word[root:] if rooted else word.lstrip("/")
    first = end - len(body)
    parts = body.split(slash)
    marks: list[bool] = []
    length = -len(slash)
    for part in parts:
        hardened = _part(part)
        if hardened is None:
            break
        marks.append(hardened)
        length += len(part) + len(slash)
    enough = sum(marks) >= _MIN_HARDENED or (rooted and (any(marks) or len(marks) > _MIN_HARDENED))
    if not enough or (glued and sum(marks) < _MIN_HARDENED):
        return NOTHING
    stop = first + length
    # With a hardened part it is no fraction with a unit, so letters behind it are a glued word.
    right = after(text, stop)
    if right.isdigit() or (ascii_alnum(right) and not any(marks)):
        return NOTHING
    if glued and not (rooted or _is_word(text, start)):
        return NOTHING
    span = (start if rooted else first, stop)
    return NOTHING if in_base64(text, *span) else (span,)
