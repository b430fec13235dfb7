"""Waiting for a spool."""

import asyncio

import pytest

from relay.spool.waiting import LOOK_EVERY, Waiters
from tests.fakes import FakeClock


async def never() -> float | None:
    return None


async def test_all_who_wait_are_woken() -> None:
    """One wake lets everybody look again."""
    clock = FakeClock()
    waiters = Waiters(clock)
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        for _ in range(3):
            group.create_task(waiters.wait(60, never))
        await clock.until_sleeping()
        waiters.wake()
    assert set() == waiters._waits


async def test_what_is_due_is_not_waited_for() -> None:
    """A wait with something due returns at once."""
    clock = FakeClock()

    async def past() -> float:
        return clock.now() - 5

    await asyncio.wait_for(Waiters(clock).wait(60, past), 10)


async def test_a_put_while_asking_is_noticed() -> None:
    """A wake that comes while the due time is being read ends the wait."""
    waiters = Waiters(FakeClock())

    async def put_meanwhile() -> float | None:
        waiters.wake()
        return None

    await asyncio.wait_for(waiters.wait(60, put_meanwhile), 10)


async def test_an_error_while_asking_leaves_nobody_behind() -> None:
    """When the due time cannot be read, the error is raised and nobody waits any more."""
    waiters = Waiters(FakeClock())

    async def broken() -> float | None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await waiters.wait(60, broken)
    assert set() == waiters._waits


async def test_cancelling_leaves_nobody_behind() -> None:
    """A cancelled wait is forgotten."""
    clock = FakeClock()
    waiters = Waiters(clock)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(waiters.wait(60, never))
        await clock.until_sleeping()
        task.cancel()
    assert set() == waiters._waits


class Others:
    """Other processes, who may have written; counts how often that was asked."""

    def __init__(self) -> None:
        self.wrote = False
        self.asked = 0

    async def changed(self) -> bool:
        self.asked += 1
        return self.wrote


async def test_what_others_write_is_seen_within_a_second() -> None:
    """A wait asks once a second whether others have written, and ends when they have."""
    clock, others = FakeClock(), Others()
    waiters = Waiters(clock)
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        wait = group.create_task(waiters.wait(60, never, others.changed))
        await clock.until_sleeping()
        for second in range(1, 4):
            clock.advance(LOOK_EVERY)
            await clock.until_sleeping()
            assert second == others.asked
        assert not wait.done()
        others.wrote = True
        clock.advance(LOOK_EVERY)
    assert set() == waiters._waits


async def test_a_wait_with_others_ends_at_its_time() -> None:
    """Looking for others makes no wait longer, nor does a clock that is set back."""
    clock, others = FakeClock(), Others()
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        wait = group.create_task(Waiters(clock).wait(2.5, never, others.changed))
        await clock.until_sleeping()
        clock.advance(-1_000)
        clock.advance(1_000 + LOOK_EVERY)
        await clock.until_sleeping()
        clock.advance(LOOK_EVERY)
        await clock.until_sleeping()
        assert not wait.done()
        clock.advance(0.5)
