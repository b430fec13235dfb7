"""A fake clock over 100 days: on day 91 day 1 is gone everywhere, and nothing younger.

Everywhere is: events, opt-outs, sets and notes in the store; both spools, with rows that wait, dead
letters, their logs, and files that were set aside. Every byte of it is looked at: each day has a
word of its own, and the days of the words that are found are the days that are kept.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from relay import jsonio
from relay.config import UsageKeep, UsageStore
from relay.delivery import Bury
from relay.metrics import Metrics
from relay.outcomes import Reason
from relay.spool import Bounds, SqliteSpool
from relay.usage.daily import AFTER, Daily
from relay.usage.model import Partition, Record
from relay.usage.objects import decode, encode, path_of
from relay.usage.pending import PROBE
from relay.usage.retention import DAY
from relay.usage.store import Store, open_store
from tests.fakes import FakeClock, envelope
from tests.s3 import Server
from tests.usage_store import paths, settings_of

FIRST = date(2026, 1, 1)
START = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
DAYS = 100
KEEP = 90
AGE = (KEEP - 1) * DAY
"""What `usage.keep` leaves of the ages of a spool: see `relay.config.usage_section`."""

BOUNDS = Bounds(max_age=AGE, max_dead_age=AGE)
PLACES = ("events", "opt_outs", "sets", "notes", "waiting", "dead", "envelopes", "damaged")


def word(place: str, number: int) -> bytes:
    """Return what stands in a place for a day, and nowhere else."""
    return b"<%s of day %d>" % (place.encode(), number)


def day(number: int) -> date:
    return FIRST + timedelta(days=number - 1)


@dataclass
class Days:
    """A relay's data, day by day: a store, both spools, and the task, with one clock."""

    store: Store
    folder: Path
    clock: FakeClock = field(default_factory=lambda: FakeClock(START))
    spools: dict[str, SqliteSpool] = field(default_factory=dict)

    async def open(self) -> None:
        for name in ("usage", "spool"):
            path = self.folder / name / "spool.db"
            self.spools[name] = await SqliteSpool.open(path, self.clock, BOUNDS)
        await self.store.create(PROBE, b"probe")

    async def write(self, number: int) -> None:
        """Write one thing of each kind, in the last minute of a day."""
        text, name = str(day(number)), f"{number:032x}"
        event = path_of(Partition(Record.EVENTS, "suite", "web", text, 23), name)
        opt_out = path_of(Partition(Record.OPT_OUTS, "suite", "", text, None), name)
        part = f"sets/dt={text}/some-event/part-0000-{number:012x}.parquet"
        rows = [word("notes", number).decode()]
        note = {"max_age": 9, "objects": [{"path": event, "size": 500, "rows": rows}]}
        async with asyncio.TaskGroup() as group:
            for path, data in {
                event: encode([word("events", number) + b"\n"]),
                opt_out: encode([word("opt_outs", number) + b"\n"]),
                part: word("sets", number),
                f"_pending/{name}.json": jsonio.dumps(note),
            }.items():
                group.create_task(self.store.put(path, data))
        usage, spool = self.spools["usage"], self.spools["spool"]
        await usage.put(envelope(number, project="dead", payload=word("dead", number)))
        lane = (envelope(project="waiting").project, envelope().key)
        (claim,) = await usage.claim(DAYS, {lane})
        await usage.settle([(claim, Bury(Reason.INVALID))])
        await usage.put(envelope(number, project="waiting", payload=word("waiting", number)))
        await spool.put(envelope(number, payload=word("envelopes", number)))
        damaged = self.folder / "usage" / f"spool.db.damaged-{number}"
        damaged.write_bytes(word("damaged", number))
        os.utime(damaged, (self.clock.now(), self.clock.now()))

    async def expire(self) -> None:
        """Run the task."""
        daily = Daily(
            "usage",
            clock=self.clock,
            metrics=Metrics(),
            random=lambda: 0.5,
            spools=self.spools,
            store=(self.store, UsageKeep(*[KEEP * DAY] * 3)),
        )
        assert await daily.once()

    async def found(self) -> dict[str, list[int]]:
        """Return the days of which each place still has a word."""
        everything = [one.read_bytes() for one in self.folder.rglob("*") if one.is_file()]
        for path in await paths(self.store):
            data = await self.store.get(path)
            assert data is not None
            everything += [decode(data) if path.endswith(".zst") else data, path.encode()]
        whole = b"\0".join(everything)
        return {
            place: [number for number in range(1, DAYS + 1) if word(place, number) in whole]
            for place in PLACES
        }

    async def close(self) -> None:
        for spool in self.spools.values():
            await spool.close()


@pytest.fixture
async def days(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Days]:
    if request.param == "folder":
        settings = UsageStore(url=f"file:{tmp_path / 'usage'}")
    else:
        server: Server = request.getfixturevalue(request.param)
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        settings = settings_of(server, server.bucket())
    made = Days(open_store(settings), tmp_path / "spools")
    await made.open()
    yield made
    await made.close()


EVERY = range(1, DAYS + 1)
SOME = (1, 2, 3, 50, *range(88, 94), DAYS)
"""Enough for a server that takes its time: those around the ends of what is kept."""


@pytest.mark.parametrize(
    ("days", "written"),
    [
        pytest.param("folder", EVERY, marks=pytest.mark.long, id="folder"),
        pytest.param("s3", SOME, id="s3"),
        pytest.param("azure", SOME, marks=pytest.mark.long, id="azure"),
        pytest.param("google", SOME, marks=pytest.mark.long, id="google"),
    ],
    indirect=["days"],
)
async def test_on_day_91_day_1_is_gone_everywhere_and_nothing_younger(
    days: Days, written: Sequence[int]
) -> None:
    """After midnight of each day the 90 days until it are there, whole, in every place, no other.

    What is written in the last minute of a day has the least age when its time has come.
    """
    for number in range(1, DAYS + 1):
        days.clock.advance(START + (number - 1) * DAY + AFTER - days.clock.now())
        if number == 1 or number > DAYS - 15:  # before, nothing is old enough
            await days.expire()
        if number in (90, 91, 92, DAYS):
            kept = [one for one in written if number - KEEP < one < number]
            assert dict.fromkeys(PLACES, kept) == await days.found(), number
        days.clock.advance(DAY - AFTER - 60)
        if number in written:
            await days.write(number)
