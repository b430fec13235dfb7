"""Retention: what is too old goes out of the store, by the day in its path, and a report of that.

A set that is kept for 90 days holds 90 days of UTC, today among them: on day 91 all of day 1 goes,
and nothing younger. So nothing is ever older than what is configured. Law of this file: nothing is
deleted but what has a name of ours; a report is made of counts, sizes and days.
"""

import asyncio
import re
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Final

from relay.config import UsageKeep
from relay.errors import SpoolUnavailableError, StoreError
from relay.ports import Spool
from relay.usage.model import Record
from relay.usage.objects import PART, SETS, read_path
from relay.usage.pending import LARGEST, NOTE, PROBE, read_note
from relay.usage.retention_report import NONE, Kind, KindReport, Report, SpoolReport, Tally
from relay.usage.store import Store, Stored

DAY: Final = 86_400.0

BATCH: Final = 1_000
"""So many objects are deleted by one call."""

AT_ONCE: Final = 100
"""So many objects are looked at before others have their turn: some 2 ms."""

MOST_FAILURES: Final = 10
"""After so many calls that failed the rest is left for the next time."""

_SET: Final = re.compile(  # noqa: TID251 - our own names, not a payload
    SETS + r"/dt=(?P<day>\d{4}-\d\d-\d\d)/"
    rf"(?:manifest\.json|dictionary\.(?:json|md)|{PART})"
)


Owner = tuple[Kind, date]
"""What an object is of, and its day."""


def day_at(seconds: float) -> date:
    """Return the day in UTC of a time in seconds since the Unix epoch."""
    return datetime.fromtimestamp(seconds, UTC).date()


def first_kept(today: date, keep: float) -> date:
    """Return the first day that stays.

    Args:
        today: which stays always.
        keep: seconds; a day that has begun counts as a whole one, so less than a day is not looked
            at: of 36 hours one day stays.
    """
    days = max(1, int(keep // DAY))
    return date.min if days >= today.toordinal() else today - timedelta(days=days - 1)


async def expire(store: Store, keep: UsageKeep, today: date, *, dry_run: bool = False) -> Report:
    """Delete what is too old; what fails is told, and the rest is done.

    Args:
        store: of usage events.
        keep: for how long each set is kept.
        today: the day in UTC.
        dry_run: only tell what would go.
    """
    sweep = _Sweep(store, keep, today, dry_run)
    try:
        number = 0
        try:
            async for stored in store.list():
                await sweep.look(stored)
                number += 1
                if number % AT_ONCE == 0:
                    await asyncio.sleep(0)  # a list may be here as a whole, and requests wait
        except StoreError:
            await sweep.end()  # what was told until it broke off goes all the same
            raise
        await sweep.end()
        if not dry_run:
            await store.tidy()
    except StoreError as error:
        sweep.give_up(error)
    return sweep.report()


async def expire_spool(name: str, spool: Spool, *, dry_run: bool = False) -> SpoolReport:
    """Let a spool let go of what is too old; what fails is told."""
    try:
        return SpoolReport(name, await spool.expire(dry_run=dry_run))
    except SpoolUnavailableError as error:
        return SpoolReport(name, error=error.detail)


@dataclass(frozen=True, slots=True)
class _Old:
    kind: Kind
    day: date
    stored: Stored


@dataclass(slots=True)
class _Counts:
    gone: Tally = NONE
    left: Tally = NONE
    failed: Tally = NONE


@dataclass(slots=True)
class _Sweep:
    store: Store
    keep: UsageKeep
    today: date
    dry_run: bool
    error: str = ""
    counts: dict[Kind, _Counts] = field(default_factory=lambda: {k: _Counts() for k in Kind})
    strangers: Tally = NONE
    old: list[_Old] = field(default_factory=list)
    failures: int = 0

    def first(self, kind: Kind) -> date:
        """Return the first day of a kind that stays; of notes, where one cannot be read."""
        match kind:
            case Kind.EVENTS:
                return first_kept(self.today, self.keep.events)
            case Kind.OPT_OUTS:
                return first_kept(self.today, self.keep.opt_outs)
            case Kind.SETS:
                return first_kept(self.today, self.keep.sets)
            case Kind.NOTES:
                return min(self.first(Kind.EVENTS), self.first(Kind.OPT_OUTS))

    async def look(self, stored: Stored) -> None:
        """Count an object, and delete it if it is too old."""
        path = stored.path
        if path == PROBE:  # it holds nothing, and is of no day
            return
        noted = NOTE.fullmatch(path)
        if noted is not None:
            kind = Kind.NOTES
            owners = await self._owners_of_note(noted[1], stored)
        else:
            owner = owner_of(path)
            if owner is None:
                self.strangers = self.strangers.with_one(stored.size)
                return
            kind, owners = owner[0], [owner]
        day = max(day for _, day in owners)
        if any(day >= self.first(kind) for kind, day in owners):
            counts = self.counts[kind]
            counts.left = counts.left.with_one(stored.size, day)
            return
        self.old.append(_Old(kind, day, stored))
        if len(self.old) >= BATCH:
            await self.end()

    def give_up(self, error: StoreError) -> None:
        """Note why the rest is left for the next time."""
        self.error = error.detail
        for one in self.old:
            counts = self.counts[one.kind]
            counts.failed = counts.failed.with_one(one.stored.size, one.day)

    async def end(self) -> None:
        """Delete what has come together.

        Raises:
            StoreError: too often it did not succeed.
        """
        old, self.old = self.old, []
        failed = None
        if old and not self.dry_run:
            try:
                await self.store.delete([one.stored.path for one in old])
            except StoreError as error:
                failed = error
                self.error = error.detail
                self.failures += 1
        for one in old:
            counts, size = self.counts[one.kind], one.stored.size
            if failed is None:
                counts.gone = counts.gone.with_one(size, one.day)
            else:
                counts.failed = counts.failed.with_one(size, one.day)
        if failed is not None and self.failures >= MOST_FAILURES:
            raise failed

    async def _owners_of_note(self, name: str, stored: Stored) -> list[Owner]:
        """Return what a note names; where that cannot be read, the note is as old as its file."""
        data = await self.store.get(stored.path) if stored.size <= LARGEST else None
        with suppress(ValueError):
            note = read_note(name, data or b"")
            owners = [owner for one in note.objects if (owner := owner_of(one.path)) is not None]
            if owners:
                return owners
        return [(Kind.NOTES, day_at(stored.modified))]

    def report(self) -> Report:
        """Return what became of everything."""
        kinds = tuple(
            KindReport(kind, self.first(kind), one.gone, one.left, one.failed)
            for kind, one in self.counts.items()
        )
        return Report(self.today, self.dry_run, kinds, self.strangers, self.error)


def owner_of(path: str) -> Owner | None:
    """Return what an object is of, and its day; None for what has no name of ours."""
    named = read_path(path)
    try:
        if named is not None:
            record = named.partition.record
            kind = Kind.EVENTS if record is Record.EVENTS else Kind.OPT_OUTS
            return kind, date.fromisoformat(named.partition.day)
        found = _SET.fullmatch(path)
        return None if found is None else (Kind.SETS, date.fromisoformat(found["day"]))
    except ValueError:  # a day that is not in the calendar
        return None
