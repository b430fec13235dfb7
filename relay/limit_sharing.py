"""What one process learns of an upstream's limits, all who use its spool know a second later.

Law of this file: limits go through the spool, so that workers, nodes and the next start know them.
A spool that fails makes them late, and nothing else.
"""

import logging
from collections.abc import Sequence
from typing import Final

from relay.errors import SpoolUnavailableError
from relay.limit_memory import MAX_LEARNED, KeyLimit, LimitMemory
from relay.ports import Clock, Spool

INTERVAL: Final = 1.0
"""Seconds between two exchanges."""

_log = logging.getLogger("relay.limit_sharing")


class LimitSharing:
    """Exchanges limits between one process's memory and the spool."""

    def __init__(
        self, limits: LimitMemory, *, spool: Spool, clock: Clock, interval: float = INTERVAL
    ) -> None:
        """Set up; nothing runs yet.

        Args:
            limits: of this process.
            spool: which others use too.
            clock: the time.
            interval: seconds between two exchanges.
        """
        self._limits = limits
        self._spool = spool
        self._clock = clock
        self._interval = interval
        self._left: Sequence[KeyLimit] = ()
        self._failing = False

    async def run(self) -> None:
        """Exchange at once, for what was known before a start, then again and again."""
        while True:
            await self.exchange()
            await self._clock.sleep(self._interval)

    async def exchange(self) -> None:
        """Tell what was learned since the last time; take in what others have."""
        self._left = [*self._left, *self._limits.take_learned()][-MAX_LEARNED:]
        try:
            shared = await self._spool.share_limits(self._left)
        except SpoolUnavailableError:
            if not self._failing:
                _log.warning("limits_not_shared")
            self._failing = True
            return
        self._left, self._failing = (), False
        self._limits.merge(shared, self._clock.now())
