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
from relay.ports import Claim, Clock, Spool, SpoolStatus
from relay.usage.pending import Note, Pending
from relay.usage.planning import Draft, Plan, plan_objects, row_of
from relay.usage.store import Store

CLAIM: Final = 64
"""So many batches are taken from the spool at one time."""

LOOK: Final = 5.0
"""Seconds between two looks at the spool, and less where little time is between two writes."""

PAUSE: Final = 1.0
"""Seconds until a settlement is tried again that the spool did not take."""

TRIES: Final = 3
"""So often an object is written before its batches are given back."""

LONGEST_PAUSE: Final = 60.0
"""Seconds at most until a store that fails is asked again."""

GIVE_BACK_SECONDS: Final = 5.0
"""So long a spool may take to take back what was claimed, at a stop."""

CONTESTED: Final = 5.0
"""Seconds until batches are due again that another process has, too."""

log = logging.getLogger("relay.usage")


@dataclass(slots=True)
class _Round:
    """What is held from a claim to its settlement.

    Attributes:
        since: when it was begun.
        held: claims that are not settled, by id.
        decided: what is to become of some of them.
        full: whether there may be more to claim.
        delay: seconds after which what is given back is due again.
        met: notes of others with rows of this round.
        done: rows that are settled.
    """

    since: float
    held: dict[int, Claim] = field(default_factory=dict)
    decided: dict[int, Decision] = field(default_factory=dict)
    full: bool = False
    delay: float = 0.0
    met: dict[str, Note] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)


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
        self._leaving: deque[tuple[float, str]] = deque()
        self._idle_bytes = 0
        self._failures = 0
        self._failing_since: float | None = None
        self._turn = asyncio.Lock()

    async def run(self) -> None:
        """Write what waits, every so often, until cancelled; then what is held goes back."""
        while True:
            await self._until_due()
            while not await self._write_all():
                await self._back_off()

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

    # --- when ---

    async def _until_due(self) -> None:
        """Return when enough waits, or for long enough; the clock may be set meanwhile."""
        waited = 0.0
        look = min(LOOK, self._batch.every)
        while True:
            await self._clock.sleep(look)
            status = await self._look()
            if status is None or not status.ready:
                waited = 0.0
                continue
            waited += look
            if waited >= self._batch.every or self._is_much(status):
                return

    def _is_much(self, status: SpoolStatus) -> bool:
        return status.bytes - self._idle_bytes >= self._batch.bytes

    async def _look(self) -> SpoolStatus | None:
        """Set the gauges; return what the spool holds, None where it does not say."""
        since = self._failing_since
        self._metrics.gauge(
            "relay_usage_unwritten_seconds", 0.0 if since is None else self._timer() - since
        )
        try:
            status = await self._spool.status()
        except SpoolUnavailableError:
            return None
        for state in ("ready", "claimed", "buried"):
            count = getattr(status, state)
            self._metrics.gauge("relay_usage_spool_envelopes", count, state=state)
        self._metrics.gauge("relay_usage_spool_bytes", status.bytes)
        self._metrics.gauge("relay_usage_oldest_seconds", status.oldest_age)
        # Dead letters, and what others hold, are bytes too, but none to write.
        idle = status.bytes if not status.ready else min(self._idle_bytes, status.bytes)
        self._idle_bytes = idle
        return status

    async def _back_off(self) -> None:
        """Wait before a store that fails is asked again; the spool is still looked at."""
        longest = min(LONGEST_PAUSE, 2.0 ** min(self._failures, 10))  # no number grows for hours
        left = longest * (0.5 + self._random() / 2)
        while left > 0:
            await self._clock.sleep(min(LOOK, left))
            left -= LOOK
            await self._look()

    # --- what ---

    async def _write_all(self) -> bool:
        """Write until nothing more waits; return whether all went well."""
        async with self._turn:
            try:
                await self._pending.check(again=bool(self._failures))
                while await self._round():
                    pass
                await self._sweep()
            except StoreError as error:
                self._note_failure(error)
                return False
            except SpoolUnavailableError:  # the spool has told
                return False
            if self._failures:
                log.info("usage_store_restored")
            self._failures, self._failing_since = 0, None
            return True

    def _note_failure(self, error: StoreError) -> None:
        self._metrics.count("relay_usage_store_failures_total")
        self._failures += 1
        if self._failing_since is None:
            self._failing_since = self._timer()
            log.warning("usage_store_failed", extra={"error": error.detail})

    async def _round(self) -> bool:
        """Take what waits, write it, settle it; return whether there may be more."""
        here = _Round(self._timer())
        try:
            await self._claim(here)
            if here.held:
                await self._carry(here)
            return here.full
        finally:
            await self._give_back(here)
            await self._leave(here)

    async def _claim(self, here: _Round) -> None:
        total = 0
        while total < self._batch.bytes:
            try:
                claims = await self._spool.claim(CLAIM)
            except SpoolUnavailableError:
                if here.held:  # these may be written all the same
                    return
                raise
            here.held.update((claim.claim_id, claim) for claim in claims)
            total += sum(len(claim.envelope.body) for claim in claims)
            if not claims:
                return
        here.full = True

    async def _carry(self, here: _Round) -> None:
        """Bring claims to their objects, or back."""
        plan = await self._plan(here)
        if plan.invalid:
            log.error("usage_batch_invalid", extra={"count": len(plan.invalid)})
            here.decided.update((c.claim_id, Bury(Reason.INVALID)) for c in plan.invalid)
            await self._settle(here)
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
            claims = [c for c in here.held.values() if row_of(c.envelope) in written]
            here.decided.update((claim.claim_id, Ack()) for claim in claims)
            await self._settle(here)
            if not written:
                break
            plan = await self._plan(here)

    async def _plan(self, here: _Round) -> Plan:
        claims = list(here.held.values())
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
            here.delay = CONTESTED
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
            here.decided.update((claim.claim_id, decision) for claim in draft.claims)
        await self._settle(here)

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

    # --- settling ---

    async def _settle(self, here: _Round) -> None:
        """Tell the spool what is decided, however long it takes to listen."""
        while here.decided:
            try:
                await self._tell(here)
            except SpoolUnavailableError:
                await self._clock.sleep(PAUSE)

    async def _tell(self, here: _Round) -> None:
        settlements = [(here.held[number], what) for number, what in here.decided.items()]
        await self._spool.settle(settlements)
        here.done.update(row_of(claim.envelope) for claim, _ in settlements)
        for number in here.decided:
            del here.held[number]
        here.decided.clear()

    async def _give_back(self, here: _Round) -> None:
        """Make due again what was not decided, at the end of a round however it ends."""
        if not here.held:
            return
        again = RetryAt(self._clock.now() + here.delay, tried=False)
        rest = here.held.keys() - here.decided.keys()
        try:
            async with asyncio.timeout(GIVE_BACK_SECONDS):
                if here.decided:
                    await self._tell(here)
                await self._spool.settle([(here.held[number], again) for number in rest])
        except (SpoolUnavailableError, TimeoutError):
            # They stay claimed, and are ready again when the spool is opened the next time.
            log.warning("usage_left_claimed", extra={"count": len(here.held)})

    # --- notes that have done their work ---

    async def _leave(self, here: _Round) -> None:
        """Let notes go of which nothing is left, when that is safe."""
        gone = [note.name for note in here.met.values() if self._pending.count_off(note, here.done)]
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
