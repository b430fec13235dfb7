"""How one serving process runs and ends: nothing of what it takes or sends is cut off carelessly.

Law of this file: the order of the end stands here. First nothing comes in, then nothing goes out.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict, dataclass
from typing import Any

from relay.config import Listen
from relay.errors import SpoolDamagedError
from relay.ports import Spool
from relay.server.parts import Parts
from relay.spool.sqlite import SqliteSpool

log = logging.getLogger("relay.server")


@dataclass(frozen=True, slots=True)
class Started:
    """The ports that are open, for whoever waits for the start.

    Attributes:
        host, port: where clients send to.
        admin_host, admin_port: metrics and health.
        onion: the listener for an onion service as `torrc` names it; empty for none.
    """

    host: str
    port: int
    admin_host: str
    admin_port: int
    onion: str = ""

    def fields(self) -> dict[str, str | int]:
        """Return what is logged of it."""
        return {key: value for key, value in asdict(self).items() if value != ""}


def drain_seconds(listen: Listen) -> float:
    """Return how long requests under way may take after a signal to stop: half of the time."""
    return listen.shutdown / 2


def sending_seconds(listen: Listen) -> float:
    """Return how long sends may take after the last request; the rest stays in the spool."""
    return listen.shutdown / 4


async def run(
    parts: Parts,
    ports: AbstractAsyncContextManager[None],
    listen: Listen,
    on_start: Callable[[], None],
    stop: asyncio.Event,
    on_stop: Callable[[], None] = lambda: None,
    beside: Sequence[Coroutine[Any, Any, None]] = (),
) -> None:
    """Forward, and serve the ports until `stop`.

    Args:
        parts: what this process is made of.
        ports: open inside of the block that they make.
        listen: how long the end may take.
        on_start: called when the ports are open.
        stop: set to stop.
        on_stop: called when stopping begins.
        beside: runs until then, too.

    Raises:
        SpoolDamagedError: in a group: the spool's file turned out to be broken.
    """
    async with asyncio.TaskGroup() as group:
        running = group.create_task(_forward(parts))
        sharing = group.create_task(parts.sharing.run())
        reporting = group.create_task(parts.reporter.run())
        watching = group.create_task(parts.gauges.run())
        guarding = [group.create_task(_guard(spool)) for spool in parts.spools]
        others = [group.create_task(one) for one in beside]
        async with ports:
            on_start()
            await stop.wait()
            on_stop()
            log.info("stopping")
            for other in others:
                other.cancel()
            parts.health.stop()
        # Nothing comes in any more; what is on its way out may arrive, and is reported if it does
        # not: a last report waits in the spool for the next start.
        reporting.cancel()
        watching.cancel()
        parts.forwarder.stop()
        # Where the spool breaks now, what is sent cannot be settled: the guards end the wait, too.
        await asyncio.wait([running], timeout=sending_seconds(listen))
        for guard in guarding:
            guard.cancel()
        running.cancel()
        sharing.cancel()
        await parts.sharing.exchange()
        await parts.reporter.flush()


async def _guard(spool: Spool) -> None:
    """End everything when the spool's file turns out to be broken: the next start sets it aside."""
    if isinstance(spool, SqliteSpool):
        await spool.broken.wait()
        raise SpoolDamagedError("the spool is damaged; the next start sets its file aside")


async def _forward(parts: Parts) -> None:
    parts.forwarding.set()
    try:
        await parts.sharing.exchange()  # limits that hold from before are known before a send
        await parts.forwarder.run()
    finally:
        parts.forwarding.clear()
