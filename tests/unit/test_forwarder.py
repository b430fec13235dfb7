"""The forwarder: from the spool to the upstream, whatever happens on the way."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from relay.delivery import (
    Ack,
    Bury,
    CircuitState,
    Decision,
    RetryAt,
    RetryPolicy,
    UpstreamResponse,
)
from relay.errors import SpoolUnavailableError, UpstreamError
from relay.forwarder import Forwarder, Route
from relay.limit_memory import LimitMemory
from relay.outcomes import Reason
from relay.ports import Claim, Lane, Spool, Upstream
from relay.scrub.permit import ScrubbedEnvelope
from relay.settling import Delivery
from relay.spool import MemorySpool, SqliteSpool
from relay.upstream import HttpOptions, SentryUpstream
from tests.fakes import Answer, FakeClock, MiniSentry, envelope

KEY = "a" * 32


def own_limits(project: str, key: str) -> tuple[str, str]:
    """Lead each project and key to limits of their own."""
    return project, key


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def spool(clock: FakeClock) -> AsyncIterator[MemorySpool]:
    spool = MemorySpool(clock)
    yield spool
    await spool.close()


async def until(check: Callable[[], bool]) -> None:
    """Let everything run until something is true."""
    async with asyncio.timeout(10):
        while not check():  # noqa: ASYNC110 - one word for all that a test may wait for
            await asyncio.sleep(0)


async def rounds(count: int) -> None:
    """Let everything run so many times."""
    for _ in range(count):
        await asyncio.sleep(0)


class Scripted:
    """An upstream that answers from a list, then 200; None is no answer, an error is raised."""

    def __init__(self, *answers: int | UpstreamResponse | Exception | None) -> None:
        self.answers = list(answers)
        self.sent: list[int] = []
        self.running = 0
        self.most = 0
        self.free = 0  # so many sends do not wait at the gate
        self.gate = asyncio.Event()
        self.gate.set()

    async def send(self, envelope: ScrubbedEnvelope) -> UpstreamResponse:
        self.sent.append(int(envelope.envelope_id, 16))
        answer = self.answers.pop(0) if self.answers else 200
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            if len(self.sent) > self.free:
                await self.gate.wait()
        finally:
            self.running -= 1
        if answer is None:
            raise UpstreamError("not reached")
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, UpstreamResponse) else UpstreamResponse(answer)

    async def close(self) -> None:
        """Nothing is open."""


class Seen:
    """An observer that a test can await."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Delivery] = asyncio.Queue()

    def __call__(self, delivery: Delivery) -> None:
        self._queue.put_nowait(delivery)

    async def next(self) -> Delivery:
        async with asyncio.timeout(10):
            return await self._queue.get()

    def empty(self) -> bool:
        return self._queue.empty()

    async def numbers(self, count: int) -> list[int]:
        return [int((await self.next()).claim.envelope.envelope_id, 16) for _ in range(count)]


@asynccontextmanager
async def running(
    spool: Spool,
    route: Route | Upstream,
    clock: FakeClock,
    *,
    concurrency: int = 32,
    per_upstream: int = 8,
    policy: RetryPolicy | None = None,
    limits: LimitMemory | None = None,
) -> AsyncIterator[Seen]:
    seen = Seen()
    find = route if callable(route) else lambda _: route
    forwarder = Forwarder(
        spool,
        find,
        clock,
        lambda: 0.0,
        limits=limits or LimitMemory(own_limits),
        concurrency=concurrency,
        per_upstream=per_upstream,
        policy=policy,
        observe=seen,
    )
    async with asyncio.TaskGroup() as group:
        task = group.create_task(forwarder.run())
        try:
            yield seen
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


def forwarder_of(
    spool: Spool, route: Route | Upstream, clock: FakeClock, **options: Any
) -> Forwarder:
    """Make one that tests run themselves."""
    find = route if callable(route) else lambda _: route
    return Forwarder(spool, find, clock, lambda: 0.0, limits=LimitMemory(own_limits), **options)


def decisions_of(spool: MemorySpool) -> list[Decision]:
    """A list to which is added what a spool settles from now on."""
    settled: list[Decision] = []
    settle = spool.settle

    async def noted(settlements: Sequence[tuple[Claim, Decision]]) -> None:
        settled.extend(decision for _, decision in settlements)
        await settle(settlements)

    spool.settle = noted  # type: ignore[method-assign]
    return settled


