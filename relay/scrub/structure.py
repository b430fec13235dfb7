r"""Keys and values inside text: JSON in a string, a Python or JavaScript repr, pairs, headers.

Law of this file: it must read what is cut off, quoted twice or not quite JSON, for that is what
clients send. Given where a hot key stands it says where its value stands. Given a text that starts
as JSON it walks it as a document, with paths.
"""

import re
from collections.abc import Iterator
from typing import Final

from relay.detectors.values import SENTENCE_WORDS
from relay.rules.selectors import Path, PathPart
from relay.scrub.source_code import (
    CODE_WINDOW,
    closes,
    is_code,
    is_code_in_brackets,
    is_template,
)

Span = tuple[int, int]

_QUOTES: Final = "\"'`"
_OPEN: Final = {"{": "}", "[": "]", "(": ")"}
_SCALAR_WORDS: Final = frozenset({"true", "false", "null", "none", "undefined", "nil"})


def value_after(text: str, key_start: int, colon: int) -> tuple[str, Span] | None:
    """Return the key that ends before `colon` and the span of its value.

    Args:
        text: any text.
        key_start: where the key, or a word that ends it, begins.
        colon: the place right after the `:`, `=` or `=>`.

    Returns:
        The whole key (with what stands glued before it) and the value without its quotes; None if
        there is no value or it is true, false or null.
    """
    start = key_start
    while (
        start > 0
        and (text[start - 1].isalnum() or text[start - 1] in "_-.")
        and key_start - start < 64
    ):
        start -= 1
    end = key_start
    while end < len(text) and (text[end].isalnum() or text[end] in "_-. "):
        end += 1
    key = text[start:end].rstrip()
    if (
        text[colon : colon + 1] == "="
        or text.startswith(":=", colon)
        or _is_closed(text, start, end, colon)
    ):
        # A comparison, or a prompt: `label === x`, `'Password: '`.
        return None
    at = colon
    while at < len(text) and text[at] in " \t":
        at += 1
    spaced = at > colon
    if at >= len(text):
        return None
    literal = _LITERAL.match(text, at)
    if literal is not None:
        at = literal.end()
        if not any(quote in text[end:colon] for quote in _QUOTES) and closes(text, start, at):
            return None
        stop = _closing_quote(text, at, text[at - 1], len(literal["escapes"]))
        return (key, (at, stop)) if stop > at and not is_template(text, at, stop) else None
    if text[at] in _OPEN:
        escapes = _escapes_of(text[end:colon])
        # Asked first, of what is near: a value that is none must not be read to its end.
        near = _closing_bracket(text[at : at + CODE_WINDOW], 0, escapes)
        if is_code_in_brackets(text, start, (at, at + near)):
            return None
        return key, (at, _closing_bracket(text, at, escapes))
    sign = text[colon - 1]
    is_quoted = any(quote in text[end:colon] for quote in _QUOTES)
    spaced = spaced or text[end:colon][:1] in (" ", "\t") or text[end - 1 : end] == " "
    if is_code(text, start, key, at):
        return None
    span = _bare_value(text, start, at, sign, is_quoted=is_quoted, spaced=spaced)
    return (key, span) if span is not None else None


def _is_closed(text: str, start: int, end: int, colon: int) -> bool:
    """Return whether the next quote ends the string that the key itself stands in."""
    quote = text[start - 1 : start]
    if not quote or quote not in _QUOTES or quote in text[end:colon]:
        return False
    return text[colon:].lstrip(" \t")[:1] == quote


def _bare_value(
    text: str, key_start: int, at: int, sign: str, *, is_quoted: bool, spaced: bool
) -> Span | None:
    """Return the span of a value without quotes, or None where it is more likely prose or code.

    That is: what follows a quoted key; `key=value` without spaces; a line that is `key: value`;
    a number or id in an object as JavaScript shows it.
    """
    bare = _BARE
    if not is_quoted and sign == "=":
        if spaced:
            return None
        bare = _PAIR
    elif not is_quoted and spaced and (key_start == 0 or text[key_start - 1] in "\r\n"):
        bare = _LINE
    found = bare.match(text, at)
    if found is None:
        return None
    value = found.group().rstrip(_TRAILING) if bare is not _BARE else found.group()
    if not value or value.casefold() in _SCALAR_WORDS:
        return None
    if bare is not _BARE and value.rstrip(".!?").casefold() in SENTENCE_WORDS:
        return None
    telling = any(c.isdigit() for c in value) or "=" in value
    if bare is _LINE and " " in value and not telling and not _is_title(value):
        return None
    if bare is _BARE and not is_quoted and not (telling and _in_object(text, key_start)):
        return None
    return at, at + len(value)


def _is_title(value: str) -> bool:
    """Tell whether a few words are a name that somebody gave, and not how a sentence goes on."""
    words = value.split(" ")
    if len(words) > _TITLE or not words[0][0].isupper() or value[-1] in ".!?:":
        return False
    return words[0].lower() not in SENTENCE_WORDS


def _in_object(text: str, key_start: int) -> bool:
    """Return whether a key stands where an object or a list of pairs would have one."""
    before = text[max(0, key_start - 8) : key_start].rstrip()
    return not before or before[-1] in "{,[(;&?"


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
_BRACKET_TOKENS: Final = re.compile(_QUOTED + r"|[{}\[\]()]", re.DOTALL)  # noqa: TID251
_TOKENS: Final = re.compile(  # noqa: TID251
    rf"{_QUOTED}|{_SINGLE}|[{{}}\[\],:]|[^\s{{}}\[\],:\"']+", re.DOTALL
)
_LITERAL: Final = re.compile(  # noqa: TID251
    r"(?:(?:[A-Z][A-Za-z]{1,30}|bytearray|bytes|str)\()?(?:[bB][rR]?|[rR][bBfF]?|[uU]|[fF][rR]?)?"
    r"(?P<escapes>\\*)[\"'`]"
)
"""What opens a string: quotes, and what code puts before them, as in `b'x'` and `Decimal('1')`."""
_BARE: Final = re.compile(r"[^&;,)}\] \t\r\n\"'<>|]+")  # noqa: TID251
_PAIR: Final = re.compile(r"[^&; \t\r\n\"'<>]+")  # noqa: TID251
_BARE_VALUE: Final = re.compile(r"[^\s{}\[\],\"']+")  # noqa: TID251
_LINE: Final = re.compile(r"[^\r\n]+")  # noqa: TID251

_TRAILING: Final = ",;)]} \t"
"""What ends a pair or line without being a part of its value."""

_TITLE: Final = 4
"""Most words of a name."""

_DEEPEST: Final = 64
"""No selector of a rule is that long; deeper values are not yielded, for their paths add up."""


def entries(text: str, limit: int) -> Iterator[tuple[Path, Span, str]]:
    """Walk a text that starts as JSON, cut off or not, and yield each keyed scalar in it.

    Yields (path, span of the value without quotes, value type). Stops after `limit` tokens; the
    text rules and `value_after` do not depend on this walk.
    """
    containers: list[tuple[str, PathPart]] = []
    key: PathPart = ""
    done = 0
    expect_key = False
    for count, token in enumerate(_TOKENS.finditer(text)):
        if count >= limit:
            return
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
            deep = len(containers) > _DEEPEST
            if not deep and start < done and (quoted or word.casefold() not in _SCALAR_WORDS):
                path = (*(part for _, part in containers[1:]), key)
                yield path, (start, done), "string" if quoted else "number"


def looks_like_json(text: str) -> bool:
    """Return whether a text starts as a JSON object or array would."""
    return text.lstrip()[:1] in ("{", "[")
