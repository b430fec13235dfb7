"""Health: ready only when every part says so."""

import asyncio
import logging

import pytest

from relay import health
from relay.errors import SpoolUnavailableError
from relay.health import Health, flag_check, spool_check
from relay.spool.memory import MemorySpool
from tests.fakes import FakeClock


async def broken() -> bool:
    """Fail as a spool does."""
    raise SpoolUnavailableError("the spool cannot be written")


async def stuck() -> bool:
    """Never answer."""
    await asyncio.Event().wait()
    return True


async def test_with_no_parts_it_is_ready() -> None:
    """A process that has no parts to ask is ready."""
    assert await Health().ready()


async def test_one_part_is_enough_to_say_no() -> None:
    """One part that is not well, or raises, makes the process not ready; the parts say which."""
    h = Health(
        {"rules": flag_check(lambda: True), "forwarder": flag_check(lambda: False), "spool": broken}
    )
    wanted = {"rules": True, "forwarder": False, "spool": False, "serving": True}
    assert wanted == await h.parts()
    assert not await h.ready()


async def test_a_part_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A part that hangs counts as not well after the time limit."""
    monkeypatch.setattr(health, "TIME_LIMIT", 0.01)
    assert not await Health({"spool": stuck}).ready()


async def test_a_process_that_stops_is_not_ready(caplog: pytest.LogCaptureFixture) -> None:
    """A stop ends readiness, and is no illness: nothing is said of one in the log."""
    h = Health({"spool": flag_check(lambda: True)})
    with caplog.at_level(logging.DEBUG):
        h.stop()
    assert {"spool": True, "serving": False} == await h.parts()
    assert not await h.ready()
    assert [] == caplog.records


async def test_a_mistake_of_ours_is_not_hidden() -> None:
    """A check that fails with a programming error is raised, not taken for a sick part."""

    async def wrong() -> bool:
        raise TypeError

    with pytest.raises(TypeError):
        await Health({"x": wrong}).ready()


class CountingSpool(MemorySpool):
    """Counts how often it was asked, and fails when told to."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self.asked = 0
        self.full_disk = False

    async def check(self) -> None:
        """Write, if that can be."""
        self.asked += 1
        if self.full_disk:
            raise SpoolUnavailableError("the spool cannot be written")


async def test_a_spool_is_not_asked_for_everybody() -> None:
    """Many who ask within a second get one answer; after it the disk is tried again."""
    clock = FakeClock()
    spool = CountingSpool(clock)
    h = Health({"spool": spool_check(spool, clock)})
    assert [True] * 3 == [await h.ready() for _ in range(3)]
    assert 1 == spool.asked
    spool.full_disk = True
    clock.advance(1)
    assert [False] * 3 == [await h.ready() for _ in range(3)]
    assert 2 == spool.asked
    spool.full_disk = False
    clock.advance(1)
    assert await h.ready()
    clock.advance(-100)  # a clock that is set back does not make an old answer last
    assert await h.ready()
    assert 4 == spool.asked
