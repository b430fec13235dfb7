"""What an item counts as in Sentry's statistics, and the categories whose limits stop it.

Source: Sentry Relay's `Item::quantities`. A kind that has no category there counts as nothing:
unknown items, metrics, and client reports, so that no report is ever about a report.
"""

from collections.abc import Mapping
from typing import Any, Final

from relay import jsonio
from relay.protocol.envelope import Item
from relay.protocol.item_kinds import ATTACHMENT, ItemKind

Quantities = tuple[tuple[str, int], ...]
"""Pairs of data category and quantity; attachments and logs count in bytes too."""

INTERNAL: Final = "internal"
"""The category of client reports: never limited, never counted."""

_ONE: Final[Mapping[str, tuple[str, ...]]] = {
    "event": ("error",),
    "unreal_report": ("error",),
    "security": ("security",),
    "raw_security": ("security",),
    "feedback": ("feedback",),
    "user_report": ("feedback",),
    "check_in": ("monitor",),
    "replay_event": ("replay",),
    "replay_recording": ("replay",),
    "replay_video": ("replay",),
    "session": ("session",),
    "sessions": ("session",),
    "span": ("span", "span_indexed"),
}
"""Kinds that count by their number; where one item holds several, it says how many."""

_BYTES: Final[Mapping[str, tuple[str, str]]] = {
    "log": ("log_byte", "log_item"),
    "nel": ("log_byte", "log_item"),
    "trace_metric": ("trace_metric_byte", "trace_metric"),
}
"""Kinds that count by bytes and by number."""

_BY_BYTES: Final = frozenset({ATTACHMENT, "log_byte", "trace_metric_byte"})
_UNCOUNTED: Final = frozenset({INTERNAL, "metric_bucket"})
_TRANSACTION: Final = ("transaction", "transaction_indexed")
_SPAN: Final = ("span", "span_indexed")
_ALSO: Final[Mapping[str, tuple[str, ...]]] = {
    "user_report": ("feedback",),
    "trace_metric": ("trace_metric_byte",),
}
_UI: Final = frozenset({"cocoa", "android", "javascript"})


def is_attachment(kind: ItemKind) -> bool:
    """Return whether an item is an attachment, of whatever type."""
    return ATTACHMENT in (kind.type, kind.name)


def stopped_by(kind: ItemKind, headers: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the categories whose limits stop an item; none for one that is never limited."""
    if kind.categories == (INTERNAL,):
        return ()
    if is_attachment(kind):
        return (ATTACHMENT, "attachment_item")
    match kind.name:
        case "profile":
            side = _side(headers)
            return ("profile", f"profile_{side}") if side else ("profile",)
        case "profile_chunk":
            return (_chunk(headers),)
        case _:
            return (*kind.categories, *_ALSO.get(kind.name, ()))


def quantities(kind: ItemKind | None, item: Item, document: Any = None) -> Quantities:
    """Return what an item counts as.

    Args:
        kind: its row; None for an unknown kind.
        item: as it came.
        document: its payload as parsed JSON, if it is at hand.
    """
    if kind is None:
        return ()
    count = _count(item, "item_count")
    size = len(item.payload)
    if is_attachment(kind):
        return ((ATTACHMENT, size), ("attachment_item", count))
    if kind.name in _ONE:
        return tuple((category, count) for category in _ONE[kind.name])
    if kind.name in _BYTES:
        in_bytes, in_number = _BYTES[kind.name]
        return ((in_bytes, max(size, 1)), (in_number, count))
    match kind.name:
        case "transaction":
            spans = 1 + _spans(item, document)
            return (*((c, 1) for c in _TRANSACTION), *((c, spans) for c in _SPAN))
        case "profile":
            side = _side(item.headers)
            more = ((f"profile_{side}", count),) if side else ()
            return (("profile", count), ("profile_indexed", count), *more)
        case "profile_chunk":
            return ((_chunk(item.headers), count),)
        case _:
            return ()


def estimate(categories: tuple[str, ...], size: int) -> Quantities:
    """Return what an envelope counts as of which only categories and size in bytes are known.

    One each, and what counts by bytes as the whole envelope.
    """
    counted: dict[str, int] = {}
    for category in categories:
        if category == ATTACHMENT:
            counted["attachment_item"] = 1
        if category not in _UNCOUNTED:
            # The category of user reports is an SDK's own word; Sentry counts them as feedback.
            name = "feedback" if category == "default" else category
            counted[name] = size if category in _BY_BYTES else 1
    return tuple(counted.items())


def namespaces(item: Item) -> frozenset[str]:
    """Return the namespaces that metric buckets lie in; empty where they cannot be read.

    A bucket's name is `type:namespace/name@unit`; without a namespace it is `custom`.
    """
    try:
        buckets = jsonio.loads(item.payload)
    except jsonio.JsonError:
        return frozenset()
    found: set[str] = set()
    for bucket in buckets if isinstance(buckets, list) else [buckets]:
        name = bucket.get("name") if isinstance(bucket, dict) else None
        if not isinstance(name, str):
            return frozenset()
        before, slash, _ = name.partition("/")
        found.add(before.rpartition(":")[2] if slash else "custom")
    return frozenset(found)


def _count(item: Item, header: str) -> int:
    """Return a number that an item's headers say; no more than its bytes could hold, 1 for none."""
    given = item.headers.get(header)
    if isinstance(given, bool) or not isinstance(given, int) or given < 1:
        return 1
    return min(given, max(1, len(item.payload)))


def _spans(item: Item, document: Any) -> int:
    if "span_count" in item.headers:
        given = item.headers["span_count"]
        return _count(item, "span_count") if given else 0
    spans = document.get("spans") if isinstance(document, dict) else None
    return len(spans) if isinstance(spans, list) else 0


def _side(headers: Mapping[str, Any]) -> str:
    """Return on which side a profile was taken, by its platform; empty when it does not say."""
    platform = headers.get("platform")
    if not isinstance(platform, str) or not platform:
        return ""
    return "ui" if platform in _UI else "backend"


def _chunk(headers: Mapping[str, Any]) -> str:
    return "profile_chunk_ui" if _side(headers) == "ui" else "profile_chunk"
