"""The relay in one process: one coroutine that owns everything that lives.

It opens spool and upstreams, then runs the HTTP ports and the forwarder side by side. If one of
them dies the others are cancelled and the process ends with an error; claims go back to the spool.
"""

import asyncio
import gc
import logging
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import fields
from typing import Any, Final

from relay import own_errors
from relay.audit import UNKNOWN, Outcome, Via
from relay.clock import SystemClock
from relay.config import Settings
from relay.errors import AuditError, RelayError
from relay.metrics import Metrics
from relay.server.admin import OVERVIEW, build_admin_app
from relay.server.admin_gate import refuse, watch_of
from relay.server.board import Board, SeatState
from relay.server.ingest import build_ingest_app
from relay.server.life import Life
from relay.server.listening import bind, open_port, port_of
from relay.server.loaded import Loaded, load, show, tell
from relay.server.onion import OnionListener, open_onion
from relay.server.overview import looking
from relay.server.parts import Parts, forgetting, open_parts
from relay.server.rules_parts import RulesSeat, open_reloader, open_switch
from relay.server.rules_reloading import Reloaded, Reloader
from relay.server.rules_sheet import Sheets
from relay.server.running import Started, drain_seconds, run
from relay.server.shadow_post import into
from relay.server.signals import signals_restored, stopped_by_signals
from relay.server.usage_parts import in_each_worker, in_one_process
from relay.shadow_hits import ShadowMemory
from relay.side.process import SideProcess

SEAT: Final = 1
"""Where the one process stands on its board; the first seat is for whom has an admin port alone."""

log = logging.getLogger("relay.server")


async def serve(
    settings: Settings,
    *,
    loaded: Loaded | None = None,
    on_start: Callable[[Started], None] = lambda _: None,
    stop: asyncio.Event | None = None,
    on_stop: Callable[[], None] = lambda: None,
    life: Life | None = None,
    reread: Callable[[], Settings] | None = None,
    say: Callable[[RelayError], None] = lambda _: None,
    side: SideProcess | None = None,
) -> None:
    """Run until a signal, or until `stop` is set.

    Args:
        settings: what is configured.
        loaded: what was loaded of it already, if anything.
        on_start: called when the ports are open.
        stop: set it to stop; SIGTERM and SIGINT set it too.
        on_stop: called when stopping begins.
        life: notes reloads.
        reread: reads the settings again; of them only where the rules are is taken up here.
        say: tells an operator of mistakes.
        side: from `start_side`; it is closed in the end.

    Raises:
        RuleError: a rule does not load, or fails its own examples.
        ConfigError: the hash secret cannot be read.
        SpoolUnavailableError: the spool cannot be opened.
        ListenError: the certificate cannot be read, or a port is taken.
    """
    stop = stop or asyncio.Event()
    loaded = loaded or load(settings)
    own_errors.start(settings.errors, loaded.scrubber)
    metrics = Metrics()
    tell(loaded)
    show(loaded, metrics)
    async with AsyncExitStack() as stack:
        stack.enter_context(signals_restored())
        board = Board()
        board.set_state(SEAT, SeatState.READY)
        clock = SystemClock()
        shadow = ShadowMemory(clock.now())
        parts = await open_parts(
            stack,
            loaded,
            metrics,
            side=side,
            stale=lambda: board.stale,
            deliver=into(shadow, clock),
        )
        where = RulesSeat(board, SEAT, Sheets())
        switch = open_switch(loaded, where, metrics, parts.use, side)
        reloader = open_reloader(loaded, where, metrics, say)
        if life is not None:
            life.count_in(metrics)
        asked = asyncio.Event()
        stack.enter_context(stopped_by_signals(stop, asked.set))
        inside, outside = settings.admin, settings.listen
        admin = bind("admin", inside.host, inside.port)
        for one in admin:
            stack.callback(one.close)
        ingest = bind("ingest", outside.host, outside.port)
        for one in ingest:
            stack.callback(one.close)
        onion = open_onion(outside.onion)
        stack.callback(onion.close)
        started = Started(outside.host, port_of(ingest), inside.host, port_of(admin), onion.target)

        def tell_started() -> None:
            on_start(started)
            log.info("started", extra=started.fields())

        # What stands now stays until the end: the collector need not go through it ever again,
        # which would take longer than an event does.
        gc.collect()
        gc.freeze()
        ports = _ports(loaded, parts, metrics, admin, ingest, onion, (reloader, board), shadow)
        hang_ups = _hang_ups(asked, reloader, settings, life, reread, say)
        beside = (switch.run(), reloader.run(), hang_ups, parts.shadow.run(), *_beside(parts))
        beside += (forgetting(parts.spool, clock, metrics),)
        await run(parts, ports, outside, tell_started, stop, on_stop, beside)
    log.info("stopped")


def _beside(parts: Parts) -> Sequence[Coroutine[Any, Any, None]]:
    """Return what usage events need beside the ports."""
    if parts.usage is None:
        return ()
    return (*in_each_worker(parts.usage.around), *in_one_process(parts.usage.around))


async def _hang_ups(
    asked: asyncio.Event,
    reloader: Reloader,
    settings: Settings,
    life: Life | None,
    reread: Callable[[], Settings] | None,
    say: Callable[[RelayError], None],
) -> None:
    """See to each SIGHUP: rules are taken up, other settings want a restart."""
    while True:
        await asked.wait()
        asked.clear()
        try:
            new = settings
            if life is not None and reread is not None:
                new = await asyncio.to_thread(life.reload, reread)
            attempt = await reloader.reload(UNKNOWN, Via.SIGNAL, new.rules)
        except RelayError as error:
            say(error)
            log.warning("reload_refused", extra={"reason": error.reason})
            if life is not None and isinstance(error, AuditError):
                life.reloaded(Outcome.REFUSED)
            continue
        for name in differing(settings, new):
            log.warning("restart_needed", extra={"component": name})
        if life is not None:
            refused = attempt.outcome is Reloaded.REFUSED
            life.reloaded(Outcome.REFUSED if refused else Outcome.DONE)


def differing(old: Settings, new: Settings) -> list[str]:
    """Return the names of sections that differ, rules aside."""
    names = [each.name for each in fields(Settings) if each.compare and each.name != "rules"]
    return [name for name in names if getattr(old, name) != getattr(new, name)]


@asynccontextmanager
async def _ports(
    loaded: Loaded,
    parts: Parts,
    metrics: Metrics,
    admin: Sequence[socket.socket],
    ingest: Sequence[socket.socket],
    onion: OnionListener,
    rules: tuple[Reloader, Board],
    shadow: ShadowMemory,
) -> AsyncIterator[None]:
    """Open the admin port, then the others; close them in the other order."""
    inside, outside = loaded.settings.admin, loaded.settings.listen
    admin_app = build_admin_app(
        metrics=metrics,
        health=parts.health,
        spool=parts.spool,
        max_bytes=loaded.settings.spool.max_bytes,
        admin=inside,
        rules=rules,
        shadow=shadow,
    )
    app = build_ingest_app(parts.ingest, parts.health, parts.usage_ingest)
    async with (
        looking(admin_app[OVERVIEW]),
        open_port(admin_app, admin, watch=watch_of(outside), refuse=refuse, seconds=1.0),
        open_port(
            app,
            ingest,
            tls=loaded.tls,
            watch=parts.ingest.watch,
            refuse=parts.ingest.refuse,
            seconds=drain_seconds(outside),
            onion=(build_ingest_app(parts.ingest, None, parts.usage_ingest), onion.sockets),
        ),
    ):
        try:
            yield
        finally:
            onion.remove()
