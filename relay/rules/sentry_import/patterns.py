"""From the patterns of Rust's regex crate to RE2's, and from a pattern about keys to keys.

The two are close: both run in linear time and know no look-around. What is told apart here is what
RE2 would read in another way without saying so. Source: https://docs.rs/regex (Syntax).
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Final

from relay.rules.patterns import PatternError, compile_pattern

WHOLE: Final = frozenset({0})
_NO_NAME: Final = r"[^0-9A-Za-z_.\[\]-]"
"""A character that neither keys nor our own markers have, such as `[secret]`."""
_BEFORE: Final = r"(?:.*[^\[])?"
"""What may stand before a word that is none of a marker."""
_EVERYTHING: Final = frozenset({".*", "^.*$", "^.*", ".*$", "(?s).*", "(?s)^.*$"})
_ESCAPES: Final = {"A": "^", "z": "$", "n": "\\r", "<": "\\b", ">": "\\b"}
"""Rust's escapes, and what we write for them: in our texts a newline stands as a return."""


def to_re2(source: str, groups: Collection[int] = WHOLE) -> str:
    """Translate a pattern so that it redacts these groups (0 is the whole match).

    Raises:
        PatternError: it cannot be said in RE2, or would mean something else there.
    """
    if source in _EVERYTHING:
        return ".+"
    translated = "".join(_Translator(source, groups).pieces())
    compile_pattern(translated)
    return translated


def whole_text(words: str) -> str:
    """Return a pattern for whole texts in which a pattern matches, and that are more than a name.

    Keys are looked at like texts; one that names a secret is none. Nor is a marker.
    """
    return f"^{_BEFORE}(?:{words}).*{_NO_NAME}.*$|^.*{_NO_NAME}{_BEFORE}(?:{words}).*$"


@dataclass(slots=True)
class _Translator:
    source: str
    groups: Collection[int]
    seen: int = field(default=0, init=False)

    def pieces(self) -> Iterator[str]:
        source, at = self.source, 0
        whole = 0 in self.groups
        while at < len(source):
            char = source[at]
            if char == "\\":
                piece, at = _escape(source, at)
                yield piece
            elif char == "[":
                piece, at = _class(source, at)
                yield piece
            elif char == "(":
                at, name = _opening(source, at)
                if name is None:
                    yield "("
                    continue
                self.seen += 1
                yield "(" if self.seen in self.groups and not whole else "(?:"
            else:
                yield _plain(char)
                at += 1
        if not whole and not any(0 < group <= self.seen for group in self.groups):
            raise PatternError("replaceGroups names no group of the pattern: it redacts nothing")


def _plain(char: str) -> str:
    """Return a character as RE2 and our loader take it."""
    if char == "\n":
        return "\\r"
    return f"\\x{{{ord(char):x}}}" if char < " " or char == "\x7f" else char


def _escape(source: str, at: int) -> tuple[str, int]:
    word = source[at + 1 : at + 2]
    if word in _ESCAPES:
        return _ESCAPES[word], at + 2
    if word and word in "uU":
        if source[at + 2 : at + 3] == "{":
            return "\\x", at + 2
        size = 4 if word == "u" else 8
        digits = source[at + 2 : at + 2 + size]
        return f"\\x{{{digits}}}", at + 2 + size
    if word == "b" and source[at + 2 : at + 3] == "{":
        raise PatternError("\\b{…} has no counterpart in RE2")
    if word and not word.isalnum() and not word.isascii():
        return word, at + 2
    return "\\" + word, at + 2


