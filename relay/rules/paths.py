"""Paths into a document, and what Sentry calls the types of what stands there.

Source: Sentry's documentation of advanced data scrubbing ("Sources").
"""

from enum import StrEnum
from typing import Final

PathPart = str | int
Path = tuple[PathPart, ...]


class ValueType(StrEnum):
    """The types that a selector can name, with Sentry's words."""

    STRING = "string"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATETIME = "datetime"
    ARRAY = "array"
    OBJECT = "object"
    BINARY = "binary"
    EVENT = "event"
    ATTACHMENTS = "attachments"
    REPLAY = "replay"
    EXCEPTION = "exception"
    STACKTRACE = "stacktrace"
    FRAME = "frame"
    REQUEST = "request"
    USER = "user"
    LOGENTRY = "logentry"
    MESSAGE = "message"
    THREAD = "thread"
    BREADCRUMB = "breadcrumb"
    SPAN = "span"
    SDK = "sdk"
    LOG = "log"
    TRACE_METRIC = "trace_metric"
    MINIDUMP = "minidump"
    HEAP_MEMORY = "heap_memory"
    STACK_MEMORY = "stack_memory"


_PLACES: Final[tuple[tuple[ValueType, tuple[str, ...]], ...]] = (
    (ValueType.EXCEPTION, ("exception", "values", "*")),
    (ValueType.EXCEPTION, ("exception", "*")),
    (ValueType.EXCEPTION, ("exception",)),
    (ValueType.STACKTRACE, ("**", "stacktrace")),
    (ValueType.STACKTRACE, ("**", "raw_stacktrace")),
    (ValueType.FRAME, ("**", "frames", "*")),
    (ValueType.REQUEST, ("request",)),
    (ValueType.USER, ("user",)),
    (ValueType.LOGENTRY, ("logentry",)),
    (ValueType.MESSAGE, ("logentry",)),
    (ValueType.MESSAGE, ("message",)),
    (ValueType.THREAD, ("threads", "values", "*")),
    (ValueType.THREAD, ("threads", "*")),
    (ValueType.BREADCRUMB, ("breadcrumbs", "values", "*")),
    (ValueType.BREADCRUMB, ("breadcrumbs", "*")),
    (ValueType.SPAN, ("spans", "*")),
    (ValueType.SDK, ("sdk",)),
)
"""Where in an event each type stands; `**` is any way down, `*` any element."""

PRIMITIVES: Final = frozenset(
    {"string", "number", "boolean", "array", "object", "datetime", "binary"}
)
"""Types that a value has by itself, wherever it stands."""

_ROOTS: Final = {
    "event": frozenset({"event", "transaction", "feedback", "security", "error", "default"}),
    "replay": frozenset({"replay_event"}),
}
"""Kinds of items, by the type that Sentry calls their root."""

_CONTAINED: Final = frozenset({"span", "log", "trace_metric"})
"""What comes alone, or many in a container."""

_CONTAINER_NAMES: Final = frozenset({"values"})
"""Keys that hold elements, and are none."""


def has_type(wanted: str, node: Path, path: Path, value_type: str, root_type: str) -> bool:
    """Tell whether a node on the way to a value, the value itself included, is of a type.

    Args:
        wanted: a word of `ValueType`, or the kind of an item.
        node: the beginning of the path that names it; empty for the root.
        path: the whole path.
        value_type: of the value at its end.
        root_type: what selectors call the root.
    """
    if wanted in PRIMITIVES:
        if len(node) == len(path):
            return value_type == wanted
        child = path[len(node)]
        return wanted == ("array" if isinstance(child, int) else "object")
    if not node:
        return wanted == root_type or root_type in _ROOTS.get(wanted, ())
    if wanted == root_type and wanted in _CONTAINED and _fits(("items", "*"), node):
        return True
    return any(kind == wanted and _fits(place, node) for kind, place in _PLACES)


def _fits(place: tuple[str, ...], node: Path) -> bool:
    if place[0] == "**":
        tail = place[1:]
        return len(node) >= len(tail) and _same(tail, node[len(node) - len(tail) :])
    return len(place) == len(node) and _same(place, node)


def _same(place: tuple[str, ...], node: Path) -> bool:
    for want, have in zip(place, node, strict=True):
        if want == "*":
            if isinstance(have, str) and have in _CONTAINER_NAMES:
                return False
        elif want != have:
            return False
    return True