async def test_what_is_put_is_sent_and_forgotten(spool: MemorySpool, clock: FakeClock) -> None:
    """Envelopes put before and after the start are sent, oldest first, and leave the spool."""
    upstream = Scripted()
    await spool.put(envelope(1))
    async with running(spool, upstream, clock, per_upstream=1) as seen:
        assert Ack() == (await seen.next()).decision
        for number in (4, 3, 5):
            await spool.put(envelope(number))
        assert [4, 3, 5] == await seen.numbers(3)
    assert ([1, 4, 3, 5], 0) == (upstream.sent, (await spool.status()).bytes)


async def test_a_failure_is_tried_again_in_time(spool: MemorySpool, clock: FakeClock) -> None:
    """After no answer the same envelope is sent again when its time has come, and not before."""
    upstream = Scripted(200, None, 503)
    await spool.put(envelope(0))
    async with running(spool, upstream, clock) as seen:
        assert Ack() == (await seen.next()).decision
        await spool.put(envelope(1))
        assert RetryAt(clock.now() + 0.5) == (await seen.next()).decision
        clock.advance(0.4)
        await clock.until_sleeping()
        assert [0, 1] == upstream.sent
        clock.advance(0.1)
        second = await seen.next()
        assert (503, 1) == (second.status, second.claim.attempts)
        clock.advance(1)
        assert Ack() == (await seen.next()).decision
    assert [0, 1, 1, 1] == upstream.sent


@pytest.mark.parametrize("status", [302, 400, 401, 403, 413])
async def test_a_refused_envelope_is_buried(
    spool: MemorySpool, clock: FakeClock, status: int
) -> None:
    """What the upstream will never take becomes a dead letter, and the next one is sent."""
    upstream = Scripted(status)
    await spool.put(envelope(1))
    await spool.put(envelope(2))
    async with running(spool, upstream, clock) as seen:
        first = await seen.next()
        assert (Bury(Reason.REJECTED_UPSTREAM), status) == (first.decision, first.status)
        assert Ack() == (await seen.next()).decision
    assert (1, 0) == ((await spool.status()).buried, (await spool.status()).ready)


async def test_tries_end(spool: MemorySpool, clock: FakeClock) -> None:
    """After the last allowed try an envelope is buried, where others pass."""
    await spool.put(envelope(1))
    async with running(
        spool, Scripted(200, 503, 503), clock, policy=RetryPolicy(max_attempts=2)
    ) as seen:
        await seen.next()
        await spool.put(envelope(2))
        await seen.next()
        clock.advance(1)
        assert Bury(Reason.TRIES_EXHAUSTED) == (await seen.next()).decision


async def test_tries_do_not_end_while_nothing_passes(spool: MemorySpool, clock: FakeClock) -> None:
    """However often an upstream that is down was asked, what waits for it is not buried."""
    upstream = Scripted(*[503] * 20)
    await spool.put(envelope())
    async with running(spool, upstream, clock, policy=RetryPolicy(max_attempts=2)) as seen:
        for _ in range(20):
            decision = (await seen.next()).decision
            assert isinstance(decision, RetryAt)
            clock.advance(decision.at - clock.now())
        assert Ack() == (await seen.next()).decision


async def test_a_probe_that_fails_lets_another_go_first(
    spool: MemorySpool, clock: FakeClock
) -> None:
    """An envelope that makes its upstream fail keeps no other from going, though it is older."""

    class Poisoned(Scripted):
        async def send(self, envelope: ScrubbedEnvelope) -> UpstreamResponse:
            await super().send(envelope)
            return UpstreamResponse(500 if self.sent[-1] == 1 else 200)

    upstream = Poisoned()
    for number in (1, 2, 3):
        await spool.put(envelope(number))
    async with running(spool, upstream, clock) as seen:
        await seen.next()
        clock.advance(0.5)
        assert [2, 3] == await seen.numbers(2)
        assert [1, 2, 3] == upstream.sent
        clock.advance(1.0)
        assert [1] == await seen.numbers(1)


async def test_without_a_route_it_is_buried(spool: MemorySpool, clock: FakeClock) -> None:
    """An envelope for which there is no upstream becomes a dead letter, and is counted."""
    await spool.put(envelope())
    async with running(spool, lambda _: None, clock) as seen:
        assert Bury(Reason.UNROUTABLE) == (await seen.next()).decision
    assert 1 == (await spool.status()).buried


