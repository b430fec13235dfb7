"""Connections, over bare sockets: what is not HTTP is answered in our form, without an echo."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from aiohttp import web

from relay.errors import RelayError
from relay.server.answers import error_answer
from relay.server.listening import bind, open_port
from relay.server.watch import Watch

MARK = "203.0.113.77"
HEAD = f"POST /?a={MARK} HTTP/1.1\r\nHost: x\r\n"
CHUNKED = f"{HEAD}Transfer-Encoding: chunked\r\n\r\n"
GOOD = f"{HEAD}Content-Length: 2\r\n\r\n{{}}"


class Port:
    """An open port that answers with the length of what it got, and what it refused."""

    def __init__(self) -> None:
        self.number = 0
        self.reading = asyncio.Event()
        self.refused: list[int] = []

    def refuse(self, _: web.BaseRequest, error: RelayError) -> web.Response:
        self.refused.append(error.status)
        return error_answer(error)

    async def answer(self, request: web.Request) -> web.Response:
        if request.path == "/broken":
            raise ValueError(MARK)
        got = await request.content.readany()
        self.reading.set()
        try:
            async for more in request.content.iter_any():
                got += more
        except web.RequestPayloadError:
            return web.Response(status=400, text="broken body")
        return web.Response(text=str(len(got)))

    async def send(self, *pieces: str) -> bytes:
        """Send pieces, each after the one before was read; return all that comes until the end."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.number)
        async with asyncio.timeout(10):
            for number, piece in enumerate(pieces):
                if number:
                    await self.reading.wait()
                writer.write(piece.encode())
                with suppress(ConnectionError):
                    await writer.drain()
            answer = await _all_of(reader)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
        return answer


async def _all_of(reader: asyncio.StreamReader) -> bytes:
    """Read until the end, be it a reset: who sends on after an answer may be told so."""
    got = b""
    with suppress(ConnectionError):
        while piece := await reader.read(4096):
            got += piece
    return got


@pytest.fixture
async def port() -> AsyncIterator[Port]:
    async with opened() as port:
        yield port


@asynccontextmanager
async def opened(watch: Watch | None = None) -> AsyncIterator[Port]:
    """Open a port."""
    port = Port()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", port.answer)
    async with open_port(
        app, bind("ingest", "127.0.0.1", 0), watch=watch, refuse=port.refuse
    ) as number:
        port.number = number
        yield port


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (f"nonsense {MARK}\r\n\r\n", 400),
        (f"G\x00T /{MARK} HTTP/1.1\r\n\r\n", 400),
        (f"GET /{MARK} HTTP/9.9\r\n\r\n", 400),
        (f"GET /{MARK * 1000} HTTP/1.1\r\n\r\n", 400),
        (f"{HEAD}X: {MARK * 1000}\r\n\r\n", 400),
        (f"{HEAD}{MARK}\r\n\r\n", 400),
        (f"{HEAD}Content-Length: {MARK}\r\n\r\n", 400),
        (f"{CHUNKED}{MARK}\r\n", 400),
        (f"{HEAD}Expect: {MARK}\r\n\r\n", 417),
        (f"{HEAD}Expect: 100-continue\r\nExpect: {MARK}\r\n\r\n", 417),
        # Where a body ends must be a matter of one header that everybody reads alike.
        (f"{HEAD}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400),
        (f"{HEAD}Transfer-Encoding: ,chunked\r\n\r\n0\r\n\r\n", 400),
        (f"{HEAD}Transfer-Encoding:\r\nContent-Length: 2\r\n\r\n{{}}", 400),
    ],
)
async def test_what_is_not_http(
    text: str, status: int, port: Port, caplog: pytest.LogCaptureFixture
) -> None:
    """It is refused in our form, once, and no byte of it is in the answer or the log."""
    caplog.set_level(logging.DEBUG)
    answer = await port.send(text)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert f" {status} ".encode() == answer[8:13]
    assert b"Content-Type: application/json" in head
    assert 1 == answer.count(b"HTTP/1.")
    assert {"detail": "bad request", "causes": []} == json.loads(body)
    assert [status] == port.refused
    assert MARK.encode() not in answer
    assert "" == caplog.text


