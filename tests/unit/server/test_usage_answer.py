"""The answer to an event that was taken."""

import asyncio
from collections.abc import AsyncIterator
from unittest.mock import AsyncMock

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, make_mocked_request

from relay.server.usage_answer import Head, Taken

HEADERS = {"Cache-Control": "no-store", "Server": "scrub-relay"}
NOW = 1_795_357_000.9
DATE = b"Date: Sun, 22 Nov 2026 14:16:40 GMT"
GOES_ON = "GET {} HTTP/1.1\r\nHost: a\r\n\r\n"


async def answer(request: web.Request) -> web.StreamResponse:
    """Answer; the path says how."""
    if request.path == "/plain":
        return web.Response(status=204, headers=HEADERS)
    taken = Taken(Head(HEADERS, lambda: NOW))
    if request.path == "/last":
        taken.force_close()
    return taken


@pytest.fixture
async def server() -> AsyncIterator[TestServer]:
    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    async with TestServer(app) as server:
        yield server


async def ask(server: TestServer, *requests: str) -> list[list[bytes]]:
    """Send requests on one connection, one after the other; return the lines of the answers."""
    reader, writer = await asyncio.open_connection(server.host, server.port)
    answers = []
    for request in requests:
        writer.write(request.encode())
        answers.append((await reader.readuntil(b"\r\n\r\n")).split(b"\r\n"))
    if b"Connection: close" in answers[-1]:
        assert b"" == await reader.read()
    writer.close()
    return answers


async def test_it_is_what_aiohttp_would_write(server: TestServer) -> None:
    """The same lines in whatever order, and the connection goes on."""
    taken, again, plain = await ask(server, *map(GOES_ON.format, ("/", "/", "/plain")))
    assert (b"HTTP/1.1 204 No Content", True) == (taken[0], DATE in taken)
    assert taken == again
    lines = [
        sorted(one for one in lines if not one.startswith(b"Date")) for lines in (taken, plain)
    ]
    assert lines[0] == lines[1]


@pytest.mark.parametrize(
    "last", ["GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", GOES_ON.format("/last")]
)
async def test_the_last_one_of_a_connection_says_so(server: TestServer, last: str) -> None:
    """Whether the client wants it, or we; then the connection ends."""
    _, lines = await ask(server, GOES_ON.format("/"), last)
    assert (b"HTTP/1.1 204 No Content", True) == (lines[0], b"Connection: close" in lines)


async def test_an_old_client_gets_an_old_answer(server: TestServer) -> None:
    """HTTP/1.0, with a word that the connection goes on where it has asked for that."""
    (lines,) = await ask(server, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    assert (b"HTTP/1.0 204 No Content", True) == (lines[0], b"Connection: keep-alive" in lines)


async def test_it_waits_where_nobody_reads() -> None:
    """Else who sends and never reads has answers pile up here."""
    read = asyncio.Event()
    writer = AsyncMock()
    writer.drain.side_effect = read.wait
    request = make_mocked_request("GET", "/", writer=writer)
    written = asyncio.create_task(Taken(Head(HEADERS, lambda: NOW)).prepare(request))
    await asyncio.sleep(0)
    assert (1, False) == (writer.write.await_count, written.done())
    read.set()
    assert await written is None


def test_the_date_is_that_of_the_second() -> None:
    """It is made once in each."""
    times = [NOW, NOW + 0.05, NOW + 0.1]
    head = Head(HEADERS, lambda: times.pop(0))
    first, same, next_ = head.whole(), head.whole(), head.whole()
    assert first is same
    assert first.replace(b":40 GMT", b":41 GMT") == next_
