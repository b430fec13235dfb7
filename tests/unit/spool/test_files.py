"""Files that are damaged, and disks that cannot be written."""

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from relay.delivery import Ack, Bury, RetryAt
from relay.errors import SpoolDamagedError, SpoolUnavailableError
from relay.outcomes import Reason
from relay.ports import Expired
from relay.spool import Bounds, SqliteSpool, prepare_spool
from relay.spool.rows import SWEEP
from tests.fakes import FakeClock, envelope

ROOT = Path(__file__).parents[3]
PAGE = 4_096
LINES = 40


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spool" / "spool.db"


async def filled(path: Path, clock: FakeClock) -> SqliteSpool:
    """Open a spool that holds some."""
    spool = await SqliteSpool.open(path, clock)
    for number in range(LINES):
        await spool.put(envelope(number, payload=b"x" * 3_000))
    return spool


# --- damage that is there at start ---


def emptied(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.truncate(100)


def header_gone(file: Path) -> None:
    file.write_bytes(b"\xa5" * 100 + file.read_bytes()[100:])


def middle_gone(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[PAGE : PAGE * 12] = b"\xa5" * (PAGE * 11)
    file.write_bytes(data)


@pytest.mark.parametrize("damage", [emptied, header_gone, middle_gone])
async def test_a_damaged_file_is_set_aside_before_workers_start(
    path: Path, clock: FakeClock, damage: Callable[[Path], None]
) -> None:
    """The file is renamed, kept as it is, and its new place is told; the new one is whole."""
    await (await filled(path, clock)).close()
    damage(path)
    found = path.read_bytes()
    aside = prepare_spool(path)
    assert path.with_name("spool.db.damaged-1") == aside
    assert found == aside.read_bytes()
    assert prepare_spool(path) is None
    spool = await SqliteSpool.open(path, clock, slot=3, checked=True)
    assert spool.damaged is None
    await spool.put(envelope(1))
    assert 1 == (await spool.status()).ready
    await spool.close()


def index_stale(file: Path) -> None:
    """Take an index out of the schema, change what it is for, and put it back as it was."""
    db = sqlite3.connect(file)
    db.execute("PRAGMA writable_schema = ON")
    name = "due_by_age"
    row = db.execute("SELECT * FROM sqlite_schema WHERE name = ?", (name,)).fetchone()
    db.execute("DELETE FROM sqlite_schema WHERE name = ?", (name,))
    db.commit()
    db.close()
    db = sqlite3.connect(file)
    db.execute("PRAGMA writable_schema = ON")
    db.execute("UPDATE envelopes SET stored_at = stored_at + 1")
    db.execute("INSERT INTO sqlite_schema VALUES (?, ?, ?, ?, ?)", row)
    db.commit()
    db.close()


@pytest.mark.parametrize("content", [b"\x55" * 8192, None])
async def test_who_opens_a_checked_file_says_that_it_is_broken(
    path: Path, clock: FakeClock, content: bytes | None
) -> None:
    """It was well when it was checked: whoever started this process is to set it aside."""
    prepare_spool(path)
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    with pytest.raises(SpoolDamagedError):
        await SqliteSpool.open(path, clock, slot=1, checked=True)


async def test_an_index_that_is_wrong_is_made_anew(path: Path, clock: FakeClock) -> None:
    """What it leaves out would never be found; the rows themselves are whole, and none is lost."""
    await (await filled(path, clock)).close()
    index_stale(path)
    with closing(sqlite3.connect(path)) as db:
        assert ("ok",) == db.execute("PRAGMA quick_check").fetchone()
        assert ("ok",) != db.execute("PRAGMA integrity_check").fetchone()
    assert prepare_spool(path) is None
    with closing(sqlite3.connect(path)) as db:
        assert ("ok",) == db.execute("PRAGMA integrity_check").fetchone()
    spool = await SqliteSpool.open(path, clock, checked=True)
    assert LINES == len(await spool.claim(LINES + 1))
    await spool.close()


async def test_garbage_for_a_log_is_set_aside(path: Path, clock: FakeClock, tmp_path: Path) -> None:
    """A log that is none is kept and told, not taken for an empty one; what the file has stays."""
    await (await filled(path, clock)).close()
    log = path.with_name("spool.db-wal")
    log.write_bytes(b"\xa5" * 100_000)
    spool = await SqliteSpool.open(path, clock)
    assert path.with_name("spool.db.damaged-1-wal") == spool.damaged
    assert b"\xa5" * 100_000 == spool.damaged.read_bytes()
    assert LINES == (await spool.status()).ready
    await spool.close()


@pytest.mark.parametrize("log", [b"", b"\0" * 5_000, b"\x37\x7f"])
async def test_a_log_that_holds_nothing_is_no_damage(
    path: Path, clock: FakeClock, log: bytes
) -> None:
    """What a crash leaves of a log before anything was committed to it is nothing to report."""
    await (await filled(path, clock)).close()
    path.with_name("spool.db-wal").write_bytes(log)
    spool = await SqliteSpool.open(path, clock)
    assert (None, LINES) == (spool.damaged, (await spool.status()).ready)
    await spool.close()


def test_a_folder_instead_of_the_file(path: Path) -> None:
    """A folder of that name is refused and left alone."""
    path.mkdir(parents=True)
    (path / "theirs").touch()
    with pytest.raises(SpoolUnavailableError, match=r"cannot be opened \([A-Z_]+\)$"):
        prepare_spool(path)
    assert (path / "theirs").exists()


async def test_what_is_open_is_not_looked_through(path: Path, clock: FakeClock) -> None:
    """While a process has it open, nobody prepares it; another slot opens it as it is."""
    spool = await SqliteSpool.open(path, clock, slot=1)
    with pytest.raises(SpoolUnavailableError, match="open in another process"):
        prepare_spool(path)
    await spool.put(envelope())
    await spool.claim(1)
    other = await SqliteSpool.open(path, clock, slot=2)
    assert (0, 1) == ((await other.status()).ready, (await other.status()).claimed)
    await other.close()
    await spool.close()


async def test_companions_of_the_first_version_stay_narrow(path: Path, clock: FakeClock) -> None:
    """File, log, memory and every lock have mode 0600, also those of further slots."""
    spool = await SqliteSpool.open(path, clock)
    other = await SqliteSpool.open(path, clock, slot=7)
    await other.put(envelope())
    assert "spool.db.lock-7" in {file.name for file in path.parent.iterdir()}
    assert {0o600} == {file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
    await other.close()
    await spool.close()


async def test_what_was_deleted_is_not_in_the_file(
    path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Room that becomes free is overwritten, however the SQLite of this machine was built."""
    real = sqlite3.connect

    def careless(*arguments: Any, **more: Any) -> sqlite3.Connection:
        db = real(*arguments, **more)
        db.execute("PRAGMA secure_delete = OFF").close()
        return db

    monkeypatch.setattr(sqlite3, "connect", careless)
    spool = await SqliteSpool.open(path, clock)
    for number in range(LINES):
        await spool.put(envelope(number, payload=b"gemsbok" * 400))
    await spool.close()
    assert b"gemsbok" in path.read_bytes()
    spool = await SqliteSpool.open(path, clock)
    claims = await spool.claim(LINES)
    await spool.settle([(claim, Ack()) for claim in claims])
    await spool.close()
    assert (LINES, False) == (len(claims), b"gemsbok" in path.read_bytes())


# --- damage that shows while running ---


async def test_a_file_that_is_removed_is_not_written_for_ever(
    path: Path, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    """What went into it would be lost at the end: a check tells it, once in the log."""
    spool = await filled(path, clock)
    await spool.check()
    path.rename(path.with_name("elsewhere.db"))
    for _ in range(2):
        with pytest.raises(SpoolUnavailableError, match="removed"):
            await spool.check()
    assert spool.broken.is_set()
    assert ["spool_removed"] == [record.message for record in caplog.records]
    await spool.close()


async def test_a_check_sees_damage_that_memory_hides(path: Path, clock: FakeClock) -> None:
    """File and log are written over: what SQLite holds of them in memory would hide it for long."""
    spool = await filled(path, clock)
    await spool.check()
    await spool.put(envelope(98))
    for file in (path, path.with_name("spool.db-wal")):
        with file.open("r+b") as written:
            written.write(b"\x55" * file.stat().st_size)
    assert await spool.put(envelope(99))
    with pytest.raises(SpoolUnavailableError, match="damaged"):
        await spool.check()
    async with asyncio.timeout(10):
        await spool.broken.wait()
    await spool.close()
    spool = await SqliteSpool.open(path, clock)
    assert path.with_name("spool.db.damaged-1") == spool.damaged
    await spool.close()


async def test_damage_while_running_ends_all_service(
    path: Path, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    """Then everything fails, it is said once, and is an event; the next start sets it aside."""
    spool = await filled(path, clock)
    await spool.close()
    spool = await SqliteSpool.open(path, clock)
    middle_gone(path)
    for _ in range(2):
        with pytest.raises(SpoolUnavailableError):
            await spool.claim(LINES)
    async with asyncio.timeout(10):
        await spool.broken.wait()
    for call in (
        spool.put(envelope(99)),
        spool.claim(1),
        spool.settle([]),
        spool.wait(1),
        spool.status(),
        spool.check(),
        spool.share_limits([]),
        spool.dead.list(1),
        spool.dead.retry(),
    ):
        with pytest.raises(SpoolUnavailableError, match="damaged"):
            await call
    said = [record.message for record in caplog.records]
    assert ["spool_damaged"] == said
    await spool.close()
    spool = await SqliteSpool.open(path, clock)
    assert spool.damaged is not None
    await spool.put(envelope(99))
    await spool.close()


# --- disks that cannot be written ---

ON_A_DISK = """
import asyncio, subprocess, sys
from pathlib import Path
from relay.clock import SystemClock
from relay.delivery import Ack
from relay.errors import SpoolUnavailableError
from relay.spool import SqliteSpool
from tests.fakes import envelope

disk = Path(sys.argv[1])

async def fails(call):
    try:
        await call
    except SpoolUnavailableError:
        return True
    return False
"""
"""How each script begins that has a disk of its own."""

FULL_DISK = """
async def main():
    spool = await SqliteSpool.open(disk / "spool.db", SystemClock())
    stored = []
    (disk / "ballast").write_bytes(b"x" * 300_000)
    for number in range(500):
        if await fails(spool.put(envelope(number, payload=b"x" * 20_000))):
            break
        stored.append(number)
    assert 5 < len(stored) < 200, stored
    while not await fails(spool.put(envelope(1_000 + number, payload=b"x" * 2_000))):
        stored.append(1_000 + number)
        number += 1
    assert await fails(spool.check()), "a full disk passes the check"
    (disk / "ballast").unlink()
    await spool.check()
    assert await spool.put(envelope(number, payload=b"x" * 20_000))
    stored.append(number)
    found = []
    while claims := await spool.claim(8):
        found += [int(claim.envelope.envelope_id, 16) for claim in claims]
    assert sorted(found) == sorted(stored), (found, stored)
    await spool.close()
    print("well")

asyncio.run(main())
"""


def in_namespace(script: str, disk: Path, options: str) -> "subprocess.CompletedProcess[str]":
    """Run a script behind `ON_A_DISK`, a disk in memory; skip the test where it cannot be had."""
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("needs unshare")
    mount = f'mount -t tmpfs -o {options} none "$0"'
    probe = [unshare, "-rm", "sh", "-c", mount, str(disk)]
    if subprocess.run(probe, capture_output=True, check=False).returncode:
        pytest.skip("cannot mount here")
    return subprocess.run(
        [
            unshare,
            "-rm",
            "sh",
            "-c",
            f'{mount} && exec "$1" -c "$2" "$0"',
            str(disk),
            sys.executable,
            ON_A_DISK + script,
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )


def test_a_full_disk(tmp_path: Path) -> None:
    """On a disk that is really full puts and checks fail; with room again, all goes on."""
    done = in_namespace(FULL_DISK, tmp_path, "size=2m")
    assert (0, "well\n") == (done.returncode, done.stdout), done.stderr


ROOM_INSIDE = """
async def round_trips(spool, first, count):
    for number in range(first, first + count):
        await spool.put(envelope(number, payload=b"x" * 20_000))
        (claim,) = await spool.claim(1)
        assert number == int(claim.envelope.envelope_id, 16)
        await spool.settle([(claim, Ack())])

async def main():
    spool = await SqliteSpool.open(disk / "spool.db", SystemClock())
    await round_trips(spool, 0, 5)
    await spool.close()
    spool = await SqliteSpool.open(disk / "spool.db", SystemClock())
    await round_trips(spool, 100, 2)
    try:
        with (disk / "ballast").open("wb", buffering=0) as file:
            while True:
                file.write(b"x" * 4_096)
    except OSError:
        pass
    await round_trips(spool, 200, 50)
    await spool.close()
    print("well")

asyncio.run(main())
"""


def test_a_disk_that_others_have_filled(tmp_path: Path) -> None:
    """Where others have filled the disk, the room that the spool has already goes on to be used."""
    done = in_namespace(ROOM_INSIDE, tmp_path, "size=2m")
    assert (0, "well\n") == (done.returncode, done.stdout), done.stderr


READ_ONLY = """
async def main():
    spool = await SqliteSpool.open(disk / "spool.db", SystemClock())
    await spool.put(envelope(1))
    await spool.close()
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    assert await fails(SqliteSpool.open(disk / "spool.db", SystemClock()))
    subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
    spool = await SqliteSpool.open(disk / "spool.db", SystemClock())
    (claim,) = await spool.claim(1)
    assert envelope(1) == claim.envelope
    await spool.close()
    print("well")

asyncio.run(main())
"""


def test_a_read_only_disk(tmp_path: Path) -> None:
    """On a disk that is read-only a spool does not open, and what it holds is there afterwards."""
    done = in_namespace(READ_ONLY, tmp_path, "size=4m")
    assert (0, "well\n") == (done.returncode, done.stdout), done.stderr


LIMITED = """
import asyncio, resource, signal, sys
from pathlib import Path
from relay.clock import SystemClock
from relay.errors import SpoolUnavailableError
from relay.spool import SqliteSpool
from tests.fakes import envelope

async def main():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    spool = await SqliteSpool.open(Path(sys.argv[1]), SystemClock())
    await spool.put(envelope(1))
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
    try:
        await spool.put(envelope(2, payload=b"x" * 500_000))
    except SpoolUnavailableError:
        print("refused")
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    await spool.check()
    assert await spool.put(envelope(2, payload=b"x" * 500_000))
    assert [1, 2] == [int(c.envelope.envelope_id, 16) for c in await spool.claim(9)]
    await spool.close()

asyncio.run(main())
"""


def test_files_that_may_not_grow(path: Path) -> None:
    """Where a limit keeps files from growing, a put fails; nothing is lost, all goes on later."""
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert (0, "refused\n") == (done.returncode, done.stdout), done.stderr


# --- what is old ---


def bytes_there(path: Path) -> bytes:
    """Return all that lies in the folder of a spool."""
    return b"".join(one.read_bytes() for one in sorted(path.parent.iterdir()))


async def test_what_has_expired_is_on_no_disk(path: Path, clock: FakeClock) -> None:
    """While the spool stays open and idle, neither file nor log holds what was too old."""
    spool = await SqliteSpool.open(path, clock, Bounds(max_age=100, max_dead_age=100))
    for number in range(LINES):
        await spool.put(envelope(number, payload=b"gemsbok" * 400))
    claims = await spool.claim(10)
    await spool.settle([(claim, Bury(Reason.UNROUTABLE)) for claim in claims[:5]])
    await spool.settle([(claim, RetryAt(clock.now() + 1_000)) for claim in claims[5:]])
    clock.advance(99)
    await spool.put(envelope(LINES, payload=b"springbok" * 400))
    clock.advance(1)
    assert b"gemsbok" in bytes_there(path)
    gone = await spool.expire()
    assert (LINES - 5, 5) == (gone.waiting, gone.dead)
    assert b"springbok" in bytes_there(path)
    assert b"gemsbok" not in bytes_there(path)
    await spool.close()


async def test_what_was_delivered_is_in_no_log_either(path: Path, clock: FakeClock) -> None:
    """An expiry folds the log though nothing is too old: what was settled stood in it."""
    spool = await SqliteSpool.open(path, clock)
    await spool.put(envelope(payload=b"gemsbok" * 400))
    await spool.settle([(claim, Ack()) for claim in await spool.claim(9)])
    assert b"gemsbok" in bytes_there(path)
    assert Expired() == await spool.expire()
    assert b"gemsbok" not in bytes_there(path)
    await spool.close()


async def test_no_more_is_known_of_what_was_seen(path: Path, clock: FakeClock) -> None:
    """Fingerprints of what was put go with an expiry, once repeats are not looked for."""
    spool = await SqliteSpool.open(path, clock, Bounds(repeat_window=10))
    await spool.put(envelope())
    clock.advance(30)
    await spool.expire()
    with closing(sqlite3.connect(path)) as db:
        assert [(0,)] == db.execute("SELECT count(*) FROM recent").fetchall()
    await spool.close()


async def test_more_than_one_sweep_expires(path: Path, clock: FakeClock) -> None:
    """However many are too old, all of them go."""
    spool = await SqliteSpool.open(path, clock, Bounds(max_age=100))
    async with asyncio.TaskGroup() as group:
        for number in range(2 * SWEEP + 1):
            group.create_task(spool.put(envelope(number)))
    clock.advance(100)
    assert 2 * SWEEP + 1 == (await spool.expire()).waiting
    assert 0 == (await spool.status()).bytes
    await spool.close()


async def test_a_log_that_is_being_read_is_no_success(path: Path, clock: FakeClock) -> None:
    """Where somebody else reads on, an expiry fails, for the log holds what it deleted."""
    spool = await SqliteSpool.open(path, clock)
    await spool.put(envelope())
    with closing(sqlite3.connect(path)) as db:
        db.execute("BEGIN")
        db.execute("SELECT count(*) FROM bodies").fetchall()
        with pytest.raises(SpoolUnavailableError, match="log"):
            await spool.expire()
    assert Expired() == await spool.expire()
    await spool.close()


async def test_what_a_dead_process_had_claimed_expires(path: Path, clock: FakeClock) -> None:
    """A tool lets go of claims that nobody holds any more."""
    spool = await SqliteSpool.open(path, clock)
    await spool.put(envelope())
    await spool.claim(1)
    copy = path.parent.parent / "crashed" / path.name
    shutil.copytree(path.parent, copy.parent)
    await spool.close()
    clock.advance(1_000)
    tool = await SqliteSpool.attach(copy, clock, Bounds(max_age=1_000))
    assert 1 == (await tool.expire()).waiting
    await tool.close()


async def test_what_was_set_aside_goes_with_its_age(path: Path, clock: FakeClock) -> None:
    """A damaged file is deleted when all that was in it would be, with its log; nothing else."""
    spool = await SqliteSpool.open(path, clock, Bounds(max_age=50, max_dead_age=100))
    start = clock.now()
    ages = {
        "spool.db.damaged-1": 0,
        "spool.db.damaged-2": 0,
        "spool.db.damaged-2-wal": 1,
        "spool.db.damaged-12-wal": 0,
        "spool.db.damaged-1.bak": 0,
        "spool.db.damaged-": 0,
        "other.db.damaged-1": 0,
    }
    for name, age in ages.items():
        path.with_name(name).write_bytes(b"gemsbok")
        os.utime(path.with_name(name), (start + age, start + age))

    def left() -> set[str]:
        return {name for name in ages if path.with_name(name).exists()}

    clock.advance(99)
    assert (Expired(), set(ages)) == (await spool.expire(), left())
    clock.advance(1)
    gone = {"spool.db.damaged-1", "spool.db.damaged-12-wal"}
    told = Expired(damaged=2, bytes=14)
    assert (told, set(ages)) == (await spool.expire(dry_run=True), left())
    assert (told, set(ages) - gone) == (await spool.expire(), left())
    clock.advance(1)
    gone |= {"spool.db.damaged-2", "spool.db.damaged-2-wal"}
    assert (told, set(ages) - gone) == (await spool.expire(), left())
    await spool.close()
