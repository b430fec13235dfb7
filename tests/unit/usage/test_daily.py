"""The daily task: when it runs, what it counts and says, and that nothing ends it."""

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from relay.config import UsageKeep
from relay.errors import StoreError
from relay.metrics import Metrics
from relay.ports import Expired
from relay.spool import Bounds, MemorySpool
from relay.usage.daily import AFTER, FIRST_PAUSE, LONGEST_PAUSE, LOOK, SPREAD, Daily
from relay.usage.folder import FolderStore
from relay.usage.model import Partition, Record
from relay.usage.objects import path_of
from relay.usage.retention import DAY, day_at
from relay.usage.store import Stored
from tests.fakes import FakeClock, envelope
from tests.usage_store import paths

MIDNIGHT = 1_700_006_400.0  # 2023-11-15T00:00:00Z


class Moody(FolderStore):
    """A store that fails when it is told to, and counts how often it is asked."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.fails: Exception | None = None
        self.asked = 0

    async def list(self, prefix: str = "") -> AsyncIterator[Stored]:
        self.asked += 1
        if self.fails is not None:
            raise self.fails
        async for stored in super().list(prefix):
            yield stored


class Setting:
    """A task on a store and a spool, with a clock that stands at noon."""

    def __init__(self, root: Path, jitter: float = 0.5) -> None:
        self.clock = FakeClock(MIDNIGHT + DAY / 2)
        self.store = Moody(root)
        self.spool = MemorySpool(self.clock, Bounds(max_age=10, max_dead_age=10))
        self.metrics = Metrics()
        self.daily = Daily(
            "usage",
            clock=self.clock,
            metrics=self.metrics,
            random=lambda: jitter,
            spools={"usage": self.spool},
            store=(self.store, UsageKeep()),
        )

    async def put(self, days: int) -> str:
        day = day_at(self.clock.now()) - timedelta(days=days)
        path = path_of(Partition(Record.EVENTS, "suite", "web", str(day), 3), "0" * 32)
        await self.store.put(path, b"four")
        return path

    async def pass_time(self, seconds: float) -> None:
        """Let time pass in steps, as a task that sleeps in steps needs it."""
        while seconds > 0:
            await self.clock.until_sleeping()
            step = min(seconds, LOOK)
            self.clock.advance(step)
            seconds -= step
            before = -1
            while before != self.store.asked:  # what was begun has come to its end
                before = self.store.asked
                await asyncio.sleep(0)
        await self.clock.until_sleeping()


@pytest.fixture
def setting(tmp_path: Path) -> Setting:
    return Setting(tmp_path)


async def test_it_runs_at_the_start_and_soon_after_each_midnight(setting: Setting) -> None:
    """At once, then between five and fifteen minutes after the day has changed."""
    running = asyncio.ensure_future(setting.daily.run())
    await setting.pass_time(DAY / 2 + AFTER + SPREAD / 2 - 1)
    assert 1 == setting.store.asked
    await setting.pass_time(1)
    assert 2 == setting.store.asked
    await setting.pass_time(DAY - 1)
    assert 2 == setting.store.asked
    await setting.pass_time(1)
    assert 3 == setting.store.asked
    running.cancel()


async def test_what_goes_is_counted_and_said(
    setting: Setting, caplog: pytest.LogCaptureFixture
) -> None:
    """Objects by their set, rows of the spool, and when all of it went well."""
    caplog.set_level(logging.INFO, "relay.usage")
    old, young = await setting.put(90), await setting.put(89)
    await setting.spool.put(envelope())
    setting.clock.advance(10)
    assert await setting.daily.once()
    assert [young] == await paths(setting.store)
    assert old != young
    value = setting.metrics.value
    counted = {name: value("relay_usage_expired_total", set=name) for name in ("events", "waiting")}
    assert {"events": 1, "waiting": 1} == counted
    assert setting.clock.now() == value("relay_expired_timestamp_seconds", of="usage")
    assert [("usage events", 1, 4), ("usage waiting", 1, None)] == [
        (vars(r)["component"], vars(r)["count"], vars(r).get("bytes"))
        for r in caplog.records
        if r.message == "expired"
    ]


@pytest.mark.parametrize("error", [StoreError("away"), RuntimeError("a mistake of ours")])
async def test_what_fails_is_tried_again_soon(setting: Setting, error: Exception) -> None:
    """After minutes, then less and less often, at least every hour; then daily again."""
    setting.store.fails = error
    running = asyncio.ensure_future(setting.daily.run())
    await setting.clock.until_sleeping()
    assert 1 == setting.store.asked
    await setting.pass_time(FIRST_PAUSE)
    assert 2 == setting.store.asked
    asked = []
    for _ in range(8):
        await setting.pass_time(LONGEST_PAUSE)
        asked.append(setting.store.asked)
    assert sorted(set(asked)) == asked
    assert asked[-1] == setting.metrics.value("relay_expire_failures_total", of="usage")
    assert 0 == setting.metrics.value("relay_expired_timestamp_seconds", of="usage")
    setting.store.fails = None
    await setting.pass_time(LONGEST_PAUSE)
    well = setting.store.asked
    assert setting.metrics.value("relay_expired_timestamp_seconds", of="usage") > 0
    await setting.pass_time(LONGEST_PAUSE)
    assert well == setting.store.asked
    running.cancel()


async def test_a_failure_says_what_and_no_more(
    setting: Setting, caplog: pytest.LogCaptureFixture
) -> None:
    """Our own words for a store; of a mistake its class alone."""
    setting.store.fails = StoreError("away")
    assert not await setting.daily.once()
    setting.store.fails = RuntimeError("/secret/path")
    assert not await setting.daily.once()
    assert [("store", "away"), ("usage", "RuntimeError")] == [
        (vars(r)["component"], vars(r)["error"]) for r in caplog.records
    ]
    assert "secret" not in caplog.text


async def test_a_store_that_is_away_keeps_no_spool(setting: Setting) -> None:
    """The spool lets go of what is too old all the same, and the other way round."""
    setting.store.fails = StoreError("away")
    await setting.spool.put(envelope())
    setting.clock.advance(10)
    assert not await setting.daily.once()
    assert Expired() == await setting.spool.expire(dry_run=True)
    assert 0 == (await setting.spool.status()).ready
    await setting.spool.close()
    setting.store.fails = None
    await setting.put(90)
    assert not await setting.daily.once()
    assert [] == await paths(setting.store)


async def test_a_clock_that_was_set_back_ends_the_wait(setting: Setting) -> None:
    """Else nothing would be deleted until it has come to where it was."""
    running = asyncio.ensure_future(setting.daily.run())
    await setting.clock.until_sleeping()
    setting.clock.advance(-400 * DAY)
    await setting.clock.until_sleeping()
    assert 1 == setting.store.asked
    setting.clock.advance(400 * DAY + LOOK)  # who sleeps wakes
    setting.clock.advance(-400 * DAY)
    async with asyncio.timeout(10):
        while setting.store.asked < 2:  # noqa: ASYNC110 - steps of the task, no time
            await asyncio.sleep(0)
    running.cancel()


async def test_without_a_store_it_is_about_a_spool_alone(tmp_path: Path) -> None:
    """The spool of envelopes has its own name in metrics, and counts nothing of usage events."""
    setting = Setting(tmp_path)
    daily = Daily(
        "spool",
        clock=setting.clock,
        metrics=setting.metrics,
        random=lambda: 0.0,
        spools={"spool": setting.spool},
    )
    await setting.spool.put(envelope())
    setting.clock.advance(10)
    assert await daily.once()
    value = setting.metrics.value
    assert 0 == value("relay_usage_expired_total", set="waiting")
    assert setting.clock.now() == value("relay_expired_timestamp_seconds", of="spool")
    assert 0 == (await setting.spool.status()).ready
