"""The table of item kinds: what each body is, which rate limits it falls under, what we do with it.

Law of this file: one row a kind. A kind without a row is unknown and is never forwarded. Categories
are the words of Sentry Relay's `DataCategory`, as they stand in `X-Sentry-Rate-Limits`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final


class Shape(StrEnum):
    """What the bytes of a payload are."""

    JSON = "json"
    CONTAINER = "container"
    """JSON: `{"items": [...]}`, or one such item alone."""
    TEXT_OR_JSON = "text_or_json"
    """An attachment: its own header and content say what it is."""
    RECORDING = "recording"
    """A JSON line, LF, then JSON or zlib(JSON)."""
    BINARY = "binary"


class Policy(StrEnum):
    """What happens to an item: walked as JSON, scrubbed as text, or not forwarded."""

    SCRUB = "scrub"
    TEXT = "text"
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class ItemKind:
    """One row of the table.

    Attributes:
        name: the item header's `type`.
        categories: data categories whose limits stop this kind, its own first.
        shape: what the payload is.
        policy: what happens to it unless the configuration says otherwise.
        limit: the field of `relay.protocol.limits.Limits` that bounds its size.
        event_like: its document may hold `tags`, and so carry consent.
        exclusive: at most one item of all the exclusive kinds stands in an envelope.
    """

    name: str
    categories: tuple[str, ...]
    shape: Shape
    policy: Policy
    limit: str
    event_like: bool = False
    exclusive: bool = False


def _json(
    name: str,
    *categories: str,
    limit: str = "event",
    event_like: bool = False,
    exclusive: bool = False,
) -> ItemKind:
    return ItemKind(name, categories, Shape.JSON, Policy.SCRUB, limit, event_like, exclusive)


def _container(name: str, *categories: str, limit: str) -> ItemKind:
    return ItemKind(name, categories, Shape.CONTAINER, Policy.SCRUB, limit)


def _dropped(name: str, *categories: str, shape: Shape, limit: str) -> ItemKind:
    return ItemKind(name, categories, shape, Policy.DROP, limit)


_ROWS: Final = (
    _json("event", "error", event_like=True, exclusive=True),
    _json("transaction", "transaction", event_like=True, exclusive=True),
    _json("feedback", "feedback", event_like=True, exclusive=True),
    _json("security", "security", event_like=True, exclusive=True),
    # Not an event but a browser's bare report, and named in no rule yet: dropped.
    ItemKind("raw_security", ("security",), Shape.JSON, Policy.DROP, limit="event", exclusive=True),
    _json("user_report", "default", event_like=True),
    _json("session", "session", limit="sessions"),
    _json("sessions", "session", limit="sessions"),
    _json("check_in", "monitor", limit="check_in", event_like=True),
    _json("client_report", "internal", limit="client_report"),
    _container("span", "span", limit="span"),
    _container("log", "log_item", "log_byte", limit="log"),
    _container("trace_metric", "trace_metric", limit="log"),
    _json("metric_buckets", "metric_bucket"),
    _json("profile", "profile", limit="profile", event_like=True),
    _json("profile_chunk", "profile_chunk", limit="profile"),
    _json("replay_event", "replay", limit="replay_compressed", event_like=True),
    _dropped("replay_recording", "replay", shape=Shape.RECORDING, limit="replay_compressed"),
    _dropped("replay_video", "replay", shape=Shape.BINARY, limit="replay_compressed"),
    # Only where it is text; anything else is dropped.
    ItemKind("attachment", ("attachment",), Shape.TEXT_OR_JSON, Policy.TEXT, limit="attachment"),
    _dropped("form_data", "error", shape=Shape.BINARY, limit="event"),
    _dropped("unreal_report", "error", shape=Shape.BINARY, limit="attachment"),
    _dropped("statsd", "metric_bucket", shape=Shape.BINARY, limit="event"),
)

KINDS: Final[Mapping[str, ItemKind]] = {row.name: row for row in _ROWS}
"""Every known kind by its name."""


def kind_of(name: str) -> ItemKind | None:
    """Return the row of an item header's `type`, or None for a kind that we do not know."""
    return KINDS.get(name)


def refined(kind: ItemKind, document: Any) -> ItemKind:
    """Return what an item really is, once its payload is parsed.

    An item of kind `event` may hold a feedback or a transaction: its own `type` says so, and Sentry
    goes by that.
    """
    if kind.name == "event" and isinstance(document, Mapping):
        inner = document.get("type")
        if inner in ("feedback", "transaction"):
            return KINDS[inner]
    return kind
