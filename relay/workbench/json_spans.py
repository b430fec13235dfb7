"""Where the values of a JSON document stand in its text, pretty-printed or not."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from relay import jsonio
from relay.rules.paths import Path, PathPart

# The tokens of JSON, a closed shape; what is none of them is found when the value is parsed.
_TOKENS: Final = re.compile(  # noqa: TID251
    r'"(?:[^"\\]|\\.)*+"?|[{}\[\],:]|[^\s{}\[\],:"]++', re.DOTALL
)
_ESCAPES: Final = re.compile(  # noqa: TID251
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|.",
    re.DOTALL,
)


@dataclass(slots=True)
class Value:
    """A value of a document, and where it stands in its text.

    Attributes:
        path: to it, by keys and list indexes.
        first: where its key begins, or itself.
        start, end: where it begins, and what is behind it.
        next_part: of the path to what it holds, while that is read.
    """

    path: Path = field(repr=False)
    first: int
    start: int
    end: int = -1
    next_part: PathPart = field(default=0, repr=False)


def document_span(text: str, at: int) -> tuple[int, int] | None:
    """Return the span of the JSON map or list that begins at or after a place; None for neither."""
    depth = 0
    first = -1
    for token in _TOKENS.finditer(text, at):
        char = token.group()[0]
        first = token.start() if first < 0 else first
        depth += (char in "{[") - (char in "}]")
        if depth <= 0:
            if first == token.start():
                return None  # a word, not a document
            return first, token.end()
    return None


def values_of(text: str) -> Iterator[Value]:
    """Yield each value of a document that parses, once its end is known."""
    stack: list[Value] = []
    key: tuple[str, int] | None = None
    expect_key = False
    for token in _TOKENS.finditer(text):
        word, at = token.group(), token.start()
        match word[0]:
            case "}" | "]":
                closed = stack.pop()
                closed.end = token.end()
                yield closed
                expect_key, key = False, None
            case ",":
                above = stack[-1]
                expect_key = isinstance(above.next_part, str)
                if isinstance(above.next_part, int):
                    above.next_part += 1
            case ":":
                pass
            case _ if expect_key:
                key, expect_key = (str(jsonio.loads(word)), at), False
            case _:
                made = _opened(stack, key, at)
                key = None
                if word in "{[":
                    expect_key = word == "{"
                    made.next_part = "" if expect_key else 0
                    stack.append(made)
                else:
                    made.end = token.end()
                    yield made


def _opened(stack: list[Value], key: tuple[str, int] | None, at: int) -> Value:
    if not stack:
        return Value((), at, at)
    above = stack[-1]
    name = above.next_part if key is None else key[0]
    return Value((*above.path, name), at if key is None else key[1], at)


def chosen_points(raw: str, start: int, end: int) -> tuple[int, int] | None:
    """Return the code points of a string that a selection of its raw text covers; None for all."""
    edges = [found.start() for found in _ESCAPES.finditer(raw)]
    first = max(0, bisect_right(edges, max(0, start)) - 1)
    last = bisect_left(edges, end)
    whole = first == 0 and last == len(edges)
    return None if whole or first >= last else (first, last)
