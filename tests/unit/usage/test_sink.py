"""The sink: everything that waits in the spool comes to be in exactly one object."""

import asyncio
import logging
from collections.abc import Callable, Sequence

import pytest

from relay.config import UsageBatch
from relay.delivery import Ack, RetryAt
from relay.errors import SpoolUnavailableError, StoreError
from relay.metrics import Metrics
from relay.outcomes import Reason
from relay.ports import Claim, Spool
from relay.scrub.permit import grant
from relay.spool import Bounds, MemorySpool
from relay.usage.model import Partition, Record
from relay.usage.objects import FENCE, decode, read_path
from relay.usage.pending import PROBE
from relay.usage.sink import UsageSink
from relay.usage.timing import LOOK
from tests.fakes import FakeClock, envelope
from tests.usage_store import EVENTS, OPT_OUTS, FakeStore, all_records, paths, record, records, row

BATCH = UsageBatch(bytes=100_000, every=60)


class Rig:
    """A sink with all that it needs, in memory."""

    def __init__(
        self,
        *,
        batch: UsageBatch = BATCH,
        linger: float = 0,
        spool: Spool | None = None,
        store: FakeStore | None = None,
    ) -> None:
        self.clock = FakeClock()
        self.spool = spool or MemorySpool(self.clock, Bounds(max_age=7 * 86_400))
        self.store = store or FakeStore()
        self.metrics = Metrics()
        self.time = 0.0
        self.sink = UsageSink(
            self.spool,
            self.store,
            self.clock,
            batch,
            metrics=self.metrics,
            random=lambda: 0.5,
            max_age=7 * 86_400,
            linger=linger,
            timer=lambda: self.time,
        )

    async def put(self, *rows: object) -> None:
        for one in rows:
            await self.spool.put(one)  # type: ignore[arg-type]

    async def flush(self) -> bool:
        """Write what waits; time passes by itself."""
        async with asyncio.timeout(10), asyncio.TaskGroup() as group:
            flushing = group.create_task(self.sink.flush(60))
            ticking = group.create_task(self._tick())
            flushed = await flushing
            ticking.cancel()
        return flushed

    async def _tick(self) -> None:
        while True:
            await self.clock.until_sleeping()
            self.clock.advance(5)

    async def waits(self) -> tuple[int, int, int]:
        status = await self.spool.status()
        return status.ready, status.claimed, status.buried

    async def notes(self) -> list[str]:
        return [path for path in await paths(self.store, "_pending") if path != PROBE]


@pytest.fixture
def rig() -> Rig:
    return Rig()


# --- what becomes of rows ---


async def test_what_waits_becomes_one_object_a_partition(rig: Rig) -> None:
    """Rows of one app, environment and hour are one object; each record is in it once."""
    other = Partition(Record.EVENTS, "suite", "web", "2026-11-22", 5)
    await rig.put(row(1), row(2), row(3, partition=other), row(4, partition=OPT_OUTS))
    assert await rig.flush()
    found = [read_path(path) for path in await paths(rig.store) if path != PROBE]
    where = [None if one is None else one.partition for one in found]
    assert [EVENTS, other, OPT_OUTS] == where
    assert all_records([1, 2, 3, 4]) == await records(rig.store)


async def test_what_is_written_leaves_spool_and_notes(rig: Rig) -> None:
    """After a write nothing waits, nothing is held, and no note is left."""
    await rig.put(row(1), row(2))
    await rig.flush()
    assert ((0, 0, 0), []) == (await rig.waits(), await rig.notes())


async def test_nothing_is_written_of_nothing(rig: Rig) -> None:
    """Where nothing waits no object is made, and no note."""
    assert await rig.flush()
    assert [PROBE] == await paths(rig.store)


async def test_objects_are_bounded(rig: Rig) -> None:
    """More than the bound becomes several objects; a batch of the spool is whole in one of them."""
    await rig.put(*(row(number, padding=10_000) for number in range(30)))
    await rig.flush()
    holding: list[set[int]] = []
    for path in await paths(rig.store, "events"):
        data = rig.store.objects[path][0]
        holding.append({number for number in range(30) if _holds(data, number)})
    assert list(range(30)) == sorted(number for one in holding for number in one)
    assert {4, 2} >= {len(one) for one in holding}
    assert all_records(range(30), padding=10_000) == await records(rig.store)


