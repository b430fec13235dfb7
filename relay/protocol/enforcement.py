"""Limits that are in force for one key, and which items of an envelope they stop.

Source: Sentry Relay's `EnvelopeLimiter`. A limited event takes along what hangs on it: attachments,
form data, profile, user report, replay event; a limited transaction its spans too. What makes an
event (a minidump) is stopped by the limit of errors and not by that of attachments. Of Relay it
differs in one point: a limit of sessions stops aggregates as well, as the SDKs' rules have it.
"""

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from relay.protocol.item_kinds import ATTACHMENT, KINDS, ItemKind
from relay.protocol.quantities import INTERNAL, is_attachment, stopped_by
from relay.protocol.rate_limits import (
    ALL,
    METRIC_BUCKET,
    RateLimit,
    Scope,
    format_rate_limits,
)


@dataclass(frozen=True, slots=True, order=True)
class Limit:
    """A limit of one category, or of one namespace of metrics; `ALL` for all categories.

    `until` is in seconds since the Unix epoch; the order is that of the ends.
    """

    until: float
    category: str
    scope: Scope = Scope.KEY
    reason: str = ""
    namespace: str = ""


@dataclass(frozen=True, slots=True)
class KnownLimits:
    """What is in force for one key: the longest limit of each category and of each namespace."""

    by_category: Mapping[str, Limit] = field(default_factory=dict)
    by_namespace: Mapping[str, Limit] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.by_category or self.by_namespace)

    def longest(self, categories: Iterable[str]) -> Limit | None:
        """Return the longest limit that stops one of these categories; None if none does."""
        found = [self.by_category.get(category) for category in (ALL, *categories)]
        return max((limit for limit in found if limit is not None), default=None)


NO_LIMITS: Final = KnownLimits()


@dataclass(frozen=True, slots=True)
class Candidate:
    """An item that would go on. `namespaces` reads those of its metrics, where they are needed."""

    kind: ItemKind
    headers: Mapping[str, Any] = field(repr=False)
    namespaces: Callable[[], Collection[str]] = field(repr=False, default=tuple)


_EVENT_OF: Final[Mapping[str, str]] = {
    "event": "error",
    "transaction": "transaction",
    "feedback": "feedback",
    "security": "security",
    "raw_security": "security",
    "unreal_report": "error",
    "minidump": "error",
    "apple_crash_report": "error",
}
"""Kinds that make the envelope's event, and its category."""

_ON_EVENT: Final = frozenset({*_EVENT_OF, "form_data", "user_report", "profile", "replay_event"})
"""Kinds that go with the event, as attachments do."""

_TRANSACTION, _SPAN, _PROFILE = "transaction", "span", "profile"


def stopped(items: Sequence[Candidate | None], known: KnownLimits) -> tuple[Limit | None, ...]:
    """Return for each item the limit that stops it, or None; None stands for one not asked about.

    Args:
        items: those of one envelope, in their order.
        known: what is in force.
    """
    kinds = [item.kind for item in items if item is not None]
    event = next((_EVENT_OF[kind.name] for kind in kinds if kind.name in _EVENT_OF), None)
    on_event = known.longest((event,)) if event is not None else None
    return tuple(None if item is None else _stops(item, event, on_event, known) for item in items)


def _stops(
    item: Candidate, event: str | None, on_event: Limit | None, known: KnownLimits
) -> Limit | None:
    kind, attached = item.kind, is_attachment(item.kind)
    if on_event is not None:
        with_spans = event == _TRANSACTION and kind.name == _SPAN
        if attached or with_spans or kind.name in _ON_EVENT:
            return on_event
    if kind.name in _EVENT_OF:
        return None
    categories = stopped_by(kind, item.headers)
    if not categories:
        return None
    if kind.name == _PROFILE and event is None:
        categories = (*categories, _TRANSACTION)
    limit = known.longest(categories)
    if limit is None and METRIC_BUCKET in categories and known.by_namespace:
        ends = [known.by_namespace.get(name) for name in item.namespaces()]
        held = [end for end in ends if end is not None]
        if held and len(held) == len(ends):
            return min(held)  # while one namespace is free, the upstream takes its part
    return limit


# --- envelopes that wait ------------------------------------------------------------------------


def _partners() -> dict[str, frozenset[str]]:
    """For a category: all whose limits stop the kinds that stand under it."""
    found: dict[str, frozenset[str]] = {}
    for kind in KINDS.values():
        for category in kind.categories:
            also = frozenset(stopped_by(kind, {}))
            found[category] = also & found[category] if category in found else also
    return found


_PARTNERS: Final = _partners()
_EVENTS: Final = frozenset(_EVENT_OF.values())
_WITH_EVENT: Final = frozenset({ATTACHMENT, _PROFILE, "default"})


def waits_by(kind: ItemKind) -> tuple[str, ...]:
    """Return the categories by which `held_until` knows a kind: that of its event comes first."""
    event = _EVENT_OF.get(kind.name)
    if event is None or event in kind.categories:
        return kind.categories
    return (event, *kind.categories)


def held_until(categories: Iterable[str], known: KnownLimits) -> float:
    """Return until when an envelope of these categories would lose everything; 0 if it would not.

    What part of it would be taken is worth sending. A client report beside other items does not
    count, for the others could wait; alone it is never held.

    Args:
        categories: those that its items wait by (`waits_by`), in their order: as in `stopped`, the
            first that makes an event decides for all that do.
        known: what is in force.
    """
    asked = [category for category in categories if category != INTERNAL]
    event = next((category for category in asked if category in _EVENTS), None)
    on_event = known.longest((event,)) if event is not None else None
    ends: list[float] = []
    for category in asked:
        with_event = category in _WITH_EVENT or (event == _TRANSACTION and category == _SPAN)
        if category in _EVENTS or (on_event is not None and with_event):
            limit = on_event
        elif category == _PROFILE and event is None:
            limit = known.longest((*_PARTNERS[category], _TRANSACTION))
        else:
            limit = known.longest(_PARTNERS.get(category, (category,)))
        if limit is None:
            return 0.0
        ends.append(limit.until)
    return min(ends, default=0.0)


# --- answers ------------------------------------------------------------------------------------


def answer(limits: Iterable[Limit], now: float) -> tuple[str, int]:
    """Return X-Sentry-Rate-Limits for these limits, and the seconds of the longest, at least 1.

    Limits that differ in nothing but their category or namespace are written as one.
    """
    groups: dict[tuple[int, Scope, str, bool, bool], set[Limit]] = {}
    for limit in limits:
        seconds = max(1, math.ceil(limit.until - now))
        alone = limit.category == ALL
        group = (seconds, limit.scope, limit.reason, bool(limit.namespace), alone)
        groups.setdefault(group, set()).add(limit)
    written = [
        RateLimit(
            seconds,
            frozenset(limit.category for limit in held) - {ALL},
            scope,
            reason,
            frozenset(limit.namespace for limit in held if limit.namespace),
        )
        for (seconds, scope, reason, _, _), held in sorted(groups.items(), reverse=True)
    ]
    return format_rate_limits(written), max((limit.seconds for limit in written), default=0)
