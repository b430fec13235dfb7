"""When what waits in the spool of usage events is written: enough of it, or for long enough.

Law of this file: the spool is looked at all the while, also while the store fails.
"""

import logging
from collections.abc import Callable
from typing import Final

from relay.config import UsageBatch
from relay.errors import SpoolUnavailableError, StoreError
from relay.metrics import Metrics
from relay.ports import Clock, Spool, SpoolStatus

LOOK: Final = 5.0
"""Seconds between two looks at the spool, and less where little time is between two writes."""

LONGEST_PAUSE: Final = 60.0
"""Seconds at most until a store that fails is asked again."""

log = logging.getLogger("relay.usage")


class Timing:
    """Says when the sink is to write, and how long a store that fails is left alone."""

    def __init__(
        self,
        spool: Spool,
        clock: Clock,
        batch: UsageBatch,
        *,
        metrics: Metrics,
        random: Callable[[], float],
        timer: Callable[[], float],
    ) -> None:
        """Set up; what each is for, `UsageSink` says."""
        self._spool = spool
        self._clock = clock
        self._batch = batch
        self._metrics = metrics
        self._random = random
        self._timer = timer
        self._idle_bytes = 0
        self._failures = 0
        self._failing_since: float | None = None

    @property
    def failing(self) -> bool:
        """Whether the last write failed."""
        return self._failures > 0

    def failed(self, error: StoreError) -> None:
        """Note that a write failed; the first of several is logged."""
        self._metrics.count("relay_usage_store_failures_total")
        self._failures += 1
        if self._failing_since is None:
            self._failing_since = self._timer()
            log.warning("usage_store_failed", extra={"error": error.detail})

    def succeeded(self) -> None:
        """Note that all that waited is written."""
        if self._failures:
            log.info("usage_store_restored")
        self._failures, self._failing_since = 0, None

    async def until_due(self) -> None:
        """Return when enough waits, or for long enough.

        Of several processes that have one spool any may write what waits; so it counts for how long
        the oldest has waited, and not when this process wrote last. Where the clock was set back,
        time that has passed here counts, too.
        """
        look = min(LOOK, self._batch.every)
        waited = last = 0.0
        while True:
            await self._clock.sleep(look)
            status = await self._look()
            if status is None:
                continue
            written = not status.ready or status.bytes < last
            waited = 0.0 if written else waited + look
            last = status.bytes
            if not status.ready:
                continue
            much = status.bytes - self._idle_bytes >= self._batch.bytes
            late = status.oldest_age >= self._batch.every or waited >= 2 * self._batch.every
            if much or late:
                return

    async def _look(self) -> SpoolStatus | None:
        """Set the gauges; return what the spool holds, None where it does not say."""
        since = self._failing_since
        self._metrics.gauge(
            "relay_usage_unwritten_seconds", 0.0 if since is None else self._timer() - since
        )
        try:
            status = await self._spool.status()
        except SpoolUnavailableError:
            return None
        for state in ("ready", "claimed", "buried"):
            count = getattr(status, state)
            self._metrics.gauge("relay_usage_spool_envelopes", count, state=state)
        self._metrics.gauge("relay_usage_spool_bytes", status.bytes)
        self._metrics.gauge("relay_usage_oldest_seconds", status.oldest_age)
        # Dead letters, and what others hold, are bytes too, but none to write.
        idle = status.bytes if not status.ready else min(self._idle_bytes, status.bytes)
        self._idle_bytes = idle
        return status

    async def back_off(self) -> None:
        """Wait before a store that fails is asked again; the spool is still looked at."""
        longest = min(LONGEST_PAUSE, 2.0 ** min(self._failures, 10))  # no number grows for hours
        left = longest * (0.5 + self._random() / 2)
        while left > 0:
            await self._clock.sleep(min(LOOK, left))
            left -= LOOK
            await self._look()
