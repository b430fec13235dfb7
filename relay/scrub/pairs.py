"""Keys beside their values inside text: `[["key", "value"]]`, `{"name": "key", "value": 1}`.

Law of this file: two strings with a comma between them say nothing by themselves. They are a pair
where they are all of a list inside a list, or where an object names one of them the other's name.
"""

import re
from typing import Final

Span = tuple[int, int]

# Fixed shapes, not rule patterns; each is matched at one place.
_VALUE: Final = re.compile(  # noqa: TID251
    r"\s*+(?:(?P<slashes>\\{0,7})(?P<quote>[\"'])(?P<text>(?:(?!(?P=slashes)(?P=quote))[^\r\n])*+)"
    r"(?:(?P=slashes)(?P=quote)|\Z)|(?P<bare>[^\s\"'\\,\[\](){}]++))\s*+"
)
_NAMED: Final = re.compile(  # noqa: TID251
    r"\s*+\\*[\"']?(?:value|val|content|data)\\*[\"']?\s*+[:=]", re.IGNORECASE
)
_NAME: Final = re.compile(  # noqa: TID251
    r"(?:key|name|header|field|param|parameter|attribute)\\*[\"']?\s*[:=]\s*\\*$", re.IGNORECASE
)
_CODE: Final = re.compile(r"[A-Za-z_$]{1,2}(?:=>.*)?")  # noqa: TID251
"""A name of minified code, or a function of one: no document shows a text without quotes."""
_BEFORE: Final = 32
_OPEN: Final = {"[": "]", "(": ")"}
_SCALARS: Final = frozenset({"true", "false", "null", "none", "undefined", "nil"})


def beside(text: str, start: int, end: int, comma: int) -> Span | None:
    """Return the span of the value of a quoted key that a comma follows, without its quotes.

    Args:
        text: any text.
        start: where the key begins.
        end: where it ends.
        comma: the place right after the comma.
    """
    quote = text[comma - 2 : comma - 1]
    if text[start - 1 : start] != quote or text[end:comma].strip("\\") != f"{quote},":
        return None
    before = text[max(0, start - 1 - _BEFORE) : start - 1].rstrip("\\").rstrip()
    at, closing, in_list = comma, "", False
    if before[-1:] in _OPEN:
        closing = _OPEN[before[-1]]
        outside = before[:-1].rstrip()
        in_list = outside.endswith("[") or outside.rstrip(", ").endswith(closing)
    else:
        named = _NAMED.match(text, comma) if _NAME.search(before) else None
        if named is None:
            return None
        at = named.end()
    found = _VALUE.match(text, at)
    if found is None or (closing and not _is_last(text, found.end(), closing, in_list)):
        return None
    bare = found["bare"]
    if bare is not None:
        # In a list a word without quotes and digits is a name in code: `("password", password)`.
        is_value = any(map(str.isdigit, bare)) if closing else _CODE.fullmatch(bare) is None
        is_value = is_value and bare.casefold() not in _SCALARS
        return found.span("bare") if is_value else None
    return found.span("text") if found["text"] else None


def _is_last(text: str, at: int, closing: str, in_list: bool) -> bool:
    """Tell whether a pair ends here, in a list of such pairs; or the text does."""
    if text[at : at + 1] != closing:
        return in_list and at >= len(text)
    rest = text[at + 1 : at + 1 + _BEFORE].lstrip()
    if in_list:
        return rest[:1] in ("", "]", ")", "}", ",")
    return rest[:1] == "," and _OPEN.get(rest[1:].lstrip()[:1]) == closing
