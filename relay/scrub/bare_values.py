"""Values without quotes: where one ends, and whether it is one or a sentence goes on.

Law of this file: what stands behind a key is its value. It is none only where a sentence goes on:
with a word that sentences go on with, or with several words of which none looks like a value.
"""

import re
from typing import Final

from relay.detectors.values import SENTENCE_WORDS
from relay.scrub.code_lines import CodeLines

Span = tuple[int, int]

SCALAR_WORDS: Final = frozenset({"true", "false", "null", "none", "undefined", "nil"})

# Fixed shapes, not rule patterns; each is matched at one place.
_BARE: Final = re.compile(r"[^&;,)}\] \t\r\n\"'<>|]+")  # noqa: TID251
_PAIR: Final = re.compile(r"(?:<(?!/)[^<>\s\"'&]{0,20}>?)?(?:[^&; \t\r\n\"'<>]|(?<=\w)'(?=s\b))+")  # noqa: TID251
_LINE: Final = re.compile(r"[^\r\n]+")  # noqa: TID251
_WORD: Final = re.compile(r"(?:<(?!/)[^<>\s\"'`]{0,20}>?)?[^\s\"'`<>|]+")  # noqa: TID251
_END: Final = re.compile(r"[\"'`]?[\s\"'`)\]};,.]*(?:$|[\r\n])|[\"'`](?!\w)")  # noqa: TID251
_FIELD: Final = re.compile(  # noqa: TID251
    r"[^,{}()\[\]=\r\n\"'&;:]{1,80}(?=\}|, [A-Za-z_]\w*=)"
)
"""A field as Java and Kotlin show it: `Wallet{label=My savings, n=1}`."""
_ENTRY: Final = re.compile(r"[^\[\]\r\n]{1,80}?(?=\]| [A-Za-z_]\w*:)")  # noqa: TID251
"""An entry of a map as Go shows it: `map[label:My savings n:1]`."""

_TRAILING: Final = ",;)]} \t"
"""What ends a pair or line without being a part of its value."""

_TITLE: Final = 4
"""Most words of a name."""
_BEFORE: Final = 120
_ROLES: Final = (":class", ":py", ":obj", ":func", ":meth")
"""How references begin in documentation of Python."""
_STATES: Final = frozenset(
    ("reset", "changed", "again", "set", "unset", "hidden", "ignored", "basic", "bearer", "0x")
)


def bare_value(
    lines: CodeLines, key_start: int, at: int, sign: str, *, is_quoted: bool, spaced: bool
) -> Span | None:
    """Return the span of a value without quotes, or None where it is more likely prose or code.

    Args:
        lines: any text.
        key_start: where the key stands.
        at: where the value begins.
        sign: the last character of what stands between them.
        is_quoted: whether a quote ends the key.
        spaced: whether a space stands between them.
    """
    text = lines.text
    if sign == ">" and text[max(0, at - _BEFORE) : at].rstrip(" =>").endswith("]"):
        return _dumped(text, key_start, at)
    if text[at] in "\r\n":
        return _next_line(text, key_start, at) if sign == ":" and not is_quoted else None
    field = None if is_quoted or spaced else _in_container(text, key_start, at, sign)
    if field is not None:
        return field
    if not is_quoted and sign == "=":
        return None if spaced else _whole(text, at, _PAIR)
    if not is_quoted and spaced:
        if _begins_line(text, key_start):
            return _rest_of_line(text, at)
        return _in_sentence(text, at)
    span = _whole(text, at, _BARE)
    if span is None or is_quoted:
        return span
    if _is_telling(text[slice(*span)]) and _in_object(text, key_start):
        return span
    lines.spend(span[1] - span[0])  # the next key may be in the middle of it
    return None


def _whole(text: str, at: int, shape: re.Pattern[str]) -> Span | None:
    found = shape.match(text, at)
    if found is None:
        return None
    value = found.group()
    if shape is not _BARE:
        value = value.rstrip(_TRAILING)
        if value.rstrip(".!?").casefold() in SENTENCE_WORDS:
            return None
    return (at, at + len(value)) if value and value.casefold() not in SCALAR_WORDS else None


def _rest_of_line(text: str, at: int) -> Span | None:
    """Return the span of what stands behind a key at the start of a line."""
    span = _whole(text, at, _LINE)
    if span is None:
        return None
    value = text[slice(*span)]
    return None if " " in value and not _is_telling(value) and not _is_title(value) else span


def _in_sentence(text: str, at: int) -> Span | None:
    """Return the span of a value in the middle of a line.

    It holds a digit, or it is the last word there.
    """
    found = _WORD.match(text, at)
    if found is None:
        return None
    value = found.group().rstrip(_TRAILING + ".!?:")
    if (
        not value
        or "://" in value
        or value.startswith(_ROLES)
        or value.casefold() in SCALAR_WORDS | SENTENCE_WORDS | _STATES
    ):
        return None
    last = _END.match(text, found.end()) is not None
    if any(map(str.isdigit, value)) or (last and any(map(str.isalpha, value))):
        return at, at + len(value)
    return None


def _next_line(text: str, key_start: int, at: int) -> Span | None:
    """Return the span of a word with a digit, alone on the line below a key."""
    if not _begins_line(text, key_start):
        return None
    found = _BELOW.match(text, at)
    if found is None or not any(map(str.isdigit, found["value"])):
        return None
    return found.span("value")


_BELOW: Final = re.compile(r"\r?\n[ \t]*(?P<value>[^\s\"':{}\[\]()]{4,})[ \t]*(?=\r|\n|$)")  # noqa: TID251


def _in_container(text: str, key_start: int, at: int, sign: str) -> Span | None:
    """Return the span of a value with spaces, in an object as Java or a map as Go shows it."""
    before = text[max(0, key_start - _BEFORE) : key_start]
    if sign == "=" and before.endswith(("{", ", ")):
        found = _FIELD.match(text, at)
    elif sign == ":" and before.rfind("map[") > before.rfind("]"):
        found = _ENTRY.match(text, at)
    else:
        return None
    return None if found is None or found.group().casefold() in SCALAR_WORDS else found.span()


def _dumped(text: str, key_start: int, at: int) -> Span | None:
    """Return the span of a value as PHP shows it: `[password] => hunter 2`, to the end of the line.

    Where the array stands in one line, the next key or the array's end bounds it.
    """
    found = (_LINE if _begins_line(text, key_start - 1) else _DUMPED).match(text, at)
    if found is None:
        return None
    value = found.group().rstrip()
    return (at, at + len(value)) if value.casefold() not in SCALAR_WORDS else None


# Spaces at its end are taken off later: to look over them from each place would be quadratic.
_DUMPED: Final = re.compile(r"[^\r\n]+?(?= \[[\w .-]{1,64}\] =>|\)(?:\s|$)|[\r\n]|$)")  # noqa: TID251


def _begins_line(text: str, key_start: int) -> bool:
    """Tell whether a key is the first in its line, but for spaces and a dash of a list."""
    before = text[max(0, key_start - _BEFORE) : key_start]
    line = before[max(before.rfind("\n"), before.rfind("\r")) + 1 :]
    return (key_start == len(before) or len(line) < len(before)) and not line.strip(" \t-")


def _is_telling(value: str) -> bool:
    return any(map(str.isdigit, value)) or "=" in value


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
