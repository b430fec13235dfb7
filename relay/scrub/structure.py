r"""Keys and values inside text: JSON in a string, a Python or JavaScript repr, pairs, headers.

Law of this file: it must read what is cut off, quoted twice or not quite JSON, for that is what
clients send. Given where a hot key stands it says where its value stands. Given a text that starts
as JSON it walks it as a document, with paths.
"""

import re
from collections.abc import Iterator
from typing import Final

from relay.rules.paths import Path, PathPart
from relay.scrub.bare_values import SCALAR_WORDS, bare_value
from relay.scrub.code_brackets import is_code_in_brackets
from relay.scrub.code_lines import CodeLines
from relay.scrub.pairs import beside
from relay.scrub.source_code import (
    CODE_WINDOW,
    closes,
    is_code,
    is_template,
)

Span = tuple[int, int]

_QUOTES: Final = "\"'`"
_MARKS: Final = "{}[]()\"'"
_TOKEN_COST: Final = 24
"""What a bracket or quote costs that is counted on the way to where a value ends."""
_OPEN: Final = "{[("


def value_after(
    text: str, key_start: int, colon: int, lines: CodeLines | None = None
) -> tuple[str, Span] | None:
    """Return the key that ends before `colon` and the span of its value.

    Args:
        text: any text.
        key_start: where the key, or a word that ends it, begins.
        colon: the place right after the `:`, `=` or `=>`.
        lines: what is known of code in this text.

    Returns:
        The whole key (with what stands glued before it) and the value without its quotes; None if
        there is no value or it is true, false or null.
    """
    start, end = _key_around(text, key_start)
    key = text[start:end].rstrip()
    if text[colon - 1] == ",":
        span = beside(text, start, end, colon)
        return None if span is None else (key, span)
    if (
        text[colon : colon + 1] == "="
        or text.startswith(":=", colon)
        or _is_closed(text, start, end, colon)
    ):
        # A comparison, or a prompt: `label === x`, `'Password: '`.
        return None
    lines = CodeLines(text) if lines is None else lines
    at = colon
    while at < len(text) and text[at] in " \t":
        at += 1
    if at >= len(text):
        return None
    is_quoted = any(quote in text[end:colon] for quote in _QUOTES)
    literal = _LITERAL.match(text, at)
    if literal is not None:
        span = _literal(lines, start, literal, is_quoted=is_quoted)
        return None if span is None else (key, span)
    if text[at] in _OPEN:
        span = _bracketed(lines, start, key, at, _escapes_of(text[end:colon]))
        return None if span is None else (key, span)
    # A space before the sign was read with the key, a tab was not.
    spaced = at > colon or text[end : end + 1] == "\t" or text[end - 1 : end] == " "
    found = bare_value(lines, start, at, text[colon - 1], is_quoted=is_quoted, spaced=spaced)
    if found is None:
        return None
    if is_code(lines, start, key, found):
        lines.spend(found[1] - found[0])
        return None
    return key, found


def _literal(
    lines: CodeLines, start: int, literal: re.Match[str], *, is_quoted: bool
) -> Span | None:
    """Return the span between quotes; None if they end a string, or hold a template of code."""
    text, at = lines.text, literal.end()
    if not is_quoted and closes(text, start, at):
        return None
    stop = _closing_quote(text, at, text[at - 1], len(literal["escapes"]))
    return (at, stop) if stop > at and not is_template(lines, start, at, stop) else None


def _bracketed(lines: CodeLines, start: int, key: str, at: int, escapes: int) -> Span | None:
    """Return the span of a value in brackets; None if it is code."""
    text = lines.text
    # Asked first, of what is near: a value that is none must not be read to its end.
    near = _closing_bracket(text[at : at + CODE_WINDOW], 0, escapes)
    if is_code_in_brackets(lines, start, key, (at, at + near)):
        return None
    stop = _closing_bracket(text, at, escapes)
    lines.spend(_TOKEN_COST * sum(text.count(mark, at, stop) for mark in _MARKS))
    return at, _glued(text, at, stop)


