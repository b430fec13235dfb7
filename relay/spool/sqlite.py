"""The spool on disk: SQLite with a write-ahead log, one writer thread, group commit.

Law of this file: `put` returns after the commit has been synced, never before. Source: SQLite's
own pages on WAL, PRAGMA synchronous, and the result codes.
"""

import asyncio
import contextlib
import os
import sqlite3
import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final

from relay.delivery import Decision
from relay.errors import SpoolUnavailableError
from relay.limit_memory import KeyLimit
from relay.ports import Claim, Clock, DeadLetter, Lane, SpoolStatus
from relay.scrub.permit import ScrubbedEnvelope
from relay.spool.bounds import Bounds, OnDrop, ignore_drop
from relay.spool.tables import SCHEMA, VERSION, Tables
from relay.spool.waiting import Waiters
from relay.spool.writer import Writer

if sys.platform != "win32":
    import fcntl

APPLICATION_ID: Final = 0x53435242
"""Written into the file ("SCRB"), so that no other program's database is taken for a spool."""

_LOG_LIMIT: Final = 64 * 1024 * 1024
_PRIMARY: Final = 0xFF
_DAMAGE: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


class SqliteSpool:
    """A `ports.Spool` that survives a crash. Open it with `SqliteSpool.open`.

    Attributes:
        damaged: where the file that was found was set aside because it is damaged; else None.
    """

    def __init__(self, path: Path, clock: Clock, writer: Writer, waiters: Waiters) -> None:
        self.damaged: Path | None = None
        self._path = path
        self._clock = clock
        self._writer = writer
        self._waiters = waiters
        self._lock: int | None = None

    @classmethod
    async def open(
        cls,
        path: Path,
        clock: Clock,
        bounds: Bounds | None = None,
        on_drop: OnDrop = ignore_drop,
    ) -> "SqliteSpool":
        """Open or create a spool; what a former process had claimed is ready again.

        Args:
            path: the file; its folder is made when missing. Mode 0600, also of its companions.
            clock: the time.
            bounds: how much is held, and for how long.
            on_drop: called on the event loop for every envelope that is given up.

        Raises:
            SpoolUnavailableError: it cannot be opened, another process has it open, or it is not
                a spool, or of a newer version.
        """
        waiters = Waiters(clock)
        writer = Writer(waiters.wake, on_drop)
        spool = cls(path, clock, writer, waiters)
        spool._lock = await asyncio.to_thread(_prepare, path)
        try:
            await writer.start(lambda: spool._open_tables(bounds or Bounds()))
        except BaseException:
            spool._unlock()
            raise
        return spool

    @property
    def dead(self) -> "SqliteDeadLetters":
        """The dead letters. See `ports.DeadLetters`."""
        return SqliteDeadLetters(self._writer, self._clock)

    async def check(self) -> None:
        """Write something and make it durable. See `ports.Spool.check`."""
        await self._writer.submit(Tables.probe)

    async def share_limits(self, learned: Sequence[KeyLimit]) -> Sequence[KeyLimit]:
        """Keep limits and return those in force. See `ports.Spool.share_limits`."""
        now = self._clock.now()
        return await self._writer.submit(lambda tables: tables.share_limits(learned, now))

    async def put(self, envelope: ScrubbedEnvelope) -> bool:
        """Store an envelope; return only after it is on disk. See `ports.Spool.put`."""
        now = self._clock.now()
        return await self._writer.submit(
            lambda tables: tables.put(envelope, now), weight=len(envelope.body), wakes=True
        )

    async def claim(self, limit: int, skip: Collection[Lane] = ()) -> Sequence[Claim]:
        """Take envelopes that are due, oldest first. See `ports.Spool.claim`."""
        now = self._clock.now()
        future = self._writer.submit(lambda tables: tables.claim(limit, skip, now))
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            future.add_done_callback(self._give_back)
            raise

    async def settle(self, settlements: Sequence[tuple[Claim, Decision]]) -> None:
        """Carry out decisions on claims. See `ports.Spool.settle`."""
        await self._writer.submit(lambda tables: tables.settle(settlements), wakes=True)

    async def wait(self, timeout: float, skip: Collection[Lane] = ()) -> None:  # noqa: ASYNC109
        """Return when something may be due. See `ports.Spool.wait`."""
        await self._waiters.wait(
            timeout, lambda: self._writer.submit(lambda tables: tables.next_due(skip))
        )

    async def status(self) -> SpoolStatus:
        """Count what is held."""
        now = self._clock.now()
        return await self._writer.submit(lambda tables: tables.status(now))

    async def close(self) -> None:
        """Finish what is queued, make claims ready again, and close the file. May be repeated."""
        try:
            with contextlib.suppress(SpoolUnavailableError):  # then the next opening does it
                await self._writer.stop(Tables.release)
        finally:
            self._unlock()
            self._waiters.wake()

    def _give_back(self, claimed: "asyncio.Future[Sequence[Claim]]") -> None:
        """Make claims ready again that came after whoever asked for them had gone."""
        if claimed.cancelled() or claimed.exception() is not None:
            return
        ids = claimed.result()
        undone = self._writer.submit(lambda tables: tables.give_back(ids), wakes=True)
        undone.add_done_callback(lambda done: done.cancelled() or done.exception())

    def _open_tables(self, bounds: Bounds) -> Tables:
        try:
            try:
                db = _connect(self._path)
            except sqlite3.DatabaseError as error:
                if not _is_damage(error):
                    raise
                self.damaged = _set_aside(self._path)
                _create(self._path)
                db = _connect(self._path)
            return Tables(db, bounds)
        except (sqlite3.Error, OSError):
            raise SpoolUnavailableError("the spool cannot be opened") from None

    def _unlock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


