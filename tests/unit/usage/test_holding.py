"""What is held from a claim to its settlement."""

import asyncio
from collections.abc import Sequence

import pytest

from relay.delivery import Ack, Decision
from relay.errors import SpoolUnavailableError
from relay.ports import Claim
from relay.spool import MemorySpool
from relay.usage.holding import CLAIM, Held
from relay.usage.planning import row_of
from tests.fakes import FakeClock
from tests.usage_store import row


class AwaySpool(MemorySpool):
    """Is away for so many settlements, and for claims after so many."""

    away = 0
    claims = 1_000_000

    async def settle(self, settlements: Sequence[tuple[Claim, Decision]]) -> None:
        if self.away:
            self.away -= 1
            raise SpoolUnavailableError("away")
        await super().settle(settlements)

    async def claim(self, limit: int, skip: object = ()) -> Sequence[Claim]:
        if not self.claims:
            raise SpoolUnavailableError("away")
        self.claims -= 1
        return await super().claim(limit)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def spool(clock: FakeClock) -> AwaySpool:
    return AwaySpool(clock)


async def state(spool: MemorySpool) -> tuple[int, int]:
    status = await spool.status()
    return status.ready, status.claimed


async def test_no_more_is_taken_than_is_meant_to_be(spool: AwaySpool, clock: FakeClock) -> None:
    """It stops at the bound, but for one claim of a few batches; then there may be more."""
    for number in range(3 * CLAIM):
        await spool.put(row(number, padding=1_000))
    held = Held(spool, clock)
    await held.take(100_000)
    assert (CLAIM, True) == (len(held.claims), held.full)
    rest = Held(spool, clock)
    await rest.take(10_000_000)
    assert (2 * CLAIM, False) == (len(rest.claims), rest.full)


async def test_what_was_taken_before_the_spool_went_is_kept(
    spool: AwaySpool, clock: FakeClock
) -> None:
    """A claim that fails takes nothing away from those before it; alone it is told."""
    await spool.put(row(1))
    spool.claims = 1
    held = Held(spool, clock)
    await held.take(10_000)
    assert 1 == len(held.claims)
    with pytest.raises(SpoolUnavailableError):
        await Held(spool, clock).take(10_000)


async def test_what_is_decided_is_told_when_the_spool_is_back(
    spool: AwaySpool, clock: FakeClock
) -> None:
    """A settlement waits for the spool; only then are its rows done."""
    await spool.put(row(1))
    spool.away = 2
    held = Held(spool, clock)
    await held.take(10_000)
    held.decide(list(held.claims.values()), Ack())
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        settling = group.create_task(held.settle())
        for _ in range(2):
            await clock.until_sleeping()
            assert set() == held.done
            clock.advance(1)
        await settling
    assert ({row_of(row(1))}, (0, 0)) == (held.done, await state(spool))


async def test_the_rest_is_due_again_after_a_delay(spool: AwaySpool, clock: FakeClock) -> None:
    """What was decided is told, and what was not comes again, not before its time."""
    await spool.put(row(1))
    await spool.put(row(2))
    held = Held(spool, clock, delay=5)
    await held.take(10_000)
    first, _ = held.claims.values()
    held.decide([first], Ack())
    assert await held.give_back()
    assert {row_of(first.envelope)} == held.done
    assert [] == list(await spool.claim(9))
    clock.advance(5)
    assert [row(2)] == [claim.envelope for claim in await spool.claim(9)]


async def test_what_could_not_be_given_back_is_still_held(
    spool: AwaySpool, clock: FakeClock
) -> None:
    """Another call gives it back, and one after that has nothing to do."""
    await spool.put(row(1))
    spool.away = 1
    held = Held(spool, clock)
    await held.take(10_000)
    assert not await held.give_back()
    assert (0, 1) == await state(spool)
    assert await held.give_back()
    assert await held.give_back()
    assert (1, 0) == await state(spool)
