"""The sink over a spool that several servers share, in a real NATS server."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from relay.clock import SystemClock
from relay.config import SpoolSettings, UsageBatch
from relay.metrics import Metrics
from relay.ports import Spool
from relay.spool import jetstream_streams
from relay.spool.jetstream import open_jetstream
from relay.usage.sink import UsageSink
from tests.nats import NatsServer, nats_server
from tests.usage_store import OPT_OUTS, FakeStore, all_records, go_on, records, row

Open = Callable[[], Awaitable[Spool]]
ROWS = 6


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    with nats_server(tmp_path_factory.mktemp("nats")) as running:
        yield running


@pytest.fixture
async def open_spool(
    server: NatsServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> AsyncIterator[Open]:
    """Opens one spool as often as it is called; who is silent for a second loses what it has."""
    monkeypatch.setattr(jetstream_streams, "ACK_WAIT", 1.0)
    opened: list[Spool] = []
    stream = f"USAGE{abs(hash(tmp_path))}"

    async def open_one() -> Spool:
        settings = SpoolSettings(backend="jetstream", servers=(server.url,), stream=stream)
        opened.append(await open_jetstream(settings, SystemClock()))
        return opened[-1]

    yield open_one
    for spool in opened:
        await spool.close()


def sink_of(spool: Spool, store: FakeStore, every: float = 60.0) -> UsageSink:
    return UsageSink(
        spool,
        store,
        SystemClock(),
        UsageBatch(every=every),
        metrics=Metrics(),
        random=lambda: 0.0,
        max_age=86_400,
        linger=600,
    )


async def fill(spool: Spool) -> None:
    for number in range(ROWS):
        await spool.put(row(number, partition=OPT_OUTS) if number == 2 else row(number))


async def write_until_empty(*sinks: tuple[UsageSink, Spool]) -> None:
    """Write again and again, until nothing is in the stream."""
    async with asyncio.timeout(60):
        while True:
            for sink, _ in sinks:
                await sink.flush(30)
            if await is_empty(sinks[0][1]):
                return
            await asyncio.sleep(0.1)  # the servers' own time; a sink never waits on its spool


async def is_empty(spool: Spool) -> bool:
    status = await spool.status()
    return not status.ready + status.claimed


async def test_rows_of_a_stream_are_written(open_spool: Open) -> None:
    """What several servers have put, one writes, and settles with the servers."""
    first, second = await open_spool(), await open_spool()
    await fill(first)
    store = FakeStore()
    await write_until_empty((sink_of(second, store), second))
    assert all_records(range(ROWS)) == await records(store)


async def test_what_a_dead_server_had_is_written_though_no_more_events_come(
    open_spool: Open,
) -> None:
    """One dies with all that waits in its hands; another has looked before its time was over."""
    dead = await open_spool()
    await fill(dead)
    assert ROWS == len(await dead.claim(ROWS))
    dead._keeping.cancel()  # type: ignore[attr-defined]  # it is silent
    alive = await open_spool()
    store = FakeStore()
    sink = sink_of(alive, store, every=0.1)
    assert await sink.flush(30)
    assert [] == await records(store)
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        running = group.create_task(sink.run())
        while not await is_empty(alive):  # noqa: ASYNC110 - the server's own time
            await asyncio.sleep(0.1)
        running.cancel()
    assert all_records(range(ROWS)) == await records(store)


@pytest.mark.parametrize(
    "place",
    [
        "before create events",
        *(
            pytest.param(place, marks=pytest.mark.long)
            for place in ("before put _pending", "before list", "after list", "after create events")
        ),
    ],
)
async def test_a_slow_server_and_a_fast_one_write_each_row_once(
    open_spool: Open, place: str
) -> None:
    """One stops in the middle, its rows go to another, then it goes on: each is written once."""
    slow, fast = await open_spool(), await open_spool()
    await fill(slow)
    objects: dict[str, tuple[bytes, float]] = {}
    stores = FakeStore(objects), FakeStore(objects)
    sinks = sink_of(slow, stores[0]), sink_of(fast, stores[1])
    reached, wake = asyncio.Event(), asyncio.Event()

    async def stop(step: str) -> None:
        if step.startswith(place) and not reached.is_set():
            reached.set()
            await wake.wait()

    stores[0].step = stop
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        group.create_task(sinks[0].flush(60))
        await reached.wait()
        slow._keeping.cancel()  # type: ignore[attr-defined]  # it is silent, as if it stood still
        await _until_it_has_some(sinks[1], stores[1])
        wake.set()
    await write_until_empty((sinks[0], slow), (sinks[1], fast))
    assert all_records(range(ROWS)) == await records(stores[0])


async def _until_it_has_some(sink: UsageSink, store: FakeStore) -> None:
    """Let it write until the rows of the silent one were given to it."""
    noted = asyncio.Event()

    async def note(step: str) -> None:
        if step.startswith("after put _pending"):
            noted.set()

    store.step = note
    while not noted.is_set():
        await sink.flush(30)
        await asyncio.sleep(0.1)
    store.step = go_on


async def test_a_server_that_dies_amid_settling_loses_and_doubles_nothing(
    open_spool: Open, server: NatsServer
) -> None:
    """NATS is killed when an object is written and nothing of it is settled, and comes back."""
    spool = await open_spool()
    await fill(spool)
    store = FakeStore()
    killed = asyncio.Event()

    async def kill(step: str) -> None:
        if step.startswith("after create events") and not killed.is_set():
            await asyncio.to_thread(server.kill)
            killed.set()

    store.step = kill
    sink = sink_of(spool, store)
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        flushing = group.create_task(sink.flush(60))
        await killed.wait()
        await asyncio.to_thread(server.start)
        await flushing
    await write_until_empty((sink, spool))
    assert all_records(range(ROWS)) == await records(store)
