"""The rows of the SQLite spool: what each operation does inside a transaction that is open.

Law of this file: no thread, no clock, no event loop. Everything is called by the one writer, and
times are arguments. Bodies have a table of their own, so that a scan never reads them.
"""

import sqlite3
from collections.abc import Collection, Iterable, Sequence
from enum import StrEnum

from relay import jsonio
from relay.delivery import Ack, Bury, Decision, RetryAt
from relay.errors import SpoolFullError
from relay.limit_memory import KeyLimit
from relay.outcomes import Reason
from relay.ports import Claim, DeadLetter, Lane, SpoolStatus
from relay.protocol.enforcement import Limit
from relay.protocol.rate_limits import Scope
from relay.scrub.permit import ScrubbedEnvelope, restore
from relay.spool.bounds import CLAIM_BYTES, Bounds, Dropped, fingerprint

VERSION = 2
SCHEMA = """
CREATE TABLE IF NOT EXISTS envelopes (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  envelope_id TEXT NOT NULL,
  project TEXT NOT NULL,
  key TEXT NOT NULL,
  client TEXT NOT NULL,
  categories TEXT NOT NULL,
  size INTEGER NOT NULL,
  stored_at REAL NOT NULL,
  due_at REAL NOT NULL,
  attempts INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('ready', 'claimed', 'dead')),
  reason TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE TABLE IF NOT EXISTS bodies (id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS recent (digest BLOB PRIMARY KEY, seen_at REAL NOT NULL)
  STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS limits (
  upstream TEXT NOT NULL,
  key TEXT NOT NULL,
  category TEXT NOT NULL,
  namespace TEXT NOT NULL,
  scope TEXT NOT NULL,
  reason TEXT NOT NULL,
  until REAL NOT NULL,
  PRIMARY KEY (upstream, key, category, namespace)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS probe (one INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS envelopes_by_due ON envelopes (state, due_at);
CREATE INDEX IF NOT EXISTS envelopes_by_age ON envelopes (state, stored_at);
CREATE INDEX IF NOT EXISTS recent_by_age ON recent (seen_at);
"""
PROBE_BYTES = 32 * 1024
SWEEP = 1_000
"""So many rows at most are dropped in one transaction, so that no put waits for long."""

_ADD = """
INSERT INTO envelopes
  (envelope_id, project, key, client, categories, size, stored_at, due_at, attempts, state)
VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0, 'ready')
"""
# No index: in the order of ids the oldest come first, and the rows are small.
_CLAIM = """
SELECT id, envelope_id, project, key, client, categories, size, attempts, stored_at
FROM envelopes NOT INDEXED
WHERE state = 'ready' AND due_at <= ? AND stored_at > ?
  AND project || ' ' || key NOT IN (SELECT value FROM json_each(?))
ORDER BY id LIMIT ?
"""
_NEXT_DUE = """
SELECT due_at FROM envelopes INDEXED BY envelopes_by_due
WHERE state = 'ready' AND project || ' ' || key NOT IN (SELECT value FROM json_each(?))
ORDER BY due_at LIMIT 1
"""
_LEARN = """
INSERT INTO limits VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET until = excluded.until, scope = excluded.scope, reason = excluded.reason
WHERE excluded.until > limits.until
"""
_LIST = """
SELECT id, envelope_id, project, key, categories, size, stored_at, attempts, reason
FROM envelopes WHERE state = 'dead' AND id > ? ORDER BY id LIMIT ?
"""
_READ = """
SELECT envelope_id, project, key, client, categories, body
FROM envelopes JOIN bodies USING (id) WHERE id = ? AND state = 'dead'
"""
_RETRY = """
UPDATE envelopes SET state = 'ready', reason = '', attempts = 0, due_at = 0, stored_at = ?1
WHERE state = 'dead' AND (?2 IS NULL OR id IN (SELECT value FROM json_each(?2)))
"""
_CHOSEN = """
SELECT id, size FROM envelopes
WHERE state = 'dead' AND (?1 IS NULL OR id IN (SELECT value FROM json_each(?1)))
"""
_OLD = """
SELECT id, project, key, categories, size FROM envelopes
WHERE state = ? AND stored_at <= ? ORDER BY stored_at LIMIT ?
"""
_DEAD = "SELECT id, project, key, categories, size FROM envelopes WHERE state = 'dead' ORDER BY id"


class State(StrEnum):
    """What may be done with a row."""

    READY = "ready"
    CLAIMED = "claimed"
    DEAD = "dead"


