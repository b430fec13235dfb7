"""The event that stands in the fields of a crash report's form, and in its files of msgpack.

Crashpad and Breakpad send fields, sentry-native (with Crashpad) files. Source: the behaviour of
Sentry Relay, and https://docs.sentry.io/platforms/native/guides/minidumps/.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgpack

from relay import jsonio
from relay.errors import BodyError
from relay.protocol.limits import Limits, too_large
from relay.protocol.multipart import Part
from relay.protocol.tags import TAGS, entries, joined, refuse_repeats

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

    What a file says goes before what a field says, and of two fields the first; only of tags none
    hides another. Fields that are not Sentry's own are `extra`. A field or file that does not parse
    is left out, alone.

    Args:
        parts: of the form.
        limits: `event` bounds each file.

    Raises:
        BodyError: a key stands twice where it may be a tag.
        TooLargeError: a file is over the limit.
    """
    said = _Said()
    crumbs: list[list[Any]] = []
    for part in parts:
        if part.filename is None or part.name not in (EVENT_FILE, *BREADCRUMB_FILES):
            continue
        if len(part.data) > limits.event:
            raise too_large("event")
        documents = _unpacked(part.data)
        if part.name == EVENT_FILE:
            said.take(next(iter(documents), None))
        else:
            crumbs.append([one for one in documents if isinstance(one, dict)])
    breadcrumbs = _in_order(crumbs)
    if breadcrumbs:
        said.event["breadcrumbs"] = {"values": breadcrumbs}
    _take_fields(said, [part for part in parts if part.filename is None and part.name])
    return said.whole()


class _Said:
    """The event so far, and all that was said of its tags."""

    def __init__(self) -> None:
        self.event: dict[str, Any] = {}
        self._tags: list[Any] = []

    def take(self, document: Any) -> None:
        """Add what a document says beside the event."""
        if isinstance(document, Mapping):
            self._tags += entries(document.get(TAGS))
            _merge(self.event, {key: one for key, one in document.items() if key != TAGS})

    def take_json(self, data: bytes) -> None:
        """Add what a document in JSON says; one that does not parse says nothing."""
        try:
            document = jsonio.loads(data)
        except jsonio.JsonError:
            return
        refuse_repeats(data, document)
        self.take(document)

    def put(self, path: Sequence[str], text: str) -> None:
        """Add a text at a path, where nothing stands yet; a tag in any case."""
        if path[0] != TAGS:
            _put(self.event, path, text)
        elif len(path) > 1:
            self._tags.append([path[1], text if len(path) == 2 else None])

    def whole(self) -> dict[str, Any]:
        """Return the event with its tags."""
        return {**self.event, TAGS: joined(self._tags)} if self._tags else self.event


def _take_fields(said: _Said, fields: Sequence[Part]) -> None:
    chunks: dict[int, bytes] = {}
    for part in fields:
        text = part.data.decode("utf-8", "replace")
        if part.name == _WHOLE or part.name.startswith(_NAMESPACE):
            said.take_json(part.data)
        elif (chunk := _CHUNK.fullmatch(part.name)) is not None:
            if int(chunk[1]) in chunks:
                raise BodyError("a key stands twice")
            chunks[int(chunk[1])] = part.data
        elif (path := _PATH.fullmatch(part.name)) is not None:
            said.put(path[1][1:-1].split("]["), text)
        elif not part.name.startswith("sentry["):
            said.put(["extra", part.name], text)
    if chunks:
        said.take_json(b"".join(chunks[number] for number in sorted(chunks)))


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
        max_buffer_size=len(data) or 1,
        raw=False,
        unicode_errors="replace",
        strict_map_key=True,
        object_pairs_hook=_map,
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


def _map(pairs: list[tuple[Any, Any]]) -> dict[Any, Any]:
    whole = dict(pairs)
    if len(whole) < len(pairs):
        raise BodyError("a key stands twice")
    return whole


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