def _class(source: str, at: int) -> tuple[str, int]:
    """Translate a class; one inside of another, or an operation on sets, RE2 would misread."""
    pieces = ["["]
    at += 1
    if source.startswith("^", at):
        pieces.append("^")
        at += 1
    first = True
    while at < len(source):
        if source[at] == "]" and not first:
            return "".join((*pieces, "]")), at + 1
        first = False
        if source.startswith("[:", at):
            stop = source.find(":]", at)
            if stop < 0:
                break
            pieces.append(source[at : stop + 2])
            at = stop + 2
        elif source[at] == "[" or source[at : at + 2] in ("&&", "--", "~~"):
            raise PatternError("a class inside of a class, or &&, -- or ~~: RE2 has no such sets")
        elif source[at] == "\\":
            piece, at = _escape(source, at)
            pieces.append(piece)
        else:
            pieces.append(_plain(source[at]))
            at += 1
    raise PatternError("missing ]")


def _opening(source: str, at: int) -> tuple[int, str | None]:
    """Return where to go on after a `(`, and the group's name; None for one that takes no part."""
    if not source.startswith("(?", at):
        return at + 1, ""
    for start in ("(?P<", "(?<"):
        if source.startswith(start, at) and source[at + len(start) : at + len(start) + 1] not in (
            "=", "!",
        ):  # fmt: skip
            stop = source.find(">", at)
            if stop < 0:
                raise PatternError("a group's name does not end")
            return stop + 1, source[at + len(start) : stop]
    end = at + 2
    while end < len(source) and (source[end].isalpha() or source[end] == "-"):
        end += 1
    flags = source[at + 2 : end].partition("-")[0]
    if source[end : end + 1] in (":", ")"):
        if "x" in flags:
            raise PatternError("RE2 has no verbose patterns (?x)")
        if "m" in flags:
            raise PatternError("(?m): here ^ and $ are the ends of a text, never of a line")
    return at + 1, None


# --- keys ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Words:
    """The words that a simple pattern stands for.

    Attributes:
        words: as written, without escapes.
        keys: as `match: key` takes them.
        open_end: words that may go on in the pattern, but not in `keys`.
    """

    words: tuple[str, ...]
    keys: tuple[str, ...]
    open_end: tuple[str, ...]


def words_of(source: str) -> Words | None:
    """Read a pattern that is a list of words, `password|^pin$|api[_-]?key`; None if it is more."""
    source = source.removeprefix("(?i)")
    while source.startswith("(") and source.endswith(")") and "(" not in source[1:]:
        source = source.removeprefix("(?:").removeprefix("(").removesuffix(")")
    words: list[str] = []
    keys: list[str] = []
    open_end: list[str] = []
    for part in source.split("|"):
        start = part.startswith("^") and not part.startswith("^.*")
        end = part.endswith("$") and not part.endswith((".*$", "\\$"))
        bare = part.removeprefix("^").removesuffix("$" if end or part.endswith(".*$") else "")
        bare = bare.removeprefix(".*")
        bare = bare[:-2] if bare.endswith(".*") and not bare.endswith("\\.*") else bare
        word = _literal(bare)
        if word is None or not word.strip("_- "):
            return None
        words.append(word)
        keys.append(word if start else f"*{word}")
        if not end:
            open_end.append(word)
    return Words(tuple(words), tuple(dict.fromkeys(keys)), tuple(dict.fromkeys(open_end)))


_SEPARATORS: Final = ("[_-]", "[-_]", "[_ -]", "[-_ ]", "[_\\-]", "[\\-_]")


def _literal(part: str) -> str | None:
    """Return the word that a pattern spells; what stands between words of a key does not count."""
    pieces: list[str] = []
    at = 0
    while at < len(part):
        separator = next((s for s in _SEPARATORS if part.startswith(s, at)), "")
        char = part[at]
        if separator:
            pieces.append("_")
            at += len(separator)
        elif char == "\\" and at + 1 < len(part) and not part[at + 1].isalnum():
            pieces.append(part[at + 1])
            at += 2
        elif char.isalnum() or char in "_- ":
            pieces.append(char)
            at += 1
        else:
            return None
        # `api_?key`: keys compare without what stands between their words.
        if part.startswith("?", at):
            if pieces[-1] not in "_- ":
                return None
            at += 1
    return "".join(pieces)
