"""Upstreams that are away, slow or out of their minds: nothing is lost, and nobody else waits."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from relay.delivery import UpstreamResponse
from relay.errors import UpstreamError
from relay.forwarder import Forwarder
from relay.limit_memory import LimitMemory
from relay.outcomes import Reason
from relay.ports import Spool, Upstream
from relay.scrub.permit import ScrubbedEnvelope
from relay.spool import MemorySpool, SqliteSpool
from relay.spool.bounds import Bounds, Dropped
from relay.upstream import HttpOptions, SentryUpstream
from tests.fakes import KEY, FakeClock, envelope
from tests.garbage import WRONGS, GarbageServer

HOUR = 3_600
STEP = 30
"""Seconds between two envelopes of a project."""

Answer = Callable[[ScrubbedEnvelope], Awaitable[UpstreamResponse]]


class Away:
    """An upstream that behaves as a test says until it is `back`."""

    def __init__(self, clock: FakeClock, answer: Answer | None = None) -> None:
        self.answer = answer
        self.sent: list[tuple[float, int]] = []
        self.delivered: list[int] = []
        self._clock = clock

    async def send(self, envelope: ScrubbedEnvelope) -> UpstreamResponse:
        number = int(envelope.envelope_id, 16)
        self.sent.append((self._clock.now(), number))
        response = UpstreamResponse(200)
        if self.answer is not None:
            response = await self.answer(envelope)
        if response.status == 200:
            self.delivered.append(number)
        return response

    async def close(self) -> None:
        """Nothing is open."""

    def times(self) -> list[float]:
        """When something was sent, each time once."""
        return sorted({at for at, _ in self.sent})

    def first_sends(self) -> list[int]:
        """The envelopes in the order in which they were sent for the first time."""
        return list(dict.fromkeys(number for _, number in self.sent))


@asynccontextmanager
async def forwarding(
    spool: Spool, route: Callable[[ScrubbedEnvelope], Upstream], clock: FakeClock
) -> AsyncIterator[None]:
    forwarder = Forwarder(
        spool,
        route,
        clock,
        itertools.cycle((0.1, 0.9, 0.5)).__next__,
        limits=LimitMemory(lambda project, key: (project, key)),
        concurrency=8,
        per_upstream=4,
    )
    async with asyncio.TaskGroup() as group:
        task = group.create_task(forwarder.run())
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(check: Callable[[], bool]) -> None:
    """Let everything run until something is true."""
    async with asyncio.timeout(20):
        while not check():  # noqa: ASYNC110 - one word for all that a test may wait for
            await asyncio.sleep(0)


def status(number: int, **headers: str) -> Answer:
    """Answer every envelope with a status."""

    async def answer(_: ScrubbedEnvelope) -> UpstreamResponse:
        return UpstreamResponse(number, {k.replace("_", "-"): v for k, v in headers.items()})

    return answer


async def gone(_: ScrubbedEnvelope) -> UpstreamResponse:
    """Not be there."""
    raise UpstreamError("not reached")


def hangs(clock: FakeClock) -> Answer:
    """Say nothing until the send has timed out."""

    async def answer(_: ScrubbedEnvelope) -> UpstreamResponse:
        await clock.sleep(30)
        raise UpstreamError("no answer in time")

    return answer


ASKED = HOUR // STEP + 1
"""Sends where each step brings the end of a circuit's wait, which is half a minute at most."""

