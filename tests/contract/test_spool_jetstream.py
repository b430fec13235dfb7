"""The suite for every spool, over JetStream and a real server.

The tests are those of `test_spool.py`, which need no more than a clock. Where a promise is kept by
the servers' own time, or their own count of bytes, the test of the same name stands here instead.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from relay.clock import SystemClock
from relay.config import SpoolSettings
from relay.delivery import Ack, Bury, RetryAt
from relay.errors import SpoolFullError
from relay.outcomes import Reason
from relay.ports import Claim, Clock, Expired, Spool
from relay.spool import Bounds, Dropped, jetstream_streams
from relay.spool.jetstream import attach_jetstream, open_jetstream
from tests.contract import test_spool as suite
from tests.contract.test_spool import Open, ids
from tests.fakes import FakeClock, envelope
from tests.nats import NatsServer, nats_server

BODY = bytes(100_000)
"""So large that what servers add to it counts little."""

globals().update({
    name: found
    for name, found in vars(suite).items()
    if name.startswith("test_") or name in ("clock", "dropped")
})  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    with nats_server(tmp_path_factory.mktemp("nats")) as running:
        yield running


class Streams:
    """Opens spools in streams of their own."""

    count = 0

    def __init__(self, server: NatsServer, clock: Clock, dropped: list[Dropped]) -> None:
        self.opened: list[Spool] = []
        self._server = server
        self._clock = clock
        self._dropped = dropped

    async def __call__(self, bounds: Bounds | None = None, *, same: bool = False) -> Spool:
        bounds = bounds or Bounds()
        Streams.count += not same
        settings = SpoolSettings(
            backend="jetstream",
            servers=(self._server.url,),
            stream=f"TEST{Streams.count}",
            max_bytes=bounds.max_bytes,
            max_age=bounds.max_age,
            max_dead_age=bounds.max_dead_age,
            repeat_window=bounds.repeat_window,
        )
        self.opened.append(await open_jetstream(settings, self._clock, self._dropped.append))
        return self.opened[-1]


async def _closing(streams: Streams) -> AsyncIterator[Any]:
    yield streams
    for spool in streams.opened:
        await spool.close()


@pytest.fixture
async def open_spool(
    server: NatsServer, clock: FakeClock, dropped: list[Dropped]
) -> AsyncIterator[Open]:
    async for streams in _closing(Streams(server, clock, dropped)):
        yield streams


@pytest.fixture
async def open_timed(server: NatsServer, dropped: list[Dropped]) -> AsyncIterator[Open]:
    """The same by the real clock, which is the servers' too."""
    async for streams in _closing(Streams(server, SystemClock(), dropped)):
        yield streams


async def test_a_retry_comes_back_at_its_time(open_timed: Open) -> None:
    """After a RetryAt an envelope is due then, not before, with one attempt more."""
    spool, clock = await open_timed(), SystemClock()
    await spool.put(envelope())
    (claim,) = await spool.claim(1)
    due = clock.now() + 0.5
    await spool.settle([(claim, RetryAt(due))])
    assert [] == list(await spool.claim(1))
    async with asyncio.timeout(10):
        await spool.wait(1e9)
    assert clock.now() >= due
    (again,) = await spool.claim(1)
    assert 1 == again.attempts


async def claim_only(spool: Spool) -> list[Claim]:
    """Claim until there is something, and never wait on the spool, which would ask for more."""
    async with asyncio.timeout(10):
        while not (claims := list(await spool.claim(9))):  # noqa: ASYNC110 - the server's own time
            await asyncio.sleep(0.05)
    return claims


async def test_a_retry_comes_back_to_who_only_claims(open_timed: Open) -> None:
    """It comes at its time, also where nobody waits and nothing else is put."""
    spool = await open_timed()
    await spool.put(envelope())
    (claim,) = await spool.claim(1)
    await spool.settle([(claim, RetryAt(SystemClock().now() + 0.3))])
    assert [] == list(await spool.claim(1))
    assert [1] == [one.attempts for one in await claim_only(spool)]