def _holds(data: bytes, number: int) -> bool:
    lines = decode(data).splitlines()
    return record(number, 0, 10_000) in lines and record(number, 1, 10_000) in lines


async def test_a_batch_over_the_bound_is_an_object(rig: Rig) -> None:
    """What is larger than the bound by itself is written all the same."""
    await rig.put(row(1, padding=200_000), row(2))
    await rig.flush()
    assert 2 == len(await paths(rig.store, "events"))


async def test_what_is_no_batch_is_buried(rig: Rig) -> None:
    """A row of a form that is not known becomes a dead letter; the others are written."""
    strange = grant(
        body=b'{"count":1}\n{}\n',
        envelope_id="e" * 32,
        project="suite",
        key="0" * 32,
        client="",
        categories=("usage",),
    )
    await rig.put(envelope(1), row(2), strange)
    await rig.flush()
    letters = await rig.spool.dead.list(9)
    assert [Reason.INVALID, Reason.INVALID] == [letter.reason for letter in letters]
    assert all_records([2]) == await records(rig.store)


@pytest.mark.parametrize(
    "partition",
    [
        Partition(Record.EVENTS, "suite/../..", "web", "2026-11-22", 4),
        Partition(Record.EVENTS, "suite", "web", "2026-11-22", None),
        Partition(Record.EVENTS, "suite", "web", "2026-11-22", 100),
        Partition(Record.EVENTS, "suite", "web", "today", 4),
        Partition(Record.OPT_OUTS, "suite", "web", "2026-11-22", None),
        Partition(Record.OPT_OUTS, "suite", "", "2026-11-22", 3),
    ],
)
async def test_what_belongs_nowhere_is_buried(rig: Rig, partition: Partition) -> None:
    """A batch whose place is none is never written somewhere else."""
    await rig.put(row(1, partition=partition))
    await rig.flush()
    assert ((0, 0, 1), [PROBE]) == (await rig.waits(), await paths(rig.store))


async def test_a_repeat_of_a_row_is_written_once(rig: Rig) -> None:
    """Two rows of one id, as of an opt-out that was sent twice, are one record."""
    await rig.put(row(1, 1, OPT_OUTS))
    rig.clock.advance(700)  # the spool knows it no more
    await rig.put(row(1, 1, OPT_OUTS), row(2, 1, OPT_OUTS))
    await rig.flush()
    assert all_records([1, 2], 1) == await records(rig.store)
    assert (0, 0, 0) == await rig.waits()


async def test_what_is_written_is_counted(rig: Rig) -> None:
    """Objects, bytes and records are counted by their set."""
    await rig.put(row(1, 3), row(2, 1, OPT_OUTS))
    await rig.flush()
    (path,) = await paths(rig.store, "events")
    size = len(rig.store.objects[path][0])
    names = ("objects", "object_bytes", "records_written")
    counted = [rig.metrics.value(f"relay_usage_{n}_total", record="events") for n in names]
    assert [1, size, 3] == counted
    assert 1 == rig.metrics.value("relay_usage_objects_total", record="opt_outs")


# --- when ---


async def _running(rig: Rig, seconds: Sequence[float]) -> list[int]:
    """Run the sink; return how many objects there are after each step of the clock."""
    found: list[int] = []
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        running = group.create_task(rig.sink.run())
        for step in seconds:
            await rig.clock.until_sleeping()
            rig.clock.advance(step)
            rig.time += step
            await _settle_down(rig)
            found.append(sum(path.startswith("events/") for path in rig.store.objects))
        running.cancel()
    return found


async def _settle_down(rig: Rig) -> None:
    for _ in range(3):
        await rig.clock.until_sleeping()
        await asyncio.sleep(0)


async def test_what_waits_is_written_every_so_often(rig: Rig) -> None:
    """Little is written when the time is up, and not before."""
    await rig.put(row(1))
    steps = [LOOK] * int(BATCH.every / LOOK)
    assert [0] * (len(steps) - 1) + [1] == await _running(rig, steps)


async def test_much_is_written_at_once(rig: Rig) -> None:
    """When as much waits as an object holds, nobody waits for the time."""
    await rig.put(*(row(number, padding=10_000) for number in range(6)))
    assert [2] == await _running(rig, [LOOK])


