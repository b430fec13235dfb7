"""One suite for every spool: what `relay.ports.Spool` promises."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol

import pytest

from relay.delivery import Ack, Bury, RetryAt
from relay.errors import SpoolFullError, SpoolUnavailableError
from relay.limit_memory import KeyLimit
from relay.outcomes import Reason
from relay.ports import Claim, DeadLetter, Expired, Spool
from relay.protocol.enforcement import Limit
from relay.protocol.rate_limits import Scope
from relay.spool import Bounds, Dropped, MemorySpool, SqliteSpool
from tests.fakes import FakeClock, envelope


class Open(Protocol):
    async def __call__(self, bounds: Bounds | None = None) -> Spool: ...


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def dropped() -> list[Dropped]:
    return []


@pytest.fixture(params=["memory", "sqlite"])
async def open_spool(
    request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock, dropped: list[Dropped]
) -> AsyncIterator[Open]:
    spools: list[Spool] = []

    async def open_one(bounds: Bounds | None = None) -> Spool:
        spool: Spool
        if request.param == "memory":
            spool = MemorySpool(clock, bounds, dropped.append)
        else:
            path = tmp_path / f"{len(spools)}.db"
            spool = await SqliteSpool.open(path, clock, bounds, dropped.append)
        spools.append(spool)
        return spool

    yield open_one
    for spool in spools:
        await spool.close()


def ids(claims: "list[Claim] | tuple[Claim, ...]") -> list[int]:
    return [int(claim.envelope.envelope_id, 16) for claim in claims]


async def test_what_is_put_comes_out_whole(open_spool: Open, clock: FakeClock) -> None:
    """An envelope is claimed with everything that it was put with."""
    spool = await open_spool()
    original = envelope(7, project="42", payload=bytes(range(256)), client="a.b/1 é")
    await spool.put(original)
    (claim,) = await spool.claim(10)
    assert original == claim.envelope
    assert (0, clock.now()) == (claim.attempts, claim.stored_at)


async def test_claims_are_oldest_first_and_given_once(open_spool: Open) -> None:
    """Claims come in the order of the puts, and none comes twice."""
    spool = await open_spool()
    for number in (5, 3, 9, 1):
        await spool.put(envelope(number))
    assert [5, 3, 9] == ids(list(await spool.claim(3)))
    assert [1] == ids(list(await spool.claim(3)))
    assert [] == list(await spool.claim(3))


async def test_an_acknowledged_envelope_is_gone(open_spool: Open) -> None:
    """After an Ack nothing is held."""
    spool = await open_spool()
    await spool.put(envelope())
    (claim,) = await spool.claim(1)
    await spool.settle([(claim, Ack())])
    status = await spool.status()
    assert (0, 0, 0, 0) == (status.ready, status.claimed, status.buried, status.bytes)


async def test_a_retry_comes_back_at_its_time(open_spool: Open, clock: FakeClock) -> None:
    """After a RetryAt an envelope is due then, not before, with one attempt more."""
    spool = await open_spool()
    await spool.put(envelope())
    (claim,) = await spool.claim(1)
    await spool.settle([(claim, RetryAt(clock.now() + 10))])
    clock.advance(9.9)
    assert [] == list(await spool.claim(1))
    clock.advance(0.2)
    (again,) = await spool.claim(1)
    assert 1 == again.attempts


async def test_what_was_not_tried_counts_no_attempt(open_spool: Open, clock: FakeClock) -> None:
    """A claim that is only put back keeps its attempts and its place."""
    spool = await open_spool()
    await spool.put(envelope(1))
    await spool.put(envelope(2))
    (claim,) = await spool.claim(1)
    await spool.settle([(claim, RetryAt(clock.now(), tried=False))])
    claims = list(await spool.claim(2))
    assert [1, 2] == ids(claims)
    assert [0, 0] == [c.attempts for c in claims]


async def test_a_buried_envelope_is_a_dead_letter(open_spool: Open) -> None:
    """After a Bury an envelope is counted and never claimed."""
    spool = await open_spool()
    await spool.put(envelope())
    (claim,) = await spool.claim(1)
    await spool.settle([(claim, Bury(Reason.REJECTED_UPSTREAM))])
    assert [] == list(await spool.claim(1))
    assert 1 == (await spool.status()).buried


async def test_settling_twice_changes_nothing(open_spool: Open, clock: FakeClock) -> None:
    """The first decision on a claim stands."""
    spool = await open_spool()
    decisions = (Ack(), RetryAt(clock.now()), Bury(Reason.INTERNAL))
    for number in range(3):
        await spool.put(envelope(number))
    claims = await spool.claim(3)
    await spool.settle(list(zip(claims, decisions, strict=True)))
    before = await spool.status()
    await spool.settle([(claim, decision) for claim in claims for decision in decisions])
    assert before == await spool.status()
    assert (1, 1) == (before.ready, before.buried)


async def test_skipped_lanes_stay(open_spool: Open) -> None:
    """A claim leaves out the lanes that it is told to skip, and keeps the order of the rest."""
    spool = await open_spool()
    await spool.put(envelope(1, project="1"))
    await spool.put(envelope(2, project="2"))
    await spool.put(envelope(3, project="1", key="f" * 32))
    skipped = envelope(1, project="1")
    assert [2, 3] == ids(list(await spool.claim(9, {(skipped.project, skipped.key)})))
    assert [1] == ids(list(await spool.claim(9)))


async def test_a_full_spool_says_so(open_spool: Open) -> None:
    """A put over the bound in bytes is refused; after a delivery there is room again."""
    size = len(envelope(1).body)
    spool = await open_spool(Bounds(max_bytes=2 * size))
    await spool.put(envelope(1))
    await spool.put(envelope(2))
    with pytest.raises(SpoolFullError):
        await spool.put(envelope(3))
    (claim,) = await spool.claim(1)
    await spool.settle([(claim, Ack())])
    await spool.put(envelope(3))
    assert [2, 3] == ids(list(await spool.claim(9)))


async def test_dead_letters_give_way(open_spool: Open, dropped: list[Dropped]) -> None:
    """When room is short the oldest dead letters go, counted, and no more than needed."""
    size = len(envelope(1).body)
    spool = await open_spool(Bounds(max_bytes=2 * size))
    await spool.put(envelope(1))
    await spool.put(envelope(2))
    claims = await spool.claim(2)
    await spool.settle([(claim, Bury(Reason.REJECTED_UPSTREAM)) for claim in claims])
    await spool.put(envelope(3))
    await asyncio.sleep(0)
    first = envelope(1)
    assert [
        Dropped(first.project, first.key, ("error",), size, Reason.SPOOL_FULL, buried=True)
    ] == dropped
    assert 1 == (await spool.status()).buried


async def test_the_old_expires_and_is_counted(
    open_spool: Open, clock: FakeClock, dropped: list[Dropped]
) -> None:
    """An envelope over the age is dropped with a word for it, and is not claimed."""
    spool = await open_spool(Bounds(max_age=100))
    await spool.put(envelope(1))
    clock.advance(60)
    await spool.put(envelope(2))
    clock.advance(40)
    assert [2] == ids(list(await spool.claim(9)))
    await asyncio.sleep(0)
    assert [(Reason.EXPIRED, False)] == [(d.reason, d.buried) for d in dropped]


async def test_a_claimed_envelope_does_not_expire(open_spool: Open, clock: FakeClock) -> None:
    """What is being sent stays until it is settled."""
    spool = await open_spool(Bounds(max_age=100))
    await spool.put(envelope())
    (claim,) = await spool.claim(1)
    clock.advance(1_000)
    assert [] == list(await spool.claim(1))
    assert 1 == (await spool.status()).claimed
    await spool.settle([(claim, Ack())])
    assert 0 == (await spool.status()).bytes


async def test_old_dead_letters_are_forgotten(
    open_spool: Open, clock: FakeClock, dropped: list[Dropped]
) -> None:
    """A dead letter over its age is dropped, marked as one that was counted before."""
    spool = await open_spool(Bounds(max_dead_age=100))
    await spool.put(envelope())
    (claim,) = await spool.claim(1)
    await spool.settle([(claim, Bury(Reason.UNROUTABLE))])
    clock.advance(100)
    await spool.claim(1)
    await asyncio.sleep(0)
    assert [(Reason.EXPIRED, True)] == [(d.reason, d.buried) for d in dropped]


async def test_an_idle_spool_lets_go_of_the_old(
    open_spool: Open, clock: FakeClock, dropped: list[Dropped]
) -> None:
    """What waits and dead letters go by their ages, counted, with no put and no claim."""
    spool = await open_spool(Bounds(max_age=100, max_dead_age=150))
    await spool.put(envelope(1))
    (claim,) = await spool.claim(1)
    await spool.settle([(claim, Bury(Reason.UNROUTABLE))])
    await spool.put(envelope(2))
    clock.advance(60)
    await spool.put(envelope(3))
    size = len(envelope(1).body)
    clock.advance(39)
    assert Expired() == await spool.expire()
    clock.advance(1)
    assert Expired(waiting=1, bytes=size) == await spool.expire()
    clock.advance(49)
    assert Expired() == await spool.expire()
    clock.advance(1)
    assert Expired(dead=1, bytes=size) == await spool.expire()
    await asyncio.sleep(0)
    assert [(Reason.EXPIRED, False), (Reason.EXPIRED, True)] == [
        (one.reason, one.buried) for one in dropped
    ]
    assert [3] == ids(list(await spool.claim(9)))


async def test_what_would_expire_is_told_and_stays(
    open_spool: Open, clock: FakeClock, dropped: list[Dropped]
) -> None:
    """A dry run returns what would go, twice the same, and changes nothing."""
    spool = await open_spool(Bounds(max_age=100, max_dead_age=100))
    await spool.put(envelope(1))
    (claim,) = await spool.claim(1)
    await spool.settle([(claim, Bury(Reason.UNROUTABLE))])
    await spool.put(envelope(2))
    clock.advance(100)
    told = Expired(waiting=1, dead=1, bytes=2 * len(envelope(1).body))
    assert [told, told] == [await spool.expire(dry_run=True) for _ in range(2)]
    status = await spool.status()
    assert (1, 1, []) == (status.ready, status.buried, dropped)
    assert told == await spool.expire()


async def test_what_is_held_does_not_expire(open_spool: Open, clock: FakeClock) -> None:
    """A claim outlives an expiry; when it comes back, it goes with the next one."""
    spool = await open_spool(Bounds(max_age=100))
    await spool.put(envelope())
    (claim,) = await spool.claim(1)
    clock.advance(1_000)
    assert Expired() == await spool.expire()
    await spool.settle([(claim, RetryAt(clock.now(), tried=False))])
    assert 1 == (await spool.expire()).waiting


async def test_a_closed_spool_expires_nothing(open_spool: Open) -> None:
    """After close an expiry fails."""
    spool = await open_spool()
    await spool.close()
    with pytest.raises(SpoolUnavailableError):
        await spool.expire()


async def test_a_repeat_is_stored_once(open_spool: Open, clock: FakeClock) -> None:
    """The same envelope put again within the window is one, even when it was delivered."""
    spool = await open_spool()
    assert await spool.put(envelope(1))
    assert not await spool.put(envelope(1))
    (claim,) = await spool.claim(9)
    await spool.settle([(claim, Ack())])
    clock.advance(599)
    await spool.put(envelope(1))
    assert [] == list(await spool.claim(9))
    clock.advance(1)
    await spool.put(envelope(1))
    assert [1] == ids(list(await spool.claim(9)))


@pytest.mark.parametrize(
    "other",
    [
        envelope(2),
        envelope(1, project="2"),
        envelope(1, key="f" * 32),
        envelope(1, payload=b'{"other":1}'),
    ],
)
async def test_what_differs_is_no_repeat(open_spool: Open, other: object) -> None:
    """Another id, project, key or body makes another envelope."""
    spool = await open_spool()
    await spool.put(envelope(1))
    await spool.put(other)  # type: ignore[arg-type]
    assert 2 == (await spool.status()).ready


async def test_a_refused_envelope_is_no_repeat(open_spool: Open) -> None:
    """What a full spool refused is stored when it comes again."""
    size = len(envelope(1).body)
    spool = await open_spool(Bounds(max_bytes=size))
    await spool.put(envelope(1))
    with pytest.raises(SpoolFullError):
        await spool.put(envelope(2))
    (claim,) = await spool.claim(1)
    await spool.settle([(claim, Ack())])
    await spool.put(envelope(2))
    assert [2] == ids(list(await spool.claim(1)))


async def test_a_clock_set_back_keeps_envelopes_due(open_spool: Open, clock: FakeClock) -> None:
    """An envelope put before the clock was set back can still be claimed."""
    spool = await open_spool()
    await spool.put(envelope())
    clock.advance(-86_400)
    assert 1 == len(await spool.claim(1))


async def test_a_put_wakes_who_waits(open_spool: Open, clock: FakeClock) -> None:
    """A wait ends with the next put."""
    spool = await open_spool()
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        group.create_task(spool.wait(1e9))
        await clock.until_sleeping()
        await spool.put(envelope())


async def test_closing_wakes_who_waits(open_spool: Open, clock: FakeClock) -> None:
    """A wait ends when the spool is closed."""
    spool = await open_spool()
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        group.create_task(spool.wait(1e9))
        await clock.until_sleeping()
        await spool.close()


async def test_a_wait_ends_when_something_falls_due(open_spool: Open, clock: FakeClock) -> None:
    """A wait ends at the earliest due time, by the clock."""
    spool = await open_spool()
    await spool.put(envelope())
    (claim,) = await spool.claim(1)
    await spool.settle([(claim, RetryAt(clock.now() + 30))])
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        wait = group.create_task(spool.wait(1e9))
        await clock.until_sleeping()
        clock.advance(29)
        await asyncio.sleep(0)
        assert not wait.done()
        clock.advance(1)


async def test_a_wait_ends_at_its_timeout(open_spool: Open, clock: FakeClock) -> None:
    """With nothing held, a wait ends after the time that it was given."""
    spool = await open_spool()
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        group.create_task(spool.wait(5))
        await clock.until_sleeping()
        clock.advance(5)


async def test_a_wait_does_not_end_for_skipped_lanes(open_spool: Open, clock: FakeClock) -> None:
    """What is due in a skipped lane does not end a wait."""
    spool = await open_spool()
    one = envelope()
    await spool.put(one)
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        wait = group.create_task(spool.wait(5, {(one.project, one.key)}))
        await clock.until_sleeping()
        assert not wait.done()
        clock.advance(5)


async def test_status_tells_age_and_bytes(open_spool: Open, clock: FakeClock) -> None:
    """The status counts bytes of bodies and the age of the oldest envelope."""
    spool = await open_spool()
    await spool.put(envelope(1))
    clock.advance(5)
    await spool.put(envelope(2))
    await spool.claim(1)
    status = await spool.status()
    size = len(envelope(1).body) + len(envelope(2).body)
    assert (1, 1, size, 5.0) == (status.ready, status.claimed, status.bytes, status.oldest_age)


async def test_a_claim_is_bounded_in_bytes(open_spool: Open) -> None:
    """Large envelopes are claimed a few at a time, but always at least one."""
    spool = await open_spool()
    for number in range(3):
        await spool.put(envelope(number, payload=bytes([number]) * 9_000_000))
    assert [0] == ids(list(await spool.claim(9)))
    assert [1] == ids(list(await spool.claim(9)))


async def test_many_puts_at_once_all_arrive(open_spool: Open) -> None:
    """Concurrent puts are all stored."""
    spool = await open_spool()
    async with asyncio.TaskGroup() as group:
        for number in range(200):
            group.create_task(spool.put(envelope(number)))
    claims = list(await spool.claim(500))
    assert list(range(200)) == sorted(ids(claims))


async def test_a_closed_spool_takes_nothing(open_spool: Open) -> None:
    """After close, which may be repeated, a put is refused."""
    spool = await open_spool()
    await spool.close()
    await spool.close()
    with pytest.raises(SpoolUnavailableError):
        await spool.put(envelope())


# --- dead letters ---


async def bury(spool: Spool, *reasons: Reason) -> list[DeadLetter]:
    """Put and bury as many as there are reasons; the first is envelope 1. Return what is told."""
    for number, reason in enumerate(reasons, 1):
        await spool.put(envelope(number, project=str(number)))
        (claim,) = await spool.claim(1)
        await spool.settle([(claim, Bury(reason))])
    return list(await spool.dead.list(100))


async def test_dead_letters_are_told(open_spool: Open, clock: FakeClock) -> None:
    """Each has its facts, and they come in the order of their numbers."""
    spool = await open_spool()
    first, second = await bury(spool, Reason.UNROUTABLE, Reason.REJECTED_UPSTREAM)
    one = envelope(1, project="1")
    size = len(one.body)
    assert (
        DeadLetter(
            number=first.number,
            envelope_id=one.envelope_id,
            project="1",
            key=one.key,
            categories=("error",),
            size=size,
            stored_at=clock.now(),
            attempts=1,
            reason=Reason.UNROUTABLE,
        )
        == first
    )
    assert first.number < second.number
    assert Reason.REJECTED_UPSTREAM == second.reason


async def test_dead_letters_come_in_pages(open_spool: Open) -> None:
    """A list is bounded, and goes on after the last number."""
    spool = await open_spool()
    letters = await bury(spool, *[Reason.UNROUTABLE] * 5)
    numbers = [letter.number for letter in letters]
    assert numbers[:2] == [one.number for one in await spool.dead.list(2)]
    assert numbers[2:] == [one.number for one in await spool.dead.list(9, numbers[1])]
    assert [] == list(await spool.dead.list(9, numbers[-1]))


async def test_a_dead_letter_is_read_whole(open_spool: Open) -> None:
    """Its envelope is what was put; what is no dead letter gives nothing."""
    spool = await open_spool()
    (letter,) = await bury(spool, Reason.UNROUTABLE)
    assert envelope(1, project="1") == await spool.dead.read(letter.number)
    await spool.put(envelope(2))
    assert await spool.dead.read(letter.number + 1) is None
    assert await spool.dead.read(10_000) is None


async def test_a_retried_dead_letter_is_as_if_just_put(
    open_spool: Open, clock: FakeClock, dropped: list[Dropped]
) -> None:
    """It is due at once with no attempts and a fresh age, and is no dead letter any more."""
    spool = await open_spool(Bounds(max_age=100))
    first, second = await bury(spool, Reason.UNROUTABLE, Reason.UNROUTABLE)
    clock.advance(1_000)
    assert 1 == await spool.dead.retry([first.number, 10_000])
    assert [second.number] == [letter.number for letter in await spool.dead.list(9)]
    (claim,) = await spool.claim(9)
    assert envelope(1, project="1") == claim.envelope
    assert (0, clock.now()) == (claim.attempts, claim.stored_at)
    await spool.settle([(claim, Ack())])
    status = await spool.status()
    assert (0, 0, 1) == (status.ready, status.claimed, status.buried)
    assert len(envelope(2, project="2").body) == status.bytes
    assert [] == dropped


async def test_all_dead_letters_can_be_retried(open_spool: Open) -> None:
    """With no numbers it is all of them; what waits is left alone."""
    spool = await open_spool()
    await bury(spool, Reason.UNROUTABLE, Reason.UNROUTABLE)
    await spool.put(envelope(3))
    assert 2 == await spool.dead.retry()
    assert 0 == await spool.dead.retry()
    assert [1, 2, 3] == sorted(ids(list(await spool.claim(9))))


async def test_a_retry_wakes_who_waits(open_spool: Open, clock: FakeClock) -> None:
    """A wait ends with a retry."""
    spool = await open_spool()
    await bury(spool, Reason.UNROUTABLE)
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        group.create_task(spool.wait(1e9))
        await clock.until_sleeping()
        assert 1 == await spool.dead.retry()


async def test_purged_dead_letters_are_gone(open_spool: Open) -> None:
    """Those that are named, or all; their bytes are free, and nothing else is touched."""
    spool = await open_spool()
    first, *_ = await bury(spool, *[Reason.UNROUTABLE] * 3)
    await spool.put(envelope(9))
    assert 1 == await spool.dead.purge([first.number])
    assert 0 == await spool.dead.purge([first.number])
    assert 2 == await spool.dead.purge()
    status = await spool.status()
    assert (1, 0, len(envelope(9).body)) == (status.ready, status.buried, status.bytes)


# --- check, limits ---


async def test_a_check_leaves_nothing_behind(open_spool: Open) -> None:
    """A check that passes counts as nothing; a closed spool fails it."""
    spool = await open_spool()
    await spool.check()
    await spool.check()
    status = await spool.status()
    assert (0, 0, 0, 0) == (status.ready, status.claimed, status.buried, status.bytes)
    await spool.close()
    with pytest.raises(SpoolUnavailableError):
        await spool.check()


def limited(until: float, category: str = "error", namespace: str = "") -> KeyLimit:
    where = ("https://o1.ingest.sentry.io", "a" * 32)
    return KeyLimit(where, Limit(until, category, Scope.PROJECT, "quota", namespace))


async def test_limits_are_shared(open_spool: Open, clock: FakeClock) -> None:
    """What one tells, all are told, whole; the longer of two stays, and what has ended goes."""
    spool = await open_spool()
    now = clock.now()
    assert [] == list(await spool.share_limits([]))
    short, long = limited(now + 10), limited(now + 50, "transaction")
    assert {short, long} == set(await spool.share_limits([short, long]))
    longer, shorter = limited(now + 20), limited(now + 30, "transaction")
    assert {longer, long} == set(await spool.share_limits([longer, shorter]))
    other = limited(now + 40, "metric_bucket", "custom")
    assert {longer, long, other} == set(await spool.share_limits([other]))
    clock.advance(20)
    assert {long, other} == set(await spool.share_limits([]))
    clock.advance(30)
    assert [] == list(await spool.share_limits([limited(clock.now())]))
