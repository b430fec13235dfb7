"""The dead letters of the SQLite spool."""

from collections.abc import Collection, Sequence

from relay.outcomes import Reason
from relay.ports import Clock, DeadLetter
from relay.scrub.permit import ScrubbedEnvelope, restore
from relay.spool.queries import ALL_DEAD, CHOOSE_DEAD, LIST_DEAD, READ_DEAD, REVIVE
from relay.spool.rows import as_json, names_of
from relay.spool.tables import Tables
from relay.spool.writer import Writer


class SqliteDeadLetters:
    """A `ports.DeadLetters` on the writer of a spool."""

    def __init__(self, writer: Writer, clock: Clock) -> None:
        self._writer = writer
        self._clock = clock

    async def list(self, limit: int, after: int = 0) -> Sequence[DeadLetter]:
        """Return some. See `ports.DeadLetters.list`."""
        return await self._writer.read(lambda tables: list_dead(tables, limit, after))

    async def read(self, number: int) -> ScrubbedEnvelope | None:
        """Return one's envelope. See `ports.DeadLetters.read`."""
        return await self._writer.read(lambda tables: read_dead(tables, number))

    async def retry(self, numbers: Collection[int] | None = None) -> int:
        """Make some due. See `ports.DeadLetters.retry`."""
        now = self._clock.now()
        return await self._writer.submit(lambda t: retry_dead(t, numbers, now), wakes=True)

    async def purge(self, numbers: Collection[int] | None = None) -> int:
        """Forget some. See `ports.DeadLetters.purge`."""
        return await self._writer.submit(lambda tables: purge_dead(tables, numbers))


def list_dead(tables: Tables, limit: int, after: int) -> Sequence[DeadLetter]:
    """Return dead letters with a number above `after`, in the order of numbers."""
    rows = tables.db.execute(LIST_DEAD, (after, limit)).fetchall()
    return [
        DeadLetter(n, i, project, key, names_of(c), size, stored, attempts, _reason_of(reason))
        for n, i, project, key, c, size, stored, attempts, reason in rows
    ]


def _reason_of(word: str) -> Reason:
    """Return the reason of that name; a newer version may have written one that we do not know."""
    try:
        return Reason(word)
    except ValueError:
        return Reason.INTERNAL


def read_dead(tables: Tables, number: int) -> ScrubbedEnvelope | None:
    """Return the envelope of a dead letter; None if there is no such."""
    row = tables.db.execute(READ_DEAD, (number,)).fetchone()
    if row is None:
        return None
    envelope_id, project, key, client, categories, body = row
    return restore(
        body=body,
        envelope_id=envelope_id,
        project=project,
        key=key,
        client=client,
        categories=names_of(categories),
    )


def retry_dead(tables: Tables, numbers: Collection[int] | None, now: float) -> int:
    """Make dead letters ready, with a fresh age; return how many."""
    chosen, size = _chosen(tables, numbers)
    tables.db.execute(REVIVE, (now, as_json(chosen)))
    tables.totals.dead -= len(chosen)
    tables.totals.dead_bytes -= size
    tables.totals.living += len(chosen)
    return len(chosen)


def purge_dead(tables: Tables, numbers: Collection[int] | None) -> int:
    """Delete dead letters; return how many."""
    chosen, size = _chosen(tables, numbers)
    tables.totals.dead -= len(chosen)
    tables.totals.dead_bytes -= size
    tables.delete(chosen, size)
    return len(chosen)


def _chosen(tables: Tables, numbers: Collection[int] | None) -> tuple[list[int], int]:
    """Return the numbers of these, or all, and how many bytes they have."""
    db = tables.db
    found = (
        db.execute(ALL_DEAD) if numbers is None else db.execute(CHOOSE_DEAD, (as_json(numbers),))
    )
    rows = found.fetchall()
    return [number for number, _ in rows], sum(size for _, size in rows)
