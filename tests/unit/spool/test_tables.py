"""The rows of the SQLite spool, without a thread."""

import sqlite3
from collections.abc import Iterator

import pytest

from relay.delivery import Bury
from relay.errors import SpoolFullError
from relay.outcomes import Reason
from relay.spool import tables as module
from relay.spool.bounds import Bounds
from relay.spool.tables import SCHEMA, Tables
from tests.fakes import envelope


@pytest.fixture
def db() -> Iterator[sqlite3.Connection]:
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.executescript(SCHEMA)
    yield db
    db.close()


def test_a_rollback_undoes_all(db: sqlite3.Connection) -> None:
    """After a rollback neither rows nor bytes nor drops nor repeats are left."""
    tables = Tables(db, Bounds(max_age=10))
    tables.begin()
    tables.put(envelope(1), 0.0)
    tables.commit()
    tables.begin()
    tables.put(envelope(2), 5.0)
    tables.claim(9, (), 10.0)
    tables.rollback()
    tables.begin()
    tables.put(envelope(2), 5.0)
    status = tables.status(5.0)
    assert (2, 0, len(envelope(1).body) * 2) == (status.ready, status.claimed, status.bytes)
    assert [] == list(tables.commit())


def test_bytes_are_counted_at_open(db: sqlite3.Connection) -> None:
    """A new process knows how much is held."""
    tables = Tables(db, Bounds())
    tables.put(envelope(), 0.0)
    assert len(envelope().body) == Tables(db, Bounds()).status(0.0).bytes


def test_a_dead_letter_says_why(db: sqlite3.Connection) -> None:
    """The reason of a burial is stored in its row."""
    tables = Tables(db, Bounds())
    tables.put(envelope(), 0.0)
    (claim,) = tables.claim(1, (), 0.0)
    tables.settle([(claim, Bury(Reason.REJECTED_UPSTREAM))])
    assert [("dead", "rejected_upstream", 1)] == db.execute(
        "SELECT state, reason, attempts FROM envelopes"
    ).fetchall()


def test_no_body_outlives_its_row(db: sqlite3.Connection) -> None:
    """Whatever way an envelope goes, its body goes with it."""
    tables = Tables(db, Bounds(max_age=10, max_dead_age=10))
    for number in range(4):
        tables.put(envelope(number), 0.0)
    first, *_ = tables.claim(2, (), 0.0)
    tables.settle([(first, Bury(Reason.UNROUTABLE))])
    tables.claim(1, (), 100.0)
    assert (
        db.execute("SELECT id FROM envelopes").fetchall()
        == db.execute("SELECT id FROM bodies").fetchall()
    )
    assert 1 == db.execute("SELECT count(*) FROM bodies").fetchone()[0]


def test_old_fingerprints_are_forgotten(db: sqlite3.Connection) -> None:
    """The table of repeats does not grow for ever."""
    tables = Tables(db, Bounds(repeat_window=10))
    for number in range(50):
        tables.put(envelope(number), float(number))
    assert 12 > db.execute("SELECT count(*) FROM recent").fetchone()[0]


def test_an_envelope_over_the_bound_never_fits(db: sqlite3.Connection) -> None:
    """An envelope larger than the spool is refused, and no dead letter is given up for it."""
    tables = Tables(db, Bounds(max_bytes=len(envelope().body)))
    tables.put(envelope(1), 0.0)
    (claim,) = tables.claim(1, (), 0.0)
    tables.settle([(claim, Bury(Reason.UNROUTABLE))])
    with pytest.raises(SpoolFullError):
        tables.put(envelope(2, payload=b"x" * 1_000), 0.0)
    assert 1 == tables.status(0.0).buried


def test_scans_read_no_bodies(db: sqlite3.Connection) -> None:
    """Claims go by the order of ids, due times by their index: no sorting of a long queue."""
    plan = str(db.execute("EXPLAIN QUERY PLAN " + module._CLAIM, (0, 0, "[]", 1)).fetchall())
    assert "TEMP B-TREE" not in plan
