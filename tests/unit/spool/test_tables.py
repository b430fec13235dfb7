"""The rows of the SQLite spool, without a thread."""

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import pytest

from relay.delivery import Ack, Bury, RetryAt
from relay.errors import SpoolFullError
from relay.outcomes import Reason
from relay.ports import Claim, Lane
from relay.scrub.permit import ScrubbedEnvelope
from relay.spool.bounds import Bounds
from relay.spool.dead_letters import list_dead, read_dead
from relay.spool.files import connect, prepare_spool
from relay.spool.limits import read_limits
from relay.spool.tables import ORPHANS_EVERY, Put, Tables
from tests.fakes import envelope


@pytest.fixture
def db(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    path = tmp_path / "spool.db"
    prepare_spool(path)
    db = connect(path)
    yield db
    db.close()


class Committed:
    """Each call is a transaction of its own."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables

    def __enter__(self) -> Tables:
        self.tables.begin()
        return self.tables

    def __exit__(self, *_: object) -> None:
        self.tables.commit()


def put(tables: Tables, one: ScrubbedEnvelope, now: float) -> None:
    with Committed(tables):
        (result,) = tables.put([Put.of(one)], now)
    if isinstance(result, Exception):
        raise result


def claim(tables: Tables, limit: int, now: float, skip: Collection[Lane] = ()) -> Sequence[Claim]:
    with Committed(tables):
        rows = tables.claim(limit, skip, now)
    return tables.read_claims(rows)


def test_a_rollback_undoes_all(db: sqlite3.Connection) -> None:
    """After a rollback neither rows nor bytes nor drops nor repeats are left."""
    tables = Tables(db, Bounds(max_age=10))
    put(tables, envelope(1), 0.0)
    tables.begin()
    tables.put([Put.of(envelope(2))], 5.0)
    tables.claim(9, (), 10.0)
    tables.rollback()
    tables.begin()
    tables.put([Put.of(envelope(2))], 5.0)
    assert [] == list(tables.commit())
    status = tables.status(5.0)
    assert (2, 0, len(envelope(1).body) * 2) == (status.ready, status.claimed, status.bytes)


def test_bytes_are_counted_at_open(db: sqlite3.Connection, tmp_path: Path) -> None:
    """Totals that are wrong, whyever, are right after the next start."""
    put(Tables(db, Bounds()), envelope(), 0.0)
    db.execute("UPDATE totals SET bytes = 7, living = 7, dead = 7, dead_bytes = 7")
    prepare_spool(tmp_path / "spool.db")
    status = Tables(db, Bounds()).status(0.0)
    assert (len(envelope().body), 1, 0) == (status.bytes, status.ready, status.buried)


def test_ids_are_never_given_twice(db: sqlite3.Connection, tmp_path: Path) -> None:
    """An id is not used again after its row has gone, nor after a start."""
    tables = Tables(db, Bounds())
    ids = []
    for number in range(3):
        put(tables, envelope(number), 0.0)
        (one,) = claim(tables, 1, 0.0)
        with Committed(tables):
            tables.settle([(one, Ack())])
        ids.append(one.claim_id)
        prepare_spool(tmp_path / "spool.db")
    assert [1, 2, 3] == ids


def test_a_dead_letter_says_why(db: sqlite3.Connection) -> None:
    """The reason of a burial is stored in its row."""
    tables = Tables(db, Bounds())
    put(tables, envelope(), 0.0)
    (one,) = claim(tables, 1, 0.0)
    with Committed(tables):
        tables.settle([(one, Bury(Reason.REJECTED_UPSTREAM))])
    assert [("dead", "rejected_upstream", 1)] == db.execute(
        "SELECT state, reason, attempts FROM envelopes"
    ).fetchall()


def test_no_body_outlives_its_row(db: sqlite3.Connection) -> None:
    """Whatever way an envelope goes, its body goes with it."""
    tables = Tables(db, Bounds(max_age=10, max_dead_age=10))
    for number in range(4):
        put(tables, envelope(number), 0.0)
    first, *_ = claim(tables, 2, 0.0)
    with Committed(tables):
        tables.settle([(first, Bury(Reason.UNROUTABLE))])
    claim(tables, 1, 100.0)
    assert (
        db.execute("SELECT id FROM envelopes").fetchall()
        == db.execute("SELECT id FROM bodies").fetchall()
    )
    assert 1 == db.execute("SELECT count(*) FROM bodies").fetchone()[0]


def test_old_fingerprints_are_forgotten(db: sqlite3.Connection) -> None:
    """The table of repeats does not grow for ever."""
    tables = Tables(db, Bounds(repeat_window=10))
    for number in range(100):
        put(tables, envelope(number), float(number))
    assert 21 > db.execute("SELECT count(*) FROM recent").fetchone()[0]


def test_an_envelope_over_the_bound_never_fits(db: sqlite3.Connection) -> None:
    """An envelope larger than the spool is refused, and no dead letter is given up for it."""
    tables = Tables(db, Bounds(max_bytes=len(envelope().body)))
    put(tables, envelope(1), 0.0)
    (one,) = claim(tables, 1, 0.0)
    with Committed(tables):
        tables.settle([(one, Bury(Reason.UNROUTABLE))])
    with pytest.raises(SpoolFullError):
        put(tables, envelope(2, payload=b"x" * 1_000), 0.0)
    assert 1 == tables.status(0.0).buried


def test_of_several_puts_each_is_told(db: sqlite3.Connection) -> None:
    """In one transaction a repeat, a large body, and one that does not fit have their answers."""
    large = envelope(3, payload=b"x" * 100_000)
    bound = len(large.body) + 2 * len(envelope(1).body)
    tables = Tables(db, Bounds(max_bytes=bound))
    puts = [Put.of(one) for one in (envelope(1), envelope(1), large, envelope(2), envelope(4))]
    with Committed(tables):
        *told, last = tables.put(puts, 0.0)
    assert [True, False, True, True] == told
    assert isinstance(last, SpoolFullError)
    assert [envelope(1), large, envelope(2)] == [c.envelope for c in claim(tables, 9, 0.0)]


def test_a_slot_settles_only_its_own(db: sqlite3.Connection) -> None:
    """What another slot has claimed is left alone, whatever is decided here."""
    one, other = Tables(db, Bounds(), 1), Tables(db, Bounds(), 2)
    put(one, envelope(), 0.0)
    claims = claim(one, 1, 0.0)
    with Committed(other):
        decisions = (Ack(), RetryAt(0.0), Bury(Reason.INTERNAL))
        other.settle([(claim, decision) for claim in claims for decision in decisions])
        other.release()
    status = one.status(0.0)
    assert (0, 1, 0) == (status.ready, status.claimed, status.buried)


def test_claims_of_those_who_are_gone_are_ready_again(db: sqlite3.Connection) -> None:
    """A claim looks for slots that nobody has, at first and every half minute."""
    gone: set[int] = set()
    one, other = Tables(db, Bounds(), 1), Tables(db, Bounds(), 2, gone.__contains__)
    put(one, envelope(), 0.0)
    assert 1 == len(claim(one, 1, 0.0))
    assert [] == list(claim(other, 1, 0.0))
    gone.add(1)
    assert [] == list(claim(other, 1, ORPHANS_EVERY - 1))
    assert 1 == len(claim(other, 1, ORPHANS_EVERY))


@pytest.mark.parametrize(
    "forge",
    [
        "UPDATE envelopes SET categories = '{' WHERE id = 2",
        "UPDATE envelopes SET categories = '[1]' WHERE id = 2",
        "UPDATE envelopes SET categories = '5' WHERE id = 2",
        "UPDATE envelopes SET size = 7 WHERE id = 2",
        "DELETE FROM bodies WHERE id = 2",
    ],
)
def test_a_row_that_is_not_ours_holds_up_no_other(db: sqlite3.Connection, forge: str) -> None:
    """What cannot be read is left out, then dropped and counted; a rollback drops it anew."""
    tables = Tables(db, Bounds())
    for number in (1, 2, 3):
        put(tables, envelope(number), 0.0)
    db.execute(forge)
    assert [1, 3] == [one.claim_id for one in claim(tables, 10, 1.0)]
    tables.begin()
    tables.claim(10, (), 1.0)
    tables.rollback()
    for expected in (1, 0):
        tables.begin()
        assert [] == list(tables.claim(10, (), 1.0))
        assert [Reason.INTERNAL] * expected == [one.reason for one in tables.commit()]
    assert [(1,), (3,)] == db.execute("SELECT id FROM envelopes").fetchall()
    assert 2 == tables.totals.living


def test_a_text_that_is_none_is_read_all_the_same(db: sqlite3.Connection) -> None:
    """SQLite itself would refuse the whole page of rows."""
    tables = Tables(db, Bounds())
    put(tables, envelope(1), 0.0)
    put(tables, envelope(2), 0.0)
    db.execute("UPDATE envelopes SET project = CAST(x'ff41' AS TEXT) WHERE id = 1")
    assert ["\ufffdA", "1"] == [one.envelope.project for one in claim(tables, 10, 1.0)]


def test_dead_letters_with_words_of_others_are_listed(db: sqlite3.Connection) -> None:
    """A newer version may have buried one for a reason that has no name here."""
    tables = Tables(db, Bounds())
    put(tables, envelope(1), 0.0)
    (one,) = claim(tables, 1, 1.0)
    with Committed(tables):
        tables.settle([(one, Bury(Reason.INTERNAL))])
    db.execute("UPDATE envelopes SET reason = 'word_of_tomorrow', categories = '{'")
    (told,) = list_dead(tables, 10, 0)
    assert (Reason.INTERNAL, ()) == (told.reason, told.categories)
    found = read_dead(tables, told.number)
    assert found is not None
    assert () == found.categories


def test_limits_with_words_of_others_are_left_out(db: sqlite3.Connection) -> None:
    """They hide none of those that are known."""
    tables = Tables(db, Bounds())
    for key, scope in (("a", "galaxy"), ("b", "key")):
        db.execute("INSERT INTO limits VALUES ('u', ?, 'error', '', ?, '', 9)", (key, scope))
    assert [("u", "b")] == [one.where for one in read_limits(tables, 1.0)]
