"""What only the spool on disk does: survive, refuse, set aside, and commit in groups."""

import asyncio
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path

import pytest

from relay.delivery import Ack, Bury, RetryAt
from relay.errors import SpoolUnavailableError
from relay.limit_memory import KeyLimit
from relay.outcomes import Reason
from relay.protocol.enforcement import Limit
from relay.protocol.rate_limits import Scope
from relay.spool import Bounds, SqliteSpool
from relay.spool.tables import Tables
from tests.fakes import FakeClock, envelope

LOCKS = ("spool.db.lock", "spool.db.next", "spool.db.write")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spool" / "spool.db"


@pytest.fixture
async def spool(path: Path, clock: FakeClock) -> AsyncIterator[SqliteSpool]:
    spool = await SqliteSpool.open(path, clock)
    yield spool
    await spool.close()


def image(path: Path, to: Path) -> Path:
    """Copy what a crash would leave on the disk."""
    to.mkdir()
    for file in (path, path.with_name(path.name + "-wal")):
        shutil.copy(file, to / file.name)
    return to / path.name


async def test_a_restart_resumes(path: Path, clock: FakeClock) -> None:
    """After close and open all is there as it was: ready, retries, dead letters, repeats."""
    spool = await SqliteSpool.open(path, clock)
    for number in range(4):
        await spool.put(envelope(number))
    first, second, third = await spool.claim(3)
    await spool.settle(
        [(first, Ack()), (second, RetryAt(clock.now() + 50)), (third, Bury(Reason.UNROUTABLE))]
    )
    before = await spool.status()
    await spool.close()
    spool = await SqliteSpool.open(path, clock)
    assert before == await spool.status()
    await spool.put(envelope(0))
    assert [3] == [int(c.envelope.envelope_id, 16) for c in await spool.claim(9)]
    clock.advance(50)
    assert [(1, 1)] == [(int(c.envelope.envelope_id, 16), c.attempts) for c in await spool.claim(9)]
    await spool.close()


async def test_claims_are_ready_after_a_crash(
    spool: SqliteSpool, path: Path, clock: FakeClock, tmp_path: Path
) -> None:
    """What was claimed when the process died is claimed again by the next, unchanged."""
    one = envelope()
    await spool.put(one)
    await spool.claim(1)
    second = await SqliteSpool.open(image(path, tmp_path / "crashed"), clock)
    (claim,) = await second.claim(1)
    await second.close()
    assert (one, 0) == (claim.envelope, claim.attempts)


async def test_close_releases_claims(path: Path, clock: FakeClock) -> None:
    """A closed spool leaves no row claimed, and no log beside the file."""
    spool = await SqliteSpool.open(path, clock)
    await spool.put(envelope())
    await spool.claim(1)
    await spool.close()
    db = sqlite3.connect(path)
    assert [("ready",)] == db.execute("SELECT state FROM envelopes").fetchall()
    db.close()
    assert {"spool.db", *LOCKS} == {p.name for p in path.parent.iterdir()}


async def test_nobody_else_can_read(spool: SqliteSpool, path: Path) -> None:
    """File, log, shared memory and locks have mode 0600, the folder 0700, whatever the umask."""
    await spool.put(envelope())
    modes = {p.name: p.stat().st_mode & 0o777 for p in path.parent.iterdir()}
    names = ("spool.db", "spool.db-shm", "spool.db-wal", *LOCKS)
    assert dict.fromkeys(names, 0o600) == modes
    assert 0o700 == path.parent.stat().st_mode & 0o777


async def test_a_wider_mode_is_narrowed(tmp_path: Path, clock: FakeClock) -> None:
    """A file that others could read is closed to them at open."""
    path = tmp_path / "spool.db"
    path.touch()
    path.chmod(0o644)
    await (await SqliteSpool.open(path, clock)).close()
    assert 0o600 == path.stat().st_mode & 0o777


async def test_one_process_at_a_time(spool: SqliteSpool, path: Path, clock: FakeClock) -> None:
    """A spool that is open cannot be opened again: its claims would be given twice."""
    await spool.put(envelope())
    with pytest.raises(SpoolUnavailableError, match=r"another process.*spool\.path"):
        await SqliteSpool.open(path, clock)
    assert 1 == (await spool.status()).ready


def no_database(path: Path) -> None:
    path.write_bytes(b"this is not a database at all" * 100)


