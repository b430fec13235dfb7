"""The grammar of Sentry's selectors: text in, a tree out.

Source: the grammar of Relay's selectors. It takes `|` and `||`, `&` and `&&`, `~` and `!`.
"""

from dataclasses import dataclass
from typing import Final

from relay.rules.selectors import SelectorError

_MAX_DEPTH: Final = 32


@dataclass(frozen=True, slots=True)
class Path:
    """A path. Its parts are (kind, word); kinds are key, index, type, one (`*`) and many (`**`)."""

    parts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Many:
    """`&&` or `||` over selectors."""

    word: str
    inner: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """`!` before a selector."""

    inner: "Node"


Node = Path | Many | Not


def parse(source: str) -> Node:
    """Parse a selector.

    Raises:
        SelectorError: with the place of the mistake.
    """
    return _Parser(source).root()


class _Parser:
    """Recursive descent: or over and over not over parentheses and paths."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.at = 0
        self.depth = 0

    def fail(self, message: str) -> SelectorError:
        return SelectorError(f"{message} at character {self.at + 1}")

    def root(self) -> Node:
        node = self.many("||")
        self.skip()
        if self.at < len(self.source):
            raise self.fail("unexpected character")
        return node

    def skip(self) -> None:
        while self.at < len(self.source) and self.source[self.at] == " ":
            self.at += 1

    def take(self, *tokens: str) -> bool:
        self.skip()
        for token in tokens:
            if self.source.startswith(token, self.at):
                self.at += len(token)
                return True
        return False

    def many(self, word: str) -> Node:
        inner = [self.many("&&") if word == "||" else self.negation()]
        while self.take(word, word[0]):
            inner.append(self.many("&&") if word == "||" else self.negation())
        return inner[0] if len(inner) == 1 else Many(word, tuple(inner))

    def negation(self) -> Node:
        if self.take("!", "~"):
            return Not(self.operand())
        return self.operand()

    def operand(self) -> Node:
        if not self.take("("):
            return self.path()
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise self.fail("nested too deeply")
        node = self.many("||")
        self.depth -= 1
        if not self.take(")"):
            raise self.fail("a closing parenthesis is missing")
        return node

    def path(self) -> Path:
        parts = [self.part()]
        while self.take("."):
            parts.append(self.part())
        if sum(kind == "many" for kind, _ in parts) > 1:
            raise self.fail("** stands twice in a path")
        if parts == [("one", "")]:
            raise self.fail("* alone selects nothing")
        return Path(tuple(parts))

    def part(self) -> tuple[str, str]:
        if self.take("**"):
            return "many", ""
        if self.take("*"):
            return "one", ""
        if self.take("$"):
            return "type", self.word("_")
        if self.take("'"):
            return "key", self.quoted()
        word = self.word("_-")
        return ("index", word) if word.isdigit() and word.isascii() else ("key", word)

    def word(self, more: str) -> str:
        start = self.at
        while self.at < len(self.source):
            char = self.source[self.at]
            if not (char.isascii() and char.isalnum()) and char not in more:
                break
            self.at += 1
        if start == self.at:
            raise self.fail("a key, *, ** or $type is missing")
        return self.source[start : self.at]

    def quoted(self) -> str:
        pieces: list[str] = []
        while True:
            stop = self.source.find("'", self.at)
            if stop < 0:
                raise self.fail("a closing quote is missing")
            pieces.append(self.source[self.at : stop])
            self.at = stop + 1
            if not self.source.startswith("'", self.at):
                break
            pieces.append("'")
            self.at += 1
        if not any(pieces):
            raise self.fail("a key is empty")
        return "".join(pieces)
