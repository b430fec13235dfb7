"""The one thread that touches the database, and its group commit.

Law of this file: all jobs that wait go into one transaction, settlements first, then puts, then the
rest in the order in which they came; and nobody hears of success before the commit. What fails is
tried again alone, so that one bad job takes no other along.
"""

import asyncio
import contextlib
import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, TypeVar

from relay.delivery import Decision
from relay.errors import RelayError, SpoolUnavailableError
from relay.ports import Claim
from relay.scrub.permit import ScrubbedEnvelope
from relay.spool.bounds import Dropped, OnDrop
from relay.spool.files import is_damage, is_full
from relay.spool.locks import Turn
from relay.spool.tables import Put, Tables

MAX_JOBS = 64
MAX_BYTES = 8 * 1024 * 1024
"""A transaction takes no more jobs, and is closed by the job that reaches so many bytes."""

PACE = 0.003
"""Seconds from the beginning of one transaction to that of the next while jobs come in crowds; who
comes alone does not wait. Measured: 20 kB put, claimed and settled take 290 µs of CPU time alone,
150 by fours, 120 by sixteens."""

_FOLD_SECONDS = 0.5
"""So long all who write may wait for those who read, when the log is to be folded."""

T = TypeVar("T")
R = TypeVar("R")
_DAMAGED = "the spool is damaged"
_log = logging.getLogger("relay.spool")


class _Kind(Enum):
    SETTLE = auto()
    PUT = auto()
    WRITE = auto()
    READ = auto()
    FOLD = auto()


@dataclass(slots=True)
class _Job:
    """`work` is what the kind needs: settlements, a (`Put`, time), or a function on tables."""

    kind: _Kind
    work: Any = field(repr=False)
    future: asyncio.Future[Any]
    weight: int = 0
    wakes: bool = False
    durable: bool = True
    after: Callable[[Tables, Any], Any] | None = None
    undo: Callable[[Tables, Any], None] | None = None


@dataclass(slots=True)
class _Batch:
    jobs: list[_Job] = field(default_factory=list)
    last: bool = False


@dataclass(slots=True)
class _Result:
    job: _Job
    value: Any = field(default=None, repr=False)
    error: Exception | None = None


