"""Limits that one process has learned are known to all who use its spool."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from relay.errors import SpoolUnavailableError
from relay.limit_memory import KeyLimit, LimitMemory
from relay.limit_sharing import LimitSharing
from relay.ports import Spool
from relay.protocol.enforcement import Limit
from relay.spool import MemorySpool, SqliteSpool
from tests.fakes import KEY, FakeClock


class Process:
    """A memory of limits with its exchange, as each process has them."""

    def __init__(self, spool: Spool, clock: FakeClock) -> None:
        self.clock = clock
        self.told: list[Limit] = []
        self.limits = LimitMemory(lambda project, key: ("upstream", key), self.told.append)
        self.sharing = LimitSharing(self.limits, spool=spool, clock=clock)

    def learn(self, header: str, key: str = KEY) -> None:
        headers = {"x-sentry-rate-limits": header}
        self.limits.learn("1", key, 200, headers, self.clock.now())

    def known(self, key: str = KEY) -> dict[str, float]:
        now = self.clock.now()
        by_category = self.limits.known("1", key, now).by_category
        return {name: limit.until - now for name, limit in by_category.items()}


class Moody(MemorySpool):
    """A spool that shares nothing while it is sick, and notes what it is told."""

    sick = False

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self.told: list[int] = []

    async def share_limits(self, learned: Sequence[KeyLimit]) -> Sequence[KeyLimit]:
        if self.sick:
            raise SpoolUnavailableError("no")
        self.told.append(len(learned))
        return await super().share_limits(learned)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=["memory", "sqlite"])
async def spool(
    request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock
) -> AsyncIterator[Spool]:
    spool: Spool = MemorySpool(clock)
    if request.param == "sqlite":
        spool = await SqliteSpool.open(tmp_path / "spool.db", clock)
    yield spool
    await spool.close()


async def test_what_one_learns_the_other_knows(spool: Spool, clock: FakeClock) -> None:
    """With its reason and its end; and it is counted once, where it was learned."""
    one, two = Process(spool, clock), Process(spool, clock)
    one.learn("60:error;session:organization:quota")
    await one.sharing.exchange()
    await two.sharing.exchange()
    assert {"error": 60.0, "session": 60.0} == two.known()
    limit = two.limits.known("1", KEY, clock.now()).by_category["error"]
    assert (("organization", "quota"), []) == ((limit.scope, limit.reason), two.told)
    assert {} == two.known("another")


async def test_the_longer_limit_wins_everywhere(spool: Spool, clock: FakeClock) -> None:
    """Each process holds to the longest that any has heard of."""
    one, two = Process(spool, clock), Process(spool, clock)
    one.learn("60:error:key")
    two.learn("90:error:key, 10:session:key")
    for process in (one, two, one):
        await process.sharing.exchange()
    assert {"error": 90.0, "session": 10.0} == one.known() == two.known()


async def test_limits_survive_a_restart(tmp_path: Path, clock: FakeClock) -> None:
    """A process that starts knows what the one before had learned, before its first send."""
    path = tmp_path / "spool.db"
    spool = await SqliteSpool.open(path, clock)
    old = Process(spool, clock)
    old.learn("600:error:key")
    await old.sharing.exchange()
    await spool.close()
    clock.advance(60)
    spool = await SqliteSpool.open(path, clock)
    new = Process(spool, clock)
    await new.sharing.exchange()
    assert {"error": 540.0} == new.known()
    await spool.close()


async def test_what_was_heard_is_not_told_again(clock: FakeClock) -> None:
    """A limit is told once by the one who learned it: no echo goes round."""
    spool = Moody(clock)
    one, two = Process(spool, clock), Process(spool, clock)
    one.learn("60:error:key")
    for _ in range(3):
        await one.sharing.exchange()
        await two.sharing.exchange()
    assert [1, 0, 0, 0, 0, 0] == spool.told


async def test_a_spool_that_fails_only_delays(clock: FakeClock) -> None:
    """What could not be told is told later, with what was learned since."""
    spool = Moody(clock)
    one, two = Process(spool, clock), Process(spool, clock)
    one.learn("60:error:key")
    spool.sick = True
    await one.sharing.exchange()
    one.learn("60:session:key")
    await one.sharing.exchange()
    assert {"error": 60.0, "session": 60.0} == one.known()
    spool.sick = False
    await one.sharing.exchange()
    await two.sharing.exchange()
    assert ([2, 0], {"error": 60.0, "session": 60.0}) == (spool.told, two.known())


async def test_what_is_kept_while_it_fails_is_bounded(
    clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest are kept."""
    monkeypatch.setattr("relay.limit_sharing.MAX_LEARNED", 2)
    spool = Moody(clock)
    one = Process(spool, clock)
    spool.sick = True
    for key in "abc":
        one.learn("60:error:key", key * 32)
        await one.sharing.exchange()
    spool.sick = False
    await one.sharing.exchange()
    shared = await spool.share_limits(())
    assert ["b" * 32, "c" * 32] == [limit.where[1] for limit in shared]


async def until(check: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not check():  # noqa: ASYNC110 - one word for all that a test may wait for
            await asyncio.sleep(0)


async def test_it_goes_on_every_second(clock: FakeClock) -> None:
    """At once after the start, and a second after the last time."""
    spool = Moody(clock)
    one = Process(spool, clock)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(one.sharing.run())
        for told in (1, 2, 3):
            await until(lambda: len(spool.told) == told)  # noqa: B023 - awaited at once
            await clock.until_sleeping()
            clock.advance(0.9)
            await asyncio.sleep(0)
            assert told == len(spool.told)
            clock.advance(0.1)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_a_spool_that_is_sick_is_told_of_once(
    clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    """The log says it at the first time, and again after it was well."""
    moody = Moody(clock)
    one = Process(moody, clock)
    for sick in (True, True, False, False, True, True):
        moody.sick = sick
        await one.sharing.exchange()
    assert ["limits_not_shared"] * 2 == [record.getMessage() for record in caplog.records]
    await moody.close()
