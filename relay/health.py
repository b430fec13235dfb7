"""Health: whether this process should get traffic.

Law of this file: ready means that every part says so now. A part that fails, raises or does not
answer in time makes the process not ready; it never ends it.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from relay.errors import RelayError
from relay.ports import Clock, Spool

LIVE: Final = "/api/relay/healthcheck/live/"
READY: Final = "/api/relay/healthcheck/ready/"
"""Where health is asked for: the paths of Sentry's Relay."""

TIME_LIMIT: Final = 2.0
"""Seconds that one part may take to answer."""

REMEMBERED: Final = 1.0
"""Seconds for which what a spool answered holds."""

Check = Callable[[], Awaitable[bool]]


class Health:
    """Adds up what the parts say."""

    def __init__(
        self, checks: Mapping[str, Check] | None = None, stale: Callable[[], bool] = lambda: False
    ) -> None:
        """Set up.

        Args:
            checks: of each part, whether it is well.
            stale: whether rules on the disk were refused; the process is well with those before.
        """
        self._checks = dict(checks or {})
        self._stale = stale
        self._serving = True

    def stop(self) -> None:
        """From now on the process is not ready: it is well, but it is stopping."""
        self._serving = False

    async def parts(self) -> dict[str, bool]:
        """Return every part's state, asking each check; `serving` is the process itself."""
        states = {part: await _ask(check) for part, check in self._checks.items()}
        return {**states, "serving": self._serving}

    def notes(self) -> dict[str, str]:
        """Return what else an operator should know, which makes no part unwell."""
        return {"rules": "refused"} if self._stale() else {}

    async def ready(self) -> bool:
        """Return whether all parts are well."""
        return all((await self.parts()).values())


def spool_check(spool: Spool, clock: Clock) -> Check:
    """Make a check that a spool can be written; it is asked at most once in `REMEMBERED` seconds.

    For whoever may ask for health must not make the disk busy.
    """
    last = (-math.inf, False)
    turn = asyncio.Lock()

    async def check() -> bool:
        nonlocal last
        async with turn:
            if not 0 <= clock.now() - last[0] < REMEMBERED:
                last = (clock.now(), False)  # also if it does not answer in time
                await spool.check()
                last = (clock.now(), True)
            return last[1]

    return check


def flag_check(is_well: Callable[[], bool]) -> Check:
    """Make a check of a plain function, such as whether the forwarder's task runs."""

    async def check() -> bool:
        return is_well()

    return check


async def _ask(check: Check) -> bool:
    try:
        async with asyncio.timeout(TIME_LIMIT):
            return await check()
    except (RelayError, OSError, TimeoutError):
        return False
