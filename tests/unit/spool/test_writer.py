"""The writer: group commit, its order, and what happens when a job fails."""

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from relay.delivery import Ack
from relay.errors import SpoolFullError, SpoolUnavailableError
from relay.spool import SqliteSpool
from relay.spool.locks import Turn
from relay.spool.tables import Put, Tables
from relay.spool.writer import PACE, Writer
from tests.fakes import FakeClock, envelope


@pytest.fixture
async def spool(tmp_path: Path) -> AsyncIterator[SqliteSpool]:
    spool = await SqliteSpool.open(tmp_path / "spool.db", FakeClock())
    yield spool
    await spool.close()


async def pragma(spool: SqliteSpool, statement: str) -> None:
    def work(tables: Tables) -> None:
        tables.db.execute(f"PRAGMA {statement}").close()

    await spool._writer.submit(work)


async def test_a_put_too_large_for_the_disk_fails_alone(spool: SqliteSpool) -> None:
    """One put that fails does not fail those that are committed with it."""
    await pragma(spool, "max_page_count = 60")
    sizes = [10, 500_000, 10, 500_000, 10]
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(succeeds(spool, number, size)) for number, size in enumerate(sizes)
        ]
    assert [True, False, True, False, True] == [task.result() for task in tasks]
    assert 3 == (await spool.status()).ready


async def succeeds(spool: SqliteSpool, number: int, size: int) -> bool:
    try:
        await spool.put(envelope(number, payload=b"x" * size))
    except SpoolUnavailableError:
        return False
    return True


async def test_waiting_puts_share_a_commit(spool: SqliteSpool) -> None:
    """Puts that arrive while the writer is busy are committed in one transaction."""
    busy, go = threading.Event(), threading.Event()
    commits: list[int] = []

    def block(tables: Tables) -> None:
        commit = tables.commit

        def counting() -> object:
            commits.append(1)
            return commit()

        tables.commit = counting  # type: ignore[method-assign,assignment]
        busy.set()
        go.wait(10)

    blocked = spool._writer.submit(block)
    await asyncio.to_thread(busy.wait, 10)
    async with asyncio.TaskGroup() as group:
        for number in range(32):
            group.create_task(spool.put(envelope(number)))
        await asyncio.sleep(0)
        go.set()
    await blocked
    assert (2, 32) == (len(commits), (await spool.status()).ready)


async def test_nobody_hears_of_success_before_the_commit(spool: SqliteSpool) -> None:
    """While a commit is under way, its puts are not done."""
    busy, go = threading.Event(), threading.Event()

    def slow_commit(tables: Tables) -> None:
        commit = tables.commit

        def late() -> object:
            busy.set()
            go.wait(10)
            return commit()

        tables.commit = late  # type: ignore[method-assign,assignment]

    async with asyncio.TaskGroup() as group:
        first = spool._writer.submit(slow_commit)
        put = group.create_task(spool.put(envelope()))
        await asyncio.to_thread(busy.wait, 10)
        assert (False, False) == (first.done(), put.done())
        go.set()


async def test_jobs_run_in_their_order(spool: SqliteSpool) -> None:
    """Functions run one after the other, in the order in which they were submitted."""
    order: list[int] = []
    futures = [spool._writer.submit(lambda _, n=n: order.append(n)) for n in range(200)]
    for future in futures:
        await future
    assert list(range(200)) == order


async def test_an_error_of_ours_reaches_its_caller_only(spool: SqliteSpool) -> None:
    """A refusal is passed on as it is, and what shares its transaction is committed."""

    def refuse(_: Tables) -> None:
        raise SpoolFullError("the spool is full")

    go = threading.Event()
    blocked = spool._writer.submit(lambda _: go.wait(10))
    refused = spool._writer.submit(refuse)
    put = spool._writer.put(envelope(), 0.0)
    go.set()
    with pytest.raises(SpoolFullError):
        await refused
    await put
    await blocked
    assert 1 == (await spool.status()).ready


async def test_a_mistake_of_ours_is_undone_and_told(
    spool: SqliteSpool, caplog: pytest.LogCaptureFixture
) -> None:
    """A job that fails in the middle leaves nothing behind; its text is not logged."""

    def broken(tables: Tables) -> None:
        tables.put([Put.of(envelope())], 0.0)
        raise KeyError("SECRET")

    with pytest.raises(SpoolUnavailableError):
        await spool._writer.submit(broken)
    status = await spool.status()
    assert (0, 0) == (status.ready, status.bytes)
    assert ["KeyError"] == [vars(record)["error"] for record in caplog.records]
    assert "SECRET" not in str([vars(record) for record in caplog.records])


