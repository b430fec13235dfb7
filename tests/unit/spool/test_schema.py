"""The tables, and files of the first version."""

import sqlite3
from pathlib import Path

import pytest

from relay.delivery import Bury
from relay.outcomes import Reason
from relay.spool import Bounds, SqliteSpool
from relay.spool.schema import VERSION
from tests.fakes import KEY, FakeClock, envelope

FIRST = """
CREATE TABLE envelopes (
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
CREATE TABLE bodies (id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;
CREATE TABLE recent (digest BLOB PRIMARY KEY, seen_at REAL NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX envelopes_by_due ON envelopes (state, due_at);
CREATE INDEX envelopes_by_age ON envelopes (state, stored_at);
CREATE INDEX recent_by_age ON recent (seen_at);
PRAGMA journal_mode = WAL;
PRAGMA application_id = 0x53435242;
PRAGMA user_version = 1;
"""

NOW = 1_700_000_000.0
ROWS = (
    (3, 0.0, 0, "ready", ""),
    (4, NOW + 50, 2, "ready", ""),
    (5, 0.0, 1, "claimed", ""),
    (6, 0.0, 3, "dead", "unroutable"),
)


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A file of the first version, with rows of each state; the last id that it gave was 8."""
    path = tmp_path / "spool.db"
    db = sqlite3.connect(path, isolation_level=None)
    db.executescript(FIRST)
    for number, due, attempts, state, reason in ROWS:
        one = envelope(number)
        db.execute(
            "INSERT INTO envelopes VALUES (?, ?, '1', ?, ?, '[\"error\"]', ?, ?, ?, ?, ?, ?)",
            (
                number,
                one.envelope_id,
                KEY,
                one.client,
                len(one.body),
                NOW,
                due,
                attempts,
                state,
                reason,
            ),
        )
        db.execute("INSERT INTO bodies VALUES (?, ?)", (number, one.body))
    db.execute("INSERT INTO recent VALUES (x'00', ?)", (NOW,))
    db.execute("UPDATE sqlite_sequence SET seq = 8")
    db.close()
    return path


async def test_a_file_of_the_first_version_is_taken_over(old: Path) -> None:
    """Every row of it is there: ready, due later, claimed once, dead; and no id is given again."""
    clock = FakeClock(NOW)
    spool = await SqliteSpool.open(old, clock)
    assert spool.damaged is None
    status = await spool.status()
    size = sum(len(envelope(number).body) for number, *_ in ROWS)
    assert (3, 0, 1, size) == (status.ready, status.claimed, status.buried, status.bytes)
    (letter,) = await spool.dead.list(9)
    assert (6, 3, Reason.UNROUTABLE) == (letter.number, letter.attempts, letter.reason)
    assert envelope(6) == await spool.dead.read(6)
    claims = await spool.claim(9)
    assert [(envelope(3), 0), (envelope(5), 1)] == [(c.envelope, c.attempts) for c in claims]
    clock.advance(50)
    await spool.put(envelope(9))
    later, new = await spool.claim(9)
    assert (envelope(4), 2) == (later.envelope, later.attempts)
    assert (envelope(9), 9) == (new.envelope, new.claim_id)
    await spool.close()
    db = sqlite3.connect(old)
    assert (VERSION,) == db.execute("PRAGMA user_version").fetchone()
    tables = {name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    db.close()
    assert {"envelopes", "bodies", "recent", "totals", "limits", "probe"} == tables - {
        "sqlite_sequence"
    }


async def test_a_tool_leaves_an_old_file_alone(old: Path) -> None:
    """A tool opens no file of another version: a relay that still runs may have it open."""
    before = old.read_bytes()
    with pytest.raises(Exception, match="older version"):
        await SqliteSpool.attach(old, FakeClock(NOW))
    assert before == old.read_bytes()


async def test_what_was_counted_wrong_is_counted_anew(tmp_path: Path) -> None:
    """The totals are made from the rows at each start."""
    path = tmp_path / "spool.db"
    spool = await SqliteSpool.open(path, FakeClock(NOW))
    await spool.put(envelope(1))
    await spool.put(envelope(2))
    (claim,) = await spool.claim(1)
    await spool.settle([(claim, Bury(Reason.UNROUTABLE))])
    before = await spool.status()
    await spool.close()
    db = sqlite3.connect(path)
    db.execute("UPDATE totals SET living = 9, dead = 9, bytes = 9, dead_bytes = 9")
    db.commit()
    db.close()
    spool = await SqliteSpool.open(path, FakeClock(NOW), Bounds())
    assert before == await spool.status()
    await spool.close()
