"""Which value stands under a caret: offsets into a text as it is shown in, a path and a value out.

Law of this file: it reads JSON as it is shown, pretty-printed or not, and never changes it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

from relay import jsonio
from relay.errors import RelayError
from relay.protocol.item_kinds import ATTACHMENT, kind_of, refined
from relay.rules.paths import Path, PathPart, ValueType
from relay.scrub.places import pair_key_of
from relay.workbench.json_spans import Value, chosen_points, document_span, values_of

MAX_DEPTH: Final = 48
"""Parts of a path; no selector of a rule is that long."""


class LocateError(RelayError):
    """Nothing stands there that a rule could be about; `detail` says why, without the text."""

    reason = "locate"


@dataclass(frozen=True, slots=True)
class Located:
    """A value in a sample, and what of it was chosen.

    Attributes:
        path: where it stands, with list indexes; an element of a list of pairs by its key. Empty in
            plain text.
        value_type: string, number, boolean (null too), array or object.
        value: the value itself.
        selected: the chosen text: a part of a string, or the whole value as text.
        span: code points of the value that were chosen; None for all of it.
        root_type: what selectors call the root: `event`, `log`, `text`, …
        key: the key that a rule would name it by; empty if there is none.
    """

    path: Path = field(repr=False)
    value_type: ValueType
    value: Any = field(repr=False)
    selected: str = field(repr=False)
    span: tuple[int, int] | None = None
    root_type: str = "event"
    key: str = field(default="", repr=False)


def locate(text: str, kind: str, start: int, end: int) -> Located:
    """Return the value at a place of a sample.

    Args:
        text: the sample as it is shown.
        kind: `event`, `envelope` or `text`.
        start: first code point that is chosen.
        end: the one behind the last; equal to `start` for the whole value under a caret.

    Raises:
        LocateError: nothing stands there, it is no JSON, or it is the whole document.
    """
    if not 0 <= start <= end <= len(text):
        raise LocateError("the selection is not inside of the sample")
    if kind == "text":
        return _in_text(text, start, end)
    for part in _parts_of(text, kind):
        if part.start <= start and end <= part.end:
            if part.is_json:
                return _in_document(text, start, end, part)
            return _in_text(text[part.start : part.end], start - part.start, end - part.start)
    raise LocateError("the selection is not inside of one document of the sample")


def every(text: str, kind: str) -> Iterator[Located]:
    """Yield each value of a sample as a whole, in the order in which they end.

    Raises:
        LocateError: the sample is not what its kind says.
    """
    if kind == "text":
        if text.strip():
            yield Located((), ValueType.STRING, text, text, None, "text")
        return
    for part in _parts_of(text, kind):
        source = text[part.start : part.end]
        if part.is_json:
            document = _parsed(source)
            for value in values_of(source):
                if 0 < len(value.path) <= MAX_DEPTH:
                    yield _whole(document, value.path, part.root_type)
        else:
            yield from every(source, "text")


def narrowed(located: Located, wanted: str) -> Located | None:
    """Return a part of a value as the chosen one; None if the value does not hold it."""
    at = located.value.find(wanted) if isinstance(located.value, str) else -1
    if at < 0 or not wanted:
        return located if wanted == located.selected else None
    span = None if wanted == located.value and located.path else (at, at + len(wanted))
    return replace(located, selected=wanted, span=span)


# --- parts of an envelope ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Part:
    """One document in a sample: what selectors call its root, and where it stands."""

    root_type: str
    start: int
    end: int
    is_json: bool


def _parts_of(text: str, kind: str) -> Iterable[_Part]:
    match kind:
        case "event":
            return (_Part("event", 0, len(text), is_json=True),)
        case "envelope":
            return _parts(text)
        case _:
            raise LocateError("a sample is an event, an envelope or a text")


def _parts(text: str) -> Iterator[_Part]:
    """Yield headers and payloads; payloads may be shown on several lines."""
    at, stop = _document(text, 0)
    yield _Part("envelope", at, stop, is_json=True)
    headers: Any = None
    fresh = False
    while text[stop:].strip():
        try:
            at, stop = _document(text, stop)
            value = jsonio.loads(text[at:stop])
        except (LocateError, jsonio.JsonError):
            at = stop + len(text[stop:]) - len(text[stop:].lstrip())
            line = text.find("\n", at)
            stop = line if line >= 0 else len(text)
            fresh = False
            yield _Part("text", at, stop, is_json=False)
            continue
        if not fresh and isinstance(value, dict) and kind_of(value) is not None:
            headers = value
            fresh = value.get("length") != 0
            yield _Part("item_header", at, stop, is_json=True)
            continue
        fresh = False
        yield _Part(_root_type(headers, value), at, stop, is_json=True)


def _root_type(headers: Any, value: Any) -> str:
    kind = kind_of(headers) if isinstance(headers, dict) else None
    if kind is None:
        return "event"
    kind = refined(kind, value)
    return "attachments" if ATTACHMENT in kind.categories else kind.name


def _document(text: str, at: int) -> tuple[int, int]:
    span = document_span(text, at)
    if span is None:
        raise LocateError("the sample is not JSON")
    return span


# --- values of a document ------------------------------------------------------------------------


def _in_document(text: str, start: int, end: int, part: _Part) -> Located:
    source = text[part.start : part.end]
    document = _parsed(source)
    start, end = start - part.start, end - part.start
    found: Value | None = None
    for value in values_of(source):
        inside = value.first <= start and end <= value.end
        if inside and (found is None or value.end - value.first <= found.end - found.first):
            found = value
    if found is None or not found.path:
        raise LocateError("no single value stands there: choose a value, or a part of a text")
    if len(found.path) > MAX_DEPTH:
        raise LocateError("what stands there is too deep for a selector")
    whole = _whole(document, found.path, part.root_type)
    if isinstance(whole.value, str) and start < end and found.start < end:
        first, last = found.start + 1, found.end - 1
        span = chosen_points(source[first:last], start - first, end - first)
        if span is not None:
            return replace(whole, selected=whole.value[slice(*span)], span=span)
    return whole


def _parsed(source: str) -> Any:
    try:
        return jsonio.loads(source)
    except jsonio.JsonError:
        raise LocateError("the sample is not JSON") from None


def _whole(document: Any, steps: Path, root_type: str) -> Located:
    value, path, key = _follow(document, steps)
    return Located(path, _type_of(value), value, _as_text(value), None, root_type, key)


def _follow(document: Any, steps: Path) -> tuple[Any, Path, str]:
    """Return the value at the end of steps, its path as selectors count it, and its key."""
    value: Any = document
    path: list[PathPart] = []
    key = ""
    above: Any = None
    for step in steps:
        below = value[step]
        if (
            isinstance(value, list)
            and isinstance(above, list)
            and len(value) == 2
            and isinstance(value[0], str)
        ):
            # In a list of pairs the key stands for the pair; choosing it means its value too.
            path[-1] = key = value[0]
            below = value[1]
        else:
            path.append(step)
            if isinstance(step, str):
                under = path[-2] if len(path) > 1 and isinstance(path[-2], str) else None
                paired = pair_key_of(value, under) if step == "value" else None
                key = step if paired is None else paired
        above, value = value, below
    return value, tuple(path), key


def _in_text(text: str, start: int, end: int) -> Located:
    if start == end:
        while start > 0 and not text[start - 1].isspace():
            start -= 1
        while end < len(text) and not text[end].isspace():
            end += 1
    if not text[start:end].strip():
        raise LocateError("no text stands there")
    return Located((), ValueType.STRING, text, text[start:end], (start, end), "text")


def _type_of(value: Any) -> ValueType:
    match value:
        case str():
            return ValueType.STRING
        case bool() | None:
            return ValueType.BOOLEAN
        case dict():
            return ValueType.OBJECT
        case list():
            return ValueType.ARRAY
        case _:
            return ValueType.NUMBER


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else jsonio.dumps(value).decode()
