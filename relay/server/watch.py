"""The watch over a port's connections: who is too slow, idle or too many is cut off; stopping.

Law of this file: a connection is judged by times and counts alone. It looks around once a second,
so that a request costs no timer.
"""

import asyncio
import logging
import resource
from collections.abc import Callable
from enum import StrEnum
from typing import Final, Protocol

from relay.config import Listen
from relay.metrics import Metrics

MAX_CONNECTIONS: Final = 4_096
"""Connections of one process; an idle one takes 15 KiB."""

ANSWER_SECONDS: Final = 10.0
"""How long a client may leave an answer unread, or a close unanswered."""

LINGER: Final = 1.0
"""Seconds after a stop for which idle connections may bring a request that is on its way."""

_STEP: Final = 1.0
_FILES_KEPT: Final = 256
"""File descriptors that are left for everything else."""

_MAKE_ROOM: Final = 16
"""Where there are too many connections, one of so many is closed at once."""

log = logging.getLogger("relay.server")


class Cut(StrEnum):
    """Why we closed a connection."""

    HEADER = "header"
    BODY = "body"
    STALL = "stall"
    IDLE = "idle"
    ANSWER = "answer"
    CROWD = "crowd"


class Watched(Protocol):
    """What the watch knows of a connection."""

    def overdue(self, now: float) -> Cut | None:
        """Return why it is to be cut off now."""
        ...

    def unused_since(self) -> float | None:
        """Return since when it holds no request; None if it does."""
        ...

    def cut(self, reason: Cut) -> None:
        """Close it; after the answer that is under way, if nothing is wrong with that."""
        ...

    def close_unused(self) -> None:
        """Close it if it holds no request, else after that."""
        ...


class Watch:
    """Watches the connections of one port."""

    def __init__(
        self,
        listen: Listen | None = None,
        metrics: Metrics | None = None,
        show: Callable[[], None] = lambda: None,
        *,
        most: int = MAX_CONNECTIONS,
    ) -> None:
        """Set up.

        Args:
            listen: how long what may take.
            metrics: counts what is cut off.
            show: called once a second.
            most: connections that there may be, if the system lets us have so many.
        """
        self.listen = listen or Listen()
        self.stopping = False
        self._metrics = metrics
        self._show = show
        self._connections: set[Watched] = set()
        self._most = min(most, _most())
        self._handle: asyncio.TimerHandle | None = None
        self._changed = asyncio.Event()

    def start(self) -> None:
        """Begin to look around."""
        self._look_later()

    def close(self) -> None:
        """Look around no more."""
        if self._handle is not None:
            self._handle.cancel()

    def __len__(self) -> int:
        return len(self._connections)

    def add(self, connection: Watched) -> bool:
        """Take on a new connection; return whether there is room for it."""
        if len(self._connections) >= self._most:
            self._make_room()
        if len(self._connections) >= self._most:
            self.count(Cut.CROWD)
            return False
        self._connections.add(connection)
        return True

    def remove(self, connection: Watched) -> None:
        """Forget a connection that has ended."""
        self._connections.discard(connection)
        if self.stopping:
            self._changed.set()

    def count(self, reason: Cut) -> None:
        """Count a connection that was closed."""
        if self._metrics is not None:
            self._metrics.count("relay_connections_cut_total", reason=reason)

    async def drained(self, linger: float = LINGER) -> None:
        """Return when all connections have ended; from now on each answer ends its own.

        Args:
            linger: seconds for which those without a request stay open, for one that is on its way.
        """
        self.stopping = True
        try:
            async with asyncio.timeout(linger):
                await self._all_ended()
        except TimeoutError:
            for connection in list(self._connections):
                connection.close_unused()
            await self._all_ended()

    async def _all_ended(self) -> None:
        while self._connections:
            self._changed.clear()
            await self._changed.wait()

    def _look_later(self) -> None:
        loop = asyncio.get_running_loop()
        self._handle = loop.call_later(_STEP, self._look)

    def _look(self) -> None:
        now = asyncio.get_running_loop().time()
        for connection in list(self._connections):
            reason = connection.overdue(now)
            if reason is not None:
                self.count(reason)
                connection.cut(reason)
        if self._metrics is not None:
            self._metrics.gauge("relay_connections", len(self._connections))
        self._show()
        self._look_later()

    def _make_room(self) -> None:
        """Close the connections that have held no request for longest."""
        unused = [(since, c) for c in self._connections if (since := c.unused_since()) is not None]
        unused.sort(key=lambda pair: pair[0])
        for _, connection in unused[: max(1, self._most // _MAKE_ROOM)]:
            self.count(Cut.CROWD)
            self._connections.discard(connection)
            connection.cut(Cut.CROWD)


def _most() -> int:
    """Return how many connections there may be, by what the system lets this process open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_CONNECTIONS + _FILES_KEPT
    if soft < wanted and soft != resource.RLIM_INFINITY:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft == resource.RLIM_INFINITY:
        return MAX_CONNECTIONS
    return max(1, min(MAX_CONNECTIONS, soft - _FILES_KEPT))
