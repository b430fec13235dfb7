"""A client report: what was lost on the way, by reason and data category, for Sentry's statistics.

Law of this file: a report holds words of our own and numbers, and nothing that was sent. Source:
develop.sentry.dev, "Client Reports", and Sentry Relay's own (outcomes as client reports).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from relay import jsonio
from relay.outcomes import Reason
from relay.protocol.quantities import INTERNAL
from relay.protocol.rate_limits import CATEGORIES

Losses = Mapping[tuple[Reason, str], int]
"""How much was lost, by reason and data category."""

_LIMITED: Final = frozenset({Reason.RATE_LIMITED})
_FILTERED: Final = frozenset({
    Reason.CONSENT_MISSING,
    Reason.CONSENT_DENIED,
    Reason.ITEM_POLICY,
    Reason.UNKNOWN_ITEM,
})  # fmt: skip
"""Dropped on purpose. All other reasons stand for what was to go on and did not."""

_LISTS: Final = ("discarded_events", "rate_limited_events", "filtered_events")


@dataclass(frozen=True, slots=True)
class ClientReport:
    """One report; `timestamp` in seconds since the Unix epoch.

    Raises:
        ValueError: a category is none of Sentry's.
    """

    timestamp: float
    losses: Losses

    def __post_init__(self) -> None:
        if not CATEGORIES.issuperset(category for _, category in self.losses):
            raise ValueError("a report is about data categories")

    def payload(self) -> bytes:
        """Write the item's payload; the first list stands there even when it is empty."""
        lists: dict[str, list[dict[str, str | int]]] = {name: [] for name in _LISTS}
        for (reason, category), quantity in sorted(self.losses.items()):
            entry = {"reason": reason.value, "category": category, "quantity": quantity}
            lists[_list_of(reason)].append(entry)
        kept = {n: entries for n, entries in lists.items() if entries or n == _LISTS[0]}
        return jsonio.dumps({"timestamp": round(self.timestamp, 3), **kept})

    def item_headers(self) -> dict[str, str]:
        """Return the headers of the item that holds it."""
        return {"type": "client_report"}

    @property
    def categories(self) -> tuple[str, ...]:
        """The category that the report itself falls under; it is never limited."""
        return (INTERNAL,)


def _list_of(reason: Reason) -> str:
    if reason in _LIMITED:
        return "rate_limited_events"
    return "filtered_events" if reason in _FILTERED else "discarded_events"
