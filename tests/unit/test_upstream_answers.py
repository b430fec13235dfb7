"""What an upstream may do with an answer, and what then becomes of the connection."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from relay.delivery import UpstreamResponse
from relay.upstream import ANSWER_BYTES, HttpOptions, SentryUpstream
from tests.fakes import KEY, envelope

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"

Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Wire:
    """A server that answers, byte by byte, as its scripts say; without one, with an empty 200."""

    def __init__(self) -> None:
        self.scripts: list[Script] = []
        self.connections = 0
        self.used: list[int] = []
        """The number of the connection by which each request came."""
        self.raw: list[bytes] = []
        self.url = ""

    @asynccontextmanager
    async def serve(self) -> AsyncIterator["Wire"]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        async with server:
            yield self

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        number = self.connections
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                self.used.append(number)
                await self._answer(head, reader, writer)
        except (asyncio.IncompleteReadError, OSError):
            pass  # the other end has closed it
        finally:
            writer.close()

    async def _answer(
        self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        script = self.scripts.pop(0) if self.scripts else answering(HEAD % 0)
        if script is not refuse_unread:
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0])
            self.raw.append(await reader.readexactly(length))
        await script(reader, writer)


def answering(*pieces: bytes, then: Script | None = None) -> Script:
    """Answer in pieces, each of which the other end sees by itself."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            for _ in range(20):
                await asyncio.sleep(0)
        if then is not None:
            await then(reader, writer)

    return script


async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Break the connection."""
    writer.transport.abort()


async def say_no_more(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Wait until the other end has closed the connection."""
    assert b"" == await reader.read()


async def refuse_unread(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Refuse a request for its head, and never read its body."""
    writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
    await asyncio.Event().wait()


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    async with Wire().serve() as server:
        yield server


async def send_two(wire: Wire, options: HttpOptions | None = None) -> list[int]:
    """Send twice, both answered with 200; give the connections that were used."""
    upstream = SentryUpstream(wire.url, KEY, options)
    async with asyncio.timeout(5):
        assert UpstreamResponse(200) == await upstream.send(envelope(1))
        assert UpstreamResponse(200) == await upstream.send(envelope(2))
    await upstream.close()
    return wire.used


async def test_an_answer_that_comes_in_pieces_keeps_its_connection(wire: Wire) -> None:
    """A body that comes after its head is read away, and the next send needs no new connection."""
    wire.scripts.append(answering(HEAD % 6, b"abc", b"def"))
    assert [1, 1] == await send_two(wire)


async def test_an_answer_that_does_not_end_is_let_go(wire: Wire) -> None:
    """After some kilobytes nobody waits for the rest: the status is known, the connection goes."""
    pieces = [b"x" * 1024] * (ANSWER_BYTES // 1024)
    wire.scripts.append(answering(HEAD % 10**9, *pieces, then=say_no_more))
    assert [1, 2] == await send_two(wire)


@pytest.mark.parametrize("then", [hang_up, say_no_more])
async def test_an_answer_that_breaks_off_is_an_answer(wire: Wire, then: Script) -> None:
    """Whether the connection breaks or the time is up: what the upstream decided stands."""
    wire.scripts.append(answering(HEAD % 6, b"abc", then=then))
    assert [1, 2] == await send_two(wire, HttpOptions(timeout=0.1))


async def test_an_answer_is_not_unpacked(wire: Wire) -> None:
    """What an answer says of its encoding is nothing to us, even if it is not so."""
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 7\r\n\r\n"
    wire.scripts.append(answering(head, b"no gzip"))
    assert [1, 1] == await send_two(wire)


async def test_a_refusal_before_the_body_was_read_is_an_answer(wire: Wire) -> None:
    """An upstream may answer by the head alone; half a body is never followed by another one."""
    wire.scripts.append(refuse_unread)
    upstream = SentryUpstream(wire.url, KEY, HttpOptions(compress="none"))
    async with asyncio.timeout(5):
        large = envelope(payload=b"x" * 16_000_000)
        assert UpstreamResponse(413) == await upstream.send(large)
        assert UpstreamResponse(200) == await upstream.send(envelope(2))
    await upstream.close()
    assert ([1, 2], [envelope(2).body]) == (wire.used, wire.raw)


@pytest.mark.parametrize("size", [5_000, 300_000])
async def test_what_is_compressed_tells_no_time(wire: Wire, size: int) -> None:
    """The header of gzip has room for the time of day; none stands there."""
    upstream = SentryUpstream(wire.url, KEY)
    await upstream.send(envelope(payload=b"x" * size))
    await upstream.close()
    assert (b"\x1f\x8b", bytes(4)) == (wire.raw[0][:2], wire.raw[0][4:8])
