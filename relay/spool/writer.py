"""The one thread that touches the database, and its group commit.

Law of this file: jobs run in the order in which they came, all that wait go into one transaction,
and nobody hears of success before the commit. What fails is tried again alone, so that one bad job
takes no other along.
"""

import asyncio
import contextlib
import logging
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from relay.errors import RelayError, SpoolUnavailableError
from relay.spool.bounds import Dropped, OnDrop
from relay.spool.tables import Tables

MAX_JOBS = 64
MAX_BYTES = 8 * 1024 * 1024
"""A transaction takes no more jobs, and is closed by the job that reaches so many bytes."""

T = TypeVar("T")
_log = logging.getLogger("relay.spool")


@dataclass(slots=True)
class _Job(Generic[T]):
    work: Callable[[Tables], T]
    future: asyncio.Future[T]
    weight: int
    wakes: bool


@dataclass(slots=True)
class _Batch:
    jobs: list[_Job[Any]] = field(default_factory=list)
    last: bool = False


class Writer:
    """Runs functions on `Tables`, in its own thread. Made, started and called on one event loop."""

    def __init__(self, on_wake: Callable[[], None], on_drop: OnDrop) -> None:
        self._loop = asyncio.get_running_loop()
        self._on_wake = on_wake
        self._on_drop = on_drop
        self._jobs: queue.SimpleQueue[_Job[Any] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    async def start(self, open_tables: Callable[[], Tables]) -> None:
        """Open the database in the thread; raises what `open_tables` raises."""
        opened: asyncio.Future[None] = self._loop.create_future()
        # A daemon: a program that dies without closing must not hang, and a crash loses nothing.
        self._thread = threading.Thread(
            target=self._main, args=(open_tables, opened), name="spool-writer", daemon=True
        )
        self._thread.start()
        try:
            await opened
        except BaseException:
            self._thread = None
            self._jobs.put(None)
            raise

    def submit(
        self, work: Callable[[Tables], T], *, weight: int = 0, wakes: bool = False
    ) -> asyncio.Future[T]:
        """Queue a function; the future is done after its transaction was committed.

        Args:
            work: runs in the thread, inside a transaction. A `RelayError` from it is passed on,
                and must be raised before anything is changed.
            weight: bytes that it writes, roughly.
            wakes: whether waiters are to look again after it.
        """
        future: asyncio.Future[T] = self._loop.create_future()
        if self._thread is None:
            future.set_exception(SpoolUnavailableError("the spool is closed"))
        else:
            self._jobs.put(_Job(work, future, weight, wakes))
        return future

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

    # --- in the thread ---

    def _main(self, open_tables: Callable[[], Tables], opened: asyncio.Future[None]) -> None:
        try:
            tables = open_tables()
        except Exception as error:  # noqa: BLE001 - whoever waits for the opening gets it
            self._tell([(opened, None, error)], wakes=False, dropped=())
            return
        self._tell([(opened, None, None)], wakes=False, dropped=())
        batch = _Batch()
        while not batch.last:
            batch = self._gather()
            if batch.jobs:
                self._transact(tables, batch.jobs)
        with contextlib.suppress(Exception):  # all is committed; the next opening folds the log
            tables.close()

    def _gather(self) -> _Batch:
        batch = _Batch()
        job = self._jobs.get()
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

    def _transact(self, tables: Tables, jobs: Sequence[_Job[Any]]) -> None:
        results: list[tuple[asyncio.Future[Any], Any, Exception | None]] = []
        try:
            tables.begin()
            for job in jobs:
                try:
                    results.append((job.future, job.work(tables), None))
                except RelayError as error:
                    results.append((job.future, None, error))
            dropped = tables.commit()
        except Exception as error:  # noqa: BLE001 - whatever it is, nothing was committed
            with contextlib.suppress(Exception):
                tables.rollback()
            if len(jobs) > 1:
                for job in jobs:
                    self._transact(tables, [job])
                return
            name = getattr(error, "sqlite_errorname", type(error).__name__)
            _log.error("spool_unavailable", extra={"error": name})
            failed = SpoolUnavailableError("the spool cannot be written")
            self._tell([(jobs[0].future, None, failed)], wakes=False, dropped=())
            return
        self._tell(results, wakes=any(job.wakes for job in jobs), dropped=dropped)

    def _tell(
        self,
        results: Sequence[tuple[asyncio.Future[Any], Any, Exception | None]],
        *,
        wakes: bool,
        dropped: Sequence[Dropped],
    ) -> None:
        def deliver() -> None:
            for future, value, error in results:
                if future.done():  # cancelled: nobody waits for it any more
                    continue
                if error is None:
                    future.set_result(value)
                else:
                    future.set_exception(error)
            if wakes:
                self._on_wake()
            for drop in dropped:
                self._on_drop(drop)

        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to be told
            self._loop.call_soon_threadsafe(deliver)