class Tables:
    """The operations of a spool on an open connection. Not safe for threads; the writer owns it."""

    def __init__(self, db: sqlite3.Connection, bounds: Bounds) -> None:
        self._db = db
        self._bounds = bounds
        self._bytes = 0
        self._pruned_at: float | None = None
        self._dropped: list[Dropped] = []
        self._recount()

    # --- transactions ---

    def begin(self) -> None:
        """Open a transaction."""
        self._db.execute("BEGIN IMMEDIATE")

    def commit(self) -> Sequence[Dropped]:
        """Make it durable; return what was dropped inside it."""
        self._db.execute("COMMIT")
        dropped, self._dropped = self._dropped, []
        return dropped

    def rollback(self) -> None:
        """Undo everything since `begin`."""
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")
        self._dropped = []
        self._pruned_at = None
        self._recount()

    def close(self) -> None:
        """Fold the log into the file and close it."""
        try:
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
        finally:
            self._db.close()

    # --- the operations of the port ---

    def put(self, envelope: ScrubbedEnvelope, now: float) -> bool:
        """Store an envelope and return True; False for a repeat.

        Raises:
            SpoolFullError: it does not fit.
        """
        digest = fingerprint(envelope)
        if self._is_repeat(digest, now):
            return False
        size = len(envelope.body)
        self._make_room(size, now)
        row = self._db.execute(
            _ADD,
            (
                envelope.envelope_id,
                envelope.project,
                envelope.key,
                envelope.client.encode("utf-8", "replace").decode(),
                jsonio.dumps(envelope.categories).decode(),
                size,
                now,
            ),
        ).lastrowid
        self._db.execute("INSERT INTO bodies VALUES (?, ?)", (row, envelope.body))
        self._db.execute("INSERT OR REPLACE INTO recent VALUES (?, ?)", (digest, now))
        self._bytes += size
        return True

    def claim(self, limit: int, skip: Collection[Lane], now: float) -> Sequence[Claim]:
        """Mark up to `limit` due rows as claimed, oldest first, and return them."""
        self._expire(now)
        oldest = now - self._bounds.max_age
        rows = self._db.execute(_CLAIM, (now, oldest, _lanes(skip), limit)).fetchall()
        claims: list[Claim] = []
        total = 0
        for number, envelope_id, project, key, client, categories, size, attempts, stored in rows:
            total += size
            if claims and total > CLAIM_BYTES:
                break
            (body,) = self._db.execute("SELECT body FROM bodies WHERE id = ?", (number,)).fetchone()
            envelope = restore(
                body=body,
                envelope_id=envelope_id,
                project=project,
                key=key,
                client=client,
                categories=tuple(jsonio.loads(categories)),
            )
            claims.append(Claim(number, envelope, attempts, stored))
        self._db.executemany(
            "UPDATE envelopes SET state = 'claimed' WHERE id = ?", [(c.claim_id,) for c in claims]
        )
        return claims

    def settle(self, settlements: Iterable[tuple[Claim, Decision]]) -> None:
        """Carry out decisions; rows that are not claimed are left alone."""
        for claim, decision in settlements:
            number = claim.claim_id
            match decision:
                case Ack():
                    self._forget(number, len(claim.envelope.body))
                case RetryAt(at, tried):
                    self._db.execute(
                        "UPDATE envelopes SET state = 'ready', due_at = ?, attempts = attempts + ?"
                        " WHERE id = ? AND state = 'claimed'",
                        (at, int(tried), number),
                    )
                case Bury(reason):
                    self._db.execute(
                        "UPDATE envelopes SET state = 'dead', reason = ?, attempts = attempts + 1"
                        " WHERE id = ? AND state = 'claimed'",
                        (reason.value, number),
                    )

    def give_back(self, claims: Iterable[Claim]) -> None:
        """Make claims ready again that nobody has seen."""
        self._db.executemany(
            "UPDATE envelopes SET state = 'ready' WHERE id = ? AND state = 'claimed'",
            [(claim.claim_id,) for claim in claims],
        )

    def next_due(self, skip: Collection[Lane]) -> float | None:
        """Return when the next envelope outside of `skip` is due; None when there is none."""
        row = self._db.execute(_NEXT_DUE, (_lanes(skip),)).fetchone()
        return None if row is None else float(row[0])

    def status(self, now: float) -> SpoolStatus:
        """Count what is held; the age is that of the oldest which still waits for delivery."""
        counts = dict(self._db.execute("SELECT state, count(*) FROM envelopes GROUP BY state"))
        (oldest,) = self._db.execute(
            "SELECT min(stored_at) FROM envelopes WHERE state IN ('ready', 'claimed')"
        ).fetchone()
        return SpoolStatus(
            ready=counts.get(State.READY, 0),
            claimed=counts.get(State.CLAIMED, 0),
            buried=counts.get(State.DEAD, 0),
            bytes=self._bytes,
            oldest_age=0.0 if oldest is None else max(0.0, now - oldest),
        )

    def release(self) -> None:
        """Make every claimed row ready again."""
        self._db.execute("UPDATE envelopes SET state = 'ready' WHERE state = 'claimed'")

    def probe(self) -> None:
        """Write as much as an envelope takes; whether it is durable, the commit says."""
        self._db.execute("INSERT OR REPLACE INTO probe VALUES (1, zeroblob(?))", (PROBE_BYTES,))

    def share_limits(self, learned: Sequence[KeyLimit], now: float) -> Sequence[KeyLimit]:
        """Keep limits, the longer of two; return those in force."""
        if learned:
            self._db.executemany(_LEARN, [_limit_row(one) for one in learned])
            self._db.execute("DELETE FROM limits WHERE until <= ?", (now,))
        rows = self._db.execute("SELECT * FROM limits WHERE until > ?", (now,))
        return [
            KeyLimit((upstream, key), Limit(until, category, Scope(scope), reason, namespace))
            for upstream, key, category, namespace, scope, reason, until in rows
        ]

    # --- dead letters ---

    def dead_list(self, limit: int, after: int) -> Sequence[DeadLetter]:
        """Return dead letters with a number above `after`."""
        rows = self._db.execute(_LIST, (after, limit)).fetchall()
        return [
            DeadLetter(n, i, p, k, tuple(jsonio.loads(c)), size, stored, attempts, Reason(reason))
            for n, i, p, k, c, size, stored, attempts, reason in rows
        ]

    def dead_read(self, number: int) -> ScrubbedEnvelope | None:
        """Return the envelope of a dead letter."""
        row = self._db.execute(_READ, (number,)).fetchone()
        if row is None:
            return None
        envelope_id, project, key, client, categories, body = row
        return restore(
            body=body,
            envelope_id=envelope_id,
            project=project,
            key=key,
            client=client,
            categories=tuple(jsonio.loads(categories)),
        )

    def dead_retry(self, numbers: Collection[int] | None, now: float) -> int:
        """Make dead letters ready, as if just put."""
        return self._db.execute(_RETRY, (now, _numbers(numbers))).rowcount

    def dead_purge(self, numbers: Collection[int] | None) -> int:
        """Delete dead letters."""
        rows = self._db.execute(_CHOSEN, (_numbers(numbers),)).fetchall()
        for number, size in rows:
            self._db.execute("DELETE FROM envelopes WHERE id = ?", (number,))
            self._db.execute("DELETE FROM bodies WHERE id = ?", (number,))
            self._bytes -= size
        return len(rows)

    # --- bounds ---

    def _is_repeat(self, digest: bytes, now: float) -> bool:
        window = self._bounds.repeat_window
        if self._pruned_at is None or abs(now - self._pruned_at) >= window / 10:
            self._db.execute("DELETE FROM recent WHERE seen_at <= ?", (now - window,))
            self._pruned_at = now
        row = self._db.execute("SELECT seen_at FROM recent WHERE digest = ?", (digest,)).fetchone()
        # abs: a clock that was set back must not make repeats of everything for hours.
        return row is not None and abs(now - row[0]) < window

    def _make_room(self, size: int, now: float) -> None:
        limit = self._bounds.max_bytes
        if self._bytes + size > limit:
            self._expire(now)
        if self._bytes + size <= limit:
            return
        (dead,) = self._db.execute(
            "SELECT coalesce(sum(size), 0) FROM envelopes WHERE state = 'dead'"
        ).fetchone()
        if self._bytes - dead + size > limit:
            raise SpoolFullError("the spool is full")
        over = self._bytes + size - limit
        victims = []
        for row in self._db.execute(_DEAD):
            victims.append(row)
            over -= row[4]
            if over <= 0:
                break
        self._drop(victims, Reason.SPOOL_FULL, buried=True)

    def _expire(self, now: float) -> None:
        for state, age in (
            (State.READY, self._bounds.max_age),
            (State.DEAD, self._bounds.max_dead_age),
        ):
            rows = self._db.execute(_OLD, (state.value, now - age, SWEEP)).fetchall()
            self._drop(rows, Reason.EXPIRED, buried=state is State.DEAD)

    def _drop(
        self, rows: Sequence[tuple[int, str, str, str, int]], reason: Reason, *, buried: bool
    ) -> None:
        for number, project, key, categories, size in rows:
            self._db.execute("DELETE FROM envelopes WHERE id = ?", (number,))
            self._db.execute("DELETE FROM bodies WHERE id = ?", (number,))
            self._bytes -= size
            names = tuple(jsonio.loads(categories))
            self._dropped.append(Dropped(project, key, names, size, reason, buried))

    def _forget(self, number: int, size: int) -> None:
        gone = self._db.execute(
            "DELETE FROM envelopes WHERE id = ? AND state = 'claimed'", (number,)
        ).rowcount
        if gone:
            self._db.execute("DELETE FROM bodies WHERE id = ?", (number,))
            self._bytes -= size

    def _recount(self) -> None:
        (self._bytes,) = self._db.execute("SELECT coalesce(sum(size), 0) FROM envelopes").fetchone()


def _lanes(skip: Collection[Lane]) -> str:
    return jsonio.dumps([f"{project} {key}" for project, key in skip]).decode()


def _numbers(numbers: Collection[int] | None) -> str | None:
    return None if numbers is None else jsonio.dumps(list(numbers)).decode()


def _limit_row(one: KeyLimit) -> tuple[str, str, str, str, str, str, float]:
    limit = one.limit
    return (*one.where, limit.category, limit.namespace, limit.scope, limit.reason, limit.until)
