"""The rows of the SQLite spool: what each operation does inside a transaction that is open.

Law of this file: no thread, no clock, no event loop. Everything is called by the one writer, and
times are arguments. Few statements, each over many rows: between two of them the interpreter goes
to other threads, and other processes wait for the transaction.
"""

import sqlite3
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from relay import jsonio
from relay.delivery import Ack, Bury, Decision, RetryAt
from relay.errors import SpoolFullError
from relay.outcomes import Reason
from relay.ports import Claim, Expired, Lane, SpoolStatus
from relay.scrub.permit import ScrubbedEnvelope, restore
from relay.spool.bounds import CLAIM_BYTES, Bounds, fingerprint
from relay.spool.queries import (
    ADD,
    ADD_BODIES,
    ADD_RECENT,
    BURY,
    CLAIM,
    CLAIM_SKIPPING,
    CLAIM_SKIPPING_MANY,
    CLAIMED,
    FORGET_ENDED,
    FORGET_RECENT,
    GROW_DUE,
    HELD,
    LOOK,
    MARK,
    NEXT_DUE,
    NEXT_DUE_SKIPPING,
    OLDEST,
    PUT_BACK,
    READ_BODY,
    READ_TOTALS,
    REPEATS,
)
from relay.spool.rows import SWEEP, Rows, Totals, as_json, read_names
from relay.spool.schema import NOBODY, RELEASE

WINDOW: Final = 256
"""So many rows are looked at in their order before each lane is asked for its own."""

ORPHANS_EVERY: Final = 30.0
"""Seconds between two looks for claims of processes that are gone."""

_TOGETHER: Final = 64 * 1024
"""Bodies up to this size are written by one statement, of a copy that holds them all."""

Row = tuple[int, str, str, str, str, str, int, int, float]
"""A claimed row: id, envelope id, project, key, client, categories, size, attempts, stored at."""


@dataclass(frozen=True, slots=True)
class Put:
    """An envelope to be stored, and what it is known by when it comes again."""

    envelope: ScrubbedEnvelope
    digest: bytes

    @classmethod
    def of(cls, envelope: ScrubbedEnvelope) -> "Put":
        """Take the fingerprint, which costs time that no transaction should take."""
        return cls(envelope, fingerprint(envelope))


def nobody_is_gone(_slot: int) -> bool:
    """Say that a slot is taken; for tests and tools only."""
    return False