class SqliteDeadLetters:
    """The dead letters of a spool on disk."""

    def __init__(self, writer: Writer, clock: Clock) -> None:
        self._writer = writer
        self._clock = clock

    async def list(self, limit: int, after: int = 0) -> Sequence[DeadLetter]:
        """Return some. See `ports.DeadLetters.list`."""
        return await self._writer.submit(lambda tables: tables.dead_list(limit, after))

    async def read(self, number: int) -> ScrubbedEnvelope | None:
        """Return one's envelope. See `ports.DeadLetters.read`."""
        return await self._writer.submit(lambda tables: tables.dead_read(number))

    async def retry(self, numbers: Collection[int] | None = None) -> int:
        """Make some due. See `ports.DeadLetters.retry`."""
        now = self._clock.now()
        return await self._writer.submit(lambda t: t.dead_retry(numbers, now), wakes=True)

    async def purge(self, numbers: Collection[int] | None = None) -> int:
        """Forget some. See `ports.DeadLetters.purge`."""
        return await self._writer.submit(lambda tables: tables.dead_purge(numbers))


def _prepare(path: Path) -> int:
    """Make the folder and the file with their modes; return the lock that keeps others out."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o600)
    except OSError:
        raise SpoolUnavailableError("the spool cannot be opened") from None
    try:
        if sys.platform != "win32":
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        message = f"{path} is open in another process: is a relay already running here?"
        raise SpoolUnavailableError(f"{message} (else set spool.path)") from None
    try:
        _create(path)
    except OSError:
        os.close(lock)
        raise SpoolUnavailableError("the spool cannot be opened") from None
    return lock


def _create(path: Path) -> None:
    # SQLite gives its companions (-wal, -shm) the mode of the file itself.
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        os.fchmod(file, 0o600)
    finally:
        os.close(file)


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None, timeout=5.0, cached_statements=64)
    try:
        _check(db)
        db.execute("PRAGMA journal_mode = WAL").close()
        db.execute("PRAGMA synchronous = FULL")
        db.execute(f"PRAGMA journal_size_limit = {_LOG_LIMIT}").close()
        db.executescript(SCHEMA)
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {VERSION}")
        db.execute("UPDATE envelopes SET state = 'ready' WHERE state = 'claimed'")
    except BaseException:
        db.close()
        raise
    return db


def _check(db: sqlite3.Connection) -> None:
    """Refuse what is not ours, before anything is written to it."""
    (tables,) = db.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    (application,) = db.execute("PRAGMA application_id").fetchone()
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if tables and application != APPLICATION_ID:
        raise SpoolUnavailableError("the file is a database, but not a spool")
    if version > VERSION:
        raise SpoolUnavailableError("the spool was written by a newer version")
    (verdict,) = db.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise _DamagedError


class _DamagedError(sqlite3.DatabaseError):
    """The check of the file found a fault."""


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    code = getattr(error, "sqlite_errorcode", 0) & _PRIMARY
    return isinstance(error, _DamagedError) or code in _DAMAGE


def _set_aside(path: Path) -> Path:
    """Rename the file and its companions to the first free `<name>.damaged-<n>`."""
    number = 1
    while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    path.rename(aside)
    for ending in ("-wal", "-shm"):
        companion = path.with_name(path.name + ending)
        if companion.exists():
            companion.rename(aside.with_name(aside.name + ending))
    return aside