async def test_a_broken_route_harms_one_only(
    spool: MemorySpool, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    """A mistake while looking for the upstream buries that envelope; others go on."""
    upstream = Scripted()

    def route(envelope: ScrubbedEnvelope) -> Upstream:
        if envelope.project == "1":
            raise KeyError(envelope.project)
        return upstream

    await spool.put(envelope(1, project="1"))
    await spool.put(envelope(2, project="2"))
    async with running(spool, route, clock) as seen:
        decisions = {(await seen.next()).decision for _ in range(2)}
    assert ({Bury(Reason.INTERNAL), Ack()}, [2]) == (decisions, upstream.sent)
    record = next(r for r in caplog.records if r.getMessage() == "route_failed")
    fields = {"envelope_id": envelope(1).envelope_id, "attempts": 0, "error": "KeyError"}
    assert fields == {name: vars(record).get(name) for name in fields}


async def test_an_unexpected_error_harms_one_only(
    spool: MemorySpool, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    """A mistake in an adapter makes that envelope wait; others go on; nothing of it is logged."""
    caplog.set_level(logging.DEBUG)
    upstream = Scripted(200, RuntimeError("SECRET"))
    for number in (1, 2, 3):
        await spool.put(envelope(number, payload=b"SECRET"))
    async with running(spool, upstream, clock) as seen:
        assert {1, 2, 3} == set(await seen.numbers(3))
    assert 1 == (await spool.status()).ready
    assert "SECRET" not in "".join(str(vars(record)) for record in caplog.records)
    told = [(record.getMessage(), vars(record).get("error")) for record in caplog.records]
    assert ("send_failed", "RuntimeError") in told


async def test_sends_to_one_upstream_are_bounded(spool: MemorySpool, clock: FakeClock) -> None:
    """One at a time until it has answered, then as many as allowed, never more."""
    upstream = Scripted()
    upstream.gate.clear()
    for number in range(20):
        await spool.put(envelope(number))
    async with running(spool, upstream, clock, per_upstream=4) as seen:
        await rounds(50)
        assert [0] == upstream.sent
        upstream.gate.set()
        await seen.next()
    assert 4 >= upstream.most

    upstream = Scripted()
    upstream.gate.clear()
    upstream.free = 1
    for number in range(20, 40):
        await spool.put(envelope(number))
    async with running(spool, upstream, clock, per_upstream=4) as seen:
        await until(lambda: upstream.running == 4)
        await rounds(50)
        upstream.gate.set()
        await until(lambda: upstream.sent[-1] == 39)
    assert (4, sorted(upstream.sent)) == (upstream.most, upstream.sent)


async def test_sends_are_bounded_in_all(spool: MemorySpool, clock: FakeClock) -> None:
    """However many upstreams there are, sends in all stay under the bound."""
    upstreams = {str(n): Scripted() for n in range(6)}
    for up in upstreams.values():
        up.gate.clear()
    for number in range(6):
        await spool.put(envelope(number, project=str(number)))
    async with running(spool, lambda e: upstreams[e.project], clock, concurrency=4) as seen:
        await until(lambda: sum(up.running for up in upstreams.values()) >= 4)
        await rounds(20)
        assert 4 == sum(up.running for up in upstreams.values())
        for up in upstreams.values():
            up.gate.set()
        assert set(range(6)) == set(await seen.numbers(6))


async def test_a_hanging_upstream_holds_up_no_other(spool: MemorySpool, clock: FakeClock) -> None:
    """While one upstream does not answer, all envelopes for another arrive."""
    dead, alive = Scripted(), Scripted()
    dead.gate.clear()
    for number in range(40):
        await spool.put(envelope(number, project="dead" if number < 30 else "alive"))
    route = {"dead": dead, "alive": alive}
    async with running(spool, lambda e: route[e.project], clock, concurrency=10) as seen:
        assert list(range(30, 40)) == sorted(await seen.numbers(10))
        assert [0] == dead.sent
    status = await spool.status()
    assert (30, 0) == (status.ready, status.claimed)


async def test_a_dead_upstream_is_left_alone(spool: MemorySpool, clock: FakeClock) -> None:
    """After a failure nothing is sent for a while, then one envelope; an answer opens the way."""
    upstream = Scripted(None, None)
    for number in range(10):
        await spool.put(envelope(number))
    async with running(spool, upstream, clock) as seen:
        await seen.next()
        await clock.until_sleeping()
        assert [0] == upstream.sent
        clock.advance(0.5)
        await seen.next()
        assert [0, 1] == upstream.sent
        clock.advance(1.0)
        await seen.numbers(9)
        assert [0, 1, 0, *range(2, 10)] == upstream.sent
        clock.advance(1.0)
        await seen.numbers(1)
    assert 0 == (await spool.status()).bytes


async def test_a_new_lane_of_a_closed_upstream_waits_too(
    spool: MemorySpool, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Envelopes of projects not seen before wait as well, and count no attempt for it."""
    monkeypatch.setattr("relay.outlets.MAX_LANES", 2)
    upstream = Scripted(None)
    await spool.put(envelope(1, project="1"))
    async with running(spool, upstream, clock) as seen:
        await seen.next()
        for number in range(2, 9):
            await spool.put(envelope(number, project=str(number)))
        await rounds(50)
        assert [1] == upstream.sent
        deliveries: list[Delivery] = []
        while len(deliveries) < 8:
            await rounds(20)
            clock.advance(0.5)
            while not seen.empty():
                deliveries.append(await seen.next())
    assert [1] + [0] * 7 == sorted((d.claim.attempts for d in deliveries), reverse=True)
    assert 0 == (await spool.status()).bytes


async def test_cancelling_releases_what_is_under_way(spool: MemorySpool, clock: FakeClock) -> None:
    """When the forwarder is stopped, its claims are ready at once, with no attempt counted."""
    upstream = Scripted()
    upstream.gate.clear()
    await spool.put(envelope(1))
    async with running(spool, upstream, clock):
        await until(lambda: upstream.running > 0)
    (claim,) = await spool.claim(9)
    assert (1, 0) == (int(claim.envelope.envelope_id, 16), claim.attempts)


@pytest.mark.parametrize("begun", [True, False])
async def test_a_stop_needs_no_other_word(
    spool: MemorySpool, clock: FakeClock, begun: bool
) -> None:
    """Told to stop while it waits, or before it has begun, it takes nothing more and returns."""
    upstream = Scripted()
    forwarder = forwarder_of(spool, upstream, clock, linger=0.5)
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        group.create_task(forwarder.run())
        if begun:
            await rounds(10)
        else:
            await spool.put(envelope())
        forwarder.stop()
    assert ([], 0) == (upstream.sent, (await spool.status()).claimed)


@pytest.mark.parametrize("idle", [True, False])
async def test_stopping_finishes_what_is_under_way(
    spool: MemorySpool, clock: FakeClock, idle: bool
) -> None:
    """After a stop the sends under way are settled, nothing more is taken, and run returns."""
    upstream = Scripted()
    upstream.gate.clear()
    await spool.put(envelope(1))
    if not idle:
        await spool.put(envelope(2, project="2"))
    forwarder = Forwarder(
        spool,
        lambda _: upstream,
        clock,
        lambda: 0.0,
        limits=LimitMemory(own_limits),
        concurrency=2 if idle else 1,
    )
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        group.create_task(forwarder.run())
        await until(lambda: upstream.running == 1)
        await rounds(10)
        forwarder.stop()
        await spool.put(envelope(3, project="3"))
        upstream.gate.set()
    status = await spool.status()
    assert ([1], 0, 1 if idle else 2) == (upstream.sent, status.claimed, status.ready)


@pytest.mark.parametrize(("lanes", "pause"), [(1_000, 0.0), (1, 1.0)])
async def test_what_was_taken_ahead_goes_back_at_a_stop(
    spool: MemorySpool,
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
    lanes: int,
    pause: float,
) -> None:
    """Claims that wait for their turn are not sent after a stop: they are due again at once.

    Where more lanes are met than can be remembered, what goes back waits a second, lest it be taken
    at once again.
    """
    monkeypatch.setattr("relay.outlets.MAX_LANES", lanes)
    upstream = Scripted()
    upstream.free = 1
    upstream.gate.clear()
    for number in range(12):
        await spool.put(envelope(number))
    settled = decisions_of(spool)
    forwarder = forwarder_of(spool, upstream, clock, per_upstream=2)
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        group.create_task(forwarder.run())
        await until(lambda: upstream.running == 2)
        await rounds(30)
        assert 11 == (await spool.status()).claimed  # two are under way
        forwarder.stop()
        upstream.gate.set()
    status = await spool.status()
    assert ([0, 1, 2], 0, 9) == (upstream.sent, status.claimed, status.ready)
    assert [*[Ack()] * 3, *[RetryAt(clock.now() + pause, tried=False)] * 9] == settled
    clock.advance(pause)
    assert [0] * 9 == [claim.attempts for claim in await spool.claim(99)]


async def test_nothing_is_taken_while_too_much_is_held(
    spool: MemorySpool, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With so many bytes under way the rest stays in the spool, until what hangs is settled."""
    monkeypatch.setattr("relay.settling.HELD_BYTES", 1)
    upstream = Scripted()
    upstream.gate.clear()
    await spool.put(envelope(1))
    async with running(spool, upstream, clock) as seen:
        await until(lambda: upstream.running == 1)
        await spool.put(envelope(2, project="2"))
        await rounds(30)
        assert ([1], 1) == (upstream.sent, (await spool.status()).claimed)
        upstream.gate.set()
        assert [1, 2] == await seen.numbers(2)


async def test_what_is_taken_ahead_is_bounded(
    spool: MemorySpool, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many lanes lead to an upstream that hangs, few of its envelopes are held."""
    monkeypatch.setattr("relay.outlets.MAX_LANES", 4)
    upstream = Scripted()
    upstream.gate.clear()
    for number in range(60):
        await spool.put(envelope(number, project=str(number)))
    async with running(spool, upstream, clock, concurrency=6, per_upstream=2):
        for _ in range(20):
            await rounds(30)
            assert (await spool.status()).claimed <= 1 + 8 + 6
            clock.advance(0.5)
        upstream.gate.set()
        while (await spool.status()).bytes:
            await rounds(30)
            clock.advance(0.5)
    assert set(range(60)) == set(upstream.sent)


async def test_company_is_waited_for(spool: MemorySpool, clock: FakeClock) -> None:
    """With a time to linger what comes in it is taken together, and settled together."""
    upstreams = {str(number): Scripted() for number in range(5)}
    calls: list[int] = []
    claims, settle = spool.claim, spool.settle

    async def taken(limit: int, skip: Collection[Lane] = ()) -> Sequence[Claim]:
        found = await claims(limit, skip)
        calls.extend([len(found)] if found else [])
        return found

    async def counted(settlements: Sequence[tuple[Claim, Decision]]) -> None:
        calls.append(-len(settlements))
        await settle(settlements)

    spool.claim, spool.settle = taken, counted  # type: ignore[method-assign]
    forwarder = forwarder_of(spool, lambda e: upstreams[e.project], clock, linger=0.5)
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        group.create_task(forwarder.run())
        await rounds(30)
        for number in range(5):
            await spool.put(envelope(number, project=str(number)))
            await rounds(30)
        assert [] == calls
        clock.advance(0.5)
        await until(lambda: all(upstream.sent for upstream in upstreams.values()))
        await rounds(30)
        assert [5] == calls
        clock.advance(0.5)
        await until(lambda: len(calls) == 2)
        forwarder.stop()
    assert ([5, -5], 0) == (calls, (await spool.status()).bytes)


class Stuck(MemorySpool):
    """A spool of which some calls, named by a test, never end; counts how often it was asked."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self.stuck: set[str] = set()
        self.claims = 0

    async def claim(self, limit: int, skip: Collection[Lane] = ()) -> Sequence[Claim]:
        self.claims += 1
        await self._pass("claim")
        return await super().claim(limit, skip)

    async def settle(self, settlements: Sequence[tuple[Claim, Decision]]) -> None:
        await self._pass("settle")
        await super().settle(settlements)

    async def wait(self, timeout: float, skip: Collection[Lane] = ()) -> None:  # noqa: ASYNC109
        await self._pass("wait")
        await super().wait(timeout, skip)

    async def _pass(self, call: str) -> None:
        if call in self.stuck:
            await asyncio.Event().wait()


async def test_what_was_taken_ahead_is_sent_though_the_spool_hangs(clock: FakeClock) -> None:
    """One send is followed by the next, whatever the spool does."""
    spool, upstream = Stuck(clock), Scripted()
    upstream.free = 1
    upstream.gate.clear()
    for number in range(12):
        await spool.put(envelope(number))
    async with running(spool, upstream, clock, per_upstream=2):
        await until(lambda: upstream.running == 2)
        await rounds(30)
        spool.stuck |= {"claim", "wait"}
        upstream.gate.set()
        await until(lambda: len(upstream.sent) == 12)
        spool.stuck.clear()


async def test_room_alone_is_a_reason_to_take_more(clock: FakeClock) -> None:
    """Neither a word of the spool nor a settlement is needed for the next envelope."""
    spool, upstream = Stuck(clock), Scripted()
    for number in range(10):
        await spool.put(envelope(number))
    spool.stuck |= {"wait", "settle"}
    async with running(spool, upstream, clock, concurrency=1, per_upstream=1):
        await until(lambda: len(upstream.sent) == 10)
        spool.stuck.clear()
    assert list(range(10)) == upstream.sent


async def test_what_waits_behind_a_hanging_send_costs_nothing(clock: FakeClock) -> None:
    """While there is no room for what is in the spool, the spool is not asked again and again."""
    spool, upstream = Stuck(clock), Scripted()
    upstream.gate.clear()
    for number in range(10):
        await spool.put(envelope(number))
    async with running(spool, upstream, clock, concurrency=1, per_upstream=1):
        await until(lambda: upstream.running == 1)
        await rounds(30)
        before = spool.claims
        await rounds(300)
        assert before == spool.claims
        upstream.gate.set()


@pytest.mark.parametrize(("lanes", "pause"), [(1_000, 0.0), (2, 1.0)])
async def test_too_many_lanes_of_one_upstream_go_back(
    spool: MemorySpool,
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
    lanes: int,
    pause: float,
) -> None:
    """What an upstream cannot use goes back untried; for a second, if its lane is forgotten."""
    monkeypatch.setattr("relay.outlets.MAX_LANES", lanes)
    upstream = Scripted()
    upstream.gate.clear()
    for number in range(10):
        await spool.put(envelope(number, project=str(number)))
    settled = decisions_of(spool)
    async with running(spool, upstream, clock, concurrency=1, per_upstream=1):
        await until(lambda: len(settled) == 5)  # one is under way, four wait
        await rounds(30)
        assert [RetryAt(clock.now() + pause, tried=False)] * 5 == settled


async def test_a_mistake_of_ours_closes_no_upstream(spool: MemorySpool, clock: FakeClock) -> None:
    """An adapter that raises says nothing of the upstream: the next one is sent at once."""
    told: list[CircuitState] = []
    forwarder = forwarder_of(
        spool,
        Scripted(RuntimeError()),
        clock,
        observe_circuit=lambda _, state: told.append(state),
    )
    await spool.put(envelope(1))
    await spool.put(envelope(2))
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        group.create_task(forwarder.run())
        await rounds(80)
        forwarder.stop()
    assert ([CircuitState.HALF_OPEN, CircuitState.CLOSED], 1) == (
        told,
        (await spool.status()).ready,
    )


async def test_how_long_a_send_took_is_told(spool: MemorySpool, clock: FakeClock) -> None:
    """In seconds, from its start to the answer."""
    upstream = Scripted()
    upstream.gate.clear()
    await spool.put(envelope())
    async with running(spool, upstream, clock) as seen:
        await until(lambda: upstream.running == 1)
        clock.advance(2.5)
        upstream.gate.set()
        assert 2.5 == (await seen.next()).seconds


async def test_a_limit_that_was_met_counts_no_attempt(spool: MemorySpool, clock: FakeClock) -> None:
    """A 429 is told to whoever counts, but its envelope waits as if it had not been sent."""
    upstream = Scripted(*[limited(429, "60:error:key")] * 5)
    await spool.put(envelope())
    async with running(spool, upstream, clock) as seen:
        for _ in range(5):
            delivery = await seen.next()
            assert (429, RetryAt(clock.now() + 60, tried=False)) == (
                delivery.status,
                delivery.decision,
            )
            clock.advance(60)
        last = await seen.next()
    assert (Ack(), 0) == (last.decision, last.claim.attempts)


async def test_cancelling_at_any_step_loses_nothing(clock: FakeClock) -> None:
    """Wherever the forwarder is stopped, what was not answered well is held and not claimed."""
    answers = (200, None, 400, 200)
    for steps in range(60):
        spool = MemorySpool(clock)
        upstream = Scripted(*answers)
        for number in range(4):
            await spool.put(envelope(number))
        async with running(spool, upstream, clock):
            await rounds(steps)
        status = await spool.status()
        taken = {n for n, a in zip(upstream.sent, answers, strict=False) if a == 200}
        assert 0 == status.claimed
        assert status.ready + status.buried >= 4 - len(taken)


class Failing:
    """A spool whose settle and claim fail so many times before they work."""

    def __init__(
        self, inner: MemorySpool, *, settles: int = 0, claims: int = 0, waits: int = 0
    ) -> None:
        self.inner = inner
        self.settles, self.claims, self.waits = settles, claims, waits
        self.put, self.status, self.close = inner.put, inner.status, inner.close

    async def claim(self, limit: int, skip: object = ()) -> Sequence[Claim]:
        self.claims -= 1
        if self.claims >= 0:
            raise SpoolUnavailableError("no")
        return await self.inner.claim(limit, skip)  # type: ignore[arg-type]

    async def settle(self, settlements: Sequence[tuple[Claim, Decision]]) -> None:
        self.settles -= 1
        if self.settles >= 0:
            raise SpoolUnavailableError("no")
        await self.inner.settle(settlements)

    async def wait(self, timeout: float, skip: object = ()) -> None:  # noqa: ASYNC109
        self.waits -= 1
        if self.waits >= 0:
            raise SpoolUnavailableError("no")
        await self.inner.wait(timeout, skip)  # type: ignore[arg-type]


async def test_a_spool_that_fails_for_a_while_is_waited_for(
    spool: MemorySpool, clock: FakeClock
) -> None:
    """When claim, wait or settle fail, the forwarder tries again, and sends nothing twice."""
    upstream = Scripted()
    failing = Failing(spool, settles=2, claims=2, waits=1)
    async with running(failing, upstream, clock) as seen:
        for _ in range(3):  # two claims and a wait
            await clock.until_sleeping()
            clock.advance(1)
        await until(lambda: failing.waits < 0)
        await spool.put(envelope())
        for left in (1, 0):
            await until(lambda: failing.settles == left)  # noqa: B023 - awaited at once
            clock.advance(1)
            await rounds(3)
        assert Ack() == (await seen.next()).decision
    assert ([1], 0) == (upstream.sent, (await spool.status()).bytes)


async def test_a_decision_that_could_not_be_settled_is_kept(
    spool: MemorySpool, clock: FakeClock
) -> None:
    """Stopped while the spool fails, the forwarder still settles what was delivered."""
    upstream = Scripted()
    failing = Failing(spool, settles=1)
    await spool.put(envelope())
    async with running(failing, upstream, clock):
        await until(lambda: failing.settles == 0)
    assert 0 == (await spool.status()).bytes


async def test_a_spool_that_fails_at_the_end_keeps_its_claims(
    spool: MemorySpool, clock: FakeClock
) -> None:
    """Stopped while the spool fails for good, the forwarder ends, and the claim stays held."""
    upstream = Scripted()
    failing = Failing(spool, settles=1_000)
    await spool.put(envelope())
    async with running(failing, upstream, clock):
        await until(lambda: failing.settles < 1_000)
    assert 1 == (await spool.status()).claimed


async def test_a_broken_observer_stops_nothing(spool: MemorySpool, clock: FakeClock) -> None:
    """A mistake while counting does not stop delivery."""
    upstream = Scripted()

    def broken(delivery: Delivery) -> None:
        raise ZeroDivisionError

    await spool.put(envelope())
    forwarder = Forwarder(
        spool,
        lambda _: upstream,
        clock,
        lambda: 0.0,
        limits=LimitMemory(own_limits),
        observe=broken,
    )
    async with asyncio.TaskGroup() as group:
        task = group.create_task(forwarder.run())
        await clock.until_sleeping()
        task.cancel()
    assert 0 == (await spool.status()).bytes


async def test_nothing_is_lost_on_a_bad_day(tmp_path: Path, clock: FakeClock) -> None:
    """Real spool, real HTTP: 503 twice, 429 with Retry-After, a broken connection; all arrive."""
    envelopes = [envelope(number, payload=b"x" * 2_000) for number in range(8)]
    async with MiniSentry().serve() as sentry:
        sentry.script.extend(
            [
                Answer(503),
                Answer(503),
                Answer(200),
                Answer(429, {"Retry-After": "60"}),
                Answer(drop=True),
            ]
        )
        spool = await SqliteSpool.open(tmp_path / "spool.db", clock)
        upstream = SentryUpstream(f"{sentry.base}/api/1/envelope/", KEY, HttpOptions(connections=1))
        for one in envelopes:
            await spool.put(one)
        waits: list[float] = []
        async with running(spool, upstream, clock, per_upstream=1) as seen:
            acks = 0
            while acks < len(envelopes):
                delivery = await seen.next()
                if isinstance(delivery.decision, Ack):
                    acks += 1
                else:
                    assert isinstance(delivery.decision, RetryAt)
                    waits.append(delivery.decision.at - clock.now())
                    clock.advance(waits[-1])
        assert (0, 0) == ((await spool.status()).bytes, (await spool.status()).buried)
        await upstream.close()
        await spool.close()
    assert 3 == len(waits)  # what broke off was sent again at once
    assert 60 in waits
    assert sorted(e.body for e in envelopes) == sorted(sentry.delivered)


async def test_a_stopped_forwarder_goes_on_after_a_restart(
    tmp_path: Path, clock: FakeClock
) -> None:
    """Stopped in the middle of a send, with a new process on the same file: all arrives."""
    path = tmp_path / "spool.db"
    async with MiniSentry().serve() as sentry:
        sentry.script.append(Answer(hang=True))
        upstream = SentryUpstream(f"{sentry.base}/api/1/envelope/", KEY)
        spool = await SqliteSpool.open(path, clock)
        for number in range(3):
            await spool.put(envelope(number))
        async with running(spool, upstream, clock):
            await sentry.arrival()
        await spool.close()
        spool = await SqliteSpool.open(path, clock)
        async with running(spool, upstream, clock) as seen:
            assert [0, 1, 2] == sorted(await seen.numbers(3))
        await spool.close()
        await upstream.close()
    assert 4 == len(sentry.received)


def limited(status: int, limits: str) -> UpstreamResponse:
    """An answer that sets limits."""
    return UpstreamResponse(status, {"x-sentry-rate-limits": limits})


@pytest.mark.parametrize(
    "answer",
    [
        UpstreamResponse(429),
        UpstreamResponse(429, {"retry-after": "60"}),
        limited(429, "60:error:key"),
        limited(200, "60::organization:quota"),
        limited(413, "60:error;session:key"),
    ],
)
async def test_what_is_limited_waits(
    spool: MemorySpool, clock: FakeClock, answer: UpstreamResponse
) -> None:
    """An envelope whose category is limited is not sent before the limit ends, then once."""
    upstream = Scripted(answer)
    settled = decisions_of(spool)
    await spool.put(envelope(1))
    async with running(spool, upstream, clock) as seen:
        first = await seen.next()
        assert (answer.status == 200) == (first.decision == Ack())
        await spool.put(envelope(2))
        await until(lambda: len(settled) == 2)
        await rounds(30)
        assert RetryAt(clock.now() + 60, tried=False) == settled[1]
        clock.advance(59.5)
        await rounds(30)
        assert [1] == upstream.sent
        clock.advance(0.5)
        later = await seen.next()
        while later.claim.envelope.envelope_id != envelope(2).envelope_id:
            later = await seen.next()
        assert (Ack(), 0) == (later.decision, later.claim.attempts)
    assert 1 == upstream.sent.count(2)


async def test_what_is_not_limited_goes_on(spool: MemorySpool, clock: FakeClock) -> None:
    """A limit holds up no other key, and no other category; partly limited envelopes are sent."""
    upstream = Scripted(limited(200, "60:error;attachment:key"))
    await spool.put(envelope(1))
    async with running(spool, upstream, clock) as seen:
        await seen.next()
        await spool.put(envelope(2))
        await spool.put(envelope(3, key="b" * 32))
        await spool.put(envelope(4, categories=("session",)))
        await spool.put(envelope(5, categories=("session", "attachment")))
        await spool.put(envelope(6, categories=("internal",)))
        await spool.put(envelope(7, categories=("error", "internal", "attachment")))
        assert [3, 4, 5, 6] == await seen.numbers(4)
        await rounds(30)
        assert [1, 3, 4, 5, 6] == upstream.sent


async def test_a_limit_of_others_is_still_a_refusal(spool: MemorySpool, clock: FakeClock) -> None:
    """A 429 that names only other categories has this envelope tried again by its back-off."""
    upstream = Scripted(limited(429, "60:session:key"))
    await spool.put(envelope(1))
    async with running(spool, upstream, clock) as seen:
        assert RetryAt(clock.now() + 0.5) == (await seen.next()).decision
        clock.advance(0.5)
        again = await seen.next()
        assert (Ack(), 1) == (again.decision, again.claim.attempts)


async def test_limits_are_shared_by_those_who_lead_to_one_key(
    spool: MemorySpool, clock: FakeClock
) -> None:
    """What one project learns of an upstream's key holds for every project that uses it."""
    upstream = Scripted(limited(200, "60:error:key"))
    memory = LimitMemory(lambda *_: ("upstream", "key"))
    await spool.put(envelope(1, project="1"))
    async with running(spool, upstream, clock, limits=memory) as seen:
        await seen.next()
        await spool.put(envelope(2, project="2"))
        await rounds(30)
        assert [1] == upstream.sent
    assert memory.known("2", KEY, clock.now())