def _key_around(text: str, at: int) -> Span:
    """Return the span of the key with what stands glued before it, and spaces behind."""
    start = end = at
    while start > 0 and (text[start - 1].isalnum() or text[start - 1] in "_-.") and at - start < 64:
        start -= 1
    while end < len(text) and (text[end].isalnum() or text[end] in "_-. "):
        end += 1
    return start, end


def _glued(text: str, at: int, stop: int) -> int:
    """Return where a value ends that begins with a bracket and goes on behind it: `{x}hunter2`."""
    if text[at] == "[" or stop >= len(text):
        return stop
    found = _GLUED.match(text, stop)
    return stop if found is None else found.end()


def _is_closed(text: str, start: int, end: int, colon: int) -> bool:
    """Return whether the next quote ends the string that the key itself stands in."""
    quote = text[start - 1 : start]
    if not quote or quote not in _QUOTES or quote in text[end:colon]:
        return False
    while colon < len(text) and text[colon] in " \t":
        colon += 1
    return text[colon : colon + 1] == quote


def _closing_quote(text: str, at: int, quote: str, escapes: int) -> int:
    """Return where the string ends whose quotes are escaped by so many backslashes, or the end.

    Each level of JSON in a string doubles backslashes and adds one: a quote that ends this string
    stands behind `escapes` of them and whole pairs of what one is at this level. One behind fewer
    ends the string around it, and so this one too.
    """
    while True:
        found = text.find(quote, at)
        if found < 0:
            return len(text)
        before = found
        while before > at and text[before - 1] == "\\":
            before -= 1
        slashes = found - before
        if slashes <= escapes or slashes % (2 * escapes + 2) == escapes:
            return found - min(slashes, escapes)
        at = found + 1


def _escapes_of(between: str) -> int:
    """Return how many backslashes stand before the quote that ends a key."""
    rest = between.lstrip("\\")
    return len(between) - len(rest) if rest[:1] in ('"', "'", "`") else 0


def _closing_bracket(text: str, at: int, escapes: int) -> int:
    """Return the place after the bracket that closes the one at `at`, or the end of the text.

    Args:
        text: any text.
        at: the place of the opening bracket.
        escapes: how many backslashes stand before each quote of a string in it.
    """
    if escapes:
        return _closing_escaped(text, at, escapes)
    depth = 0
    for token in _BRACKET_TOKENS.finditer(text, at):
        if token["cut"] is not None:
            # A quote that nothing closes: quotes are escaped here, and say nothing about brackets.
            return _bracket_at(_BRACKETS.finditer(text, token.start() + 1), depth, len(text))
        depth += _DEPTHS.get(token.group(), 0)
        if depth == 0:
            return token.end()
    return len(text)


def _closing_escaped(text: str, at: int, escapes: int) -> int:
    """Do the same in JSON inside a string, where quotes are escaped."""
    depth = 0
    while True:
        token = _BRACKETS_AND_QUOTES.search(text, at)
        if token is None:
            return len(text)
        at = token.end()
        if token.group() == '"':
            # Past the whole string; its closing quote stands behind its backslashes.
            stop = _closing_quote(text, at, '"', escapes)
            at = text.find('"', stop) + 1
            if not at:
                return _bracket_at(_BRACKETS.finditer(text, token.end()), depth, len(text))
            continue
        depth += _DEPTHS[token.group()]
        if depth == 0:
            return at


def _bracket_at(tokens: Iterator[re.Match[str]], depth: int, end: int) -> int:
    for token in tokens:
        depth += _DEPTHS[token.group()]
        if depth == 0:
            return token.end()
    return end


_DEPTHS: Final = {"{": 1, "[": 1, "(": 1, "}": -1, "]": -1, ")": -1}


