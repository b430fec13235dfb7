"""One of the several processes of a relay: a worker, or the one with the admin port.

Law of this file: it runs after the fork, on an event loop of its own. A worker answers connections
that the arbiter hands over; both end when the arbiter says so, or is gone.
"""

import asyncio
import gc
import random
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Final

from relay import own_errors
from relay.clock import SystemClock
from relay.errors import RelayError
from relay.health import Health, flag_check, spool_check
from relay.losses import LossCounter
from relay.metrics import Metrics
from relay.server.admin import OVERVIEW, build_admin_app
from relay.server.admin_gate import refuse, watch_of
from relay.server.board import Board, SeatState
from relay.server.handover import Receiver
from relay.server.ingest import build_ingest_app
from relay.server.listening import open_port, take_over
from relay.server.loaded import Loaded, show
from relay.server.overview import looking
from relay.server.parts import Parts, forgetting, open_parts, open_spool, open_usage_spool
from relay.server.rules_parts import RulesSeat, open_errors_switch, open_reloader, open_switch
from relay.server.rules_sheet import Sheets
from relay.server.running import drain_seconds, run
from relay.server.shadow_post import ShadowChannel, receiving
from relay.server.usage_parts import in_each_worker, in_one_process, surroundings
from relay.shadow_hits import ShadowMemory
from relay.side.process import SideProcess

ADMIN_SEAT: Final = 0

_BEAT: Final = 0.5
"""Seconds between two signs of life; the arbiter looks once a second."""


@dataclass(frozen=True, slots=True)
class Seat:
    """Where a process stands: its number, the board, and its end of the channel to the arbiter."""

    number: int
    board: Board
    receiver: Receiver


async def serve_worker(
    loaded: Loaded,
    seat: Seat,
    side: SideProcess | None = None,
    *,
    sheets: Sheets | None = None,
    rules: int = 0,
    shadow: ShadowChannel | None = None,
) -> None:
    """Answer what is handed over, and forward, until SIGTERM or until the arbiter is gone.

    Args:
        loaded: what it serves.
        seat: where it stands.
        side: where large bodies are scrubbed.
        sheets: where new rules come from.
        rules: number of those that it begins with.
        shadow: the way to the admin port of what shadow rules would have redacted.

    Raises:
        SpoolUnavailableError: the spool cannot be opened.
    """
    random.seed()  # else the jitter of all workers would be the same
    own_errors.start(loaded.settings.errors, loaded.scrubber)
    stop = asyncio.Event()
    async with AsyncExitStack() as stack:
        metrics = Metrics()
        show(loaded, metrics)
        board = seat.board
        parts = await open_parts(
            stack,
            loaded,
            metrics,
            seat.number,
            side,
            stale=lambda: board.stale,
            deliver=(lambda _: True) if shadow is None else shadow.deliver,
        )
        where = RulesSeat(board, seat.number, sheets or Sheets(), rules)
        switch = open_switch(loaded, where, metrics, parts.use, side)
        stack.enter_context(_stopped_by_term(stop))
        stack.enter_context(_beating(seat))
        gc.freeze()
        listen = loaded.settings.listen
        ports = _handed_over(loaded, parts, seat, stop)
        beside = [switch.run(), parts.shadow.run()]
        if parts.usage is not None:
            beside += in_each_worker(parts.usage.around)
        await run(parts, ports, listen, lambda: None, stop, beside=beside)


