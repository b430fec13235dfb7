"""Statements that go past a long queue: counted in steps, never in time."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from relay.ports import Lane
from relay.spool.bounds import Bounds
from relay.spool.files import connect, prepare_spool
from relay.spool.tables import Tables

ROWS = 50_000
KEY = "f" * 32
BUSY, FREE = ("1", KEY), ("2", KEY)
STEPS = 100
"""The virtual machine of SQLite calls back every so many steps."""

FILL = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
INSERT INTO envelopes (envelope_id, project, key, client, categories, size, stored_at, due_at,
  attempts, state)
SELECT '', ?, ?, '', '["error"]', 1, ?, ?, 0, ? FROM n
"""


class Counted:
    """A spool with a long queue, and the steps that each call takes in it."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db
        self.tables = Tables(db, Bounds(), 0)
        self._steps = 0

    def fill(
        self,
        lane: Lane,
        count: int = ROWS,
        *,
        stored: float = 0,
        due: float = 0,
        state: str = "ready",
    ) -> None:
        """Put rows there."""
        self.db.execute(FILL, (count, *lane, stored, due, state))
        total = "UPDATE totals SET living = living + ?, last_id = last_id + ?"
        self.db.execute(total, (count if state == "ready" else 0, count))

    def claim(self, limit: int, skip: set[Lane], now: float = 10.0) -> tuple[list[str], int]:
        """Return the projects that were claimed, and the steps in hundreds."""
        self.db.set_progress_handler(self._count, STEPS)
        self._steps = 0
        self.tables.begin()
        rows = self.tables.claim(limit, skip, now)
        self.tables.commit()
        self.db.set_progress_handler(None, 0)
        return [row[2] for row in rows], self._steps

    def next_due(self, skip: set[Lane]) -> tuple[float | None, int]:
        """Return the next due time, and the steps in hundreds."""
        self.db.set_progress_handler(self._count, STEPS)
        self._steps = 0
        at = self.tables.next_due(skip)
        self.db.set_progress_handler(None, 0)
        return at, self._steps

    def _count(self) -> int:
        self._steps += 1
        return 0


@pytest.fixture
def counted(tmp_path: Path) -> Iterator[Counted]:
    path = tmp_path / "spool.db"
    prepare_spool(path)
    db = connect(path)
    yield Counted(db)
    db.close()


LITTLE = 100
"""Hundreds of steps that a claim of eight may take; a scan of the queue takes 2,000 or more."""


def test_a_claim_takes_the_first_of_many(counted: Counted) -> None:
    """A claim out of a long queue goes no further than it has to."""
    counted.fill(BUSY)
    claimed, steps = counted.claim(8, set())
    assert ["1"] * 8 == claimed
    assert steps < LITTLE


def test_a_skipped_lane_is_not_scanned(counted: Counted) -> None:
    """When most belongs to a lane that is skipped, the others are found at once."""
    counted.fill(BUSY)
    counted.fill(FREE, 5, stored=5)
    claimed, steps = counted.claim(8, {BUSY})
    assert ["2"] * 5 == claimed
    assert steps < LITTLE
    claimed, steps = counted.claim(8, {BUSY})
    assert [] == claimed
    assert steps < LITTLE


def test_what_is_due_later_is_not_scanned(counted: Counted) -> None:
    """When most is due later, what is due now is found at once."""
    counted.fill(BUSY, due=99)
    counted.fill(FREE, 5, stored=5)
    claimed, steps = counted.claim(8, set())
    assert ["2"] * 5 == claimed
    assert steps < LITTLE


def test_dead_letters_are_not_scanned(counted: Counted) -> None:
    """When most are dead letters, what is due is found at once."""
    counted.fill(BUSY, state="dead")
    counted.fill(FREE, 5, stored=5)
    claimed, steps = counted.claim(8, {BUSY})
    assert ["2"] * 5 == claimed
    assert steps < LITTLE


def test_a_wait_scans_nothing(counted: Counted) -> None:
    """When the next one is due is known at once, whatever is skipped or waits for later."""
    counted.fill(BUSY)
    counted.fill(BUSY, due=50)
    counted.fill(FREE, due=99)
    assert 0 == counted.next_due(set())[0]
    at, steps = counted.next_due({BUSY})
    assert 99 == at
    assert steps < LITTLE
    at, steps = counted.next_due({BUSY, FREE})
    assert at is None
    assert steps < LITTLE


def test_what_becomes_due_comes_in_portions(counted: Counted) -> None:
    """When a long queue falls due in one moment, a claim takes a bounded part of the work."""
    counted.fill(BUSY, due=5)
    claimed, steps = counted.claim(8, set())
    assert ["1"] * 8 == claimed
    assert steps < 1_500


def test_many_lanes_are_each_asked_once(counted: Counted) -> None:
    """With many lanes, all skipped but the last one, lanes cost something, rows do not."""
    lanes = [(f"{number:04}", KEY) for number in range(100)]
    for lane in lanes:
        counted.fill(lane, 500)
    claimed, steps = counted.claim(3, set(lanes[:-1]))
    assert ["0099"] * 3 == claimed
    assert steps < 4 * LITTLE
