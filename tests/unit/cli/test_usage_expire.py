"""`relay usage expire`."""

import asyncio
import json
import os
import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from relay.clock import SystemClock
from relay.spool import SqliteSpool
from relay.usage.folder import FolderStore
from relay.usage.model import Partition, Record
from relay.usage.objects import path_of
from tests.fakes import FakeClock, envelope
from tests.unit.cli.command import Command
from tests.usage_store import paths

TODAY = datetime.fromtimestamp(SystemClock().now(), UTC).date()


def event(day: date) -> str:
    return path_of(Partition(Record.EVENTS, "suite", "web", str(day), 14), "0" * 32)


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


class Expire(Command):
    """Runs `relay usage expire` in a folder that has a store, and both spools."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        super().__init__(folder, capsys, "usage", "expire")
        self.folder = folder
        self.store = FolderStore(folder / "usage")
        (folder / "relay.yaml").write_text(
            f"spool: {{path: '{folder}/spool.db'}}\n"
            f"admin: {{audit: '{folder}/audit.log'}}\n"
            f"usage: {{store: {{url: 'file:{folder}/usage'}},"
            f" spool: {{path: '{folder}/usage.db'}}}}\n"
        )

    def noted(self) -> list[tuple[str, str, int | None]]:
        """Return what the audit log says."""
        file = self.folder / "audit.log"
        lines = file.read_text().splitlines() if file.exists() else []
        told = map(json.loads, lines)
        return [(one["action"], one["outcome"], one.get("count")) for one in told]

    def fill(self, *days: int) -> None:
        """Write an object of each of some days ago."""

        async def write() -> None:
            for one in days:
                await self.store.put(event(ago(one)), b"four")

        asyncio.run(write())

    def fill_spool(self, name: str, seconds: float) -> Path:
        """Put an envelope into a spool, so long ago."""
        path = self.folder / name

        async def put() -> None:
            spool = await SqliteSpool.open(path, FakeClock(SystemClock().now() - seconds))
            await spool.put(envelope(payload=b"gemsbok" * 100))
            await spool.close()

        asyncio.run(put())
        return path

    def paths(self) -> list[str]:
        """Return what the store holds."""
        return asyncio.run(paths(self.store))


@pytest.fixture
def expire(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Expire:
    return Expire(tmp_path, capsys)


def test_it_deletes_and_tells(expire: Expire) -> None:
    """A table of the sets, and a line for each spool."""
    expire.fill(0, 89, 90, 100)
    expire.fill_spool("usage.db", 8 * 86_400)
    status, out, err = expire()
    assert (0, "") == (status, err)
    assert [event(ago(89)), event(TODAY)] == expire.paths()
    (line,) = [line.split() for line in out.splitlines() if line.startswith("events")]
    gone, left = [str(ago(100)), "to", str(ago(90))], [str(ago(89)), "to", str(TODAY)]
    assert ["events", str(ago(89)), "2", "8", *gone, "2", *left, "0"] == line
    assert "spool of usage events: 1 that waited, 0 dead letters, 0 damaged files" in out
    assert "spool of envelopes" not in out
    assert [("usage_expire", "begun", None), ("usage_expire", "done", 3)] == expire.noted()


def test_scripts_get_all_of_it(expire: Expire) -> None:
    """Each set, each spool that is there, and no mistakes."""
    expire.fill(90)
    expire.fill_spool("spool.db", 2 * 86_400)
    told = expire.json()
    assert {"today", "dry_run", "sets", "strangers", "error", "spools"} == told.keys()
    assert {"objects": 1, "bytes": 4, "oldest": str(ago(90)), "newest": str(ago(90))} == (
        told["sets"]["events"]["gone"]
    )
    (spool,) = told["spools"]
    size = spool.pop("bytes")
    assert size > 700
    assert {"name": "spool", "waiting": 1, "dead": 0, "damaged": 0, "error": None} == spool


def test_nothing_of_it_is_left_on_the_disk(expire: Expire) -> None:
    """Neither spool's file or log holds a byte of what went."""
    names = ("spool.db", "usage.db")
    for name in names:
        path = expire.fill_spool(name, 40 * 86_400)
        assert b"gemsbok" in path.read_bytes()
    damaged = expire.folder / "usage.db.damaged-1"
    damaged.write_bytes(b"gemsbok")
    old = SystemClock().now() - 40 * 86_400
    os.utime(damaged, (old, old))
    assert 0 == expire()[0]
    left = [
        one for one in expire.folder.iterdir() if one.is_file() and b"gemsbok" in one.read_bytes()
    ]
    assert [] == left
    assert not damaged.exists()