class Writer:
    """Runs functions on `Tables`, in its own thread. Made, started and called on one event loop."""

    def __init__(
        self, on_wake: Callable[[], None], on_drop: OnDrop, on_damage: Callable[[], None]
    ) -> None:
        """Set up; nothing runs yet. All three are called on the event loop.

        Args:
            on_wake: waiters are to look again.
            on_drop: told of each envelope that was given up.
            on_damage: the file turned out to be damaged; every job fails from now on.
        """
        self._loop = asyncio.get_running_loop()
        self._on_wake = on_wake
        self._on_drop = on_drop
        self._on_damage = on_damage
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._failing = ""
        self._damaged = False
        self._crowded = False
        self._began = 0.0

    async def start(self, turn: Turn, open_tables: Callable[[], Tables]) -> None:
        """Open the database in the thread; raises what `open_tables` raises.

        The writer closes the turn when it ends, also when it could not start.
        """
        opened: asyncio.Future[None] = self._loop.create_future()
        # A daemon: a program that dies without closing must not hang, and a crash loses nothing.
        self._thread = threading.Thread(
            target=self._main, args=(turn, open_tables, opened), name="spool-writer", daemon=True
        )
        self._thread.start()
        try:
            await opened
        except BaseException:
            self._thread = None
            self._jobs.put(None)
            raise

    def put(self, envelope: ScrubbedEnvelope, now: float) -> asyncio.Future[bool]:
        """Queue an envelope; the future tells whether it was stored, after that was committed."""
        weight = len(envelope.body)
        return self._queue(_Kind.PUT, (envelope, now), weight=weight, wakes=True)

    def settle(self, settlements: Sequence[tuple[Claim, Decision]]) -> asyncio.Future[None]:
        """Queue settlements; the future is done after they were committed."""
        # A loss of power may undo them, and some would arrive twice: no reason to wait for a disk.
        return self._queue(_Kind.SETTLE, settlements, wakes=True, durable=False)

    def submit(
        self, work: Callable[[Tables], T], *, wakes: bool = False, durable: bool = True
    ) -> asyncio.Future[T]:
        """Queue a function; the future is done after its transaction was committed.

        Args:
            work: runs in the thread, inside a transaction. A `RelayError` from it is passed on,
                and must be raised before anything is changed.
            wakes: whether waiters are to look again after it.
            durable: whether it must outlast a loss of power.
        """
        return self._queue(_Kind.WRITE, work, wakes=wakes, durable=durable)

    def submit_with(
        self,
        work: Callable[[Tables], T],
        after: Callable[[Tables, T], R],
        undo: Callable[[Tables, T], None],
    ) -> asyncio.Future[R]:
        """Queue a function, not durable, and what makes its answer when others may write again.

        Args:
            work: as for `submit`.
            after: runs after the commit on what `work` returned; the future gets its result.
            undo: runs in a transaction of its own if `after` has failed.
        """
        return self._queue(_Kind.WRITE, work, durable=False, after=after, undo=undo)

    def read(self, work: Callable[[Tables], T]) -> asyncio.Future[T]:
        """Queue a function that only reads; it runs outside of a transaction."""
        return self._queue(_Kind.READ, work)

    def fold(self) -> asyncio.Future[None]:
        """Queue that the log is written into the file and let go of; nobody may write meanwhile.

        The future gets a `SpoolUnavailableError` where somebody reads too long.
        """
        return self._queue(_Kind.FOLD, _fold)

    async def stop(self, last: Callable[[Tables], None]) -> None:
        """Run what is queued, then `last`, and end the thread."""
        thread = self._thread
        if thread is None:
            return
        future = self.submit(last)
        self._thread = None
        self._jobs.put(None)
        try:
            await future
        finally:
            await asyncio.to_thread(thread.join)

    def _queue(self, kind: _Kind, work: object, **more: Any) -> asyncio.Future[Any]:
        future: asyncio.Future[Any] = self._loop.create_future()
        if self._thread is None:
            future.set_exception(SpoolUnavailableError("the spool is closed"))
        else:
            self._jobs.put(_Job(kind, work, future, **more))
        return future

    # --- in the thread ---

    def _main(
        self, turn: Turn, open_tables: Callable[[], Tables], opened: asyncio.Future[None]
    ) -> None:
        opening = _Job(_Kind.READ, None, opened)
        with contextlib.closing(turn):
            try:
                tables = open_tables()
            except Exception as error:  # noqa: BLE001 - whoever waits for the opening gets it
                self._tell([_Result(opening, error=error)])
                return
            self._tell([_Result(opening)])
            batch = _Batch()
            while not batch.last:
                batch = self._gather()
                self._run(tables, turn, batch.jobs)
            with contextlib.suppress(Exception):  # committed; the next opening folds the log
                tables.close()

    def _gather(self) -> _Batch:
        batch = _Batch()
        job = self._jobs.get()
        if self._crowded:
            time.sleep(max(0.0, self._began + PACE - time.monotonic()))
        self._began = time.monotonic()
        weight = 0
        while job is not None:
            batch.jobs.append(job)
            weight += job.weight
            if len(batch.jobs) >= MAX_JOBS or weight >= MAX_BYTES:
                return batch
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return batch
        batch.last = True
        return batch

    def _run(self, tables: Tables, turn: Turn, jobs: Sequence[_Job]) -> None:
        writes = [job for job in jobs if job.kind not in (_Kind.READ, _Kind.FOLD)]
        for job in writes:
            if job.kind is _Kind.PUT:
                envelope, now = job.work
                job.work = (Put.of(envelope), now)
        if writes:
            self._crowded = len(writes) > 1
            self._transact(tables, turn, writes)
        for job in jobs:
            if job.kind is _Kind.READ:
                self._tell([self._tried(tables, job)])
            elif job.kind is _Kind.FOLD:
                self._tell([self._folded(tables, turn, job)])

    def _tried(self, tables: Tables, job: _Job) -> _Result:
        try:
            self._must_be_whole()
            return _Result(job, job.work(tables))
        except Exception as error:  # noqa: BLE001 - whatever it is, the caller is told
            return _Result(job, error=self._failed(error))

    def _folded(self, tables: Tables, turn: Turn, job: _Job) -> _Result:
        try:
            with turn:
                return self._tried(tables, job)
        except OSError as error:
            return _Result(job, error=self._failed(error))

    def _transact(self, tables: Tables, turn: Turn, jobs: Sequence[_Job]) -> None:
        try:
            self._must_be_whole()
            with turn:
                results, dropped = self._commit_or_fold(tables, jobs)
        except Exception as error:  # noqa: BLE001 - whatever it is, nothing was committed
            if len(jobs) > 1 and not is_damage(error) and not self._damaged:
                for job in jobs:
                    self._transact(tables, turn, [job])
                return
            failed = self._failed(error)
            self._tell([_Result(job, error=failed) for job in jobs])
            return
        self._failing = ""
        for result in results:
            self._finish(tables, turn, result)
        self._tell(results, wakes=any(job.wakes for job in jobs), dropped=dropped)

    def _commit_or_fold(
        self, tables: Tables, jobs: Sequence[_Job]
    ) -> tuple[list[_Result], Sequence[Dropped]]:
        """Commit; on a full disk make the room free that the log takes, and try once more."""
        for last in (False, True):
            try:
                return self._commit(tables, jobs)
            except BaseException as error:
                with contextlib.suppress(Exception):
                    tables.rollback()
                if last or not is_full(error) or not tables.fold_log():
                    raise
        raise AssertionError("unreachable")

    def _commit(
        self, tables: Tables, jobs: Sequence[_Job]
    ) -> tuple[list[_Result], Sequence[Dropped]]:
        tables.set_durable(durable=any(job.durable for job in jobs))
        tables.begin()
        results: list[_Result] = []
        settles = [job for job in jobs if job.kind is _Kind.SETTLE]
        if settles:
            tables.settle([one for job in settles for one in job.work])
            results += [_Result(job) for job in settles]
        puts = [job for job in jobs if job.kind is _Kind.PUT]
        if puts:
            now = puts[-1].work[1]
            for job, value in zip(puts, tables.put([j.work[0] for j in puts], now), strict=True):
                full = value if isinstance(value, Exception) else None
                results.append(_Result(job, value, full))
        for job in jobs:
            if job.kind is _Kind.WRITE:
                try:
                    results.append(_Result(job, job.work(tables)))
                except RelayError as error:
                    results.append(_Result(job, error=error))
        return results, tables.commit()

    def _finish(self, tables: Tables, turn: Turn, result: _Result) -> None:
        """Make the answer of a job that has something to do after the commit."""
        job = result.job
        if job.after is None or result.error is not None:
            return
        try:
            result.value, committed = job.after(tables, result.value), result.value
        except Exception as error:  # noqa: BLE001 - whatever it is, what was done is undone
            committed = result.value
            result.error = self._failed(error)
            if job.undo is not None:
                undo = job.undo
                nobody = self._loop.create_future()
                work = _Job(_Kind.WRITE, lambda t: undo(t, committed), nobody, durable=False)
                self._transact(tables, turn, [work])

    # --- what fails ---

    def _must_be_whole(self) -> None:
        if self._damaged:
            raise SpoolUnavailableError(_DAMAGED)

    def _failed(self, error: Exception) -> Exception:
        """Return what to tell of an error, and log it: our words, and once until it is over."""
        if isinstance(error, RelayError):
            return error
        name = getattr(error, "sqlite_errorname", type(error).__name__)
        if is_damage(error) and not self._damaged:
            self._damaged = True
            _log.error("spool_damaged", extra={"error": name})
            self._on_loop(self._on_damage)
        if self._damaged:
            return SpoolUnavailableError(_DAMAGED)
        if name != self._failing:
            self._failing = name
            _log.error("spool_unavailable", extra={"error": name})
        return SpoolUnavailableError("the spool cannot be read or written")

    # --- to the event loop ---

    def _tell(
        self,
        results: Sequence[_Result],
        *,
        wakes: bool = False,
        dropped: Sequence[Dropped] = (),
    ) -> None:
        def deliver() -> None:
            for result in results:
                future = result.job.future
                if future.done():  # cancelled: nobody waits for it any more
                    continue
                if result.error is None:
                    future.set_result(result.value)
                else:
                    future.set_exception(result.error)
            if wakes:
                self._on_wake()
            for drop in dropped:
                self._on_drop(drop)

        self._on_loop(deliver)

    def _on_loop(self, function: Callable[[], None]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to be told
            self._loop.call_soon_threadsafe(function)


def _fold(tables: Tables) -> None:
    if not tables.fold_log(_FOLD_SECONDS):
        raise SpoolUnavailableError("the spool's log is being read: what was deleted is in it yet")