async def test_what_follows_a_request(port: Port) -> None:
    """Requests that follow on a connection are answered, and what is none is refused."""
    answer = await port.send(f"{GOOD}{GOOD}", f"{MARK}\r\n\r\n")
    assert 2 == answer.count(b"HTTP/1.1 200 OK")
    assert 1 == answer.count(b"HTTP/1.0 400 ")
    assert answer.endswith(b'{"detail":"bad request","causes":[]}')
    assert [400] == port.refused
    assert MARK.encode() not in answer


@pytest.mark.parametrize("sent", [f"{HEAD}Connection: close\r\n\r\n", "nonsense\r\n\r\n"])
async def test_no_version_is_told(port: Port, sent: str) -> None:
    """An answer names the program, and no version of what it is made of."""
    lines = (await port.send(sent)).split(b"\r\n")
    assert {b"Server: scrub-relay"} == {one for one in lines if one.startswith(b"Server")}


async def test_a_client_that_waits_to_be_asked(port: Port) -> None:
    """`Expect: 100-continue` is answered with it."""
    head = f"{HEAD}Connection: close\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n{{}}"
    answer = await port.send(head)
    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK")


async def test_a_body_that_breaks_ends_at_once(
    port: Port, caplog: pytest.LogCaptureFixture
) -> None:
    """A bad chunk in the middle ends the reading, with one answer and the connection's end."""
    caplog.set_level(logging.DEBUG)
    answer = await port.send(f"{CHUNKED}2\r\n{{}}\r\n", f"{MARK}\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert 1 == answer.count(b"HTTP/1.")
    assert [] == port.refused
    assert "" == caplog.text


async def test_what_comes_after_the_end_is_not_answered() -> None:
    """After the answer that ends a connection no other comes, whatever more is sent."""
    async with opened(Watch()) as watched:
        answer = await watched.send(f"{CHUNKED}2\r\n{{}}\r\n", "z" * 2_000_000)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert 1 == answer.count(b"HTTP/1.")


@pytest.mark.parametrize("protocol", ["h2c", "websocket", MARK])
async def test_a_connection_is_never_another_protocol(port: Port, protocol: str) -> None:
    """Who asks for another protocol gets one answer, and the end: what follows is not read."""
    answer = await port.send(f"{HEAD}Connection: upgrade\r\nUpgrade: {protocol}\r\n\r\n{GOOD}")
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert 1 == answer.count(b"HTTP/1.")


async def test_a_tunnel_is_not_opened(port: Port) -> None:
    """CONNECT is a request as any other, with one answer and the connection's end."""
    answer = await port.send(f"CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n{GOOD}")
    assert 1 == answer.count(b"HTTP/1.")


async def test_our_mistake_outside_of_a_route(port: Port, caplog: pytest.LogCaptureFixture) -> None:
    """What nobody caught is 500; neither answer nor log has its text."""
    answer = await port.send("GET /broken HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 500 ")
    assert answer.endswith(b'{"detail":"internal error","causes":[]}')
    assert MARK.encode() not in answer
    assert ["request_failed"] == [record.getMessage() for record in caplog.records]
    assert MARK not in caplog.text


async def test_without_a_count() -> None:
    """A port that counts nothing refuses in the same form."""
    async with open_port(web.Application(), bind("admin", "127.0.0.1", 0)) as number:
        port = Port()
        port.number = number
        answer = await port.send(f"GET /nowhere HTTP/1.1\r\nExpect: {MARK}\r\nHost: x\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 417 ")
    assert answer.endswith(b'{"detail":"bad request","causes":[]}')