class Tables(Rows):
    """The operations of a spool on an open connection. Not safe for threads; the writer owns it."""

    def __init__(
        self,
        db: sqlite3.Connection,
        bounds: Bounds,
        slot: int = 0,
        slot_is_free: Callable[[int], bool] = nobody_is_gone,
    ) -> None:
        """Set up.

        Args:
            db: a connection that `files.connect` made.
            bounds: how much is held, and for how long.
            slot: who claims here.
            slot_is_free: tells of another slot whether nobody has it any more.
        """
        super().__init__(db, bounds)
        self._slot = slot
        self._slot_is_free = slot_is_free
        self._pruned: int | None = None
        self._orphans_at: float | None = None
        self._version = 0
        self._unreadable: list[Row] = []

    def rollback(self) -> None:
        """Undo everything since `begin`."""
        self._pruned = self._orphans_at = None
        super().rollback()

    # --- the operations of the port ---

    def put(self, puts: Sequence[Put], now: float) -> list[bool | SpoolFullError]:
        """Store envelopes; tell of each whether it was stored, or is a repeat, or does not fit."""
        known = self._repeats(puts, now)
        results: list[bool | SpoolFullError] = []
        stored: list[Put] = []
        for number, put in enumerate(puts):
            if number in known or put.digest in known:
                results.append(False)
                continue
            size = len(put.envelope.body)
            try:
                self.make_room(size, now)
            except SpoolFullError as error:
                results.append(error)
                continue
            known.add(put.digest)
            self.totals.living += 1
            self.totals.bytes += size
            stored.append(put)
            results.append(True)
        if stored:
            self._insert(stored, now)
        return results

    def claim(self, limit: int, skip: Collection[Lane], now: float) -> Sequence[Row]:
        """Mark up to `limit` due rows as ours, oldest first, and return them."""
        if self._orphans_at is None or abs(now - self._orphans_at) >= ORPHANS_EVERY:
            self.release_orphans()
            self._orphans_at = now
        if self._unreadable:
            self._drop_unreadable()
        bounds = self.bounds
        ages = (now - bounds.max_age, now - bounds.max_dead_age, now)
        old, later = self.db.execute(LOOK, ages).fetchone()
        if old and self.expire(now).waiting >= SWEEP:
            return ()  # there may be more, which must not be claimed; who waits comes again
        if later:
            self.db.execute(GROW_DUE, (now, SWEEP))
        rows: list[Row] = []
        total = 0
        for row in self._due(limit, skip):
            total += row[6]
            if rows and total > CLAIM_BYTES:
                break
            rows.append(row)
        if rows:
            self.db.execute(MARK, (self._slot, as_json([row[0] for row in rows])))
        return rows

    def read_claims(self, rows: Iterable[Row]) -> Sequence[Claim]:
        """Return claimed rows with their bodies; they are ours, so it needs no transaction.

        What is not as we write it, the next claim drops: it must not hold up all others.
        """
        claims: list[Claim] = []
        for row in rows:
            number, envelope_id, project, key, client, categories, size, attempts, stored = row
            found = self.db.execute(READ_BODY, (number,)).fetchone()
            names = read_names(categories)
            if found is None or len(found[0]) != size or names is None:
                self._unreadable.append(row)
                continue
            envelope = restore(
                body=found[0],
                envelope_id=envelope_id,
                project=project,
                key=key,
                client=client,
                categories=names,
            )
            claims.append(Claim(number, envelope, attempts, stored))
        return claims

    def sweep(self, now: float) -> tuple[Expired, bool]:
        """Drop what is too old, or a part of it; return what went, and whether there may be more.

        What else tells of the past goes with it: what was seen lately, and limits that have ended.
        """
        self.release_orphans()
        self.db.execute(FORGET_RECENT, (self._period(now) - 1,))
        self.db.execute(FORGET_ENDED, (now,))
        gone = self.expire(now)
        return gone, max(gone.waiting, gone.dead) >= SWEEP

    def settle(self, settlements: Iterable[tuple[Claim, Decision]]) -> None:
        """Carry out decisions; rows that are not claimed by us are left alone."""
        done: list[int] = []
        for claim, decision in settlements:
            match decision:
                case Ack():
                    done.append(claim.claim_id)
                case RetryAt(at, tried):
                    change = (max(at, 0.0), int(tried), claim.claim_id, self._slot)
                    self.db.execute(PUT_BACK, change)
                case Bury(reason):
                    count = self.db.execute(
                        BURY, (reason.value, claim.claim_id, self._slot)
                    ).rowcount
                    self.totals.living -= count
                    self.totals.dead += count
                    self.totals.dead_bytes += count * len(claim.envelope.body)
        if done:
            self._forget(done)

    def give_back(self, rows: Iterable[int]) -> None:
        """Make claims ready again that nobody has seen."""
        for number in rows:
            self.db.execute(PUT_BACK, (0.0, 0, number, self._slot))

    def release(self, slot: int | None = None) -> None:
        """Make ready again what a slot has claimed; None is our own."""
        owner = self._slot if slot is None else slot
        self.db.execute(f"{RELEASE} AND owner = ?", (owner,))

    def release_orphans(self) -> None:
        """Make ready again what processes have claimed that are gone."""
        owners = "SELECT DISTINCT owner FROM envelopes WHERE state = 'claimed' AND owner <> ?"
        for (owner,) in self.db.execute(owners, (self._slot,)).fetchall():
            if owner == NOBODY or self._slot_is_free(owner):
                self.release(owner)

    # --- reading, for which no transaction need be open ---

    def next_due(self, skip: Collection[Lane]) -> float | None:
        """Return when the next envelope outside of `skip` is due; None when there is none."""
        if skip:
            (at,) = self.db.execute(NEXT_DUE_SKIPPING, (_lanes(skip),)).fetchone()
        else:
            (at,) = self.db.execute(NEXT_DUE).fetchone()
        return None if at is None else float(at)

    def status(self, now: float) -> SpoolStatus:
        """Count what is held; the age is that of the oldest which still waits for delivery."""
        totals = Totals(*self.db.execute(READ_TOTALS).fetchone())
        claimed, sent = self.db.execute(CLAIMED).fetchone()
        stored = [at for at in (sent, *self.db.execute(OLDEST).fetchone()) if at is not None]
        return SpoolStatus(
            ready=totals.living - claimed,
            claimed=claimed,
            buried=totals.dead,
            bytes=totals.bytes,
            oldest_age=max(0.0, now - min(stored)) if stored else 0.0,
        )

    def changed(self) -> bool:
        """Return whether others have written since the last call."""
        (version,) = self.db.execute("PRAGMA data_version").fetchone()
        before, self._version = self._version, version
        return bool(before != version)

    # --- the parts of them ---

    def _drop_unreadable(self) -> None:
        """Drop what turned out not to be ours to read; what a rollback undoes is dropped anew."""
        numbers = as_json(row[0] for row in self._unreadable)
        held = {number for number, _ in self.db.execute(HELD, (self._slot, numbers))}
        self._unreadable = [row for row in self._unreadable if row[0] in held]
        gone = [(row[0], row[2], row[3], row[5], row[6]) for row in self._unreadable]
        self._drop(gone, Reason.INTERNAL, buried=False)

    def _repeats(self, puts: Sequence[Put], now: float) -> set[int | bytes]:
        """Return the places in `puts` of those that are stored already."""
        window, period = self.bounds.repeat_window, self._period(now)
        if period != self._pruned:
            self.db.execute(FORGET_RECENT, (period - 1,))
            self._pruned = period
        digests = b"".join([put.digest for put in puts])
        places = as_json(range(len(puts)))
        found = self.db.execute(REPEATS, (places, digests, now, window, period))
        return {number for (number,) in found}

    def _period(self, now: float) -> int:
        return int(now / max(self.bounds.repeat_window, 1.0))

    def _insert(self, puts: Sequence[Put], now: float) -> None:
        rows: list[tuple[str | int, ...]] = []
        small: list[bytes] = []
        bodies: list[tuple[int, int, int]] = []  # place, start and size in `small`, from 1
        start = 1
        for put in puts:
            one, size = put.envelope, len(put.envelope.body)
            categories = _text_of(one.categories)
            rows.append((one.envelope_id, one.project, one.key, one.client, categories, size))
            if size <= _TOGETHER:
                bodies.append((len(rows) - 1, start, size))
                small.append(one.body)
                start += size
        first = self.totals.last_id + 1
        self.totals.last_id += len(rows)
        self.db.execute(ADD, (as_json(rows), now, first))
        if small:
            self.db.execute(ADD_BODIES, (as_json(bodies), b"".join(small), first))
        for number, put in enumerate(puts, first):
            if len(put.envelope.body) > _TOGETHER:
                self.db.execute("INSERT INTO bodies VALUES (?, ?)", (number, put.envelope.body))
        digests = b"".join([put.digest for put in puts])
        places = as_json(range(len(puts)))
        self.db.execute(ADD_RECENT, (places, digests, now, self._period(now)))

    def _due(self, limit: int, skip: Collection[Lane]) -> list[Row]:
        if not skip:
            return self.db.execute(CLAIM, (limit,)).fetchall()
        lanes = _lanes(skip)
        rows: list[Row] = self.db.execute(CLAIM_SKIPPING, (lanes, limit, WINDOW)).fetchall()
        if len(rows) < limit and self.totals.living > WINDOW:
            rows = self.db.execute(CLAIM_SKIPPING_MANY, (lanes, limit)).fetchall()
        return rows

    def _forget(self, numbers: Sequence[int]) -> None:
        held = self.db.execute(HELD, (self._slot, as_json(numbers))).fetchall()
        self.totals.living -= len(held)
        self.delete([number for number, _ in held], sum(size for _, size in held))


@lru_cache(maxsize=1_024)
def _text_of(names: tuple[str, ...]) -> str:
    return jsonio.dumps(names).decode()


def _lanes(skip: Collection[Lane]) -> str:
    return as_json(f"{project} {key}" for project, key in skip)
