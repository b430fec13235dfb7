"""The way of shadow hits to the process with the admin port: a socket for small messages.

Law of this file: nobody waits. A message that does not go at once is lost, and counted; nothing of
it is written anywhere. The sockets are made before the first fork, so that a process that takes the
place of another has the same ones.
"""

import asyncio
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from relay.ports import Clock
from relay.scrub.shadow import ShadowHits
from relay.shadow_hits import Counts, ShadowMemory, write_messages

EVERY: Final = 1.0
"""Seconds between two times that a process tells what it has counted."""

_LONGEST: Final = 1 << 17
_AT_ONCE: Final = 64
"""Messages that are read before others get their turn."""

Deliver = Callable[[bytes], bool]
"""Takes a message; says whether it could."""


class ShadowChannel:
    """The two ends that all processes of one relay share."""

    def __init__(self) -> None:
        self.reader, self.writer = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        for end in (self.reader, self.writer):
            end.setblocking(False)

    def deliver(self, message: bytes) -> bool:
        """Send a message, if there is room for it."""
        try:
            self.writer.send(message)
        except OSError:  # full, or too long for what the system allows
            return False
        return True

    def close(self) -> None:
        """Close both ends in this process."""
        self.reader.close()
        self.writer.close()


class ShadowPost:
    """Counts what one process has found, and tells it once a second."""

    def __init__(self, rules: Callable[[], Sequence[str]], deliver: Deliver, clock: Clock) -> None:
        """Set up.

        Args:
            rules: gives the ids of the shadow rules that are in use.
            deliver: takes what is told.
            clock: the time.
        """
        self._rules = rules
        self._deliver = deliver
        self._clock = clock
        self._counts = Counts()
        self._lost = 0

    def note(self, hits: ShadowHits) -> None:
        """Add what was found in one envelope."""
        self._counts.note(hits)

    async def run(self) -> None:
        """Tell it again and again, until cancelled."""
        while True:
            await self._clock.sleep(EVERY)
            self.send()

    def send(self) -> None:
        """Tell what was counted since the last time."""
        counts, self._counts = self._counts, Counts()
        lost, self._lost = self._lost, 0
        messages = write_messages(counts, now=self._clock.now(), rules=self._rules(), lost=lost)
        for message, hits in messages:
            if not self._deliver(message):
                self._lost += hits + lost
            lost = 0


def into(memory: ShadowMemory, clock: Clock) -> Deliver:
    """Return the way to a memory in the same process."""

    def deliver(message: bytes) -> bool:
        memory.take(message, clock.now())
        return True

    return deliver


@contextmanager
def receiving(channel: ShadowChannel, memory: ShadowMemory, clock: Clock) -> Iterator[None]:
    """Put into a memory what processes tell, inside the block.

    Args:
        channel: over which they tell it.
        memory: counts it by the hour in which it is read.
        clock: the time.
    """
    loop = asyncio.get_running_loop()

    def read() -> None:
        for _ in range(_AT_ONCE):
            try:
                message = channel.reader.recv(_LONGEST)
            except OSError:
                return
            memory.take(message, clock.now())

    loop.add_reader(channel.reader, read)
    try:
        yield
    finally:
        loop.remove_reader(channel.reader)