def torn_pages(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[4096 : 4096 * 6] = b"\xa5" * (4096 * 5)
    path.write_bytes(data)


def cut_short(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(4096 * 3)


@pytest.mark.parametrize("damage", [no_database, torn_pages, cut_short])
async def test_a_damaged_file_is_set_aside(
    path: Path, clock: FakeClock, damage: Callable[[Path], None]
) -> None:
    """A damaged file is renamed and reported, kept as it is, and service goes on with a new one."""
    spool = await SqliteSpool.open(path, clock)
    assert spool.damaged is None
    for number in range(20):
        await spool.put(envelope(number, payload=b"x" * 3_000))
    await spool.close()
    damage(path)
    found = path.read_bytes()
    spool = await SqliteSpool.open(path, clock)
    assert path.with_name("spool.db.damaged-1") == spool.damaged
    assert found == spool.damaged.read_bytes()
    await spool.put(envelope(1))
    assert 1 == (await spool.status()).ready
    await spool.close()
    no_database(path)
    spool = await SqliteSpool.open(path, clock)
    await spool.close()
    assert path.with_name("spool.db.damaged-2") == spool.damaged


async def test_a_damaged_file_with_a_log_is_set_aside(
    path: Path, clock: FakeClock, tmp_path: Path
) -> None:
    """What a crash left in the log of a damaged file does not get into the new one."""
    spool = await SqliteSpool.open(path, clock)
    for number in range(20):
        await spool.put(envelope(number, payload=b"x" * 3_000))
    await spool.close()
    spool = await SqliteSpool.open(path, clock)
    await spool.put(envelope(99))
    crashed = image(path, tmp_path / "crashed")
    await spool.close()
    torn_pages(crashed)
    spool = await SqliteSpool.open(crashed, clock)
    assert crashed.with_name("spool.db.damaged-1") == spool.damaged
    assert 0 == (await spool.status()).ready
    await spool.close()


async def test_another_programs_database_is_refused(path: Path, clock: FakeClock) -> None:
    """A database that is no spool is left alone."""
    path.parent.mkdir()
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE theirs (a)")
    db.close()
    before = path.read_bytes()
    with pytest.raises(SpoolUnavailableError, match="not a spool"):
        await SqliteSpool.open(path, clock)
    assert before == path.read_bytes()


async def test_a_newer_version_is_refused(path: Path, clock: FakeClock) -> None:
    """A spool of a newer version is not touched."""
    await (await SqliteSpool.open(path, clock)).close()
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 999")
    db.close()
    with pytest.raises(SpoolUnavailableError, match="newer version"):
        await SqliteSpool.open(path, clock)


async def test_what_cannot_be_opened_says_so(tmp_path: Path, clock: FakeClock) -> None:
    """A path that is a folder, or lies under a file, raises; a later try can succeed."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    for wrong in (tmp_path / "folder", tmp_path / "file" / "spool.db"):
        with pytest.raises(SpoolUnavailableError):
            await SqliteSpool.open(wrong, clock)
    (tmp_path / "folder").rmdir()
    await (await SqliteSpool.open(tmp_path / "folder", clock)).close()


async def pragma(spool: SqliteSpool, statement: str) -> None:
    def work(tables: Tables) -> None:
        tables.db.execute(f"PRAGMA {statement}").close()

    await spool._writer.submit(work)


async def test_a_full_disk_loses_nothing(
    spool: SqliteSpool, caplog: pytest.LogCaptureFixture
) -> None:
    """On a full disk a put fails, what was held stays, and service goes on when there is room."""
    await spool.put(envelope(1))
    await pragma(spool, "max_page_count = 20")
    with pytest.raises(SpoolUnavailableError):
        await spool.put(envelope(2, payload=b"x" * 500_000))
    assert {"SQLITE_FULL"} == {record.__dict__["error"] for record in caplog.records}
    await pragma(spool, "max_page_count = 100000")
    await spool.put(envelope(2, payload=b"x" * 500_000))
    status = await spool.status()
    size = len(envelope(1).body) + len(envelope(2, payload=b"x" * 500_000).body)
    assert (2, size) == (status.ready, status.bytes)


def refuse_writes(action: int, *_: object) -> int:
    writes = {sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE}
    return sqlite3.SQLITE_DENY if action in writes else sqlite3.SQLITE_OK


async def test_a_read_only_disk_says_so(spool: SqliteSpool) -> None:
    """When nothing can be written, put, claim and settle raise, and nothing is lost."""
    await spool.put(envelope(1))
    await spool.put(envelope(2))
    (claim,) = await spool.claim(1)
    await spool._writer.submit(lambda tables: tables.db.set_authorizer(refuse_writes))
    for wrong in (spool.put(envelope(3)), spool.claim(1), spool.settle([(claim, Ack())])):
        with pytest.raises(SpoolUnavailableError):
            await wrong
    await spool._writer.submit(lambda tables: tables.db.set_authorizer(None))
    await spool.settle([(claim, Ack())])
    assert 1 == len(await spool.claim(9))


async def test_a_cancelled_claim_is_given_back(spool: SqliteSpool) -> None:
    """Envelopes claimed for somebody who has gone are ready again."""
    await spool.put(envelope())
    go = threading.Event()
    blocked = spool._writer.submit(lambda _: go.wait(10))
    async with asyncio.TaskGroup() as group:
        claim = group.create_task(spool.claim(1))
        await asyncio.sleep(0)
        claim.cancel()
        go.set()
    await blocked
    await spool.status()
    await asyncio.sleep(0)
    assert 1 == len(await spool.claim(1))


async def test_a_cancelled_claim_that_fails_leaves_nothing(spool: SqliteSpool) -> None:
    """A claim that fails after its caller has gone changes nothing, and is no unseen error."""
    await spool.put(envelope())
    busy, go = threading.Event(), threading.Event()
    blocked = spool._writer.submit(lambda _: (busy.set(), go.wait(10)))
    await asyncio.to_thread(busy.wait, 10)
    refused = spool._writer.submit(lambda tables: tables.db.set_authorizer(refuse_writes))
    async with asyncio.TaskGroup() as group:
        claim = group.create_task(spool.claim(1))
        await asyncio.sleep(0)
        claim.cancel()
        go.set()
    await blocked
    await refused
    await spool._writer.submit(lambda tables: tables.db.set_authorizer(None))
    assert 1 == len(await spool.claim(1))


async def test_a_cancelled_put_wakes_and_is_kept(spool: SqliteSpool) -> None:
    """A put whose caller has gone is stored all the same: the client's repeat is then one."""
    go = threading.Event()
    blocked = spool._writer.submit(lambda _: go.wait(10))
    async with asyncio.TaskGroup() as group:
        put = group.create_task(spool.put(envelope()))
        await asyncio.sleep(0)
        put.cancel()
        go.set()
    await blocked
    await spool.put(envelope())
    assert 1 == (await spool.status()).ready


async def test_a_name_with_half_a_character_is_stored(spool: SqliteSpool) -> None:
    """Text that has no UTF-8 form does no harm."""
    await spool.put(envelope(client="a\ud800/1"))
    (claim,) = await spool.claim(1)
    assert "a?/1" == claim.envelope.client


async def test_expired_rows_go_in_portions(path: Path, clock: FakeClock) -> None:
    """However many envelopes have expired, none of them is claimed, and all go in the end."""
    dropped: list[object] = []
    spool = await SqliteSpool.open(path, clock, Bounds(max_age=10), dropped.append)
    async with asyncio.TaskGroup() as group:
        for number in range(1_100):
            group.create_task(spool.put(envelope(number)))
    clock.advance(10)
    assert [[], []] == [list(await spool.claim(9)), list(await spool.claim(9))]
    await spool.close()
    assert 1_100 == len(dropped)


CHILD = """
import asyncio, sys
from pathlib import Path
from relay.clock import SystemClock
from relay.spool import SqliteSpool
from tests.fakes import envelope

async def one(spool, number):
    await spool.put(envelope(number, payload=b"x" * (number % 5000)))
    sys.stdout.write(f"{number}\\n")
    sys.stdout.flush()

async def main():
    spool = await SqliteSpool.open(Path(sys.argv[1]), SystemClock())
    for start in range(0, 1_000_000, 20):
        async with asyncio.TaskGroup() as group:
            for number in range(start, start + 20):
                group.create_task(one(spool, number))

asyncio.run(main())
"""


@pytest.mark.parametrize("lines", [1, 137, 911])
def test_a_killed_process_loses_nothing_it_acknowledged(
    path: Path, tmp_path: Path, lines: int
) -> None:
    """Every put that a process reported before it was killed is found whole, in order."""
    script = tmp_path / "child.py"
    script.write_text(CHILD)
    child = subprocess.Popen(
        [sys.executable, str(script), str(path)],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])},
    )
    assert child.stdout is not None
    reported = [int(child.stdout.readline()) for _ in range(lines)]
    child.send_signal(signal.SIGKILL)
    rest = child.stdout.read().decode()
    reported += [int(line) for line in rest.splitlines(keepends=True) if line.endswith("\n")]
    child.stdout.close()
    child.wait()

    async def found() -> list[int]:
        clock = FakeClock(4_000_000_000.0)
        spool = await SqliteSpool.open(path, clock, Bounds(max_age=1e10))
        assert spool.damaged is None
        numbers: list[int] = []
        while claims := await spool.claim(1_000):
            for claim in claims:
                number = int(claim.envelope.envelope_id, 16)
                assert envelope(number, payload=b"x" * (number % 5_000)) == claim.envelope
                numbers.append(number)
        await spool.close()
        return numbers

    numbers = asyncio.run(found())
    assert set() == set(reported) - set(numbers)
    assert sorted(numbers) == numbers


