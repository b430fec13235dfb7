"""Waiting for a spool: wake on a put, or when the earliest envelope falls due."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from relay.ports import Clock

LOOK_EVERY: Final = 1.0
"""Seconds between two looks for what other processes have written: nobody wakes us for that."""


@dataclass(eq=False, slots=True)
class _Wait:
    """One who waits: `event` for whatever happens, `woken` if it was a wake."""

    event: asyncio.Event = field(default_factory=asyncio.Event)
    woken: bool = False


class Waiters:
    """Those who wait for one spool. Used on the event loop only."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waits: set[_Wait] = set()

    def wake(self) -> None:
        """Let everybody look again."""
        for wait in self._waits:
            wait.woken = True
            wait.event.set()

    async def wait(
        self,
        timeout: float,  # noqa: ASYNC109
        next_due: Callable[[], Awaitable[float | None]],
        changed: Callable[[], Awaitable[bool]] | None = None,
    ) -> None:
        """Return after a wake, at the time that `next_due` tells, or after `timeout` seconds.

        With `changed`, which is asked every second, also when that says yes.
        """
        wait = _Wait()
        self._waits.add(wait)  # before asking, or a put in between would go unnoticed
        try:
            due = await next_due()
            left = timeout
            while not wait.woken:
                now = self._clock.now()
                delay = left if due is None else min(left, due - now)
                if delay <= 0:
                    return
                step = delay if changed is None else min(delay, LOOK_EVERY)
                if await self._pause(wait, step):
                    return
                # By the clock, unless that was set back.
                left -= max(step, self._clock.now() - now)
                if changed is not None and await changed():
                    return
        finally:
            self._waits.discard(wait)

    async def _pause(self, wait: _Wait, seconds: float) -> bool:
        """Return after so many seconds, or at a wake, and whether it was one."""
        async with asyncio.TaskGroup() as group:
            alarm = group.create_task(self._ring(wait.event, seconds))
            await wait.event.wait()
            alarm.cancel()
        wait.event.clear()
        return wait.woken

    async def _ring(self, event: asyncio.Event, seconds: float) -> None:
        await self._clock.sleep(seconds)
        event.set()
