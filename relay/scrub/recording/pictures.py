"""Pictures in a recording: no rule reads them, and a wallet shows its address as one.

Law of this file: what holds the bytes of a picture, font or document loses them; that there was one
stays. QR codes made of elements are not its business (`drawings`).
"""

import re
from typing import Any, Final

_INCREMENT, _CANVAS, _FONT = 3, 9, 10
_EMPTY: Final = "data:,"
_DOCUMENT: Final = "srcdoc"
_STYLE: Final = "style"
_LONGEST_STYLE: Final = 2_000
"""Characters of a style of one element; a picture made of shadows or gradients has more."""
_BYTES: Final = "base64"

# Fixed shapes, each with one run of its own: linear.
_DATA: Final = re.compile(  # noqa: TID251 - RFC 2397, bounded
    r"data:(?=[a-z]{1,20}/[a-z0-9.+*-]{1,80}[;,]|;[a-z]|,)", re.IGNORECASE
)
_UNQUOTED_END: Final = re.compile(r"[\s\"'`)<>]")  # noqa: TID251 - a class
_BLOCKS: Final = re.compile("[\u2580-\u259f\u2800-\u28ff\U0001fb00-\U0001fb3b]")  # noqa: TID251
"""Characters that are a few dots each: a terminal draws a QR code with them."""


def drop_pictures(events: list[Any]) -> None:
    """Take the bytes of pictures out of a recording, in place."""
    for event in events:
        data = event.get("data") if isinstance(event, dict) else None
        if isinstance(data, dict) and event.get("type") == _INCREMENT:
            _increment(data)
    stack: list[Any] = [events]
    while stack:
        node = stack.pop()
        for slot, value in node.items() if isinstance(node, dict) else enumerate(node):
            if isinstance(value, str):
                clean = _without(slot, value)
                if clean is not value:
                    node[slot] = clean
            elif isinstance(value, dict):
                if "rr_type" in value:
                    _serialised(value)
                stack.append(value)
                if slot == _STYLE:
                    _styles(value)
            elif isinstance(value, list):
                stack.append(value)


def _increment(data: dict[str, Any]) -> None:
    source = data.get("source")
    if source == _CANVAS:
        # As rrweb writes a list of commands, and none.
        for key in ("property", "args", "setter"):
            data.pop(key, None)
        data["commands"] = []
    elif source == _FONT and data.get("buffer"):
        data["fontSource"] = "[]"


def _serialised(value: dict[str, Any]) -> None:
    """Empty an object that rrweb has serialised: a buffer, a blob, an image."""
    for key, part in value.items():
        if key == _BYTES and isinstance(part, str):
            value[key] = ""
        elif isinstance(part, list):
            value[key] = []


def _styles(value: dict[str, Any]) -> None:
    """Empty what is too long in the style of one element, which rrweb sends part by part."""
    for key, part in value.items():
        if len(part if isinstance(part, str) else "") > _LONGEST_STYLE:
            value[key] = ""
        elif isinstance(part, list) and part and len(str(part[0])) > _LONGEST_STYLE:
            value[key] = ["", *part[1:]]


def _without(slot: Any, text: str) -> str:
    if slot == _DOCUMENT:
        return ""
    if slot == "rr_dataURL" and text:
        return _EMPTY
    if not text.isascii() and _BLOCKS.search(text):
        text = _BLOCKS.sub(" ", text)
    if _DATA.search(text):
        text = _without_data(text)
    return "" if slot == _STYLE and len(text) > _LONGEST_STYLE else text


def _without_data(text: str) -> str:
    """Return a text in which each `data:` URL is empty: alone, in a list, in CSS, in quotes."""
    if _DATA.match(text.lstrip()) and not _is_list(text):
        return _EMPTY
    parts: list[str] = []
    at = 0
    while (found := _DATA.search(text, at)) is not None:
        start = found.start()
        parts += (text[at:start], _EMPTY)
        before = text[start - 1 : start]
        if before and before in "\"'`":
            stop = text.find(before, found.end())
            stop = len(text) if stop < 0 else stop
            # Quoted twice: what escapes the quote stays with it.
            while stop > found.end() and text[stop - 1] == "\\":
                stop -= 1
            at = stop
        elif before == "(":
            at = text.find(")", found.end())
            at = len(text) if at < 0 else at
        else:
            end = _UNQUOTED_END.search(text, found.end())
            at = len(text) if end is None else end.start()
    parts.append(text[at:])
    return "".join(parts)


def _is_list(text: str) -> bool:
    """Return whether more follows behind a URL, as in `srcset`."""
    return len(text.split(None, 1)) > 1 and "<" not in text