async def serve_admin(
    loaded: Loaded,
    seat: Seat,
    sockets: Sequence[socket.socket],
    *,
    sheets: Sheets | None = None,
    rules: int = 0,
    say: Callable[[RelayError], None] = lambda _: None,
    shadow: ShadowChannel | None = None,
) -> None:
    """Serve the admin port for all processes, until SIGTERM or until the arbiter is gone.

    It also sees to changes of the rules, for all processes.

    Args:
        loaded: what they serve.
        seat: where it stands.
        sockets: the admin port's.
        sheets: where new rules go.
        rules: number of those that hold.
        say: tells an operator of mistakes in rules.
        shadow: the way of what shadow rules would have redacted.

    Raises:
        SpoolUnavailableError: the spool cannot be opened.
    """
    own_errors.start(loaded.settings.errors, loaded.scrubber)
    stop = asyncio.Event()
    board = seat.board
    metrics = Metrics()
    show(loaded, metrics)
    where = RulesSeat(board, seat.number, sheets or Sheets(), rules)
    reloader = open_reloader(loaded, where, metrics, say)
    async with AsyncExitStack() as stack:
        settings, clock = loaded.settings.spool, SystemClock()
        spool = await open_spool(settings, clock, metrics, LossCounter(0), seat.number)
        stack.push_async_callback(spool.close)
        usage = await open_usage_spool(stack, loaded.settings, clock, metrics, seat.number)
        stack.enter_context(_stopped_by_term(stop))
        stack.enter_context(_beating(seat))
        checks = {
            "spool": spool_check(spool, clock),
            "workers": flag_check(lambda: board.count(SeatState.READY) > 0),
        }
        if usage is not None:
            checks["usage_spool"] = spool_check(usage, clock)
        health = Health(checks, stale=lambda: board.stale)
        hits = ShadowMemory(clock.now())
        app = build_admin_app(
            metrics=metrics,
            health=health,
            spool=spool,
            max_bytes=settings.max_bytes,
            admin=loaded.settings.admin,
            refresh=_counts(board, metrics),
            rules=(reloader, board),
            shadow=hits,
        )
        if shadow is not None:
            stack.enter_context(receiving(shadow, hits, clock))
        watch = watch_of(loaded.settings.listen)
        async with (
            looking(app[OVERVIEW]),
            open_port(app, sockets, watch=watch, refuse=refuse, seconds=1.0),
        ):
            seat.receiver.start(asyncio.get_running_loop(), _refuse, stop.set)
            async with asyncio.TaskGroup() as group:
                beside = [
                    group.create_task(reloader.run()),
                    group.create_task(forgetting(spool, clock, metrics)),
                ]
                if loaded.settings.errors.dsn is not None:
                    beside.append(group.create_task(open_errors_switch(loaded, where).run()))
                if usage is not None:
                    around = surroundings(loaded.settings, usage, clock, metrics)
                    beside += [group.create_task(one) for one in in_one_process(around)]
                await stop.wait()
                for task in beside:
                    task.cancel()


@asynccontextmanager
async def _handed_over(
    loaded: Loaded, parts: Parts, seat: Seat, stop: asyncio.Event
) -> AsyncIterator[None]:
    board, number = seat.board, seat.number
    board.set_state(number, SeatState.READY)  # first, for who hears that it is ready looks there
    async with take_over(
        build_ingest_app(parts.ingest, parts.health, parts.usage_ingest),
        build_ingest_app(parts.ingest, None, parts.usage_ingest),
        seat.receiver,
        closed=lambda: board.add_closed(number),
        orphaned=stop.set,
        tls=loaded.tls,
        watch=parts.ingest.watch,
        refuse=parts.ingest.refuse,
        seconds=drain_seconds(loaded.settings.listen),
    ):
        try:
            yield
        finally:
            board.set_state(number, SeatState.STOPPING)


@contextmanager
def _stopped_by_term(stop: asyncio.Event) -> Iterator[None]:
    """Let SIGTERM set `stop`; Ctrl-C is the arbiter's, which gets it too and decides."""
    loop = asyncio.get_running_loop()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGTERM)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # said once is enough


@contextmanager
def _beating(seat: Seat) -> Iterator[None]:
    """Give signs of life inside the block, as long as the loop goes round."""
    loop = asyncio.get_running_loop()
    handles: list[asyncio.TimerHandle] = []

    def beat() -> None:
        seat.board.beat(seat.number)
        handles[:] = [loop.call_later(_BEAT, beat)]

    beat()
    try:
        yield
    finally:
        handles[0].cancel()


def _counts(board: Board, metrics: Metrics) -> Callable[[], None]:
    """Make what counts what the board tells of: replaced processes, spools set aside."""
    # The process before this one, if it died, has counted some of it.
    counted = (
        int(metrics.value("relay_worker_restarts_total")),
        int(metrics.value("relay_spool_damaged_total")),
    )

    def refresh() -> None:
        nonlocal counted
        now = (board.restarts, board.damages)
        metrics.count("relay_worker_restarts_total", now[0] - counted[0])
        metrics.count("relay_spool_damaged_total", now[1] - counted[1])
        counted = now

    return refresh


def _refuse(connection: socket.socket | None, _: bool) -> None:
    if connection is not None:
        connection.close()