async def test_dead_letters_are_nothing_to_write(rig: Rig) -> None:
    """However many dead letters there are, what waits is written in its time."""
    await rig.put(*(envelope(number, payload=bytes(60_000)) for number in range(3)))
    await rig.flush()
    assert (0, 0, 3) == await rig.waits()
    found = await _running(rig, [LOOK])
    await rig.put(row(1))
    assert [0, 0, 0] == found + await _running(rig, [LOOK, LOOK])


async def test_a_clock_that_is_set_back_holds_up_nothing(rig: Rig) -> None:
    """Time is counted by what has passed, whatever the clock says."""
    await rig.put(row(1))
    rig.clock.advance(-86_400)
    assert 1 == (await _running(rig, [LOOK] * int(2 * BATCH.every / LOOK)))[-1]
    assert (0, 0, 0) == await rig.waits()


async def test_it_counts_how_long_the_oldest_has_waited(rig: Rig) -> None:
    """Of several processes none writes early for its own time is up, nor late for it has begun."""
    await rig.put(row(1))
    rig.clock.advance(BATCH.every - 3 * LOOK)
    other = await rig.spool.claim(1)
    await rig.put(row(2))
    early = await _running(rig, [LOOK, LOOK])
    await rig.spool.settle([(claim, Ack()) for claim in other])
    assert [0] * 11 + [1] == early + await _running(rig, [LOOK] * 10)


async def test_gauges_tell_what_waits(rig: Rig) -> None:
    """What the spool holds, and for how long, is told while nothing is written."""
    await rig.put(row(1), row(2))
    await _running(rig, [LOOK])
    assert 2 == rig.metrics.value("relay_usage_spool_envelopes", state="ready")
    assert LOOK == rig.metrics.value("relay_usage_oldest_seconds")
    assert len(row(1).body) * 2 == rig.metrics.value("relay_usage_spool_bytes")


# --- failures ---


class Failing:
    """A step that fails, once or until it is told to go well."""

    def __init__(self, what: str, times: int = 1_000_000) -> None:
        self.what = what
        self.times = times
        self.seen: list[str] = []

    async def __call__(self, step: str) -> None:
        self.seen.append(step)
        if self.times and step.startswith(self.what):
            self.times -= 1
            raise StoreError("the store cannot be reached")


PLACES = [
    f"{when} {what}"
    for when in ("before", "after")
    for what in ("create _pending", "put _pending", "list", "create events", "delete")
]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("times", [1, 2, 3, 5])
async def test_a_failure_anywhere_doubles_and_loses_nothing(place: str, times: int) -> None:
    """Whatever fails, before or after it was done, each record is in one object in the end."""
    rig = Rig()
    rig.store.step = failing = Failing(place, times)
    await rig.put(row(1), row(2), row(3, partition=OPT_OUTS))
    for _ in range(times + 1):
        await rig.flush()
    assert failing.times < times
    assert await rig.flush()
    assert all_records([1, 2, 3]) == await records(rig.store)
    assert ((0, 0, 0), []) == (await rig.waits(), await rig.notes())


async def test_a_lost_answer_is_made_up_for_by_the_same_bytes(rig: Rig) -> None:
    """What arrived though nobody said so is found by its name, and no second object is made."""
    rig.store.step = failing = Failing("after create events", 1)
    await rig.put(row(1))
    assert await rig.flush()
    tried = [one for one in failing.seen if one.startswith("before create events")]
    assert (2, 1) == (len(tried), len(set(tried)))
    assert all_records([1]) == await records(rig.store)