AWAY: dict[str, tuple[Callable[[FakeClock], Answer], int]] = {
    "down": (lambda _: gone, ASKED),
    "hanging": (hangs, ASKED // 2 + 1),
    "unavailable": (lambda _: status(503), ASKED),
    "unavailable for ten minutes": (lambda _: status(503, retry_after="600"), 10),
    "limited": (lambda _: status(429), 4 * 61),
    "limited for ten minutes": (lambda _: status(429, retry_after="600"), 4 * 7),
    "limited by the header": (lambda _: status(429, x_sentry_rate_limits="600:error:key"), 4 * 7),
}
"""What an upstream does for an hour, and the most sends that it should see."""


@pytest.mark.parametrize("how", AWAY)
async def test_an_hour_without_an_upstream(tmp_path: Path, how: str) -> None:
    """What comes in an hour waits and arrives, in order; another upstream notices nothing."""
    clock = FakeClock()
    make, most = AWAY[how]
    away, well = Away(clock, make(clock)), Away(clock)
    route = {"away": away, "well": well}
    spool = await SqliteSpool.open(tmp_path / "spool.db", clock)
    numbers = list(range(HOUR // STEP))
    async with forwarding(spool, lambda e: route[e.project], clock):
        for number in numbers:
            await spool.put(envelope(number, project="away"))
            await spool.put(envelope(number, project="well"))
            await until(lambda: len(well.delivered) > number)  # noqa: B023 - awaited at once
            clock.advance(STEP)
        assert [] == away.delivered
        assert most >= len(away.sent)
        away.answer = None
        async with asyncio.timeout(20):
            while (await spool.status()).bytes:
                clock.advance(5)
                await asyncio.sleep(0.002)  # a real disk takes real time
    assert (numbers, numbers) == (well.delivered, sorted(away.delivered))
    assert numbers == away.first_sends()
    left = await spool.status()
    assert (0, 0, 0, 0) == (left.ready, left.claimed, left.buried, left.bytes)
    await spool.close()


@pytest.mark.parametrize(
    ("how", "wait"),
    [
        ("unavailable for ten minutes", 600),
        ("limited", 60),
        ("limited for ten minutes", 600),
        ("limited by the header", 600),
    ],
)
async def test_no_send_before_the_time_that_was_asked_for(how: str, wait: int) -> None:
    """For hours: whatever waits, and however much is put meanwhile."""
    clock = FakeClock()
    away = Away(clock, AWAY[how][0](clock))
    spool = MemorySpool(clock)
    async with forwarding(spool, lambda _: away, clock):
        for number in range(2 * HOUR // STEP):
            await spool.put(envelope(number))
            for _ in range(30):
                await asyncio.sleep(0)
            clock.advance(STEP)
    times = away.times()
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert len(times) > 2
    assert min(gaps) >= wait


async def test_a_category_that_is_limited_holds_up_no_other() -> None:
    """Errors are limited for an hour, sessions arrive as they come, errors afterwards."""
    clock = FakeClock()

    async def answer(one: ScrubbedEnvelope) -> UpstreamResponse:
        if one.categories == ("error",):
            return UpstreamResponse(429, {"x-sentry-rate-limits": "60:error:organization:quota"})
        return UpstreamResponse(200)

    upstream = Away(clock, answer)
    spool = MemorySpool(clock)
    numbers = range(HOUR // STEP)
    async with forwarding(spool, lambda _: upstream, clock):
        for number in numbers:
            await spool.put(envelope(2 * number))
            await spool.put(envelope(2 * number + 1, categories=("session",)))
            await until(lambda: len(upstream.delivered) > number)  # noqa: B023 - awaited at once
            clock.advance(STEP)
        assert [2 * n + 1 for n in numbers] == upstream.delivered
        times = sorted({at for at, number in upstream.sent if number % 2 == 0})
        assert min(b - a for a, b in itertools.pairwise(times)) >= 60
        upstream.answer = None
        for _ in range(4):
            clock.advance(STEP)
            for _ in range(500):
                await asyncio.sleep(0)
    errors = [number for number in upstream.delivered if number % 2 == 0]
    assert [2 * n for n in numbers] == sorted(errors)
    assert 0 == (await spool.status()).bytes


async def test_a_limit_for_ever_ends_with_the_age_of_what_waits() -> None:
    """Renewed every minute for a day, it makes an envelope expire, counted; no dead letter."""
    clock = FakeClock()
    dropped: list[Dropped] = []
    spool = MemorySpool(clock, Bounds(max_age=86_400.0), dropped.append)
    upstream = Away(clock, status(429))
    await spool.put(envelope())
    async with forwarding(spool, lambda _: upstream, clock):
        for _ in range(24 * 60 + 2):
            for _ in range(50):
                await asyncio.sleep(0)
            clock.advance(60)
        for _ in range(50):
            await asyncio.sleep(0)
    assert [Reason.EXPIRED] == [one.reason for one in dropped]
    assert (0, 0) == ((await spool.status()).buried, (await spool.status()).bytes)
    assert len(upstream.sent) > 1_000


async def test_an_hour_of_hanging_upstreams_leaves_room(tmp_path: Path) -> None:
    """Many upstreams that hang do not take all sends: one that is well gets each of its own."""
    clock = FakeClock()
    dead = [Away(clock, hangs(clock)) for _ in range(4)]
    well = Away(clock)
    route: dict[str, Upstream] = {str(n): one for n, one in enumerate(dead)} | {"well": well}
    spool = MemorySpool(clock)
    async with forwarding(spool, lambda e: route[e.project], clock):
        for one in dead:  # each has answered once, and so has its whole width
            one.answer = None
        for number, project in enumerate("0123"):
            await spool.put(envelope(number, project=project))
        await until(lambda: all(one.delivered for one in dead))
        for one in dead:
            one.answer = hangs(clock)
        for number in range(HOUR // STEP):
            for project in route:
                await spool.put(envelope(100 + number, project=project))
            await until(lambda: len(well.delivered) > number)  # noqa: B023 - awaited at once
            clock.advance(STEP)
    assert HOUR // STEP == len(well.delivered)
    assert 4 == sum(len(one.delivered) for one in dead)


async def test_an_hour_of_slow_answers(tmp_path: Path) -> None:
    """Answers that take longer than the next envelope: each is sent once, in order, none waits."""
    clock = FakeClock()

    async def slowly(_: ScrubbedEnvelope) -> UpstreamResponse:
        await clock.sleep(2.5 * STEP)
        return UpstreamResponse(200)

    slow, well = Away(clock, slowly), Away(clock)
    route: dict[str, Upstream] = {"slow": slow, "well": well}
    spool = await SqliteSpool.open(tmp_path / "spool.db", clock)
    numbers = list(range(HOUR // STEP))
    async with forwarding(spool, lambda e: route[e.project], clock):
        for number in numbers:
            await spool.put(envelope(number, project="slow"))
            await spool.put(envelope(number, project="well"))
            await until(lambda: len(well.delivered) > number)  # noqa: B023 - awaited at once
            clock.advance(STEP)
        async with asyncio.timeout(20):
            while (await spool.status()).bytes:
                clock.advance(5)
                await asyncio.sleep(0.002)  # a real disk takes real time
    assert (numbers, numbers) == (well.delivered, slow.delivered)
    assert numbers == [number for _, number in slow.sent]
    await spool.close()


@pytest.mark.parametrize("how", WRONGS)
async def test_garbage_is_an_answer_or_none(how: str) -> None:
    """Whatever a server does, a send ends in time, as answered or as not; the next one works."""
    async with GarbageServer(WRONGS[how]).serve() as server:
        upstream = SentryUpstream(server.url, KEY, HttpOptions(timeout=0.3))
        async with asyncio.timeout(5):
            if WRONGS[how].status is None:
                with pytest.raises(UpstreamError):
                    await upstream.send(envelope(1, payload=b"x" * 100_000))
            else:
                answer = await upstream.send(envelope(1, payload=b"x" * 100_000))
                assert UpstreamResponse(WRONGS[how].status) == answer
            server.well = True
            assert UpstreamResponse(200) == await upstream.send(envelope(2))
        await upstream.close()
    assert [envelope(2).body] == server.bodies


async def test_servers_out_of_their_minds_lose_nothing(tmp_path: Path) -> None:
    """Each upstream misbehaves in its own way, then is well: all arrives that was not answered."""
    clock = FakeClock()
    spool = await SqliteSpool.open(tmp_path / "spool.db", clock)
    async with asyncio.timeout(60):
        servers = {how: GarbageServer(wrong) for how, wrong in WRONGS.items() if not wrong.status}
        contexts = [server.serve() for server in servers.values()]
        for context in contexts:
            await context.__aenter__()
        options = HttpOptions(timeout=0.3, compress="none")
        route = {how: SentryUpstream(s.url, KEY, options) for how, s in servers.items()}
        numbers = range(3)
        for number in numbers:
            for how in route:
                await spool.put(envelope(number, project=how))
        async with forwarding(spool, lambda e: route[e.project], clock):
            # Real sockets take real time; and what a busy machine made fail before its server saw
            # it comes again only when the clock has moved.
            while not all(server.requests for server in servers.values()):
                clock.advance(1)
                await asyncio.sleep(0.001)
            for server in servers.values():
                server.well = True
            while (await spool.status()).bytes:
                clock.advance(1)
                await asyncio.sleep(0.001)
        for upstream in route.values():
            await upstream.close()
        for context in contexts:
            await context.__aexit__(None, None, None)
    for server in servers.values():
        assert {envelope(n).body for n in numbers} == set(server.bodies)
    left = await spool.status()
    assert (0, 0, 0) == (left.ready, left.claimed, left.buried)
    await spool.close()
