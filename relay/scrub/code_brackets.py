"""Brackets of source code: whether what a bracket opens behind a key is code, and no value.

Law of this file: what is empty, is worked out or is a hole of a template is none; of the rest the
line around it tells.
"""

import re
from typing import Final

from relay.scrub.code_lines import CodeLines, has_sign, is_code_line, is_minified
from relay.scrub.source_code import NOTHING, ends, is_choice, is_own

_WINDOW: Final = 120
"""So many characters before a key and behind a bracket are looked at."""

# Fixed shapes, not rule patterns; each is matched at one place, or over a text of bounded size.
_SUM: Final = re.compile(r"\([\d\s()+%-]*(?:\*|<<|//)[\d\s()*<>+/%-]*")  # noqa: TID251
"""What is worked out: no PIN has a sign of multiplication."""
_PRODUCT: Final = re.compile(r"\[(?:self|this)\.\w+\]|\([a-z_]+ [*+%/-] [a-z_]+\)")  # noqa: TID251
_SCHEMA: Final = re.compile(  # noqa: TID251
    r"\{\s?[\"']type[\"']: ?[\"']string[\"'],? ?(?:[\"']format[\"']: ?[\"'][a-z-]+[\"'])?\s?\}?"
)
_RAW: Final = re.compile(r"\b[rR][\"']|\b[A-Z]\w*\.[A-Z]\w*,")  # noqa: TID251
"""No value is shown with raw strings or attributes of classes in it."""
_EACH: Final = re.compile(r"[\w)\]]\s{1,80}for [\w, ()]{1,40}(?: in |$)")  # noqa: TID251
_MIXED: Final = re.compile(r"[A-Za-z]\w*\d|\d\w*[A-Za-z]")  # noqa: TID251
_CALLS: Final = re.compile(r"[A-Za-z]\w*\.[A-Za-z]\w*\(")  # noqa: TID251
_QUOTED: Final = re.compile(r"\"[^\"\n]*\"?|'[^'\n]*'?")  # noqa: TID251
_IN_STRING: Final = re.compile(r"\bf[\"'][^\"'\n]*$")  # noqa: TID251
_FILLED: Final = re.compile(r"\{[a-z_]+(?:\.[a-z_]+)*(?:![rsa])?\}")  # noqa: TID251


def is_code_in_brackets(lines: CodeLines, start: int, key: str, span: tuple[int, int]) -> bool:
    """Return whether a bracketed value is one of code: nothing in it, no literal, or minified.

    Args:
        lines: any text.
        start: where the key stands, without its quotes.
        key: the key.
        span: of the value, its brackets included.
    """
    text = lines.text
    at, stop = span
    inside = text[at + 1 : stop]
    first = text[at]
    bare = inside.strip(" \t\r\n)]}")
    if not bare or is_choice(text, start):
        return True
    if first == "{" and _is_hole(text, start, key, span):
        return True
    if first == "{" and NOTHING.fullmatch(text, at, stop):
        return False
    if first == "(" and inside.startswith("\n"):
        return True
    if any(shape.fullmatch(text, at, stop) for shape in (_PRODUCT, _SUM, _SCHEMA)):
        return True
    literal = any(quote in inside for quote in "\"'`")
    if first == "(" and (bare.lower().endswith(("optional", "required")) or is_code_line(inside)):
        return True
    named = _QUOTED.sub("", inside) if first == "[" else ""
    if named and (inside.startswith(("...", ":")) or _RAW.search(inside) or _is_made(named)):
        return True
    if first == "(":
        return (has_sign(inside) or (not literal and _has_names(inside))) and lines.near(start)
    if first == "{" and (is_minified(text, at) or not literal):
        return lines.near(start) or lines.near(min(at + _WINDOW, len(text)))
    return not literal and not any(map(str.isdigit, inside)) and lines.near(start)


def _is_hole(text: str, start: int, key: str, span: tuple[int, int]) -> bool:
    """Tell whether braces are a hole of a template: in an f-string, or with the key's own name."""
    at, stop = span
    behind = text[stop : stop + 1]
    filled = _FILLED.fullmatch(text, at, stop) is not None and not behind.isalnum()
    if filled and _IN_STRING.search(text, max(0, start - _WINDOW), start):
        return True
    bare = text[at + 1 : stop - 1]
    if NOTHING.fullmatch(text, at, stop) is None or not (ends(text, stop) or behind in "\"'`"):
        return False
    return bare[:1].isdigit() or bare == "snip" or "[" in bare or is_own(key, bare)


def _has_names(inside: str) -> bool:
    """Tell whether parentheses hold words without digits, or calls."""
    if inside.startswith("0,") or _CALLS.search(inside):
        return True
    return _MIXED.search(inside) is None and any(map(str.isalpha, inside))


def _is_made(bare: str) -> bool:
    """Tell whether a list, its literals left out, is one that code makes: `[f(x) for x in y]`."""
    return _EACH.search(bare) is not None or is_code_line(bare)