async def test_a_store_that_is_away_for_hours_loses_nothing(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    """Meanwhile everything waits unclaimed, it is told once, and a gauge says for how long."""
    rig.store.step = failing = Failing("before")
    await rig.put(row(1))
    with caplog.at_level(logging.INFO, logger="relay.usage"):
        await _running(rig, [LOOK] * 12 + [60.0] * 60)
        told = [one.message for one in caplog.records]
        assert (["usage_store_failed"], (1, 0, 0)) == (told, await rig.waits())
        assert 3_600 <= rig.metrics.value("relay_usage_unwritten_seconds") <= 3_660
        failing.times = 0
        await _running(rig, [LOOK] * 20)
        assert ["usage_store_failed", "usage_store_restored"] == [o.message for o in caplog.records]
    assert 0 == rig.metrics.value("relay_usage_unwritten_seconds")
    assert all_records([1]) == await records(rig.store)


async def test_a_store_that_is_away_is_asked_less_and_less(rig: Rig) -> None:
    """The pauses grow, up to about a minute."""
    rig.store.step = failing = Failing("before")
    await rig.put(row(1))
    await _running(rig, [1.0] * (60 + 600))
    assert 10 <= len(failing.seen) <= 25


async def test_a_store_without_conditional_writes_is_not_used(rig: Rig) -> None:
    """Where what is there can be created again, nothing is written: it could be lost."""
    rig.store.conditional = False
    await rig.put(row(1))
    assert not await rig.flush()
    assert ((1, 0, 0), []) == (await rig.waits(), await paths(rig.store, "events"))


class BrokenSpool(MemorySpool):
    """Fails at some calls."""

    broken: set[str] = set()  # noqa: RUF012
    times = 0

    def _may_fail(self, what: str) -> None:
        if what in self.broken and self.times:
            self.times -= 1
            raise SpoolUnavailableError("broken")

    async def claim(self, limit: int, skip: object = ()) -> Sequence[Claim]:
        self._may_fail("claim")
        return await super().claim(limit)

    async def settle(self, settlements: object) -> None:
        self._may_fail("settle")
        await super().settle(settlements)  # type: ignore[arg-type]

    async def check(self) -> None:
        self._may_fail("check")
        await super().check()


@pytest.mark.parametrize("what", ["claim", "settle", "check"])
@pytest.mark.parametrize("times", [1, 3])
async def test_a_spool_that_fails_doubles_and_loses_nothing(what: str, times: int) -> None:
    """What could not be claimed or settled is, when the spool is back."""
    spool = BrokenSpool(FakeClock())
    spool.broken, spool.times = {what}, times
    rig = Rig(spool=spool)
    await rig.put(row(1), row(2))
    for _ in range(times + 1):
        await rig.flush()
    assert all_records([1, 2]) == await records(rig.store)
    assert (0, 0, 0) == await rig.waits()


async def test_what_the_spool_did_not_take_back_is_given_back_later() -> None:
    """Where store and spool fail together nothing stays claimed for ever."""
    spool = BrokenSpool(FakeClock())
    rig = Rig(spool=spool)
    await rig.put(row(1))
    spool.broken, spool.times = {"settle"}, 1
    rig.store.step = Failing("before put _pending", 1)
    assert not await rig.flush()
    assert (0, 1, 0) == await rig.waits()
    assert await rig.flush()
    assert ((0, 0, 0), all_records([1])) == (await rig.waits(), await records(rig.store))


# --- stops ---


async def _steps() -> list[str]:
    """Everything that a flush does with the store, in order."""
    rig = Rig()
    rig.store.step = failing = Failing("none")
    await rig.put(row(1), row(2, partition=OPT_OUTS))
    await rig.flush()
    return failing.seen


class Stopping:
    """Holds the caller at a step of a number."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.count = 0
        self.reached = asyncio.Event()
        self.go_on = asyncio.Event()

    async def __call__(self, _step: str) -> None:
        self.count += 1
        if self.count == self.number:
            self.reached.set()
            await self.go_on.wait()


async def test_a_stop_anywhere_doubles_and_loses_nothing() -> None:
    """Cancelled at any step, what is held goes back, and the next sink writes each record once."""
    steps = await _steps()
    assert len(steps) > 10
    wrong: list[str] = []
    for number, step in enumerate(steps, 1):
        rig = Rig()
        await rig.put(row(1), row(2, partition=OPT_OUTS))
        rig.store.step = stopping = Stopping(number)
        task = asyncio.ensure_future(rig.sink.flush(1e9))
        await stopping.reached.wait()
        task.cancel()
        await asyncio.wait([task])
        claimed = (await rig.waits())[1]
        next_one = Rig(spool=rig.spool, store=FakeStore(rig.store.objects))
        well = await next_one.flush()
        if not well or claimed or all_records([1, 2]) != await records(rig.store):
            wrong.append(step)
    assert [] == wrong


async def test_a_flush_is_bounded_in_time(rig: Rig) -> None:
    """Where the store does not answer, a flush ends all the same, and everything waits again."""
    rig.store.step = Stopping(1)
    await rig.put(row(1))
    assert not await rig.sink.flush(0.05)
    assert (1, 0, 0) == await rig.waits()


# --- two processes that have the same rows ---


class TwoFacedSpool(MemorySpool):
    """What a spool of many servers is at its worst: it gives to one what another still has."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self.gone: set[int] = set()
        self.rows: list[Claim] = []

    async def fill(self, *rows: object) -> None:
        for one in rows:
            await self.put(one)  # type: ignore[arg-type]
        self.rows = list(await super().claim(99))

    def face(self) -> "Face":
        return Face(self)


class Face(MemorySpool):
    """One server's view: it gets every row once, settled or not, and again what it gives back."""

    def __init__(self, whole: TwoFacedSpool) -> None:
        super().__init__(whole._clock)
        self.whole = whole
        self.given: set[int] = set()

    async def claim(self, limit: int, skip: object = ()) -> Sequence[Claim]:
        fresh = [c for c in self.whole.rows if c.claim_id not in self.given | self.whole.gone]
        self.given |= {claim.claim_id for claim in fresh}
        return fresh

    async def settle(self, settlements: object) -> None:
        for claim, decision in settlements:  # type: ignore[attr-defined]
            if isinstance(decision, RetryAt):
                self.given.discard(claim.claim_id)
            else:
                self.whole.gone.add(claim.claim_id)


async def _raced(first: int, second: int, rows: Callable[[], list[object]]) -> list[bytes]:
    """One server stops at a step; another does all of its own, but for a stop where it may.

    Each goes on when the other is through. Then all is done that is left.
    """
    whole = TwoFacedSpool(FakeClock())
    await whole.fill(*rows())
    objects: dict[str, tuple[bytes, float]] = {}
    rigs = [
        Rig(spool=whole.face(), store=FakeStore(objects), linger=600, batch=UsageBatch(bytes=10**6))
        for _ in range(2)
    ]
    stops = [Stopping(first), Stopping(second)]
    tasks = []
    for rig, stop in zip(rigs, stops, strict=True):
        rig.store.step = stop
        tasks.append(asyncio.ensure_future(rig.flush()))
        reached = asyncio.ensure_future(stop.reached.wait())
        await asyncio.wait([tasks[-1], reached], return_when=asyncio.FIRST_COMPLETED)
        reached.cancel()
    for task, stop in zip(tasks, stops, strict=True):
        stop.go_on.set()
        await task
    for _ in range(3):
        for rig in rigs:
            await rig.flush()
    assert len(whole.rows) == len(whole.gone)
    return await records(rigs[0].store, "events") + await records(rigs[0].store, "opt_outs")


@pytest.mark.parametrize("stride", [7, pytest.param(1, marks=pytest.mark.long)])
async def test_of_two_who_have_the_same_rows_one_writes_them(stride: int) -> None:
    """However two servers come between each other, each record is in exactly one object."""
    steps = len(await _steps())
    wrong: list[tuple[int, int]] = []
    for first in range(1, steps + 3):
        for second in range(1 + first % stride, steps + 3, stride):
            found = await _raced(first, second, lambda: [row(1), row(2), row(3, 2, OPT_OUTS)])
            if all_records([1, 2, 3]) != sorted(found):
                wrong.append((first, second))
    assert [] == wrong


async def test_a_server_that_was_away_too_long_writes_nothing(rig: Rig) -> None:
    """Who has noted rows so late that another's note may be gone gives them back unwritten."""
    rig = Rig(linger=600)

    async def sleep(step: str) -> None:
        if step.startswith("before put _pending"):
            rig.time += 301

    rig.store.step = sleep
    await rig.put(row(1))
    await rig.flush()
    assert [] == await paths(rig.store, "events")
    rig.store.step = Failing("none")
    rig.clock.advance(10)
    await rig.flush()
    assert all_records([1]) == await records(rig.store)


async def test_notes_stay_where_rows_may_come_again() -> None:
    """With a spool of several servers a note outlives its round, and goes after its time."""
    rig = Rig(linger=600)
    await rig.put(row(1))
    await rig.flush()
    first = await rig.notes()
    rig.time = 599
    await rig.flush()
    second = await rig.notes()
    rig.time = 601
    await rig.flush()
    assert (1, first, []) == (len(first), second, await rig.notes())


async def test_rows_that_come_again_are_not_written_again() -> None:
    """Where a spool forgot that rows were settled, their note says that they are written."""
    whole = TwoFacedSpool(FakeClock())
    await whole.fill(row(1), row(2))
    rig = Rig(spool=(face := whole.face()), linger=600)
    await rig.flush()
    whole.gone.clear()
    face.given.clear()
    await rig.flush()
    assert all_records([1, 2]) == await records(rig.store)
    assert 2 == len(whole.gone)


# --- notes ---


async def test_a_dead_process_note_whose_object_is_there_is_believed(rig: Rig) -> None:
    """Rows that a dead process has written, and not settled, are settled and not written."""
    await rig.put(row(1), row(2))
    rig.store.step = stopping = Stopping(2 * (await _position("create events")))
    task = asyncio.ensure_future(rig.sink.flush(1e9))
    await stopping.reached.wait()
    before = dict(rig.store.objects)
    task.cancel()
    await asyncio.wait([task])
    rig.store.objects.clear()
    rig.store.objects.update(before)
    other = Rig(spool=rig.spool, store=FakeStore(rig.store.objects))
    await other.flush()
    assert all_records([1, 2]) == await records(other.store)
    assert [] == await other.notes()


async def _position(what: str) -> int:
    befores = [step for step in await _steps() if step.startswith("before")]
    (place,) = [n for n, step in enumerate(befores) if step.startswith(f"before {what}")]
    return place + 1


async def test_half_an_object_is_fenced_and_written_anew(rig: Rig) -> None:
    """An object of another size than was noted counts as not written, and holds nothing after."""
    rig.store.step = failing = Failing("after create events", 3)
    await rig.put(row(1))
    assert not await rig.flush()
    assert 0 == failing.times
    (path,) = await paths(rig.store, "events")
    rig.store.objects[path] = (rig.store.objects[path][0][:-3], rig.store.now)
    await rig.flush()
    assert FENCE == rig.store.objects[path][0]
    assert all_records([1]) == await records(rig.store)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b'{"max_age":9,"objects":{}}',
        b'{"max_age":9,"objects":[1]}',
        b'{"max_age":"9","objects":[]}',
        b'{"max_age":1' + b"0" * 400 + b',"objects":[]}',
        b'{"max_age":-1e308,"objects":[]}',
        b'{"max_age":9,"objects":[],"version":2}',
        b'{"max_age":9,"objects":[{"path":"sets/x","size":99,"rows":[]}]}',
        b'{"max_age":9,"objects":[{"path":"../x","size":99,"rows":[]}]}',
    ],
)
async def test_a_note_that_cannot_be_read_stops_nothing(
    rig: Rig, data: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """It is told once and left alone; it may be of another version."""
    await rig.store.put("_pending/0123456789abcdef0123456789abcdef.json", data)
    for number in range(2):
        await rig.put(row(number))
        assert await rig.flush()
    assert all_records([0, 1]) == await records(rig.store)
    assert ["_pending/0123456789abcdef0123456789abcdef.json"] == await rig.notes()
    assert ["usage_note_unreadable"] == [one.message for one in caplog.records]


async def test_notes_that_are_too_old_go(rig: Rig) -> None:
    """A note goes when its rows can wait in no spool any more, by the time of the store."""
    await rig.store.put("_pending/0123456789abcdef0123456789abcdef.json", b"{")
    for age, expected in (
        (7 * 86_400, ["_pending/0123456789abcdef0123456789abcdef.json"]),
        (3_700, []),
    ):
        rig.store.now += age
        await rig.put(row(age))
        await rig.flush()
        assert expected == await rig.notes()


async def test_notes_hold_no_id_of_a_row(rig: Rig) -> None:
    """What an opt-out is known by in the spool does not stand in its note."""
    rig.store.step = Failing("before create opt_outs")
    await rig.put(row(1, 1, OPT_OUTS))
    await rig.flush()
    (path,) = await rig.notes()
    data = rig.store.objects[path][0]
    assert b"opt_outs/app=suite" in data
    assert row(1).envelope_id.encode() not in data


async def test_a_mistake_of_ours_stops_nothing_else(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    """It is told by its kind, never by its text, and tried again; the process goes on."""

    async def fail(step: str) -> None:
        if step.startswith("before list"):
            raise OverflowError("planted")

    await rig.put(row(0))
    rig.store.step = fail
    assert not await rig.flush()
    assert (1, 0, 0) == await rig.waits()
    assert ["a mistake: OverflowError"] == [one.error for one in caplog.records]  # type: ignore[attr-defined]
    assert "planted" not in caplog.text
    rig.store.step = FakeStore().step
    assert await rig.flush()
    assert all_records([0]) == await records(rig.store)
