"""The spool on disk: SQLite with a write-ahead log, one writer thread, group commit.

Law of this file: `put` returns after the commit has been synced, never before. Several processes
may have one file open, each in a slot of its own; what a process claims is marked with its slot.
"""

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final

from relay.delivery import Decision
from relay.errors import SpoolDamagedError, SpoolUnavailableError
from relay.limit_memory import KeyLimit
from relay.ports import Claim, Clock, Expired, Lane, SpoolStatus
from relay.scrub.permit import ScrubbedEnvelope
from relay.spool.bounds import Bounds, OnDrop, ignore_drop
from relay.spool.dead_letters import SqliteDeadLetters
from relay.spool.files import cannot_open, connect, forget_damaged, make_folder, prepare
from relay.spool.limits import learn_limits, read_limits
from relay.spool.locks import (
    SLOTS,
    Lock,
    Turn,
    is_open_elsewhere,
    slot_is_free,
    take_slot,
    turn_at,
)
from relay.spool.schema import TOOL
from relay.spool.tables import Row, Tables
from relay.spool.waiting import Waiters
from relay.spool.writer import Writer

_log = logging.getLogger("relay.spool")

PROBE_BYTES: Final = 32 * 1024
"""So much a check writes: about what an envelope takes, so that it fails where a put would."""

_PROBE: Final = "INSERT OR REPLACE INTO probe VALUES (1, zeroblob(?))"


