"""Rows of the SQLite spool that somebody else has written: none of them holds up our own."""

import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from random import Random

from relay.delivery import Ack, Bury, RetryAt
from relay.errors import SpoolFullError
from relay.outcomes import Reason
from relay.ports import Claim
from relay.spool.bounds import Bounds
from relay.spool.dead_letters import list_dead, purge_dead, read_dead, retry_dead
from relay.spool.files import _text
from relay.spool.limits import read_limits
from relay.spool.schema import settle_in
from relay.spool.tables import Put, Tables
from tests.fakes import envelope
from tests.fuzz.target import Target
from tests.fuzz.targets.drawing import Reader, broken, packed, raw, word

NOW = 1_700_000_000.0
MOST_STEPS = 40
_STATES = ("ready", "claimed", "dead")
_TEXTS = (
    b"", b'["error"]', b"[1]", b'{"a": 1}', b"[", b'["error", "session"]', b"\xff\xfe", b"key",
    b"'",
    b"3f0e5b1f4c7d4b0c8a2f9d6e1b3a5c7d", b"5193825", b"\0", b"rejected", b"project", b"nobody",
)  # fmt: skip
_TIMES = (0.0, -1.0, NOW, NOW - 1e6, NOW + 1e6, 1e308, 5e-324, float("inf"), float("-inf"))
_NUMBERS = (0, 1, -1, 64, 2**31, 2**40, -(2**40))


def run_spool(data: bytes) -> None:
    """Steps of a stranger and of a relay in turn; at the end an envelope of ours is delivered."""
    db = _fresh()
    try:
        tables = Tables(db, Bounds(max_bytes=2**60))
        reader, claims = Reader(data), list[Claim]()
        for step in range(MOST_STEPS):
            if not reader:
                break
            if reader.below(2):
                _write(db, reader, step)
            else:
                claims += _work(tables, reader, claims)
        _is_delivered(tables)
    finally:
        db.close()


def _write(db: sqlite3.Connection, reader: Reader, step: int) -> None:
    """Write a row as nobody of us would; what the tables refuse is not written."""
    text, number, time = _columns(reader)
    with suppress(sqlite3.IntegrityError):
        match reader.below(6):
            case 0 | 1 | 2:
                row = (text(), text(), text(), text(), text(), number(), time(), time(), number())
                state = (_STATES[reader.below(3)], text(), number())
                body = reader.block()
                size = len(body) if reader.below(2) else row[5]
                db.execute(
                    "INSERT INTO envelopes VALUES (?, CAST(? AS TEXT), CAST(? AS TEXT),"
                    " CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT), ?, ?, ?, ?, ?,"
                    " CAST(? AS TEXT), ?)",
                    (1_000 + step, *row[:5], size, *row[6:], *state),
                )
                if reader.below(4):
                    db.execute("INSERT INTO bodies VALUES (?, ?)", (1_000 + step, body))
            case 3:
                values = (text(), text(), text(), text(), text(), text(), time())
                casts = ", ".join(["CAST(? AS TEXT)"] * 6)
                db.execute(f"INSERT INTO limits VALUES ({casts}, ?)", values)
            case 4:
                recent = (number(), reader.block(), time())
                db.execute("INSERT INTO recent VALUES (?, ?, ?)", recent)
            case _:
                totals = (number(), number(), number(), number())
                db.execute(
                    "UPDATE totals SET living = ?, dead = ?, bytes = ?, dead_bytes = ?", totals
                )


def _columns(reader: Reader):
    def text() -> bytes:
        at = reader.below(len(_TEXTS) + 4)
        return _TEXTS[at] if at < len(_TEXTS) else reader.block()

    def number() -> int:
        at = reader.below(len(_NUMBERS) + 3)
        return _NUMBERS[at] if at < len(_NUMBERS) else reader.integer() % 2**41

    def time() -> float:
        return _TIMES[reader.below(len(_TIMES))]

    return text, number, time


def _work(tables: Tables, reader: Reader, claims: Sequence[Claim]) -> Sequence[Claim]:
    """Do one thing that a relay does; return what it claims."""
    now = NOW + reader.below(256)
    match reader.below(9):
        case 0:
            _transaction(tables, lambda: tables.put([Put.of(envelope(reader.below(5)))], now))
        case 1 | 2:
            skip = [("5193825", "key")] if reader.below(2) else []
            rows = _transaction(tables, lambda: tables.claim(1 + reader.below(5), skip, now))
            return tables.read_claims(rows)
        case 3 if claims:
            decision = (Ack(), RetryAt(now + 5), Bury(Reason.INTERNAL))[reader.below(3)]
            claim = claims[reader.below(256) % len(claims)]
            _transaction(tables, lambda: tables.settle([(claim, decision)]))
        case 4:
            letters = list_dead(tables, 100, 0)
            for letter in letters:
                assert isinstance(letter.reason, Reason)
                assert all(isinstance(one, str) for one in letter.categories)
                read_dead(tables, letter.number)
        case 5:
            move = (retry_dead, purge_dead)[reader.below(2)]
            if move is retry_dead:
                _transaction(tables, lambda: retry_dead(tables, None, now))
            else:
                _transaction(tables, lambda: purge_dead(tables, None))
        case 6:
            for limit in read_limits(tables, now):
                assert limit.limit.until > now
        case 7:
            _transaction(tables, lambda: tables.expire(now))
            _transaction(tables, tables.release_orphans)
        case _:
            tables.status(now)
            tables.next_due([("a", "b")] if reader.below(2) else [])
    return ()


def _transaction(tables, act):
    tables.begin()
    try:
        done = act()
    except BaseException:
        tables.rollback()
        raise
    tables.commit()
    return done


def _is_delivered(tables: Tables) -> None:
    """Put an envelope of ours, and claim until it comes."""
    ours = envelope(77)
    (stored,) = _transaction(tables, lambda: tables.put([Put.of(ours)], NOW + 300))
    if isinstance(stored, SpoolFullError):
        return  # as the totals of somebody else have it
    for _ in range(MOST_STEPS + 20):
        rows = _transaction(tables, lambda: tables.claim(10, (), NOW + 301))
        if any(claim.envelope == ours for claim in tables.read_claims(rows)):
            return
    raise AssertionError("an envelope is held up by rows of somebody else")


def _fresh() -> sqlite3.Connection:
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.deserialize(_template())
    db.text_factory = _text
    return db


@cache
def _template() -> bytes:
    db = sqlite3.connect(":memory:", isolation_level=None)
    settle_in(db, 0)
    made = db.serialize()
    db.close()
    return made


def draw_spool(random: Random) -> bytes:
    def step() -> bytes:
        kind = bytes((random.randrange(2), random.randrange(6)))
        columns = bytes(random.randrange(32) for _ in range(random.randrange(16)))
        texts = packed(word(random).encode("utf-8", "replace"), raw(random, 20))
        return kind + columns + random.choice((b"", texts))

    data = b"".join(step() for _ in range(random.randrange(1, 25)))
    return broken(data, random) if random.random() < 0.2 else data


def _seeds() -> list[bytes]:
    """Return a good row and what a relay does with it, in a few orders."""
    row = bytes((1, 0, 1, 9, 10, 7, 3, 1, 1, 2, 0, 2, 0, 0, 0, 0, 1))
    return [row, row + bytes((0, 1, 0, 4, 0, 3, 0, 0)), row * 4 + bytes((0, 0, 0, 1, 5) * 6)]


TARGETS = (Target("spool", run_spool, draw_spool, _seeds, _TEXTS),)
