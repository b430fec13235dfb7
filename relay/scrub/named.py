"""Values that a text beside them names: what follows a flag, and what fills a message's holes.

Law of this file: it says which value has which name; whether a rule knows that name is asked for
by others.
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from relay.rules.paths import PathPart

Names = dict[PathPart, str]
"""The name of a value, by its index or key."""

_MOST: Final = 256
"""Holes of a message that are looked at; people write a few."""
_REACH: Final = 64
"""Characters before a hole in which its name is looked for."""
_LONGEST: Final = 64
_SPOKEN: Final = "arguments"
"""What a console was called with (a breadcrumb's data): words may stand before the name there."""
_TEMPLATE: Final = "sentry.message.template"
_PARAMETER: Final = "sentry.message.parameter."
"""Attributes of a log, as Sentry's SDKs send them."""

# Fixed shapes, not rule patterns.
_FLAG: Final = re.compile(r"-{1,2}([A-Za-z][\w.-]+)|\"?([A-Za-z][\w.-]+)\"?\s?[:=]\s?")  # noqa: TID251
_LAST_WORD: Final = re.compile(r"[\w ,-]* ([A-Za-z][\w.-]+)[:=]\s?")  # noqa: TID251
# Python (both ways), C, JavaScript's console and Go, .NET, loguru; `%%` is a sign and no hole.
_HOLE: Final = re.compile(  # noqa: TID251
    r"%%|%(?:\((\w+)\))?[#0+-]{0,3}\d{0,3}(?:\.\d{1,3})?[sdifrvqxXoO@]"
    r"|\{(\w{0,40})(?:[!:][^{}\n]{0,20})?\}"
)
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"
_SIGNS: Final = frozenset(":=")
_AROUND: Final = "\"' "
_DIGITS: Final = 4


def flagged(node: list[Any], under: str) -> Names | None:
    """Return the names of values that follow a flag: `["--password", "x"]`, `["label:", "x"]`.

    Not for lines of code: one that ends in a colon begins a block.

    Args:
        node: a list, mostly of the arguments of a call or of a program.
        under: the key that it stands under.
    """
    if len(node) < 2:
        return None
    flags = [
        at
        for at, text in enumerate(node[:-1])
        if type(text) is str and text and (text[0] == "-" or text[-1] in ":= ")
    ]
    names: Names = {}
    for at in flags:
        name = _flag(node[at], spoken=under == _SPOKEN)
        value = node[at + 1]
        if name and not (type(value) is str and _flag(value, spoken=False)):
            names[at + 1] = name
    return names or None


def _flag(text: str, *, spoken: bool) -> str | None:
    if len(text) > _LONGEST:
        return None
    found = _FLAG.fullmatch(text) or (_LAST_WORD.fullmatch(text) if spoken else None)
    return None if found is None else found[found.lastindex or 0]


def has_holes(keys: tuple[str, ...]) -> bool:
    """Return whether a map with these keys may be a message with what fills its holes."""
    return ("params" in keys and "message" in keys) or _TEMPLATE in keys


def filled(node: dict[str, Any]) -> Iterator[tuple[Any, Names]]:
    """Give maps and lists in which a message names values, with the names.

    Args:
        node: `{"message": "label: %s", "params": […]}`, or the attributes of a log.
    """
    message, values = node.get("message"), node.get("params")
    if type(message) is str and (type(values) is list or type(values) is dict):
        yield values, _holes(message)
    template = node.get(_TEMPLATE)
    if type(template) is dict:
        template = template.get("value")
    if type(template) is not str:
        return
    plain: Names = {}
    for slot, name in _holes(template).items():
        key = f"{_PARAMETER}{slot}"
        attribute = node.get(key)
        if type(attribute) is dict:
            yield attribute, {"value": name}
        elif attribute is not None:
            plain[key] = name
    yield node, plain


def _holes(message: str) -> Names:
    """Return the names right before holes: of the first, second and so on, or by the hole's own."""
    names: Names = {}
    counts = {"%": 0, "{": 0}
    for hole in islice(_HOLE.finditer(message), _MOST):
        kind = hole[0][0]
        if hole[0] == "%%":
            continue
        own = hole[1] or hole[2]
        if own:
            slot: PathPart = int(own) if own.isdecimal() and len(own) < _DIGITS else own
        else:
            slot = counts[kind]
            counts[kind] += 1
        name = _name_before(message, hole.start())
        if name:
            # A list has numbers, and a map has them as text.
            names[slot] = names[str(slot)] = name
    return names


def _name_before(message: str, at: int) -> str:
    head = message[max(0, at - _REACH) : at].rstrip(_AROUND)
    if head[-1:] not in _SIGNS:
        return ""
    head = head[:-1].rstrip(_AROUND)
    return head[len(head.rstrip(_LETTERS)) :]
