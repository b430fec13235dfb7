"""Texts that a simple pattern matches, for its examples; the engine decides whether they do.

It knows literals, classes, groups, alternatives and counts; at anything else it gives up.
"""

import string
from typing import Final

_POOL: Final = string.ascii_lowercase + string.digits + string.ascii_uppercase + "_- ./:"
_CLASSES: Final = {
    "d": string.digits,
    "w": string.ascii_lowercase + string.digits,
    "s": " ",
    "D": string.ascii_lowercase,
    "W": "-",
    "S": string.ascii_lowercase,
}
_NOTHING: Final = frozenset("bB")
_CONTROLS: Final = {"t": "\t", "r": " ", "f": " ", "v": " "}
_MOST_REPEATS: Final = 64
_LONGEST: Final = 400
_MAX_DEPTH: Final = 20
_VARIANTS: Final = 6


class _GivenUpError(Exception):
    """A pattern that is not simple."""


def samples(pattern: str) -> tuple[str, ...]:
    """Return texts that a pattern probably matches; none if it is not simple."""
    made: list[str] = []
    for seed in range(_VARIANTS):
        try:
            made.append(_Sampler(pattern, seed).whole())
        except (_GivenUpError, ValueError):
            return ()
    return tuple(dict.fromkeys(text for text in made if text.strip()))


class _Sampler:
    """Reads a pattern, and says on the way what it could stand for."""

    def __init__(self, source: str, seed: int) -> None:
        self.source = source
        self.seed = seed
        self.at = 0
        self.turn = seed
        self.depth = 0

    def whole(self) -> str:
        text = self.alternatives()
        if self.at < len(self.source):
            raise _GivenUpError
        return text

    def next(self) -> str:
        return self.source[self.at : self.at + 1]

    def alternatives(self) -> str:
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise _GivenUpError
        texts = [self.sequence()]
        while self.next() == "|":
            self.at += 1
            texts.append(self.sequence())
        self.depth -= 1
        return texts[self.seed % len(texts)]

    def sequence(self) -> str:
        pieces: list[str] = []
        while self.next() and self.next() not in "|)":
            start = self.at
            piece = self.atom()
            least, most = self.count()
            end = self.at
            times = min(most, max(least, 1 if self.seed % 2 else least) + self.seed // 2)
            if times > _MOST_REPEATS or sum(map(len, pieces)) > _LONGEST:
                raise _GivenUpError
            pieces += [piece] * (times > 0)
            for _ in range(times - 1):
                self.at = start
                self.turn += 1
                pieces.append(self.atom())
            self.at = end
        return "".join(pieces)

    def count(self) -> tuple[int, int]:
        """Read `*`, `+`, `?`, `{n,m}`; return least and most."""
        char, found = self.next(), (1, 1)
        if char and char in "*+?":
            self.at += 1
            found = {"*": (0, _MOST_REPEATS), "+": (1, _MOST_REPEATS), "?": (0, 1)}[char]
        elif char == "{":
            stop = self.source.index("}", self.at)
            least, comma, most = self.source[self.at + 1 : stop].partition(",")
            self.at = stop + 1
            found = int(least), int(most) if most else _MOST_REPEATS if comma else int(least)
        if self.next() == "?" and found != (1, 1):
            self.at += 1
        return found

    def atom(self) -> str:
        char = self.next()
        self.at += 1
        match char:
            case "(":
                return self.group()
            case "[":
                return self.pick(self.members())
            case ".":
                return self.pick(string.ascii_lowercase)
            case "^" | "$":
                return ""
            case "\\":
                word = self.next()
                self.at += 1
                return "" if word in _NOTHING else self.pick(self.escaped(word))
            case "*" | "+" | "?":
                raise _GivenUpError
            case _:
                return char

    def group(self) -> str:
        if self.next() == "?":
            stop = self.at + 1
            while self.source[stop : stop + 1].isalpha():
                stop += 1
            end = self.source[stop : stop + 1]
            if end == ")":
                self.at = stop + 1
                return ""
            if end != ":":
                raise _GivenUpError
            self.at = stop + 1
        text = self.alternatives()
        if self.next() != ")":
            raise _GivenUpError
        self.at += 1
        return text

    def escaped(self, word: str) -> str:
        if word in _CLASSES:
            return _CLASSES[word]
        if word in _CONTROLS:
            return _CONTROLS[word]
        if not word or word.isalnum():
            raise _GivenUpError
        return word

    def members(self) -> str:
        """Read a class; return the characters in it that are fit for a sample."""
        negated = self.next() == "^"
        self.at += negated
        chars: list[str] = []
        first = True
        while first or self.next() != "]":
            if not self.next() or self.source.startswith("[:", self.at):
                raise _GivenUpError
            first = False
            low = self.member()
            if self.next() == "-" and self.source[self.at + 1 : self.at + 2] not in ("]", ""):
                self.at += 1
                high = self.member()
                chars += map(chr, range(ord(low), min(ord(high), ord(low) + 128) + 1))
            else:
                chars += low
        self.at += 1
        return "".join(c for c in _POOL if c not in chars) if negated else "".join(chars)

    def member(self) -> str:
        char = self.next()
        self.at += 1
        if char != "\\":
            return char
        word = self.next()
        self.at += 1
        return self.escaped(word)

    def pick(self, chars: str) -> str:
        if not chars:
            raise _GivenUpError
        self.turn += 1
        return chars[(self.turn * 7 + self.seed) % len(chars)]
