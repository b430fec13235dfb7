"""Servers on the loopback that answer a POST in every wrong way, byte by byte."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

Writer = asyncio.StreamWriter
Answer = Callable[[Writer], Awaitable[None]]

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
PIECE = 64 * 1024


@dataclass
class Wrong:
    """One way to misbehave.

    Attributes:
        answer: writes to a client that has sent its request; the connection is closed after it.
        status: what counts as answered; None when the upstream was not reached.
        early: whether the body is not even read.
    """

    answer: Answer
    status: int | None = None
    early: bool = False


class GarbageServer:
    """A server that misbehaves until it is `well`; then it answers 200."""

    def __init__(self, wrong: Wrong) -> None:
        self.wrong = wrong
        self.well = False
        self.bodies: list[bytes] = []
        self.requests = 0
        self.port = 0
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """Where envelopes go."""
        return f"http://127.0.0.1:{self.port}/api/1/envelope/"

    @asynccontextmanager
    async def serve(self) -> AsyncIterator["GarbageServer"]:
        """Listen on a free port."""
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()

    async def _connected(self, reader: asyncio.StreamReader, writer: Writer) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        ends = (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, TimeoutError)
        with suppress(*ends):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                self.requests += 1
                if self.wrong.early and not self.well:
                    await self.wrong.answer(writer)
                    break
                lines = head.lower().split(b"\r\n")
                (length,) = [int(x[15:]) for x in lines if x.startswith(b"content-length:")]
                body = await reader.readexactly(length)
                if not self.well:
                    await self.wrong.answer(writer)
                    break
                self.bodies.append(body)
                writer.write(OK)
        writer.close()


def says(*pieces: bytes) -> Answer:
    """Write these bytes, and close."""

    async def answer(writer: Writer) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()

    return answer


def floods(head: bytes, piece: bytes) -> Answer:
    """Write without end, until the other side has had enough."""

    async def answer(writer: Writer) -> None:
        writer.write(head)
        while True:
            writer.write(piece)
            await writer.drain()

    return answer


async def nothing(writer: Writer) -> None:
    """Say nothing until the other side gives up."""
    await asyncio.wait_for(writer.wait_closed(), 30)


async def drips(writer: Writer) -> None:
    """Write an answer so slowly that it never ends."""
    writer.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while True:
        writer.write(b"a")
        await writer.drain()
        await asyncio.sleep(0.01)


async def resets(writer: Writer) -> None:
    """Break the connection."""
    writer.transport.abort()


WRONGS = {
    "another protocol": Wrong(says(b"SSH-2.0-OpenSSH_9.6\r\n")),
    "a number": Wrong(says(b"\x00\x00\x00\x07" * 1000)),
    "no such version": Wrong(says(b"HTTP/9.9 200 OK\r\n\r\n")),
    "no number for a status": Wrong(says(b"HTTP/1.1 abc OK\r\n\r\n")),
    "half a head": Wrong(says(b"HTTP/1.1 200 OK\r\nContent-Le")),
    "a huge header": Wrong(says(b"HTTP/1.1 200 OK\r\nX: " + b"a" * 1_000_000 + b"\r\n\r\n")),
    "too many headers": Wrong(says(b"HTTP/1.1 200 OK\r\n" + b"X: a\r\n" * 100_000 + b"\r\n")),
    "endless headers": Wrong(floods(b"HTTP/1.1 200 OK\r\n", b"X: a\r\n" * 1_000)),
    "endless 1xx": Wrong(floods(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100)),
    "endless early hints": Wrong(floods(b"", b"HTTP/1.1 103 Early Hints\r\nX: a\r\n\r\n" * 100)),
    "a length that is none": Wrong(says(b"HTTP/1.1 200 OK\r\nContent-Length: abc\r\n\r\n")),
    "two lengths": Wrong(
        says(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}")
    ),
    "nothing": Wrong(nothing),
    "drop by drop": Wrong(drips),
    "closed": Wrong(says()),
    "reset": Wrong(resets),
    "closed before the body": Wrong(says(), early=True),
    "reset before the body": Wrong(resets, early=True),
    "less than it says": Wrong(says(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"), 200),
    "more than it says": Wrong(says(OK + b"GARBAGE" * 1_000)),
    "an endless body": Wrong(
        floods(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n", b"z" * PIECE), 200
    ),
    "endless chunks": Wrong(
        floods(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"1000\r\n" + b"z" * 0x1000 + b"\r\n",
        ),
        200,
    ),
    "broken chunks": Wrong(says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")),
    "a page": Wrong(
        says(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>" + b"x" * 99_999), 200
    ),
    "gzip that is none": Wrong(
        says(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc"), 200
    ),
    "an unavailable page": Wrong(
        says(b"HTTP/1.1 503 Sorry\r\nContent-Type: text/html\r\n\r\n<html>" + b"x" * 99_999), 503
    ),
    "another protocol on offer": Wrong(
        says(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nxx"),
        101,
    ),
}
"""By what they do. A status that was read counts, whatever comes behind it; it was not if what came
with it in one piece is no HTTP."""
