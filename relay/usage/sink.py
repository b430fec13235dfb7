"""The sink: takes batches of usage events from their spool, and writes objects into the store.

Law of this file: a batch leaves the spool after its object is durable, and is in one object only,
whenever a process dies, an answer is lost, or another process has the same batch; see `pending`.
What cannot be written now is given back, and waits in the spool; events are taken all the same.
"""

import asyncio
import logging
import secrets
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from relay.config import UsageBatch
from relay.delivery import Ack, Bury, Decision, RetryAt
from relay.errors import SpoolUnavailableError, StoreError
from relay.metrics import Metrics
from relay.outcomes import Reason
from relay.ports import Clock, Spool
from relay.usage.holding import Held
from relay.usage.pending import Note, Pending
from relay.usage.planning import Draft, Plan, plan_objects, row_of
from relay.usage.store import Store
from relay.usage.timing import Timing

TRIES: Final = 3
"""So often an object is written before its batches are given back."""

CONTESTED: Final = 5.0
"""Seconds until batches are due again that another process has, too."""

log = logging.getLogger("relay.usage")


@dataclass(eq=False, slots=True)
class _Round:
    """One write: since when, what is held for it, and notes with rows of it."""

    since: float
    held: Held
    met: dict[str, Note] = field(default_factory=dict)