async def test_another_process_is_heard_within_a_second(path: Path, clock: FakeClock) -> None:
    """Who waits sees what is put, or retried, through another spool on the file."""
    one = await SqliteSpool.open(path, clock, slot=0)
    other = await SqliteSpool.open(path, clock, slot=1)
    for call in (partial(other.put, envelope(1)), other.dead.retry):
        async with asyncio.timeout(10), asyncio.TaskGroup() as group:
            await one.wait(0)
            wait = group.create_task(one.wait(1e9))
            await clock.until_sleeping()
            await call()
            assert not wait.done()
            clock.advance(1)
        (claim,) = await one.claim(9)
        await one.settle([(claim, Bury(Reason.UNROUTABLE))])
    await one.close()
    await other.close()


async def test_limits_are_heard_by_other_processes(path: Path, clock: FakeClock) -> None:
    """What one spool on a file learns, another is told; a restart keeps it."""
    learned = KeyLimit(("up", "k"), Limit(clock.now() + 50, "error", Scope.KEY, "a\ud800"))
    one = await SqliteSpool.open(path, clock, slot=0)
    other = await SqliteSpool.open(path, clock, slot=1)
    await one.share_limits([learned])
    (told,) = await other.share_limits([])
    assert (learned.where, learned.limit.until, "a?") == (
        told.where,
        told.limit.until,
        told.limit.reason,
    )
    await one.close()
    await other.close()
    again = await SqliteSpool.open(path, clock)
    assert [told] == list(await again.share_limits([]))
    await again.close()