def test_a_spool_keeps_what_is_young(expire: Expire) -> None:
    """Each goes by the times that are configured for it."""
    for name in ("spool.db", "usage.db"):
        expire.fill_spool(name, 2 * 86_400)
    told = {one["name"]: one["waiting"] for one in expire.json()["spools"]}
    assert {"usage": 0, "spool": 1} == told


def test_a_dry_run_deletes_and_notes_nothing(expire: Expire) -> None:
    """It tells what would go, also on a day to come."""
    expire.fill(0, 90)
    expire.fill_spool("usage.db", 0)
    status, out, _ = expire("--dry-run")
    assert (0, True) == (status, "would go" in out)
    then = expire.json("--dry-run", "--today", str(TODAY + timedelta(days=90)))
    assert (2, 1) == (then["sets"]["events"]["gone"]["objects"], then["spools"][0]["waiting"])
    assert ([event(ago(90)), event(TODAY)], []) == (expire.paths(), expire.noted())


def test_a_day_to_come_is_not_counted_from(expire: Expire) -> None:
    """A slip of the pen must not delete what is kept."""
    expire.fill(0)
    status, _, err = expire("--today", str(TODAY + timedelta(days=90)))
    assert (2, True) == (status, "to come" in err)
    assert ([event(TODAY)], []) == (expire.paths(), expire.noted())


def test_a_day_that_is_over_keeps_more(expire: Expire) -> None:
    """What was kept then stays."""
    expire.fill(90, 100)
    assert 1 == expire.json("--today", str(ago(1)))["sets"]["events"]["gone"]["objects"]
    assert [event(ago(90))] == expire.paths()


@pytest.mark.parametrize(
    "text", ["yesterday", "20261122", "2026-02-30", "9999-12-31", "2026-W48-1"]
)
def test_what_is_no_day_is_wrong_use(expire: Expire, text: str) -> None:
    """It is said, and nothing is done."""
    assert 2 == expire("--today", text)[0]


def test_strangers_are_told(expire: Expire) -> None:
    """What is not ours stays, and is counted."""
    asyncio.run(expire.store.put("notes.txt", b"mine"))
    assert "not ours, left alone: 1" in expire()[1]
    assert ["notes.txt"] == expire.paths()


def test_what_fails_is_told(expire: Expire) -> None:
    """A spool that cannot be opened keeps the store from nothing; the status is 1."""
    expire.fill(90)
    (expire.folder / "usage.db").write_bytes(b"no database at all" * 100)
    status, _, err = expire()
    assert (1, True) == (status, "spool of usage events" in err)
    assert [] == expire.paths()
    assert [("usage_expire", "begun", None), ("usage_expire", "failed", 1)] == expire.noted()


def test_what_cannot_be_noted_is_not_done(expire: Expire) -> None:
    """Without an audit log nothing is deleted."""
    (expire.folder / "audit.log").mkdir()
    expire.fill(90)
    assert 1 == expire()[0]
    assert [event(ago(90))] == expire.paths()


def test_a_relay_may_have_the_spool_open(expire: Expire) -> None:
    """Its rows go all the same, and it goes on."""
    path = expire.folder / "usage.db"

    async def beside() -> int:
        spool = await SqliteSpool.open(path, FakeClock(SystemClock().now() - 8 * 86_400))
        await spool.put(envelope(1))
        status = (await asyncio.to_thread(expire))[0]
        assert 0 == (await spool.status()).ready
        await spool.put(envelope(2))
        await spool.close()
        return status

    assert 0 == asyncio.run(beside())
    with closing(sqlite3.connect(path)) as db:
        assert [(1,)] == db.execute("SELECT count(*) FROM envelopes").fetchall()


def test_a_spool_in_memory_is_its_own_relays(expire: Expire) -> None:
    """There is nothing to open, and that is no mistake."""
    file = expire.folder / "relay.yaml"
    file.write_text(file.read_text().replace("spool: {", "spool: {backend: memory, ", 1))
    expire.fill_spool("spool.db", 2 * 86_400)
    assert [] == expire.json()["spools"]
