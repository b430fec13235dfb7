"""What retention tells of a store and of a spool: what went, what stays, what could not go.

Law of this file: counts, sizes and days; no name of an object.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final

from relay.ports import Expired

_NOTHING: Final = Expired()


class Kind(StrEnum):
    """What is kept in the store."""

    EVENTS = "events"
    OPT_OUTS = "opt_outs"
    SETS = "sets"
    NOTES = "notes"
    """Of what was about to be written; each goes with the youngest object that it names."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Objects, their bytes, and the first and the last day that they are of."""

    objects: int = 0
    bytes: int = 0
    oldest: date | None = None
    newest: date | None = None

    def with_one(self, size: int, day: date | None = None) -> "Tally":
        """Return this with one more."""
        days = [one for one in (self.oldest, self.newest, day) if one is not None]
        oldest, newest = min(days, default=None), max(days, default=None)
        return Tally(self.objects + 1, self.bytes + size, oldest, newest)


NONE: Final = Tally()
"""Nothing at all."""


@dataclass(frozen=True, slots=True)
class KindReport:
    """What became of one kind.

    Attributes:
        kind: which.
        first: the first day that stays.
        gone: what was deleted, or would be.
        left: what stays.
        failed: what is too old, and may be there still.
    """

    kind: Kind
    first: date
    gone: Tally = NONE
    left: Tally = NONE
    failed: Tally = NONE


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a store.

    Attributes:
        today: the day in UTC from which was counted.
        dry_run: whether nothing was to be deleted.
        kinds: one report a kind.
        strangers: what is below the prefix and has no name of ours: it was left alone.
        error: why not all of it was done; empty if it was.
    """

    today: date
    dry_run: bool
    kinds: tuple[KindReport, ...]
    strangers: Tally = NONE
    error: str = ""

    @property
    def objects(self) -> int:
        """How many objects went."""
        return sum(one.gone.objects for one in self.kinds)


@dataclass(frozen=True, slots=True)
class SpoolReport:
    """What became of a spool: what went, or why not all did."""

    name: str
    gone: Expired = _NOTHING
    error: str = ""


def as_json(report: Report) -> dict[str, Any]:
    """Return a report as plain data."""
    return {
        "today": report.today.isoformat(),
        "dry_run": report.dry_run,
        "sets": {
            one.kind.value: {
                "first_kept": one.first.isoformat(),
                "gone": _told(one.gone),
                "left": _told(one.left),
                "failed": _told(one.failed),
            }
            for one in report.kinds
        },
        "strangers": {"objects": report.strangers.objects, "bytes": report.strangers.bytes},
        "error": report.error or None,
    }


def _told(tally: Tally) -> dict[str, Any]:
    return {
        "objects": tally.objects,
        "bytes": tally.bytes,
        "oldest": None if tally.oldest is None else tally.oldest.isoformat(),
        "newest": None if tally.newest is None else tally.newest.isoformat(),
    }