class SqliteSpool:
    """A `ports.Spool` that survives a crash. Open it with `SqliteSpool.open`.

    Attributes:
        damaged: where the file that was found was set aside because it is damaged; else None.
        broken: set when the file turns out to be damaged or removed while it is open. Where it is
            damaged everything raises `SpoolUnavailableError` from then on; a process that starts
            anew sets the file aside, or begins another.
    """

    def __init__(self, path: Path, clock: Clock, on_drop: OnDrop = ignore_drop) -> None:
        """Set up; `open` and `attach` make spools."""
        self.damaged: Path | None = None
        self.broken = asyncio.Event()
        self._path = path
        self._clock = clock
        self._bounds = Bounds()
        self._waiters = Waiters(clock)
        self._writer = Writer(self._waiters.wake, on_drop, self.broken.set)
        self._dead = SqliteDeadLetters(self._writer, clock)
        self._lock: Lock | None = None
        self._file: tuple[int, int] | None = None

    @classmethod
    async def open(
        cls,
        path: Path,
        clock: Clock,
        bounds: Bounds | None = None,
        on_drop: OnDrop = ignore_drop,
        *,
        slot: int = 0,
        checked: bool = False,
    ) -> "SqliteSpool":
        """Open or create a spool; what a former process had claimed is ready again.

        Args:
            path: the file; its folder is made when missing. Mode 0600, also of its companions.
            clock: the time.
            bounds: how much is held, and for how long.
            on_drop: called on the event loop for every envelope that is given up.
            slot: 0 to 63; each process that opens one spool takes another.
            checked: `prepare_spool` was called before, so the file need not be looked through.

        Raises:
            SpoolDamagedError: it was checked, and is damaged or gone since.
            SpoolUnavailableError: it cannot be opened, another process has the slot, or it is not
                a spool, or of a newer version.
        """
        if not 0 <= slot < SLOTS:
            raise ValueError("no such slot")
        spool = cls(path, clock, on_drop)
        try:
            await asyncio.to_thread(spool._enter, slot, checked=checked)
            await spool._start(bounds or Bounds(), slot)
        except BaseException:
            spool._leave()
            raise
        return spool

    @classmethod
    async def attach(cls, path: Path, clock: Clock, bounds: Bounds | None = None) -> "SqliteSpool":
        """Open a spool for a tool, whether a relay has it open or not; it must not claim.

        Raises:
            SpoolUnavailableError: there is none, it cannot be opened, or it is not one of this
                version.
        """
        if not await asyncio.to_thread(path.exists):
            where = await asyncio.to_thread(path.absolute)
            raise SpoolUnavailableError(f"there is no spool at {where}")
        spool = cls(path, clock)
        await spool._start(bounds or Bounds(), None)
        return spool

    @property
    def dead(self) -> SqliteDeadLetters:
        """The dead letters. See `ports.DeadLetters`."""
        return self._dead

    async def check(self) -> None:
        """Write something and make it durable. See `ports.Spool.check`.

        What is read for that comes from the disk, for memory may hide that it is damaged there.
        A file that was removed, or stands elsewhere, can be written too, and all of it is lost with
        this process: it counts as broken.
        """
        await self._writer.read(Tables.forget)
        await self._writer.submit(_probe)
        if await asyncio.to_thread(_file_at, self._path) != self._file:
            if not self.broken.is_set():
                _log.error("spool_removed")
            self.broken.set()
            raise SpoolUnavailableError("the spool's file was removed")

    async def share_limits(self, learned: Sequence[KeyLimit]) -> Sequence[KeyLimit]:
        """Keep limits and return those in force. See `ports.Spool.share_limits`."""
        now = self._clock.now()
        if learned:
            await self._writer.submit(lambda t: learn_limits(t, learned, now), durable=False)
        return await self._writer.read(lambda tables: read_limits(tables, now))

    async def put(self, envelope: ScrubbedEnvelope) -> bool:
        """Store an envelope; return only after it is on disk. See `ports.Spool.put`."""
        return await self._writer.put(envelope, self._clock.now())

    async def claim(self, limit: int, skip: Collection[Lane] = ()) -> Sequence[Claim]:
        """Take envelopes that are due, oldest first. See `ports.Spool.claim`."""
        now = self._clock.now()
        future = self._writer.submit_with(
            lambda tables: tables.claim(limit, skip, now), Tables.read_claims, _give_back_rows
        )
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            future.add_done_callback(self._give_back)
            raise

    async def settle(self, settlements: Sequence[tuple[Claim, Decision]]) -> None:
        """Carry out decisions on claims. See `ports.Spool.settle`."""
        await self._writer.settle(settlements)

    async def wait(self, timeout: float, skip: Collection[Lane] = ()) -> None:  # noqa: ASYNC109
        """Return when something may be due. See `ports.Spool.wait`."""
        await self._waiters.wait(
            timeout,
            lambda: self._writer.read(lambda tables: tables.next_due(skip)),
            lambda: self._writer.read(Tables.changed),
        )

    async def expire(self, *, dry_run: bool = False) -> Expired:
        """Let go of what is too old. See `ports.Spool.expire`.

        The log is folded into the file: what was deleted, however it was, stands in it until then.
        A file that was set aside is too old when all that was in it would be.
        """
        now = self._clock.now()
        if dry_run:
            total = await self._writer.read(lambda tables: tables.old(now))
        else:
            total, more = Expired(), True
            while more:
                gone, more = await self._writer.submit(lambda tables: tables.sweep(now))
                total += gone
            await self._writer.fold()
        before = now - max(self._bounds.max_age, self._bounds.max_dead_age)
        try:
            aside = await asyncio.to_thread(forget_damaged, self._path, before, dry_run=dry_run)
        except OSError:
            raise SpoolUnavailableError("a damaged file cannot be deleted") from None
        return total + Expired(damaged=len(aside), bytes=sum(aside))

    async def status(self) -> SpoolStatus:
        """Count what is held."""
        now = self._clock.now()
        return await self._writer.read(lambda tables: tables.status(now))

    async def close(self) -> None:
        """Finish what is queued, make claims ready again, and close the file. May be repeated."""
        try:
            with contextlib.suppress(SpoolUnavailableError):  # then the next opening does it
                await self._writer.stop(Tables.release)
        finally:
            self._leave()
            self._waiters.wake()

    def _give_back(self, claimed: "asyncio.Future[Sequence[Claim]]") -> None:
        """Make claims ready again that came after whoever asked for them had gone."""
        if claimed.cancelled() or claimed.exception() is not None:
            return
        ids = [claim.claim_id for claim in claimed.result()]
        undone = self._writer.submit(lambda tables: tables.give_back(ids), wakes=True)
        undone.add_done_callback(lambda done: done.cancelled() or done.exception())

    def _enter(self, slot: int, *, checked: bool) -> None:
        """Take the slot; look the file through, unless others have it open."""
        path = self._path
        try:
            make_folder(path)
            with turn_at(path):
                if checked and not path.exists():
                    raise SpoolDamagedError("the spool's file was removed")
                self._lock = take_slot(path, slot)
                if not checked and not is_open_elsewhere(path, slot):
                    self.damaged = prepare(path)
        except (sqlite3.Error, OSError) as error:
            raise cannot_open(error) from None

    async def _start(self, bounds: Bounds, slot: int | None) -> None:
        try:
            turn = Turn(self._path)
        except OSError as error:
            raise cannot_open(error) from None
        self._bounds = bounds
        await self._writer.start(turn, lambda: self._open_tables(bounds, slot, turn))
        self._file = await asyncio.to_thread(_file_at, self._path)

    def _open_tables(self, bounds: Bounds, slot: int | None, turn: Turn) -> Tables:
        try:
            db = connect(self._path)
            try:
                number = TOOL if slot is None else slot
                tables = Tables(db, bounds, number, lambda other: slot_is_free(self._path, other))
                if slot is None:
                    return tables
                with turn:
                    tables.begin()
                    tables.release()
                    tables.commit()
            except BaseException:
                db.close()
                raise
            else:
                return tables
        except (sqlite3.Error, OSError) as error:
            raise cannot_open(error) from None

    def _leave(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None


def _file_at(path: Path) -> tuple[int, int] | None:
    """Return which file stands at a path; None if there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _probe(tables: Tables) -> None:
    tables.db.execute(_PROBE, (PROBE_BYTES,))


def _give_back_rows(tables: Tables, rows: Sequence[Row]) -> None:
    tables.give_back([row[0] for row in rows])
