"""Whether one of a rule's `leaves` is nearly a hit.

A text is near when the pattern itself matches it (a check, a word or a place has kept it), when a
looser form of the pattern does (other case, any count, no edges), when it shares a run of
characters with what an example redacts, or a word with the pattern, a key, a place or a word.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from relay.rules.model import Rule, Scrubs
from relay.rules.patterns import Pattern, PatternError, compile_pattern
from relay.rules.prefilter import tokens
from relay.rules.selectors import paths_of
from relay.workbench.linting.model import Code, Finding, Lines, found

_WORDS: Final = re.compile(r"[a-z]{3,}")  # noqa: TID251 - splits keys of a rule
_RUN: Final = 4
"""Characters that two texts share by more than chance."""
_EDGES: Final = frozenset({"\\b", "\\B", "^", "$"})


def no_near_miss(rule: Rule, lines: Lines) -> Iterator[Finding]:
    """Find out whether none of a rule's `leaves` is nearly a hit."""
    if not rule.leaves:
        return
    loose = tuple(_loose(rule.match.pattern)) if rule.match.pattern else ()
    words = frozenset((*_rule_words(rule), *_literals(rule.match.pattern)))
    runs = frozenset(
        run
        for example in rule.scrubs
        for gone in _gone(example)
        for run in _runs(gone)
    )  # fmt: skip
    for example in rule.leaves:
        texts = [text.casefold() for text in _all_texts(example.value)]
        if any(pattern.find(_encoded(t)) for pattern in loose for t in _all_texts(example.value)):
            return
        if any(word in text for word in words for text in texts):
            return
        if any(run in text for run in runs for text in texts):
            return
    line = lines.at("examples", "leaves")
    yield found(rule, Code.NO_NEAR_MISS, "none of leaves looks like what it finds", line=line)


def _loose(pattern: Pattern) -> Iterator[Pattern]:
    """Yield a pattern, and one that matches more: any case, any count, no edges."""
    yield pattern
    pieces: list[str] = []
    for token in tokens(pattern.source):
        if token.text in _EDGES:
            pieces.append("(?:)")
        elif token.least is not None:
            pieces.append("+")
        else:
            pieces.append(token.text)
    try:
        yield compile_pattern("(?i)" + "".join(pieces))
    except PatternError:
        return


def _literals(pattern: Pattern | None) -> Iterator[str]:
    """Yield what stands in a pattern as it is: words, `://`."""
    literal = ""
    for token in tokens(pattern.source if pattern else ""):
        char = token.text[-1:] if len(token.text) <= _ESCAPED else ""
        plain = token.text == char and char not in _SYNTAX
        if plain or (token.text == f"\\{char}" and not char.isalnum()):
            literal += char.casefold()
            continue
        if len(literal) >= _LITERAL:
            yield literal
        literal = ""
    if len(literal) >= _LITERAL:
        yield literal


_LITERAL: Final = 3
_ESCAPED: Final = 2
_SYNTAX: Final = frozenset("^$.|?*+(){}")


def _rule_words(rule: Rule) -> Iterator[str]:
    for key in rule.match.spelled:
        yield from _WORDS.findall(key.casefold()) or [key.casefold().lstrip("*")]
    yield from rule.match.near
    for selector in (*rule.where, *rule.excepts):
        for path in paths_of(selector.source):
            last = path[-1]
            if last.kind == "key":
                yield from _WORDS.findall(last.text) or [last.text]


def _gone(example: Scrubs) -> Iterator[str]:
    """Yield the texts of an example that do not come out as they went in, markers aside."""
    after = set(_all_texts(example.after))
    for text in _all_texts(example.before):
        if text not in after:
            yield _changed(text, example.after) if not example.is_document else text


def _changed(before: str, after: str) -> str:
    """Return the middle of a text, without what it has in common with another at both ends."""
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    end = 0
    most = min(len(before), len(after)) - start
    while end < most and before[-1 - end] == after[-1 - end]:
        end += 1
    return before[start : len(before) - end]


def _runs(text: str) -> Iterable[str]:
    folded = text.casefold()
    return {folded[at : at + _RUN] for at in range(len(folded) - _RUN + 1)}


def _all_texts(value: Any) -> Iterator[str]:
    """Yield texts, keys and numbers."""
    match value:
        case str():
            yield value
        case dict():
            for key, child in value.items():
                yield key
                yield from _all_texts(child)
        case list():
            for child in value:
                yield from _all_texts(child)
        case int() | float():
            yield str(value)
        case _:
            pass


def _encoded(text: str) -> bytes:
    return text.replace("\n", "\r").encode("utf-8", "replace")
