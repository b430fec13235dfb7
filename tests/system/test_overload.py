"""Overload: slow clients, many large bodies, and a stop, from outside."""

import asyncio
import json
import socket
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.system.running import (
    AUTH,
    ENVELOPE,
    FEW_RULES,
    READY,
    Client,
    Relay,
    Sentry,
    envelope,
    event,
    project,
    until,
)

SECONDS = 120.0
AUTH_HEADER = [("X-Sentry-Auth", AUTH)]


def configured(folder: Path, sentry: Sentry, **listen: Any) -> Relay:
    config = {"projects": [project(sentry.dsn())], "rules": FEW_RULES}
    return Relay(folder / "relay", {"listen": {"port": 0, **listen}, **config})


def request(body: bytes, path: str = ENVELOPE, method: str = "POST", **headers: str) -> bytes:
    """A request as it goes over the wire."""
    more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nX-Sentry-Auth: {AUTH}\r\n{more}"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Read one answer; return its status, and its header in lower case."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    size = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
    await reader.readexactly(size)
    return int(head[9:12]), head


async def send(port: int, data: bytes) -> int:
    """Send a request on a connection of its own; return the status of the answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(data)
        return (await answer(reader))[0]
    finally:
        writer.close()


def text_of(size: int) -> bytes:
    """Text with an address in each of its lines."""
    line = b"connect 203.0.113.77:9735 refused, once more\n"
    return line * (size // len(line))


def with_attachment(number: int, size: int) -> bytes:
    """An event, and a text beside it."""
    text = text_of(size)
    head = {"type": "attachment", "filename": "a.txt", "length": len(text)}
    item = json.dumps(head).encode() + b"\n" + text
    return envelope(event(number)) + b"\n" + item + b"\n"


# --- slow clients ---------------------------------------------------------------------------------


def test_slow_clients_keep_nobody_out(tmp_path: Path, sentry: Sentry) -> None:
    """While 500 send a byte now and then, others are answered; and each of the 500 is cut off."""
    relay = configured(tmp_path, sentry, header_timeout="1s", body_timeout="2s")
    whole = request(envelope(event(1)))

    async def slow(begun: int) -> None:
        """Send a part, then byte after byte, until the other side closes the connection."""
        reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
        writer.write(whole[:begun])
        closed = asyncio.create_task(reader.read())
        for byte in whole[begun:]:
            if closed.done():
                break
            writer.write(bytes((byte,)))
            await asyncio.wait([closed], timeout=0.5)
        await asyncio.wait([closed])
        writer.close()
        closed.exception()  # that it was reset is as good

    async def run() -> list[int]:
        async with asyncio.timeout(SECONDS), asyncio.TaskGroup() as group:
            parts = [60, 0, len(whole) - 20] * 167
            slow_ones = [group.create_task(slow(part)) for part in parts[:500]]
            statuses = []
            while not all(task.done() for task in slow_ones):
                good = request(envelope(event(100 + len(statuses))))
                statuses.append(await send(relay.port, good))
        return statuses

    with relay.running():
        statuses = asyncio.run(run())
        cut = relay.count("relay_connections_cut_total")
        assert {200: len(statuses)} == Counter(statuses)
        assert 500 == cut["header",] + cut["body",] + cut["stall",]
        relay.drain()
    assert len(statuses) == len(sentry.ids())


# --- many large bodies ----------------------------------------------------------------------------


def test_health_beside_large_bodies(tmp_path: Path, sentry: Sentry) -> None:
    """While two large bodies are under way, health is answered, and small events are."""
    relay = configured(tmp_path, sentry)

    async def until_done(tasks: list["asyncio.Task[int]"], data: bytes, port: int) -> Counter[int]:
        seen: Counter[int] = Counter()
        while not all(task.done() for task in tasks):
            seen[await send(port, data)] += 1
        return seen

    async def run() -> None:
        async with asyncio.timeout(SECONDS), asyncio.TaskGroup() as group:
            large = [
                group.create_task(send(relay.port, request(with_attachment(number, 2_000_000))))
                for number in (1, 2)
            ]
            ready = request(b"", READY, "GET")
            events = group.create_task(
                until_done(
                    large, request(envelope(event(3, extra={"a": ["b" * 9] * 900}))), relay.port
                )
            )
            health = [
                group.create_task(until_done(large, ready, port))
                for port in (relay.port, relay.admin_port)
            ]
        assert [200, 200] == [task.result() for task in large]
        for task in (events, *health):
            assert {200} == set(task.result())
            assert task.result()[200] > 10

    with relay.running():
        asyncio.run(run())
        assert 2 == relay.count("relay_side_bodies_total")["done",]
        relay.drain()
    assert 3 == len(sentry.ids())


def test_a_crowd_of_large_bodies_is_answered(tmp_path: Path, sentry: Sentry) -> None:
    """Those that find no room wait unread; none is refused and none is lost."""
    relay = configured(tmp_path, sentry, in_flight="4MB")
    number = 12

    async def run() -> list[int]:
        async with asyncio.timeout(SECONDS):
            return await asyncio.gather(
                *(send(relay.port, request(with_attachment(n, 500_000))) for n in range(1, number))
            )

    with relay.running():
        assert [200] * (number - 1) == asyncio.run(run())
        relay.drain()
    assert {f"{n:032x}" for n in range(1, number)} == sentry.ids()


def test_more_than_can_wait_is_refused_at_once(tmp_path: Path, sentry: Sentry) -> None:
    """With 503 and the word when to come again; what was taken is not lost."""
    relay = configured(tmp_path, sentry, in_flight="1MB")

    async def run() -> list[int]:
        async with asyncio.timeout(SECONDS):
            return await asyncio.gather(
                *(send(relay.port, request(with_attachment(n, 500_000))) for n in range(1, 13))
            )

    with relay.running():
        statuses = Counter(asyncio.run(run()))
        assert {200, 503} == set(statuses)
        assert statuses[503] == relay.count("relay_envelopes_total")["overloaded", "5193825"]
        relay.drain()
    assert statuses[200] == len(sentry.ids())


# --- stopping -------------------------------------------------------------------------------------


def test_a_stop_loses_no_request(tmp_path: Path, sentry: Sentry) -> None:
    """Each request of 20 connections that send all the time is answered, or was never sent."""
    relay = configured(tmp_path, sentry)

    async def steady(first: int, warm: asyncio.Event) -> list[int]:
        """Send one after the other until the relay ends the connection; return what was taken."""
        reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
        taken: list[int] = []
        for number in range(first, first + 10_000):
            writer.write(request(envelope(event(number))))
            status, head = await answer(reader)
            assert 200 == status
            taken.append(number)
            if len(taken) == 5:
                warm.set()
            if b"connection: close" in head:
                break
        writer.close()
        return taken

    async def run() -> list[list[int]]:
        warm = [asyncio.Event() for _ in range(20)]
        async with asyncio.timeout(SECONDS), asyncio.TaskGroup() as group:
            tasks = [group.create_task(steady(10_000 * n, warm[n - 1])) for n in range(1, 21)]
            for event_ in warm:
                await event_.wait()
            relay.terminate()
        return [task.result() for task in tasks]

    with relay.running():
        taken = [number for numbers in asyncio.run(run()) for number in numbers]
        assert 0 == relay.stop()
    with relay.running():
        relay.drain()
    assert {f"{number:032x}" for number in taken} == sentry.ids()


@pytest.mark.parametrize("workers", [pytest.param(1, marks=pytest.mark.long), 2])
def test_a_stop_is_orderly_beside_a_slow_client(
    tmp_path: Path, sentry: Sentry, workers: int
) -> None:
    """A body that does not come takes its part of the time only; nobody is ended by force."""
    relay = configured(tmp_path, sentry, workers=workers, shutdown="4s")
    with relay.running(), socket.create_connection(("127.0.0.1", relay.port)) as slow:
        slow.sendall(request(envelope(event(1)))[:-20])
        until(lambda: relay.count("relay_requests_under_way")[()], "the request to be there")
        assert 0 == relay.stop()
    lines = [line for line in relay.errors().splitlines() if line.startswith("{")]
    said = [json.loads(line)["message"] for line in lines]
    assert "stopped" == said[-1]
    assert not {"stopped_late", "worker_killed"} & set(said)


def test_side_processes_end_with_the_relay(tmp_path: Path, sentry: Sentry) -> None:
    """However it ends, none of its children is left."""
    relay = configured(tmp_path, sentry)
    with relay.running():
        task = Path(f"/proc/{relay.pid}/task/{relay.pid}/children")
        children = task.read_text().split()
        client = Client(relay.port)
        assert 200 == client.send("POST", ENVELOPE, AUTH_HEADER, with_attachment(1, 300_000)).status
        client.close()
        assert 0 == relay.stop()
        assert children
        assert [] == [pid for pid in children if Path(f"/proc/{pid}").exists()]