async def test_limits_are_bounded(
    spool: SqliteSpool, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of too many limits those that end last are kept."""
    monkeypatch.setattr("relay.spool.limits.MAX_LIMITS", 3)
    now = clock.now()
    learned = [KeyLimit(("up", str(n)), Limit(now + n, "error")) for n in range(1, 9)]
    told = await spool.share_limits(learned)
    assert {6, 7, 8} == {int(one.where[1]) for one in told}


async def test_a_tool_takes_no_slot_and_releases_nothing(
    spool: SqliteSpool, path: Path, clock: FakeClock
) -> None:
    """A tool sees what a relay holds, and leaves its claims alone when it goes."""
    await spool.put(envelope(1))
    (claim,) = await spool.claim(1)
    tool = await SqliteSpool.attach(path, clock)
    assert 1 == (await tool.status()).claimed
    await tool.close()
    assert 1 == (await spool.status()).claimed
    await spool.settle([(claim, Ack())])
    assert 0 == (await spool.status()).bytes


async def test_there_are_so_many_slots(path: Path, clock: FakeClock) -> None:
    """A slot that is none is a mistake of ours."""
    for slot in (-1, 64):
        with pytest.raises(ValueError, match="no such slot"):
            await SqliteSpool.open(path, clock, slot=slot)


MEMORY = """
import asyncio, resource, sys
from pathlib import Path
from relay.clock import SystemClock
from relay.spool import SqliteSpool
from tests.fakes import envelope

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

async def main():
    spool = await SqliteSpool.open(Path(sys.argv[1]), SystemClock())
    await spool.put(envelope(0, payload=b"x" * 20_000))
    before = peak()
    for start in range(1, 5_000, 50):
        async with asyncio.TaskGroup() as group:
            for number in range(start, start + 50):
                group.create_task(spool.put(envelope(number, payload=b"x" * 20_000)))
    await spool.claim(8, {("9", "f" * 32)})
    print(peak() - before)
    await spool.close()

asyncio.run(main())
"""


def test_what_waits_takes_no_memory(path: Path) -> None:
    """With 100 MB of envelopes in the spool the process has grown by less than a quarter of it."""
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, str(path)],
        capture_output=True,
        check=True,
        timeout=300,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])},
    )
    assert int(done.stdout) < 25_000
