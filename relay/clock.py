"""The real clock; tests bring their own."""

import asyncio
import time


class SystemClock:
    """A `ports.Clock` on the machine's own time."""

    def now(self) -> float:
        """Return seconds since the Unix epoch."""
        return time.time()  # noqa: TID251 - this is the clock that the ban speaks of

    async def sleep(self, seconds: float) -> None:
        """Return after so many seconds."""
        await asyncio.sleep(seconds)
