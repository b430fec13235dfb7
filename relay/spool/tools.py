"""A spool for tools: whatever holds it, whether a relay runs on it or not."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from relay.config import SpoolSettings
from relay.errors import SpoolUnavailableError
from relay.ports import Clock, Spool
from relay.spool.bounds import Bounds
from relay.spool.jetstream import attach_jetstream
from relay.spool.sqlite import SqliteSpool


@asynccontextmanager
async def open_tools(settings: SpoolSettings, clock: Clock) -> AsyncIterator[Spool]:
    """Open the spool that is configured, to look at it and at its dead letters; nothing is claimed.

    Raises:
        SpoolUnavailableError: there is none, it cannot be opened, or it lives in a relay's memory.
    """
    spool = await _opened(settings, clock)
    try:
        yield spool
    finally:
        await spool.close()


async def _opened(settings: SpoolSettings, clock: Clock) -> Spool:
    match settings.backend:
        case "memory":
            raise SpoolUnavailableError("a spool in memory is seen by its own relay only")
        case "sqlite":
            bounds = Bounds(
                max_bytes=settings.max_bytes,
                max_age=settings.max_age,
                max_dead_age=settings.max_dead_age,
                repeat_window=settings.repeat_window,
            )
            return await SqliteSpool.attach(Path(settings.path), clock, bounds)
        case "jetstream":
            return await attach_jetstream(settings, clock)
