"""Waiting for a spool: wake on a put, or when the earliest envelope falls due."""

import asyncio
from collections.abc import Awaitable, Callable

from relay.ports import Clock


class Waiters:
    """Those who wait for one spool. Used on the event loop only."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._events: set[asyncio.Event] = set()

    def wake(self) -> None:
        """Let everybody look again."""
        for event in self._events:
            event.set()

    async def wait(self, timeout: float, next_due: Callable[[], Awaitable[float | None]]) -> None:  # noqa: ASYNC109
        """Return after a wake, at the time that `next_due` tells, or after `timeout` seconds."""
        event = asyncio.Event()
        self._events.add(event)  # before asking, or a put in between would go unnoticed
        try:
            due = await next_due()
            delay = timeout if due is None else min(timeout, due - self._clock.now())
            if delay <= 0:
                return
            async with asyncio.TaskGroup() as group:
                alarm = group.create_task(self._ring(event, delay))
                await event.wait()
                alarm.cancel()
        finally:
            self._events.discard(event)

    async def _ring(self, event: asyncio.Event, delay: float) -> None:
        await self._clock.sleep(delay)
        event.set()
