"""The event that stands in the fields of a crash report's form, and in its files of msgpack.

Crashpad and Breakpad send fields, sentry-native (with Crashpad) files. Source: the behaviour of
Sentry Relay, and https://docs.sentry.io/platforms/native/guides/minidumps/.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgpack

from relay import jsonio
from relay.protocol.limits import Limits
from relay.protocol.multipart import Part

EVENT_FILE: Final = "__sentry-event"
BREADCRUMB_FILES: Final = ("__sentry-breadcrumb1", "__sentry-breadcrumb2")

_WHOLE: Final = "sentry"
_NAMESPACE: Final = "sentry___"
_CHUNK: Final = re.compile(r"sentry__([0-9]{1,4})")  # noqa: TID251 - a fixed shape, bounded
_PATH: Final = re.compile(r"sentry((?:\[[^\[\]]{0,200}\]){1,15})")  # noqa: TID251 - as above
_DEEPEST: Final = 64
"""Levels of a document in msgpack; no event has more."""


def form_event(parts: Iterable[Part], limits: Limits) -> dict[str, Any]:
    """Return the event that fields and files make together; empty where they say nothing.

    What a file says goes before what a field says, and of two fields the first. Fields that are not
    Sentry's own are `extra`. A field or file that does not parse is left out, alone.

    Args:
        parts: of the form.
        limits: `event` bounds each file.
    """
    event: dict[str, Any] = {}
    crumbs: list[list[Any]] = []
    for part in parts:
        if part.filename is not None and len(part.data) <= limits.event:
            if part.name == EVENT_FILE:
                _merge(event, next(iter(_unpacked(part.data)), None))
            elif part.name in BREADCRUMB_FILES:
                crumbs.append([one for one in _unpacked(part.data) if isinstance(one, dict)])
    breadcrumbs = _in_order(crumbs)
    if breadcrumbs:
        event["breadcrumbs"] = {"values": breadcrumbs}
    _merge_fields(event, [part for part in parts if part.filename is None and part.name])
    return event


def _merge_fields(event: dict[str, Any], fields: Sequence[Part]) -> None:
    chunks: dict[int, bytes] = {}
    for part in fields:
        text = part.data.decode("utf-8", "replace")
        if part.name == _WHOLE or part.name.startswith(_NAMESPACE):
            _merge(event, _parsed(part.data))
        elif (chunk := _CHUNK.fullmatch(part.name)) is not None:
            chunks[int(chunk[1])] = part.data
        elif (path := _PATH.fullmatch(part.name)) is not None:
            _put(event, path[1][1:-1].split("]["), text)
        elif not part.name.startswith("sentry["):
            _put(event, ["extra", part.name], text)
    if chunks:
        _merge(event, _parsed(b"".join(chunks[number] for number in sorted(chunks))))


def _parsed(data: bytes) -> Any:
    try:
        return jsonio.loads(data)
    except jsonio.JsonError:
        return None


def _put(event: dict[str, Any], path: Sequence[str], text: str) -> None:
    """Put a text at a path where nothing stands yet."""
    node: Any = event
    for key in path[:-1]:
        node = node.setdefault(key, {})
        if not isinstance(node, dict):
            return
    node.setdefault(path[-1], text)


def _merge(target: dict[str, Any], source: Any) -> None:
    """Fill a document with what another one has beside it; what stands in it stays."""
    waiting = [(target, source)]
    while waiting:
        into, other = waiting.pop()
        if not isinstance(other, Mapping):
            continue
        for key, value in other.items():
            if into.get(key) is None:
                into[key] = value
            elif isinstance(into[key], dict):
                waiting.append((into[key], value))


def _unpacked(data: bytes) -> list[Any]:
    """Return the documents in msgpack that stand one behind the other, up to one that is broken."""
    found: list[Any] = []
    unpacker = msgpack.Unpacker(
        max_buffer_size=len(data) or 1, raw=False, unicode_errors="replace", strict_map_key=True
    )
    unpacker.feed(data)
    try:
        for document in unpacker:
            plain = _plain(document, _DEEPEST)
            if plain is None:
                break
            found.append(plain)
    except (ValueError, msgpack.UnpackException, RecursionError):
        pass
    return found


def _plain(value: Any, levels: int) -> Any:
    """Return a value as JSON has it; None for one that JSON has not, or that is too deep."""
    match value:
        case dict() if levels:
            return {str(key): _plain(one, levels - 1) for key, one in value.items()}
        case list() if levels:
            return [_plain(one, levels - 1) for one in value]
        case str() | bool() | int() | float():
            return value
        case _:
            return None


def _in_order(crumbs: list[list[Any]]) -> list[Any]:
    """Join the two files that take turns: the older first, no more than the longer one holds."""
    crumbs.sort(key=lambda one: str(one[-1].get("timestamp", "")) if one else "")
    most = max(map(len, crumbs), default=0)
    return [one for file in crumbs for one in file][-most:] if most else []
