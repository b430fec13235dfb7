"""The table of item kinds: which rate limits each falls under, what scrubs it, what we do with it.

Law of this file: one row a kind, and for what is new about its body one file in
`relay/scrub/items/`. A kind without a row is unknown and is never forwarded. Categories
are the words of Sentry Relay's `DataCategory`, as they stand in `X-Sentry-Rate-Limits`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final


class Policy(StrEnum):
    """What happens to an item: scrubbed by its kind, scrubbed as text, or not forwarded."""

    SCRUB = "scrub"
    TEXT = "text"
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class ItemKind:
    """One row of the table.

    Attributes:
        name: what it is called in the configuration and in metrics.
        categories: data categories whose limits stop this kind, its own first.
        scrubber: the module of `relay.scrub.items` that scrubs it; empty where nothing can.
        policies: what the configuration may say, the default first.
        limit: the field of `relay.protocol.limits.Limits` that bounds its size.
        event_like: its document may hold `tags`, and so carry consent.
        exclusive: at most one item of all the exclusive kinds stands in an envelope.
        type: the item header's `type`; empty where it is the name.
        mark: name and value of a further item header that makes it this kind; None for no other.
    """

    name: str
    categories: tuple[str, ...]
    scrubber: str
    policies: tuple[Policy, ...]
    limit: str
    event_like: bool = False
    exclusive: bool = False
    type: str = ""
    mark: tuple[str, str] | None = None

    @property
    def policy(self) -> Policy:
        """What happens to it unless the configuration says otherwise."""
        return self.policies[0]


ATTACHMENT: Final = "attachment"
NEL: Final = "application/vnd.sentry.integration.browser.nel+json"
"""The content type of a network error report (Sentry Relay's integrations)."""

_SCRUBBED: Final = (Policy.SCRUB, Policy.DROP)
_ON_DEMAND: Final = (Policy.DROP, Policy.SCRUB)
_NEVER: Final = (Policy.DROP,)


def _json(
    name: str,
    *categories: str,
    by: str = "document",
    limit: str = "event",
    event_like: bool = False,
    exclusive: bool = False,
) -> ItemKind:
    return ItemKind(name, categories, by, _SCRUBBED, limit, event_like, exclusive)


def _event(name: str, category: str) -> ItemKind:
    return _json(name, category, by="event", event_like=True, exclusive=True)


def _dropped(name: str, *categories: str, limit: str) -> ItemKind:
    return ItemKind(name, categories, "", _NEVER, limit)


def _attached(name: str, attachment_type: str, by: str, policies: tuple[Policy, ...]) -> ItemKind:
    mark = ("attachment_type", attachment_type)
    return ItemKind(name, (ATTACHMENT,), by, policies, ATTACHMENT, type=ATTACHMENT, mark=mark)


_ROWS: Final = (
    _event("event", "error"),
    _event("transaction", "transaction"),
    _event("feedback", "feedback"),
    _event("security", "security"),
    # A browser's bare report (CSP, Expect-CT, …); Sentry makes an event of it.
    _json("raw_security", "security", by="report", exclusive=True),
    # What Relay makes of a network error report; other integrations are not known here.
    ItemKind(
        "nel",
        ("log_item", "log_byte"),
        "report",
        _SCRUBBED,
        "container",
        type="integration",
        mark=("content_type", NEL),
    ),
    _json("user_report", "default", event_like=True),
    _json("session", "session", by="session", limit="sessions"),
    _json("sessions", "session", by="session", limit="sessions"),
    _json("check_in", "monitor", limit="check_in", event_like=True),
    _json("client_report", "internal", limit="client_report"),
    _json("metric_buckets", "metric_bucket", by="metric_buckets"),
    _json("span", "span", by="container", limit="span"),
    _json("log", "log_item", "log_byte", by="container", limit="log"),
    _json("trace_metric", "trace_metric", by="container", limit="log"),
    _json("profile", "profile", by="profile", limit="profile", event_like=True),
    _json("profile_chunk", "profile_chunk", by="profile", limit="profile"),
    _json("replay_event", "replay", by="replay_event", limit="replay_compressed", event_like=True),
    ItemKind(
        "replay_recording",
        ("replay",),
        "replay_recording",
        _ON_DEMAND,
        "replay_compressed",
    ),
    _dropped("replay_video", "replay", limit="replay_compressed"),
    # Only where it is text; anything else is dropped.
    ItemKind(ATTACHMENT, (ATTACHMENT,), "attachment", (Policy.TEXT, Policy.DROP), limit=ATTACHMENT),
    _attached("view_hierarchy", "event.view_hierarchy", "view_hierarchy", _SCRUBBED),
    _attached("minidump", "event.minidump", "minidump", _ON_DEMAND),
    _attached(
        "apple_crash_report", "event.applecrashreport", "attachment", (Policy.DROP, Policy.TEXT)
    ),
    _dropped("form_data", "error", limit="event"),
    _dropped("unreal_report", "error", limit=ATTACHMENT),
    _dropped("statsd", "metric_bucket", limit="event"),
)

KINDS: Final[Mapping[str, ItemKind]] = {row.name: row for row in _ROWS}
"""Every known kind by its name."""

_BY_TYPE: Final = {row.type or row.name: row for row in _ROWS if row.mark is None}
_BY_MARK: Final = {(row.type, *row.mark): row for row in _ROWS if row.mark is not None}
_MARKS: Final = {row.type: row.mark[0] for row in _ROWS if row.mark is not None}
"""By type of item: the header that can make it a kind of its own."""


def kind_of(headers: Mapping[str, Any]) -> ItemKind | None:
    """Return the row of an item by its headers, or None for a kind that we do not know."""
    of = headers.get("type")
    if not isinstance(of, str):
        return None
    kind = _BY_TYPE.get(of)
    if of in _MARKS:
        value = headers.get(_MARKS[of])
        if isinstance(value, str):
            return _BY_MARK.get((of, _MARKS[of], value), kind)
    return kind


def policy_of(kind: ItemKind, configured: Mapping[str, Policy]) -> Policy:
    """Return what happens to a kind; where attachments are dropped, so are those of any type."""
    if kind.type == ATTACHMENT and configured.get(ATTACHMENT) is Policy.DROP:
        return Policy.DROP
    return configured.get(kind.name, kind.policy)


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
