"""The words of usage events: what a request says, what is kept of it, and where.

Law of this file: types only. A `CleanEvent` is the permit to reach the spool: only
`relay.usage.cleaning` makes one, and nothing in it is as it came.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple


class Record(StrEnum):
    """Which set a record belongs to."""

    EVENTS = "events"
    """What the app did."""
    OPT_OUTS = "opt_outs"
    """Decisions to share nothing: the day, the app and its version."""


class Channel(StrEnum):
    """Which builds of an app an event is from."""

    STABLE = "stable"
    DEVELOP = "develop"


NO_ENVIRONMENT = "none"
"""The environment of a path that names none."""

OPT_OUT_TYPES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "settings/analytics": "value",
        "settings/tracking": "value",
        "settings/data_permission": "analyticsPermission",
        "onboarding_completed": "analyticsPermission",
    }
)
"""Types of events that tell of a decision, and the parameter that says which: in Suite, in the
popup of Connect, in the app on phones, which asks at its beginning, too."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a path leads: `/{app}/log/{environment}/{channel}.log`, the environment optional."""

    app: str
    environment: str
    channel: Channel


class UsageRequest(NamedTuple):
    """What a request says, as it came.

    Attributes:
        target: of its path.
        query: decoded pairs of the query string, in order, blank values included.
        consent: values of the header that carries consent, one for each time that it is there.
    """

    target: Target
    query: tuple[tuple[str, str], ...]
    consent: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"UsageRequest(target={self.target!r})"


@dataclass(frozen=True, slots=True)
class Partition:
    """Where a record is kept; all times are UTC, of when it was taken.

    Attributes:
        record: its set.
        app: as in the path.
        environment: as in the path, `none` without one; empty for opt-outs.
        day: as `2026-11-22`.
        hour: 0 to 23; None for opt-outs, of which the day alone is kept.
    """

    record: Record
    app: str
    environment: str
    day: str
    hour: int | None


class CleanEvent(NamedTuple):
    """One record, ready for the spool.

    Attributes:
        partition: where it is kept.
        line: the record as one line of JSON, without the end of the line.
        message: pseudonym of the message id, 32 hex digits, by which a repeat is known; empty if
            the client gave none.
        dropped: attributes that were left out, counted by (event type, reason word).
    """

    partition: Partition
    line: bytes
    message: str = ""
    dropped: Mapping[tuple[str, str], int] = MappingProxyType({})

    def __repr__(self) -> str:
        return f"CleanEvent(partition={self.partition!r}, dropped={self.dropped!r})"
