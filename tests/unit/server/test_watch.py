"""The watch over connections, over bare sockets: who is too slow is cut off; how a stop goes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from aiohttp import web

from relay.config import Listen
from relay.metrics import Metrics
from relay.server import connection, watch
from relay.server.listening import bind, open_port
from relay.server.watch import Cut, Watch

HEAD = b"GET / HTTP/1.1\r\nHost: x\r\n"
GOOD = HEAD + b"\r\n"
LATE = b"HTTP/1.1 408 Request Timeout\r\n"
QUICK = Listen(header_timeout=0.05, keep_alive=30.0)


@pytest.fixture(autouse=True)
def looks_around_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "_STEP", 0.01)


class Port:
    """An open port that is watched. It answers when it may."""

    def __init__(self, listen: Listen) -> None:
        self.number = 0
        self.metrics = Metrics()
        self.watch = Watch(listen, self.metrics)
        self.asked = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.size = 2

    async def answer(self, _: web.Request) -> web.Response:
        self.asked.set()
        await self.may_answer.wait()
        return web.Response(body=b"x" * self.size)

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.number, limit=1024)

    def cuts(self) -> dict[str, float]:
        name = "relay_connections_cut_total"
        counted = {cut.value: self.metrics.value(name, reason=cut) for cut in Cut}
        return {cut: number for cut, number in counted.items() if number}


@asynccontextmanager
async def opened(listen: Listen) -> AsyncIterator[Port]:
    port = Port(listen)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", port.answer)
    async with (
        asyncio.timeout(20),
        open_port(app, bind("ingest", "127.0.0.1", 0), watch=port.watch) as number,
    ):
        port.number = number
        yield port


async def test_a_connection_that_says_nothing_is_closed() -> None:
    """Without a word: nobody has asked for anything."""
    async with opened(QUICK) as port:
        reader, writer = await port.connect()
        assert b"" == await reader.read()
        writer.close()
    assert {"header": 1} == port.cuts()


async def test_a_header_that_does_not_end_is_given_up() -> None:
    """However many bytes of it come, the time for all of it counts."""
    async with opened(QUICK) as port:
        reader, writer = await port.connect()
        writer.write(HEAD)

        async def drip() -> None:
            while True:
                writer.write(b"X: y\r\n")
                await asyncio.sleep(0.005)

        dripping = asyncio.create_task(drip())
        with suppress(ConnectionError):  # what it writes on is reset
            assert (await reader.read()).startswith(LATE)
        dripping.cancel()
        writer.close()
    assert {"header": 1} == port.cuts()


async def test_the_header_of_a_later_request_is_timed_too() -> None:
    """From its first byte; the time between requests is not the header's."""
    async with opened(QUICK) as port:
        reader, writer = await port.connect()
        writer.write(GOOD)
        await reader.readuntil(b"xx")
        await asyncio.sleep(0.1)  # the moment itself: longer than a header may take
        writer.write(GOOD)
        await reader.readuntil(b"xx")
        writer.write(HEAD)
        assert (await reader.read()).startswith(LATE)
        writer.close()
    assert {"header": 1} == port.cuts()


async def test_a_slow_header_does_not_cost_the_answer_before_it() -> None:
    """The connection ends after the answer that is under way."""
    async with opened(QUICK) as port:
        port.may_answer.clear()
        reader, writer = await port.connect()
        writer.write(GOOD)
        await port.asked.wait()
        writer.write(HEAD)
        while not port.cuts():  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.01)
        port.may_answer.set()
        answer = await reader.read()
        writer.close()
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert 1 == answer.count(b"HTTP/1.")


async def test_a_header_in_pieces_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """In all, not only each of its lines."""
    monkeypatch.setattr(connection, "MAX_HEADER", 2_000)
    async with opened(Listen()) as port:
        reader, writer = await port.connect()
        writer.write(HEAD)
        writer.write(b"X: %s\r\n" % (b"y" * 900) * 3)
        assert (await reader.read()).startswith(LATE)
        writer.close()
    assert {"header": 1} == port.cuts()


async def test_an_idle_connection_is_closed() -> None:
    """Some time after its last answer."""
    async with opened(Listen(keep_alive=0.05)) as port:
        reader, writer = await port.connect()
        writer.write(GOOD)
        answer = await reader.read()
        writer.close()
    assert answer.endswith(b"xx")
    assert {"idle": 1} == port.cuts()


async def test_who_does_not_read_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that finds no room on the wire does not wait for ever."""
    monkeypatch.setattr(connection, "ANSWER_SECONDS", 0.05)
    async with opened(Listen()) as port:
        port.size = 50_000_000
        reader, writer = await port.connect()
        writer.write(GOOD)
        while not port.cuts():  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.01)
        got = 0
        with suppress(ConnectionError):
            while more := await reader.read(1_000_000):
                got += len(more)
        writer.close()
    assert got < port.size
    assert {"answer": 1} == port.cuts()


async def test_the_longest_unused_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there are too many connections, a new one is still taken."""
    monkeypatch.setattr(watch, "MAX_CONNECTIONS", 2)
    async with opened(Listen()) as port:
        first, second, third = [await port.connect() for _ in range(3)]
        assert b"" == await first[0].read()
        for reader, writer in (second, third):
            writer.write(GOOD)
            await reader.readuntil(b"xx")
        for _, writer in (first, second, third):
            writer.close()
    assert {"crowd": 1} == port.cuts()


async def test_a_crowd_that_is_busy_keeps_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request under way is not given up for a new connection."""
    monkeypatch.setattr(watch, "MAX_CONNECTIONS", 1)
    async with opened(Listen()) as port:
        port.may_answer.clear()
        busy, late = await port.connect(), None
        busy[1].write(GOOD)
        await port.asked.wait()
        late = await port.connect()
        assert b"" == await late[0].read()
        port.may_answer.set()
        await busy[0].readuntil(b"xx")
        for _, writer in (busy, late):
            writer.close()
    assert {"crowd": 1} == port.cuts()


# --- stopping -------------------------------------------------------------------------------------


async def test_a_stop_waits_for_answers_and_says_that_it_ends() -> None:
    """A request under way is answered, and so is one that comes on a connection that was idle."""
    async with opened(Listen()) as port:
        port.may_answer.clear()
        busy, idle = await port.connect(), await port.connect()
        busy[1].write(GOOD)
        await port.asked.wait()
        stopping = asyncio.create_task(port.watch.drained(20.0))
        while not port.watch.stopping:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0)
        idle[1].write(GOOD)
        port.may_answer.set()
        for reader, writer in (busy, idle):
            answer = await reader.read()
            assert b"Connection: close\r\n" in answer
            assert answer.endswith(b"xx")
            writer.close()
        await stopping
    assert {} == port.cuts()


async def test_after_a_while_idle_connections_are_closed() -> None:
    """A request under way is waited for even then."""
    async with opened(Listen()) as port:
        port.may_answer.clear()
        busy, idle = await port.connect(), await port.connect()
        busy[1].write(GOOD)
        await port.asked.wait()
        stopping = asyncio.create_task(port.watch.drained(0.01))
        assert b"" == await idle[0].read()
        assert not stopping.done()
        port.may_answer.set()
        assert (await busy[0].read()).endswith(b"xx")
        await stopping
        for _, writer in (busy, idle):
            writer.close()