# Fixed tokenisers, not rule patterns. Each reads on without ever going back, and a quote that is
# never closed runs to the end: else text full of quotes would be read once for each of them.
_QUOTED: Final = r'"(?>[^"\\]+|\\(?:.|\Z))*+(?:"|\Z(?P<cut>))'
_SINGLE: Final = r"'(?>[^'\\]+|\\(?:.|\Z))*+(?:'|\Z)"
_BRACKETS: Final = re.compile(r"[{}\[\]()]")  # noqa: TID251
_BRACKETS_AND_QUOTES: Final = re.compile(r"[{}\[\]()\"]")  # noqa: TID251
_BRACKET_TOKENS: Final = re.compile(  # noqa: TID251
    _QUOTED + r"|(?<=[\[{(,: ])'(?>[^'\\\n]+|\\.)*+'(?=\s*[,:\])}])|[{}\[\]()]", re.DOTALL
)
_TOKENS: Final = re.compile(  # noqa: TID251
    rf"{_QUOTED}|{_SINGLE}|[{{}}\[\],:]|[^\s{{}}\[\],:\"']+", re.DOTALL
)
_LITERAL: Final = re.compile(  # noqa: TID251
    r"(?:(?:[A-Z][A-Za-z]{1,30}|bytearray|bytes|str)\()?(?:[bB][rR]?|[rR][bBfF]?|[uU]|[fF][rR]?)?"
    r"(?P<escapes>\\*)[\"'`]"
)
"""What opens a string: quotes, and what code puts before them, as in `b'x'` and `Decimal('1')`."""
_GLUED: Final = re.compile(r"[^\s&;,)\]}\"'<>|.:(\[]+")  # noqa: TID251
_BARE_VALUE: Final = re.compile(r"[^\s{}\[\],\"']+")  # noqa: TID251

_SHORT: Final = 2
"""Names in minified code are no longer, mostly."""

_DEEPEST: Final = 64
"""No selector of a rule is that long; deeper values are not yielded, for their paths add up."""


def entries(text: str) -> Iterator[tuple[Path, Span, str]]:
    """Walk a text that starts as JSON, cut off or not, and yield each keyed scalar in it.

    Yields (path, span of the value without quotes, value type). There are no more tokens than
    characters, and all of them are read: a rule about places has nothing else to find them by.
    """
    containers: list[tuple[str, PathPart]] = []
    key: PathPart = ""
    done = 0
    expect_key = False
    for token in _TOKENS.finditer(text):
        word, first = token.group(), text[token.start()]
        if token.start() < done:
            continue
        if first in "{[":
            containers.append((first, key))
            expect_key = first == "{"
            key = "" if expect_key else 0
        elif first in "}]":
            if not containers:
                return
            _, outer = containers.pop()
            key = outer
            expect_key = False
        elif first == ",":
            inside_list = bool(containers) and containers[-1][0] == "["
            expect_key = not inside_list
            if inside_list and isinstance(key, int):
                key += 1
        elif first == ":":
            expect_key = False
        elif expect_key:
            key = word.strip("\"'")
        elif containers:
            quoted = first in "\"'"
            start, done = token.span()
            if quoted:
                start += 1
                done -= len(word) > 1 and word[-1] == first
            elif bare := _BARE_VALUE.match(text, start):
                done = bare.end()  # a pseudonym, where a number stood, has a colon
            if not quoted and len(word) <= _SHORT and word.isalpha():
                continue  # minified code: no document shows a text without quotes
            deep = len(containers) > _DEEPEST
            if not deep and start < done and (quoted or word.casefold() not in SCALAR_WORDS):
                path = (*(part for _, part in containers[1:]), key)
                yield path, (start, done), "string" if quoted else "number"


def looks_like_json(text: str) -> bool:
    """Return whether a text starts as a JSON object or array would."""
    return text.lstrip()[:1] in ("{", "[")
