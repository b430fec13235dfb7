"""An event as Sentry's API shows it, made the event that rules know the places of.

Source: Sentry's API documentation, "Retrieve an Event for a Project": interfaces stand in a list
`entries` of `{type, data}`, free data in `context`, and names of fields are in camel case.
"""

from collections.abc import Mapping
from typing import Any, Final

_ENTRIES: Final[Mapping[str, str]] = {"message": "logentry", "debugmeta": "debug_meta"}
"""Types of entries that an event has another name for."""

_FIELDS: Final[Mapping[str, str]] = {
    "eventID": "event_id",
    "context": "extra",
    "dateCreated": "timestamp",
    "dateReceived": "received",
    "absPath": "abs_path",
    "lineNo": "lineno",
    "colNo": "colno",
    "inApp": "in_app",
    "preContext": "pre_context",
    "contextLine": "context_line",
    "postContext": "post_context",
    "instructionAddr": "instruction_addr",
    "symbolAddr": "symbol_addr",
    "rawFunction": "raw_function",
    "threadId": "thread_id",
    "codeFile": "code_file",
    "debugFile": "debug_file",
    "codeId": "code_id",
    "debugId": "debug_id",
    "imageAddr": "image_addr",
    "rawStacktrace": "raw_stacktrace",
    "inferredContentType": "inferred_content_type",
}
_OF_REQUEST: Final[Mapping[str, str]] = {"query": "query_string"}


def as_event(value: Any) -> dict[str, Any] | None:
    """Return the event that an answer of Sentry's API is about; None where it is no such answer.

    Args:
        value: any parsed JSON; it stays as it is.
    """
    if not isinstance(value, dict) or not isinstance(value.get("entries"), list):
        return None
    event = {_FIELDS.get(key, key): field for key, field in value.items() if key != "entries"}
    left: list[Any] = []
    for entry in value["entries"]:
        kind = entry.get("type") if isinstance(entry, dict) else None
        name = _ENTRIES.get(kind, kind) if isinstance(kind, str) else None
        if not name or "data" not in entry or (name in event and event[name] is not None):
            left.append(entry)
            continue
        names = _OF_REQUEST if name == "request" else {}
        data = _renamed(entry["data"])
        if isinstance(data, dict):
            data = {names.get(key, key): field for key, field in data.items()}
        event[name] = data
    if left:
        event["entries"] = left
    return event


def _renamed(data: Any, depth: int = 0) -> Any:
    """Give the fields of an interface the names that they have in an event."""
    if depth > _DEEPEST:
        return data
    if isinstance(data, dict):
        return {
            _FIELDS.get(key, key) if key not in _OURS else key: _renamed(field, depth + 1)
            for key, field in data.items()
        }
    if isinstance(data, list):
        return [_renamed(element, depth + 1) for element in data]
    return data


_OURS: Final = frozenset({"context", "eventID", "dateCreated", "dateReceived"})
"""These are of the event alone: the `context` of a frame is its source code."""
_DEEPEST: Final = 12
