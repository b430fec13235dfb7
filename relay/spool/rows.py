"""The rows of the SQLite spool as such: transactions, totals, and what goes to keep the bounds.

Law of this file: as in `tables`: no thread, no clock, no event loop.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from relay import jsonio
from relay.errors import SpoolFullError
from relay.outcomes import Reason
from relay.ports import Expired
from relay.spool.bounds import Bounds, Dropped
from relay.spool.queries import (
    DROP,
    DROP_BODIES,
    OLD_DEAD,
    OLD_DUE,
    OLD_LATER,
    OLDEST_DEAD,
    READ_TOTALS,
    WRITE_TOTALS,
)

BUSY_SECONDS: Final = 5.0
"""So long a statement waits for other processes."""

SWEEP: Final = 1_000
"""So many rows at most are dropped in one transaction, so that no put waits for long."""


_Old = tuple[int, str, str, str, int]
"""A row that is to go: id, project, key, categories, size."""


@dataclass(slots=True)
class Totals:
    """What is held, of all processes: numbers of envelopes, and bytes of bodies."""

    last_id: int = 0
    living: int = 0
    dead: int = 0
    bytes: int = 0
    dead_bytes: int = 0


class Rows:
    """A connection, its transactions, and the bounds."""

    def __init__(self, db: sqlite3.Connection, bounds: Bounds) -> None:
        self.db = db
        self.totals = Totals()
        self.bounds = bounds
        self._read_totals = Totals()
        self._dropped: list[Dropped] = []
        self._durable = True

    # --- transactions ---

    def begin(self) -> None:
        """Open a transaction."""
        self.db.execute("BEGIN IMMEDIATE")
        self._read_totals = Totals(*self.db.execute(READ_TOTALS).fetchone())
        self.totals = replace(self._read_totals)

    def commit(self) -> Sequence[Dropped]:
        """End it; return what was dropped inside it."""
        if self.totals != self._read_totals:
            total = self.totals
            row = (total.last_id, total.living, total.dead, total.bytes, total.dead_bytes)
            self.db.execute(WRITE_TOTALS, row)
        self.db.execute("COMMIT")
        dropped, self._dropped = self._dropped, []
        return dropped

    def rollback(self) -> None:
        """Undo everything since `begin`."""
        self._dropped = []
        if self.db.in_transaction:
            self.db.execute("ROLLBACK")

    def set_durable(self, *, durable: bool) -> None:
        """Say whether the next transaction must outlast a loss of power when it is committed."""
        if durable is not self._durable:
            # SQLite carries it out when it compiles it, so it must not be a cached statement.
            self.db.executescript(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            self._durable = durable

    def fold_log(self, patience: float = BUSY_SECONDS) -> bool:
        """Write the log into the file and let go of its room; return whether that succeeded.

        Args:
            patience: seconds to wait for those who read.
        """
        self.db.execute(f"PRAGMA busy_timeout = {patience * 1_000:.0f}").close()
        try:
            (busy, *_) = self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.Error:
            return False
        finally:
            self.db.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1_000:.0f}").close()
        return not busy

    def forget(self) -> None:
        """Let go of the pages that are held in memory, so that what is on the disk is read again.

        A process that has a file for itself goes on with its pages for ever, whatever has become
        of the file.
        """
        self.db.execute("PRAGMA shrink_memory").close()

    def close(self) -> None:
        """Close the connection; the last one of all folds the log into the file."""
        self.db.close()

    # --- bounds ---

    def make_room(self, size: int, now: float) -> None:
        """Let dead letters go until so many bytes fit.

        Raises:
            SpoolFullError: they would not, whatever goes.
        """
        limit = self.bounds.max_bytes
        if self.totals.bytes + size > limit:
            self.expire(now)
        if self.totals.bytes + size <= limit:
            return
        if self.totals.bytes - self.totals.dead_bytes + size > limit:
            raise SpoolFullError("the spool is full")
        over = self.totals.bytes + size - limit
        victims = []
        for row in self.db.execute(OLDEST_DEAD):
            victims.append(row)
            over -= row[4]
            if over <= 0:
                break
        self._drop(victims, Reason.SPOOL_FULL, buried=True)

    def expire(self, now: float) -> Expired:
        """Drop what is too old, or a part of it; return what went."""
        waited, dead = self._old(now, SWEEP)
        self._drop(waited, Reason.EXPIRED, buried=False)
        self._drop(dead, Reason.EXPIRED, buried=True)
        return _told(waited, dead)

    def old(self, now: float) -> Expired:
        """Return what is too old, all of it."""
        return _told(*self._old(now, limit=-1))

    def _old(self, now: float, limit: int) -> tuple[list[_Old], list[_Old]]:
        """Return rows that are too old, of those that wait and of dead letters; -1 is no limit."""
        bounds = self.bounds
        old = (now - bounds.max_age, limit)
        waited = [row for query in (OLD_DUE, OLD_LATER) for row in self.db.execute(query, old)]
        return waited, self.db.execute(OLD_DEAD, (now - bounds.max_dead_age, limit)).fetchall()

    def _drop(self, rows: Sequence[_Old], reason: Reason, *, buried: bool) -> None:
        for _, project, key, categories, size in rows:
            dropped = Dropped(project, key, names_of(categories), size, reason, buried)
            self._dropped.append(dropped)
        size = sum(row[4] for row in rows)
        if buried:
            self.totals.dead -= len(rows)
            self.totals.dead_bytes -= size
        else:
            self.totals.living -= len(rows)
        self.delete([row[0] for row in rows], size)

    def delete(self, numbers: Sequence[int], size: int) -> None:
        """Delete rows and their bodies, which have `size` bytes."""
        if numbers:
            self.totals.bytes -= size
            some = as_json(numbers)
            self.db.execute(DROP, (some,))
            self.db.execute(DROP_BODIES, (some,))


def _told(waited: Sequence[_Old], dead: Sequence[_Old]) -> Expired:
    size = sum(row[4] for row in (*waited, *dead))
    return Expired(waiting=len(waited), dead=len(dead), bytes=size)


def as_json(values: Iterable[object]) -> str:
    """Return values as a JSON array, which one parameter can carry."""
    return jsonio.dumps(list(values)).decode()


def names_of(text: str) -> tuple[str, ...]:
    """Return categories out of their column; none where somebody else has written it."""
    return read_names(text) or ()


@lru_cache(maxsize=1_024)
def read_names(text: str) -> tuple[str, ...] | None:
    """Return categories out of their column; None where it does not hold what we write."""
    try:
        names = jsonio.loads(text)
    except jsonio.JsonError:
        return None
    good = isinstance(names, list) and all(isinstance(name, str) for name in names)
    return tuple(names) if good else None
