"""The daily task: what is too old goes, once at the start and then soon after each midnight, UTC.

Law of this file: it ends nothing. What fails is told, counted, and tried again the same day; who
does the same beside it, on another machine, finds less to do.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from relay.config import UsageKeep
from relay.metrics import Metrics
from relay.ports import Clock, Spool
from relay.usage.leftovers import forget_leftovers
from relay.usage.retention import DAY, day_at, expire, expire_spool
from relay.usage.retention_report import Report, SpoolReport
from relay.usage.store import Store

AFTER: Final = 300.0
"""Seconds from midnight to the task: clocks of several machines agree by then."""

SPREAD: Final = 600.0
"""Up to so many more, by chance, so that relays do not all ask one store at one time."""

FIRST_PAUSE: Final = 300.0
LONGEST_PAUSE: Final = 3_600.0
"""Seconds until what failed is tried again: at first, and after it has failed often."""

LOOK: Final = 600.0
"""So often the clock is looked at: a machine may have slept, or its clock be set."""

log = logging.getLogger("relay.usage")


class Daily:
    """Lets go of what is too old, every day, until it is cancelled."""

    def __init__(
        self,
        of: Literal["usage", "spool"],
        *,
        clock: Clock,
        metrics: Metrics,
        random: Callable[[], float],
        spools: Mapping[str, Spool],
        store: tuple[Store, UsageKeep] | None = None,
    ) -> None:
        """Set up; nothing runs yet.

        Args:
            of: what it sees to, in metrics: usage events, or the spool of envelopes.
            clock: the time.
            metrics: where it is counted.
            random: gives numbers in [0, 1).
            spools: by name; each knows by itself what is too old.
            store: of usage events, and for how long each set is kept.
        """
        self._of = of
        self._clock = clock
        self._metrics = metrics
        self._random = random
        self._spools = spools
        self._store = store

    async def run(self) -> None:
        """Do it now, and once every day, until cancelled."""
        failures = 0
        while True:
            begun = self._clock.now()
            if await self.once():
                failures = 0
                await self._until(_midnight_after(begun) + AFTER + SPREAD * self._random())
            else:
                pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(failures, 10))
                failures += 1
                await self._until(self._clock.now() + pause * (0.5 + self._random() / 2))

    async def once(self) -> bool:
        """Let go of what is too old now; return whether all of it went."""
        try:
            well = await self._expire()
        except Exception as error:  # noqa: BLE001 - our mistake; requests are taken all the same
            log.error("expire_failed", extra={"component": self._of, "error": type(error).__name__})  # noqa: TRY400
            well = False
        if well:
            now = self._clock.now()
            self._metrics.gauge("relay_expired_timestamp_seconds", now, of=self._of)
        else:
            self._metrics.count("relay_expire_failures_total", of=self._of)
        return well

    async def _expire(self) -> bool:
        errors = []
        if self._store is not None:
            store, keep = self._store
            report = await expire(store, keep, day_at(self._clock.now()))
            self._tell(report)
            errors.append(report.error)
            await asyncio.to_thread(forget_leftovers, self._clock.now())
        for name, spool in self._spools.items():
            told = await expire_spool(name, spool)
            self._tell_spool(told)
            errors.append(told.error)
        return not any(errors)

    def _tell(self, report: Report) -> None:
        for one in report.kinds:
            self._count(one.kind.value, one.gone.objects, one.gone.bytes)
        if report.error:
            log.warning("expire_failed", extra={"component": "store", "error": report.error})

    def _tell_spool(self, report: SpoolReport) -> None:
        gone = report.gone
        numbers = {"waiting": gone.waiting, "dead_letters": gone.dead, "damaged": gone.damaged}
        for name, count in numbers.items():
            self._count(name, count)
        if report.error:
            log.warning("expire_failed", extra={"component": report.name, "error": report.error})

    def _count(self, name: str, count: int, size: int | None = None) -> None:
        if not count:
            return
        if self._of == "usage":
            self._metrics.count("relay_usage_expired_total", count, set=name)
        extra = {"component": f"{self._of} {name}", "count": count}
        log.info("expired", extra=extra if size is None else {**extra, "bytes": size})

    async def _until(self, at: float) -> None:
        """Return at a time, or soon after; at once where the clock was set back by a day."""
        while 0 < (left := at - self._clock.now()) < 2 * DAY:
            await self._clock.sleep(min(left, LOOK))


def _midnight_after(seconds: float) -> float:
    """Return the end of the day of a time."""
    day = day_at(seconds) + timedelta(days=1)
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()
