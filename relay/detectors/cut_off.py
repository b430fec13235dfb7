"""What is left of an identifier at the end of a text that was cut: no checksum, no full length.

Sources: the lengths that Sentry's SDKs and Relay cut strings at, with or without three dots more.
"""

import re

from relay.detectors.beginnings import beginning
from relay.detectors.encoded import in_base64
from relay.detectors.spans import NOTHING, Span, ascii_alnum, before, by_chance, jagged

_LENGTHS = frozenset((250, 256, 500, 503, 512, 1000, 1003, 1024, 1027, 2000, 2048, 4096, 8192))
"""Characters of a text that was cut; a text of that length by chance loses its last token."""
_DOTS = ("...", "\u2026")
_TOKEN = range(8, 121)
"""Characters of what is left of an identifier. Shorter says little; longer are data, not a name."""
_MIN_HEX = 12
_MIN_LETTERS = 3
_MIN_CASE = 10
"""Fewest letters of a token without digits: then their case decides."""
_MIN_CHANCE = 14
"""Fewest characters of a token with a digit for the looser test of its case."""
_LOOK_BACK = 160
_HEX = frozenset("0123456789abcdefABCDEF")
_MIN_GROUPS = 3
_GROUP = 4

# Closed shapes, not rule patterns.
_WORD = re.compile(r"[A-Za-z]*[0-9]{1,4}[A-Za-z]*")  # noqa: TID251
_CONSONANTS = re.compile("[b-df-hj-np-tv-xz]{6}", re.IGNORECASE)  # noqa: TID251
_UUID_HEAD = re.compile("-[0-9a-fA-F]{4}-$")  # noqa: TID251
_MAIL = re.compile(r"[A-Za-z0-9][A-Za-z0-9.!#$&*+?^_{|}~-]*@[A-Za-z0-9.-]*$")  # noqa: TID251
_GROUPS = re.compile("[0-9A-Fa-f:]+$")  # noqa: TID251
_SCHEMES = ("https", "http", "file", "webpack", "native", "blob", "app", "node", "workspace")
"""What follows the `@` in a stack of Firefox or Safari, or in a package's version."""


def cut_off(text: str, start: int, end: int) -> tuple[Span, ...]:
    """Find what looks like the beginning of an identifier at the very end of a text that was cut.

    The candidate must reach the end of the text, three dots or an ellipsis behind it or not, and
    the text must have one of the lengths that SDKs cut at, in characters or in units of UTF-16.
    Telling beginnings of identifiers go however short they are, those of addresses of the network
    and of people go whole; else the last letters and digits go, if they mix as no word, name of a
    file or short number does.
    """
    stop = cut_at(text)
    if end < stop:
        return NOTHING
    word = text[start:stop]
    tail = text[max(0, stop - _LOOK_BACK) : stop]
    size = beginning(tail)
    if not size and "@" in word:
        size = _mail(tail)
    if not size and ":" in word:
        size = _groups(tail)
    if not size:
        size = _token(tail)
    return ((stop - size, stop),) if size and not in_base64(text, stop - size, stop) else NOTHING


def cut_at(text: str) -> int:
    """Give where a text was cut, dots behind it or not; past its end if it was not."""
    stop = len(text)
    for dots in _DOTS:
        if text.endswith(dots):
            stop -= len(dots)
            break
    return stop if _was_cut(text, stop) else len(text) + 1


def _was_cut(text: str, stop: int) -> bool:
    if len(text) in _LENGTHS or stop in _LENGTHS:
        return True
    if text.isascii():
        return False
    units = len(text.encode("utf-16-le", "surrogatepass")) // 2
    return units in _LENGTHS or units - (len(text) - stop) in _LENGTHS


def _mail(tail: str) -> int:
    """Give the length of the cut e-mail address that ends `tail`, or 0."""
    found = _MAIL.search(tail)
    if found is None or before(tail, found.start()) in ("@", "/"):
        return 0
    local, _, domain = found.group().rpartition("@")
    if domain:
        low = domain.lower()
        schemed = any(low.startswith(scheme) or scheme.startswith(low) for scheme in _SCHEMES)
        if schemed or not domain[0].isalpha() or local == "git":
            return 0
        # Java writes an object as its class, with a capital, and a number in hex.
        if _HEX.issuperset(domain) and local.rpartition(".")[2][:1].isupper():
            return 0
    elif local.isalpha():
        return 0
    return len(found.group())


def _groups(tail: str) -> int:
    """Give the length of the cut IPv6 or MAC address that ends `tail`, or 0."""
    found = _GROUPS.search(tail)
    if found is None:
        return 0
    word = found.group()
    if ascii_alnum(before(tail, found.start())):
        word = word.partition(":")[2]
    if word.startswith(":") and not word.startswith("::"):
        word = word[1:]
    groups = [group for group in word.split(":") if group]
    if len(groups) < _MIN_GROUPS or word.count("::") > 1 or max(map(len, groups)) > _GROUP:
        return 0
    digits = "".join(groups)
    # Times have digits only, names in C++ letters only.
    return 0 if digits.isdigit() or digits.isalpha() else len(word)


def _token(tail: str) -> int:
    """Give the length of the letters and digits that end `tail`, or 0 where a word ends so."""
    first = len(tail)
    while first > 0 and ascii_alnum(tail[first - 1]):
        first -= 1
    word = tail[first:]
    if len(word) not in _TOKEN:
        return 0
    if word[:2] in ("0x", "0X") and _HEX.issuperset(word[2:]):
        return len(word)
    letters = sum(char.isalpha() for char in word)
    if 0 < letters < len(word) and _HEX.issuperset(word):
        whole = len(word) == _MIN_HEX and _UUID_HEAD.search(tail[:first])
        return 0 if whole or len(word) < _MIN_HEX else len(word)
    if letters < _MIN_LETTERS:
        return 0
    if letters == len(word):
        return len(word) if letters >= _MIN_CASE and jagged(word) else 0
    chance = by_chance(word) if len(word) >= _MIN_CHANCE else jagged(word)
    wordlike = _WORD.fullmatch(word) and not chance and not _CONSONANTS.search(word)
    return 0 if wordlike else len(word)
