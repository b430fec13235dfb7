"""An event on its way through the gate: a draft that the rules have not seen, or why there is none.

Law of this file: types only.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from relay.consent import Verdict
from relay.outcomes import Reason
from relay.usage.attributes import EventType, Value
from relay.usage.model import CleanEvent, Partition
from relay.usage.seen import Seen

Dropped = Mapping[tuple[str, str], int]
"""Attributes that were left out, by the event's type and the word for it."""


@dataclass(frozen=True, slots=True)
class Refused:
    """An event of which nothing is kept; the verdict says so where that is for want of consent."""

    reason: Reason
    verdict: Verdict | None = None
    dropped: Dropped = field(default_factory=dict)


class Draft(NamedTuple):
    """An event before the rules have seen it.

    Attributes:
        partition: where it will be kept.
        record: the whole line, in order, as it will be if the rules find nothing.
        known: what the allow-list says of it; None for a decision to opt out.
        message: as in `CleanEvent`.
        dropped: attributes that are left out already.
        verdict: what was decided about consent; None for a decision to opt out.
        fresh: those of its attributes that the rules have to look at.
        seen: what they need not look at.
    """

    partition: Partition
    record: Mapping[str, Any]
    known: EventType | None
    message: str
    dropped: Dropped
    verdict: Verdict | None
    fresh: Mapping[str, Value]
    seen: Seen

    def __repr__(self) -> str:
        return f"Draft(partition={self.partition!r}, verdict={self.verdict!r})"


End = CleanEvent | Refused
"""What becomes of a draft."""
