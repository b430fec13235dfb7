"""The tables of the SQLite spool, and how a file of an older version becomes one of this.

Law of this file: whoever changes `SCHEMA` counts `VERSION` up and writes the step in `migrate`.
"""

import sqlite3
from typing import Final

APPLICATION_ID: Final = 0x53435242
"""Written into the file ("SCRB"), so that no other program's database is taken for a spool."""

VERSION: Final = 2

NOBODY: Final = -1
"""The owner of a row that is not claimed."""

TOOL: Final = -2
"""The slot of who has none, and claims nothing."""

LANE: Final = "project || ' ' || key"
"""Project and key in one text. An index on it is used only where it is written just so."""

DUE: Final = "state = 'ready' AND due_at = 0"
LATER: Final = "state = 'ready' AND due_at > 0"
"""Rows that can be claimed have the due time 0; the others get it when their time has come."""

# Bodies have a table of their own, so that a scan never reads them. An index holds only the rows
# that its query is for, so that a long queue of others costs nothing. Every page that a transaction
# touches is written twice, so tables and indexes are few: ids come from `totals`, which each put
# writes anyway, and what was seen is forgotten by its period, which stands first in the key.
SCHEMA: Final = f"""
CREATE TABLE IF NOT EXISTS envelopes (
  id INTEGER PRIMARY KEY,
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
  reason TEXT NOT NULL DEFAULT '',
  owner INTEGER NOT NULL DEFAULT {NOBODY}
) STRICT;
CREATE TABLE IF NOT EXISTS bodies (id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS recent (
  period INTEGER NOT NULL,
  digest BLOB NOT NULL,
  seen_at REAL NOT NULL,
  PRIMARY KEY (period, digest)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS totals (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  last_id INTEGER NOT NULL,
  living INTEGER NOT NULL,
  dead INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  dead_bytes INTEGER NOT NULL
) STRICT;
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
CREATE INDEX IF NOT EXISTS due_by_age ON envelopes (stored_at) WHERE {DUE};
CREATE INDEX IF NOT EXISTS due_by_lane ON envelopes ({LANE}, stored_at) WHERE {DUE};
CREATE INDEX IF NOT EXISTS later_by_time ON envelopes (due_at) WHERE {LATER};
CREATE INDEX IF NOT EXISTS later_by_lane ON envelopes ({LANE}, due_at) WHERE {LATER};
CREATE INDEX IF NOT EXISTS later_by_age ON envelopes (stored_at) WHERE {LATER};
CREATE INDEX IF NOT EXISTS claimed_by_owner ON envelopes (owner, stored_at)
  WHERE state = 'claimed';
CREATE INDEX IF NOT EXISTS dead_by_id ON envelopes (id) WHERE state = 'dead';
CREATE INDEX IF NOT EXISTS dead_by_age ON envelopes (stored_at) WHERE state = 'dead';
"""

RELEASE: Final = f"""
UPDATE envelopes SET state = 'ready', owner = {NOBODY} WHERE state = 'claimed'
"""  # noqa: S608 - a constant of ours
"""Makes ready again what is claimed; more conditions may follow."""

_RECOUNT: Final = """
INSERT OR REPLACE INTO totals SELECT 1,
  max(coalesce(max(id), 0), coalesce((SELECT last_id FROM totals), 0), ?),
  count(*) FILTER (WHERE state <> 'dead'),
  count(*) FILTER (WHERE state = 'dead'),
  coalesce(sum(size), 0),
  coalesce(sum(size) FILTER (WHERE state = 'dead'), 0)
FROM envelopes
"""


def settle_in(db: sqlite3.Connection, version: int) -> None:
    """Make the tables, or those of an older version into these; release and count what is held.

    Only for a file that no other process has open.

    Args:
        db: an open connection, outside of a transaction.
        version: of the file; 0 for a new one.
    """
    db.execute("BEGIN IMMEDIATE")
    try:
        last_id = _make_way(db) if version == 1 else 0
        for statement in SCHEMA.split(";\n"):
            db.execute(statement)
        if version == 1:
            _take_over(db)
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {VERSION}")
        db.execute(RELEASE)
        db.execute(_RECOUNT, (last_id,))
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def _make_way(db: sqlite3.Connection) -> int:
    """Rename the tables of version 1 that have changed; return the last id that it gave."""
    for index in ("envelopes_by_due", "envelopes_by_age", "recent_by_age"):
        db.execute(f"DROP INDEX IF EXISTS {index}")
    for table in ("envelopes", "recent"):
        db.execute(f"ALTER TABLE {table} RENAME TO old_{table}")
    found = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'old_envelopes'").fetchone()
    return int(found[0]) if found else 0


def _take_over(db: sqlite3.Connection) -> None:
    """Move the rows of version 1; what was seen lately is not moved, so a repeat may come twice."""
    columns = (
        "id, envelope_id, project, key, client, categories, size, stored_at, due_at, attempts,"
        " state, reason"
    )
    db.execute(f"INSERT INTO envelopes ({columns}) SELECT {columns} FROM old_envelopes")  # noqa: S608 - constants of ours
    for table in ("envelopes", "recent"):
        db.execute(f"DROP TABLE old_{table}")