async def test_stop_finishes_what_is_queued(spool: SqliteSpool) -> None:
    """Everything submitted before a stop is done; what comes after is refused."""
    puts = [spool._writer.put(envelope(number), 0.0) for number in range(100)]
    await spool.close()
    assert {True} == {put.done() and put.exception() is None for put in puts}
    with pytest.raises(SpoolUnavailableError):
        await spool._writer.submit(lambda _: None)


async def test_a_failed_start_is_raised(tmp_path: Path) -> None:
    """What goes wrong while opening reaches whoever starts, and the writer stays closed."""

    def fail() -> Tables:
        raise SpoolUnavailableError("the spool cannot be opened")

    writer = Writer(lambda: None, lambda _: None, lambda: None)
    with pytest.raises(SpoolUnavailableError, match="cannot be opened"):
        await writer.start(Turn(tmp_path / "spool.db"), fail)
    await writer.stop(Tables.release)


async def test_a_batch_is_bounded_in_bytes(spool: SqliteSpool) -> None:
    """Large puts do not all wait for one commit."""
    busy, go = threading.Event(), threading.Event()
    blocked = spool._writer.submit(lambda _: (busy.set(), go.wait(10)))
    await asyncio.to_thread(busy.wait, 10)
    sizes: list[int] = []
    transact = spool._writer._transact

    def counting(tables: Tables, turn: Turn, jobs: list[object]) -> None:
        sizes.append(len(jobs))
        transact(tables, turn, jobs)  # type: ignore[arg-type]

    spool._writer._transact = counting  # type: ignore[method-assign,assignment]
    large = 3 * 1024 * 1024
    futures = [spool._writer.put(envelope(n, payload=bytes([n]) * large), 0.0) for n in range(6)]
    go.set()
    await blocked
    for future in futures:
        await future
    assert [3, 3] == sizes


async def test_crowds_are_paced(spool: SqliteSpool, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a transaction of several jobs the next one waits for company; one alone never does."""
    pauses: list[float] = []
    monkeypatch.setattr("relay.spool.writer.time.sleep", pauses.append)
    for number in range(3):
        await spool.put(envelope(number))
    assert [] == pauses
    busy, go = threading.Event(), threading.Event()
    blocked = spool._writer.submit(lambda _: (busy.set(), go.wait(10)))
    await asyncio.to_thread(busy.wait, 10)
    futures = [spool._writer.put(envelope(number), 0.0) for number in range(5, 9)]
    go.set()
    await blocked
    for future in futures:
        await future
    await spool.put(envelope(9))
    assert 1 == len(pauses)
    assert 0 <= pauses[0] <= PACE
    await spool.put(envelope(10))
    assert 1 == len(pauses)


async def test_only_what_must_last_waits_for_the_disk(spool: SqliteSpool) -> None:
    """Puts and checks are synced by their commit; claims and settlements are not."""
    seen: list[int] = []

    def tell(tables: Tables) -> None:
        seen.append(tables.db.execute("PRAGMA synchronous").fetchone()[0])

    full, normal = 2, 1
    await spool._writer.submit(tell, durable=False)
    await spool._writer.submit(tell)
    await spool._writer.submit(tell, durable=False)
    await spool.put(envelope(1))
    await spool._writer.read(tell)
    (claim,) = await spool.claim(1)
    await spool._writer.read(tell)
    await spool.check()
    await spool._writer.read(tell)
    await spool.settle([(claim, Ack())])
    await spool._writer.read(tell)
    assert [normal, full, normal, full, normal, full, normal] == seen


async def test_the_same_fault_is_said_once(
    spool: SqliteSpool, caplog: pytest.LogCaptureFixture
) -> None:
    """A disk that stays full is told once, and again after it was well."""
    large = envelope(1, payload=b"x" * 500_000)
    for _ in range(2):
        await pragma(spool, "max_page_count = 60")
        for _ in range(3):
            with pytest.raises(SpoolUnavailableError):
                await spool.put(large)
        with pytest.raises(SpoolUnavailableError):
            await spool._writer.read(lambda tables: tables.db.execute("SELECT * FROM nothing"))
        await pragma(spool, "max_page_count = 100000")
        await spool.put(envelope(2))
    assert ["SQLITE_FULL", "SQLITE_ERROR"] * 2 == [vars(r)["error"] for r in caplog.records]


async def test_a_claim_that_cannot_be_read_is_given_back(spool: SqliteSpool) -> None:
    """When the bodies of claimed rows cannot be read, they are ready again, and the error told."""
    await spool.put(envelope(1))
    await spool._writer.submit(lambda t: t.db.execute("ALTER TABLE bodies RENAME TO hidden"))
    with pytest.raises(SpoolUnavailableError):
        await spool.claim(1)
    await spool._writer.submit(lambda t: t.db.execute("ALTER TABLE hidden RENAME TO bodies"))
    status = await spool.status()
    assert (1, 0) == (status.ready, status.claimed)
    (claim,) = await spool.claim(1)
    assert envelope(1) == claim.envelope