async def test_what_a_dead_relay_had_comes_to_who_only_claims(
    open_timed: Streams, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the time for an answer another one gets it, though it was told that nothing waits."""
    monkeypatch.setattr(jetstream_streams, "ACK_WAIT", 0.5)
    dead = await open_timed()
    for number in range(20):
        await dead.put(envelope(number))
    assert 20 == len(await dead.claim(20))  # and is silent from now on, for its time is short
    alive = await open_timed(same=True)
    assert [] == list(await alive.claim(9))
    found: list[int] = []
    while len(found) < 20:
        found += ids(await claim_only(alive))
    assert [*range(20)] == sorted(found)


async def test_a_wait_ends_when_something_falls_due(open_timed: Open) -> None:
    """A wait goes on until the earliest due time."""
    spool, clock = await open_timed(), SystemClock()
    await spool.put(envelope(1))
    await spool.put(envelope(2))
    later, sooner = await spool.claim(2)
    now = clock.now()
    await spool.settle([(later, RetryAt(now + 3600)), (sooner, RetryAt(now + 0.3))])
    assert [] == list(await spool.claim(1))
    async with asyncio.timeout(10):
        await spool.wait(1e9)
    assert [2] == ids(list(await spool.claim(9)))


async def test_a_full_spool_says_so(open_spool: Open) -> None:
    """A put over the bound in bytes is refused; after a delivery there is room again."""
    spool = await open_spool(Bounds(max_bytes=len(BODY) * 5 // 2))
    await spool.put(envelope(1, payload=BODY))
    await spool.put(envelope(2, payload=BODY))
    with pytest.raises(SpoolFullError):
        await spool.put(envelope(3, payload=BODY))
    (claim,) = await spool.claim(1)
    await spool.settle([(claim, Ack())])
    await spool.put(envelope(3, payload=BODY))
    assert [2, 3] == ids(list(await spool.claim(9)))


async def test_a_refused_envelope_is_no_repeat(open_spool: Open) -> None:
    """What a full spool refused is stored when it comes again."""
    spool = await open_spool(Bounds(max_bytes=len(BODY) * 3 // 2))
    await spool.put(envelope(1, payload=BODY))
    with pytest.raises(SpoolFullError):
        await spool.put(envelope(2, payload=BODY))
    (claim,) = await spool.claim(1)
    await spool.settle([(claim, Ack())])
    assert await spool.put(envelope(2, payload=BODY))
    assert [2] == ids(list(await spool.claim(1)))


async def test_dead_letters_give_way(open_spool: Open) -> None:
    """Dead letters have a bound of their own; over it the oldest go, and no more than needed."""
    spool = await open_spool(Bounds(max_bytes=len(BODY) * 5 // 2))
    for number in (1, 2, 3):
        await spool.put(envelope(number, payload=BODY))
        (claim,) = await spool.claim(1)
        await spool.settle([(claim, Bury(Reason.REJECTED_UPSTREAM))])
    assert [f"{n:032x}" for n in (2, 3)] == [one.envelope_id for one in await spool.dead.list(9)]


async def test_old_dead_letters_are_forgotten(open_timed: Open) -> None:
    """A dead letter over its age is dropped; it was counted when it was buried."""
    spool = await open_timed(Bounds(max_dead_age=1))
    await spool.put(envelope())
    (claim,) = await spool.claim(1)
    await spool.settle([(claim, Bury(Reason.UNROUTABLE))])
    assert 1 == (await spool.status()).buried
    async with asyncio.timeout(10):
        while (await spool.status()).buried:  # noqa: ASYNC110 - the server's own time
            await asyncio.sleep(0.1)
    assert [] == list(await spool.dead.list(9))


async def test_a_repeat_is_stored_once(open_timed: Open) -> None:
    """The same envelope put again within the window is one, even when it was delivered."""
    spool = await open_timed(Bounds(repeat_window=2))
    assert await spool.put(envelope(1))
    assert not await spool.put(envelope(1))
    (claim,) = await spool.claim(9)
    await spool.settle([(claim, Ack())])
    assert not await spool.put(envelope(1))
    assert [] == list(await spool.claim(9))
    async with asyncio.timeout(10):
        while not await spool.put(envelope(1)):  # noqa: ASYNC110 - the server's own time
            await asyncio.sleep(0.1)
    assert [1] == ids(list(await spool.claim(9)))


async def test_status_tells_age_and_bytes(open_timed: Open) -> None:
    """The status counts bytes, with what servers add, and the age of the oldest by their time."""
    spool = await open_timed()
    await spool.put(envelope(1, payload=BODY))
    await asyncio.sleep(0.3)
    await spool.put(envelope(2, payload=BODY))
    await spool.claim(1)
    status = await spool.status()
    assert (1, 1) == (status.ready, status.claimed)
    assert 2 * len(BODY) < status.bytes < 2.1 * len(BODY)
    assert 0.3 <= status.oldest_age < 10


async def test_a_retried_dead_letter_is_as_if_just_put(
    open_spool: Open, clock: FakeClock, dropped: list[Dropped]
) -> None:
    """It is due at once with no attempts and a fresh age, and is no dead letter any more."""
    spool = await open_spool(Bounds(max_age=100))
    first, second = await suite.bury(spool, Reason.UNROUTABLE, Reason.UNROUTABLE)
    clock.advance(1_000)
    assert 1 == await spool.dead.retry([first.number, 10_000])
    assert [second.number] == [letter.number for letter in await spool.dead.list(9)]
    (claim,) = await spool.claim(9)
    assert envelope(1, project="1") == claim.envelope
    assert (0, clock.now()) == (claim.attempts, claim.stored_at)
    await spool.settle([(claim, Ack())])
    status = await spool.status()
    assert (0, 0, 1) == (status.ready, status.claimed, status.buried)
    assert [] == dropped


async def test_purged_dead_letters_are_gone(open_spool: Open) -> None:
    """Those that are named, or all; their bytes are free, and nothing else is touched."""
    spool = await open_spool()
    await spool.put(envelope(9))
    (claim,) = await spool.claim(1)
    before = (await spool.status()).bytes
    first, *_ = await suite.bury(spool, *[Reason.UNROUTABLE] * 3)
    assert 1 == await spool.dead.purge([first.number])
    assert 0 == await spool.dead.purge([first.number])
    assert 2 == await spool.dead.purge()
    status = await spool.status()
    assert (0, 1, 0, before) == (status.ready, status.claimed, status.buried, status.bytes)
    await spool.settle([(claim, Ack())])


def test_every_promise_is_held() -> None:
    """No test of the suite is missing here."""
    promised = {name for name in vars(suite) if name.startswith("test_")}
    assert promised <= {name for name in globals() if name.startswith("test_")}


def test_the_binary_is_there(tmp_path: Path) -> None:
    """The server is the real one, and ends by its own process id."""
    with nats_server(tmp_path) as running:
        assert running.runs
    assert not running.runs


async def test_a_tool_forgets_dead_letters_and_leaves_the_rest(
    server: NatsServer, clock: FakeClock, dropped: list[Dropped]
) -> None:
    """It must not claim, so what waits is for a relay to drop, and to count."""
    settings = SpoolSettings(backend="jetstream", servers=(server.url,), stream="TOOLED")
    spool = await open_jetstream(settings, clock, dropped.append)
    await spool.put(envelope(1))
    (claim,) = await spool.claim(1)
    await spool.settle([(claim, Bury(Reason.UNROUTABLE))])
    await spool.put(envelope(2))
    clock.advance(settings.max_dead_age)
    tool = await attach_jetstream(settings, clock)
    size = len(envelope(1).body)
    assert Expired(dead=1, bytes=size) == await tool.expire(dry_run=True)
    assert Expired(dead=1, bytes=size) == await tool.expire()
    assert (0, 1) == ((await tool.status()).buried, (await tool.status()).ready)
    assert [] == dropped
    assert Expired(waiting=1, bytes=size) == await spool.expire()
    assert [(Reason.EXPIRED, False)] == [(one.reason, one.buried) for one in dropped]
    await tool.close()
    await spool.close()
