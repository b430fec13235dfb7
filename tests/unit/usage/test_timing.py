"""When the sink writes; test_sink.py tries the same from the outside."""

import asyncio
import logging
from collections.abc import Awaitable

import pytest

from relay.config import UsageBatch
from relay.errors import SpoolUnavailableError, StoreError
from relay.metrics import Metrics
from relay.ports import SpoolStatus
from relay.usage.timing import LONGEST_PAUSE, LOOK, Timing
from tests.fakes import FakeClock

NOTHING = SpoolStatus(0, 0, 0, 0, 0.0)
LITTLE = SpoolStatus(1, 0, 0, 100, 5.0)
MUCH = SpoolStatus(3, 0, 0, 1_000, 5.0)
OLD = SpoolStatus(1, 0, 0, 100, 60.0)


class Told:
    """A spool that holds what a test says, one look after the other; the last for ever."""

    def __init__(self, *statuses: SpoolStatus | None) -> None:
        self.statuses = list(statuses)

    async def status(self) -> SpoolStatus:
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        if status is None:
            raise SpoolUnavailableError("away")
        return status


class Rig:
    """A timing over a spool, and a clock that is moved while it waits."""

    def __init__(self, *statuses: SpoolStatus | None) -> None:
        self.clock = FakeClock()
        self.metrics = Metrics()
        self.timing = Timing(
            Told(*statuses),  # type: ignore[arg-type]
            self.clock,
            UsageBatch(bytes=1_000, every=60),
            metrics=self.metrics,
            random=lambda: 1.0,
            timer=self.clock.now,
        )

    async def seconds(self, waiting: Awaitable[None]) -> float:
        """Return how long something waits, in steps of a second."""
        begin = self.clock.now()
        task = asyncio.ensure_future(waiting)
        async with asyncio.timeout(10):
            while not task.done():
                self.clock.advance(1)
                await asyncio.sleep(0)
                await asyncio.sleep(0)
        await task
        return self.clock.now() - begin


@pytest.mark.parametrize(
    ("statuses", "looks"),
    [
        ([MUCH], 1),
        ([OLD], 1),
        ([None, None, MUCH], 3),
        ([NOTHING, LITTLE, OLD], 3),
        ([LITTLE], 24),
        ([LITTLE, NOTHING, LITTLE], 26),
    ],
    ids=["much", "old", "a spool that is away", "little, then old", "little", "written by another"],
)
async def test_when_it_is_due(statuses: list[SpoolStatus | None], looks: int) -> None:
    """When it is enough, or has waited long enough, by the spool's clock or twice that by ours."""
    rig = Rig(*statuses)
    waited = await rig.seconds(rig.timing.until_due())
    assert looks == pytest.approx(waited / LOOK, abs=0.5)


async def test_pauses_grow_up_to_a_bound() -> None:
    """Each failure in a row doubles the pause; the gauge says for how long nothing is written."""
    rig = Rig(NOTHING)
    pauses = []
    for _ in range(8):
        rig.timing.failed(StoreError("away"))
        pauses.append(await rig.seconds(rig.timing.back_off()))
    assert sorted(pauses) == pauses
    assert pauses[0] < LOOK
    assert LONGEST_PAUSE <= pauses[-1] <= LONGEST_PAUSE + LOOK
    assert sum(pauses[:-1]) < rig.metrics.value("relay_usage_unwritten_seconds") <= sum(pauses)


def test_a_failure_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    """So is that the store is back; each failure is counted."""
    timing = (rig := Rig(NOTHING)).timing
    assert not timing.failing
    with caplog.at_level(logging.INFO, logger="relay.usage"):
        timing.succeeded()
        timing.failed(StoreError("away"))
        timing.failed(StoreError("away"))
        assert timing.failing
        timing.succeeded()
    assert not timing.failing
    assert ["usage_store_failed", "usage_store_restored"] == [o.message for o in caplog.records]
    assert 2 == rig.metrics.value("relay_usage_store_failures_total")
