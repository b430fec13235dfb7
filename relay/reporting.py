"""The reporter: every minute, and at the end, tells each upstream what was lost on the way to it.

Law of this file: a report goes the way of every envelope, through the spool. Where it finds no room
there, its numbers are kept for the next one.
"""

import logging
from collections.abc import Callable
from typing import Final

from relay.errors import SpoolFullError, SpoolUnavailableError
from relay.losses import Lane, LossCounter
from relay.metrics import Metrics
from relay.outcomes import Reason
from relay.pipeline import report_permit
from relay.ports import Clock, Spool
from relay.protocol.client_report import ClientReport, Losses

INTERVAL: Final = 60.0

_log = logging.getLogger("relay.reporting")


class Reporter:
    """Puts client reports into the spool."""

    def __init__(
        self,
        losses: LossCounter,
        *,
        spool: Spool,
        clock: Clock,
        wanted: Callable[[str, str], bool],
        metrics: Metrics,
        interval: float = INTERVAL,
    ) -> None:
        """Set up; nothing runs yet.

        Args:
            losses: what was lost; emptied by each report.
            spool: where reports go.
            clock: the time.
            wanted: whether a project and key of clients are known here and get reports.
            metrics: where reports are counted.
            interval: seconds between two reports.
        """
        self._spool = spool
        self._clock = clock
        self._wanted = wanted
        self._metrics = metrics
        self._interval = interval
        self._losses = losses

    async def run(self) -> None:
        """Report again and again, until cancelled."""
        while True:
            await self._clock.sleep(self._interval)
            await self.flush()

    async def flush(self) -> None:
        """Put one report for each project and key of which something was lost."""
        left = dict(self._losses.take())
        try:
            while left:
                lane, losses = left.popitem()
                if self._wanted(*lane):
                    await self._put(lane, losses)
        finally:  # when cancelled: a spool finishes what was put, the rest is for the next report
            for lane, losses in left.items():
                self._losses.give_back(lane, losses)

    async def _put(self, lane: Lane, losses: Losses) -> None:
        report = ClientReport(self._clock.now(), losses)
        try:
            await self._spool.put(report_permit(*lane, report))
        except (SpoolFullError, SpoolUnavailableError) as error:
            self._losses.give_back(lane, losses)
            self._metrics.count("relay_client_reports_total", outcome=error.reason)
            _log.info("report_put_off", extra={"reason": error.reason})
        else:
            self._metrics.count("relay_client_reports_total", outcome=Reason.ACCEPTED)