class UsageSink:
    """Writes what waits in the spool of usage events, until it is cancelled."""

    def __init__(
        self,
        spool: Spool,
        store: Store,
        clock: Clock,
        batch: UsageBatch,
        *,
        metrics: Metrics,
        random: Callable[[], float],
        max_age: float,
        linger: float = 0.0,
        timer: Callable[[], float] = time.monotonic,
        new_name: Callable[[], str] = lambda: secrets.token_hex(16),
    ) -> None:
        """Set up; nothing runs yet.

        Args:
            spool: of usage events.
            store: where objects go.
            clock: the time.
            batch: how much becomes one object, and how often.
            metrics: counts.
            random: gives numbers in [0, 1).
            max_age: seconds after which the spool gives a batch no more.
            linger: seconds for which notes stay when their rows are settled. 0 for a spool that
                gives no batch to two processes that live, and forgets none that it has settled;
                else longer than a process that lives may be out of reach of the spool.
            timer: gives seconds that no clock sets back.
            new_name: gives names, 32 hex digits, never the same.
        """
        self._spool = spool
        self._clock = clock
        self._batch = batch
        self._metrics = metrics
        self._random = random
        self._linger = linger
        self._timer = timer
        self._new_name = new_name
        self._pending = Pending(store, max_age)
        self._timing = Timing(spool, clock, batch, metrics=metrics, random=random, timer=timer)
        self._owed: list[Held] = []
        self._leaving: deque[tuple[float, str]] = deque()
        self._turn = asyncio.Lock()

    async def run(self) -> None:
        """Write what waits, every so often, until cancelled; then what is held goes back."""
        while True:
            await self._timing.until_due()
            while not await self._write_all():
                await self._timing.back_off()

    async def flush(self, seconds: float) -> bool:
        """Write all that waits now, for a stop; what is not written in time stays in the spool.

        Returns:
            Whether all of it was written.
        """
        try:
            async with asyncio.timeout(seconds):
                return await self._write_all()
        except TimeoutError:
            return False

    async def _write_all(self) -> bool:
        """Write until nothing more waits; return whether all went well."""
        async with self._turn:
            try:
                self._owed = [one for one in self._owed if not await one.give_back()]
                await self._pending.check(again=self._timing.failing)
                while await self._round():
                    pass
                await self._sweep()
            except StoreError as error:
                self._timing.failed(error)
                return False
            except SpoolUnavailableError:  # the spool has told
                return False
            except Exception as error:  # noqa: BLE001 - our mistake; events are taken all the same
                self._timing.failed(StoreError(f"a mistake: {type(error).__name__}"))
                return False
            self._timing.succeeded()
            return True

    async def _round(self) -> bool:
        """Take what waits, write it, settle it; return whether there may be more."""
        held = Held(self._spool, self._clock)
        here = _Round(self._timer(), held)
        try:
            await held.take(self._batch.bytes)
            if held.claims:
                await self._carry(here)
        finally:
            if not await held.give_back():
                self._owed.append(held)
            await self._leave(here)
        return held.full

    async def _carry(self, here: _Round) -> None:
        """Bring claims to their objects, or back."""
        plan = await self._plan(here)
        if plan.invalid:
            log.error("usage_batch_invalid", extra={"count": len(plan.invalid)})
            here.held.decide(plan.invalid, Bury(Reason.INVALID))
            await here.held.settle()
        while plan.drafts:
            name = self._new_name()
            try:
                note, written = await self._enter(here, name, plan.drafts)
            except BaseException:
                self._pending.forget(name)  # nothing of it was begun
                raise
            if written is None:
                here.met[name] = note
                await self._put(here, plan.drafts)
                break
            self._pending.forget(name)
            claims = here.held.claims.values()
            here.held.decide([c for c in claims if row_of(c.envelope) in written], Ack())
            await here.held.settle()
            if not written:
                break
            plan = await self._plan(here)

    async def _plan(self, here: _Round) -> Plan:
        claims = list(here.held.claims.values())
        return await asyncio.to_thread(plan_objects, claims, self._batch.bytes, self._new_name)

    async def _enter(
        self, here: _Round, name: str, drafts: Sequence[Draft]
    ) -> tuple[Note, frozenset[str] | None]:
        """Note what is to be written, and look who else has.

        Returns:
            The note. None if all of it is to be written; else the rows that are written already;
            none if nobody knows any more whose these rows are: they go back.
        """
        own = await self._pending.note(name, drafts)
        rows = own.rows
        written: set[str] = set()
        for note in await self._pending.others(name, rows):
            here.met[note.name] = note
            for noted in note.objects:
                if not noted.rows.isdisjoint(rows) and await self._pending.decide(noted):
                    written |= noted.rows & rows
        if written:
            return own, frozenset(written)
        if self._linger and self._timer() - here.since > self._linger / 2:
            # So long ago was the claim, that another may have written and forgotten all of it.
            here.held.delay = CONTESTED
            return own, frozenset()
        return own, None

    async def _put(self, here: _Round, drafts: Sequence[Draft]) -> None:
        """Write what is noted, and settle it."""
        for draft in drafts:
            decision: Decision = Ack()
            if await self._write(draft):
                self._count(draft)
            else:  # another process has these batches: one of the two will come again
                at = self._clock.now() + CONTESTED * (1 + self._random())
                decision = RetryAt(at, tried=False)
            here.held.decide(draft.claims, decision)
        await here.held.settle()

    async def _write(self, draft: Draft) -> bool:
        for attempt in range(1, TRIES):
            try:
                return await self._pending.write(draft)
            except StoreError:
                self._metrics.count("relay_usage_store_failures_total")
                await self._clock.sleep(attempt * (0.5 + self._random()))
        return await self._pending.write(draft)

    def _count(self, draft: Draft) -> None:
        record = draft.record.value
        self._metrics.count("relay_usage_objects_total", record=record)
        self._metrics.count("relay_usage_object_bytes_total", len(draft.data), record=record)
        self._metrics.count("relay_usage_records_written_total", draft.records, record=record)

    # --- notes that have done their work ---

    async def _leave(self, here: _Round) -> None:
        """Let notes go of which nothing is left, when that is safe."""
        gone = [
            note.name for note in here.met.values() if self._pending.count_off(note, here.held.done)
        ]
        if self._linger:
            at = self._timer() + self._linger
            self._leaving.extend((at, one) for one in gone)
        elif gone:
            # After it, what was settled stays settled even without power. Where it fails the notes
            # stay, until they are too old.
            with suppress(SpoolUnavailableError):
                await self._spool.check()
                for one in gone:
                    self._pending.forget(one)

    async def _sweep(self) -> None:
        while self._leaving and self._leaving[0][0] <= self._timer():
            self._pending.forget(self._leaving.popleft()[1])
        await self._pending.sweep()
