"""Waiting for a spool: wake on a put, or when the earliest envelope falls due."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from relay.ports import Clock

LOOK_EVERY: Final = 1.0
"""Seconds between two looks for what other processes have written: nobody wakes us for that."""


async def _nobody_else() -> bool:
    return False


class Waiters:
    """Those who wait for one spool. Used on the event loop only."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._events: set[asyncio.Event] = set()

    def wake(self) -> None:
        """Let everybody look again."""
        for event in self._events:
            event.set()

    async def wait(
        self,
        timeout: float,  # noqa: ASYNC109
        next_due: Callable[[], Awaitable[float | None]],
        changed: Callable[[], Awaitable[bool]] | None = None,
    ) -> None:
        """Return after a wake, at the time that `next_due` tells, or after `timeout` seconds.

        With `changed`, which is asked every second, also when that says yes.
        """
        event = asyncio.Event()
        self._events.add(event)  # before asking, or a put in between would go unnoticed
        try:
            due = await next_due()
            left = timeout
            while not event.is_set():
                now = self._clock.now()
                delay = left if due is None else min(left, due - now)
                if delay <= 0:
                    return
                step = delay if changed is None else min(delay, LOOK_EVERY)
                await self._sleep(event, step)
                # By the clock, unless that was set back.
                left -= max(step, self._clock.now() - now)
                if changed is not None and not event.is_set() and await changed():
                    return
        finally:
            self._events.discard(event)

    async def _sleep(self, event: asyncio.Event, seconds: float) -> None:
        """Return after so many seconds, or when the event is set."""
        async with asyncio.TaskGroup() as group:
            alarm = group.create_task(self._clock.sleep(seconds))
            waiting = group.create_task(event.wait())
            await asyncio.wait((alarm, waiting), return_when=asyncio.FIRST_COMPLETED)
            alarm.cancel()
            waiting.cancel()
