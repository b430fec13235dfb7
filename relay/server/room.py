"""Room for bodies: how many bytes, and how many requests, are under way at one time.

Law of this file: who finds no room waits unread, first come first served, and not for long. Who
would wait too long is told so at once. Nobody who holds room waits for ever: the oldest may always
go on, so that those who hold a part each cannot block one another.
"""

import asyncio
from bisect import insort
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Final

from relay.errors import OverloadedError
from relay.protocol.limits import KIB

WAIT: Final = 60.0
"""Seconds that a body may wait for room. 1 MB takes a third of a second of one core: of 200 at once
the last waits for some 15 on two cores, and longer where others use them."""

PATIENCE: Final = 5.0
"""Nobody new may wait behind one who has waited for so many seconds: it goes on too slowly."""

SMALL: Final = 256 * KIB
"""Bodies up to here have a part of the room for themselves, and never wait for larger ones."""

SMALL_PART: Final = 8
"""One of so many parts of the room is theirs."""

MAX_REQUESTS: Final = 1_000
"""Requests under way at one time: the smallest takes some 20 KiB, whatever its body is."""

_OVERLOADED: Final = "too many reports at one time"


class Load:
    """All bodies under way, from their arrival to their answer."""

    def __init__(self, limit: int) -> None:
        """Set up; `limit` is in bytes, decompressed."""
        self._small = _Pool(limit // SMALL_PART)
        self._large = _Pool(limit - limit // SMALL_PART)
        self.requests = 0
        """How many are under way."""

    @property
    def bytes(self) -> int:
        """How many are held."""
        return self._small.held + self._large.held

    @property
    def waiting(self) -> int:
        """How many requests wait for room."""
        return self._small.waiting + self._large.waiting

    @contextmanager
    def body(self) -> Iterator["Room"]:
        """Yield the room of one body; at the end it is given back.

        Raises:
            OverloadedError: too many requests are under way.
        """
        if self.requests >= MAX_REQUESTS:
            raise OverloadedError(_OVERLOADED)
        self.requests += 1
        room = Room(self._small, self._large)
        try:
            yield room
        finally:
            self.requests -= 1
            room.leave()


class Room:
    """What one body holds."""

    __slots__ = ("_large", "_share", "_small", "_used")

    def __init__(self, small: "_Pool", large: "_Pool") -> None:
        self._small = small
        self._large = large
        self._share = _Share(small)
        self._used = 0

    async def reserve(self, size: int) -> None:
        """Wait for room for a body of which the size is known.

        Raises:
            OverloadedError: there is none, and there will be none soon.
        """
        await self._grow(size)

    def has(self, size: int) -> bool:
        """Use so many bytes of what is reserved; return whether there were as many."""
        if self._used + size > self._share.size:
            return False
        self._used += size
        return True

    async def take(self, size: int) -> None:
        """Use so many bytes, and wait for what is not reserved.

        Raises:
            OverloadedError: as `reserve`.
        """
        await self._grow(self._used + size - self._share.size)
        self._used += size

    def hold(self, size: int) -> None:
        """Say that so many bytes are held now, whether there is room or not; others wait for it."""
        self._share.force(size - self._share.size)

    def leave(self) -> None:
        """Give everything back."""
        self._share.leave()

    async def _grow(self, size: int) -> None:
        if size <= 0:
            return
        own = self._share
        if own.pool is self._small and own.size + size > SMALL:
            larger = _Share(self._large)
            try:
                with self._small.moving_out(own.size):
                    await larger.take(own.size + size, begun=own.size > 0)
            except BaseException:
                larger.leave()
                raise
            own.leave()
            self._share = larger
        else:
            await own.take(size, begun=own.size > 0)


_numbers: Final = count()


@dataclass(slots=True, eq=False)
class _Share:
    """What one body holds of a pool. Its number is its place in the order of arrival."""

    pool: "_Pool"
    size: int = 0
    number: int = field(default_factory=lambda: next(_numbers))

    async def take(self, size: int, *, begun: bool) -> None:
        """Take more; `begun` says that bytes of the body are held already."""
        await self.pool.take(self, size, begun)

    def force(self, size: int) -> None:
        if size > 0:
            self.pool.give(self, size)

    def leave(self) -> None:
        self.pool.leave(self)


@dataclass(slots=True, order=True)
class _Waiter:
    number: int
    size: int = field(compare=False)
    share: _Share = field(compare=False)
    since: float = field(compare=False)
    served: "asyncio.Future[None]" = field(compare=False)


class _Pool:
    """Bytes that are shared."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._holders: dict[_Share, None] = {}  # the oldest first
        self._queue: list[_Waiter] = []
        self._queued = 0
        self._moving = 0
        self.held = 0

    @contextmanager
    def moving_out(self, size: int) -> Iterator[None]:
        """Note that so many bytes of here wait for room elsewhere; they fill one half at most.

        Raises:
            OverloadedError: they would fill more, and those that stay would wait for larger ones.
        """
        if self._moving + size > self._limit // 2:
            raise OverloadedError(_OVERLOADED)
        self._moving += size
        try:
            yield
        finally:
            self._moving -= size

    @property
    def waiting(self) -> int:
        return len(self._queue)

    async def take(self, share: _Share, size: int, begun: bool) -> None:
        first = not self._queue or share.number < self._queue[0].number
        if self._is_oldest(share) or (first and self._fits(size)):
            self.give(share, size)
            return
        loop = asyncio.get_running_loop()
        now = loop.time()
        if not begun and self._queue:
            slow = now - self._queue[0].since > PATIENCE
            if slow or self._queued + size > self._limit:
                raise OverloadedError(_OVERLOADED)
        waiter = _Waiter(share.number, size, share, now, loop.create_future())
        insort(self._queue, waiter)
        self._queued += size
        try:
            async with asyncio.timeout(WAIT):
                await waiter.served
        except TimeoutError:
            raise OverloadedError(_OVERLOADED) from None
        finally:
            if waiter in self._queue:
                self._drop(waiter)
                self._serve()

    def give(self, share: _Share, size: int) -> None:
        share.size += size
        self.held += size
        self._holders[share] = None

    def leave(self, share: _Share) -> None:
        self.held -= share.size
        share.size = 0
        self._holders.pop(share, None)
        self._serve()

    def _is_oldest(self, share: _Share) -> bool:
        """Whether nobody has held room for longer: it never waits, whoever stands before it."""
        return next(iter(self._holders), share) is share

    def _fits(self, size: int) -> bool:
        return self.held + size <= self._limit

    def _serve(self) -> None:
        while (waiter := self._next()) is not None:
            self._drop(waiter)
            self.give(waiter.share, waiter.size)
            if not waiter.served.done():
                waiter.served.set_result(None)

    def _next(self) -> _Waiter | None:
        """Return who is to be served: the first, or the oldest that holds room."""
        if not self._queue:
            return None
        first = self._queue[0]
        if self._fits(first.size):
            return first
        oldest = next(iter(self._holders), first.share)
        return next((one for one in self._queue if one.share is oldest), None)

    def _drop(self, waiter: _Waiter) -> None:
        self._queue.remove(waiter)
        self._queued -= waiter.size
