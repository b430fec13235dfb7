"""What a serving process is made of, and how it runs and ends.

Law of this file: parts are put together here and nowhere else. Whatever is loaded once for all
processes is a `Loaded`; whatever each has for itself is opened by `open_parts`.
"""

import asyncio
import logging
import random
import secrets
import ssl
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, assert_never

from relay import __version__, load_scrubber
from relay.clock import SystemClock
from relay.config import ANY, Listen, Settings, SpoolSettings, read_secret
from relay.consent import Missing
from relay.errors import SpoolDamagedError
from relay.forwarder import Forwarder
from relay.health import Health, flag_check, spool_check
from relay.intake import Intake, Rotation
from relay.limit_memory import LimitMemory
from relay.limit_sharing import LimitSharing
from relay.losses import LossCounter
from relay.metrics import Metrics
from relay.ports import Clock, Lane, Spool
from relay.reporting import Reporter
from relay.rulefiles import shipped_left_out
from relay.scrub.scrubber import Scrubber
from relay.server.answers import Cors
from relay.server.counting import circuit_gauge, delivery_counter, drop_counter, limit_counter
from relay.server.gauges import Gauges
from relay.server.ingest import Ingest
from relay.server.listening import tls_context
from relay.server.projects import Projects
from relay.side.process import SideProcess
from relay.spool import prepare_spool
from relay.spool.bounds import Bounds
from relay.spool.jetstream import open_jetstream
from relay.spool.memory import MemorySpool
from relay.spool.sqlite import SqliteSpool

log = logging.getLogger("relay.server")

LINGER: Final = 0.01
"""Seconds that the forwarder waits for company, so that a transaction is for many envelopes."""


def drain_seconds(listen: Listen) -> float:
    """Return how long requests under way may take after a signal to stop: half of the time."""
    return listen.shutdown / 2


def sending_seconds(listen: Listen) -> float:
    """Return how long sends may take after the last request; the rest stays in the spool."""
    return listen.shutdown / 4


@dataclass(frozen=True, slots=True)
class Started:
    """The ports that are open, for whoever waits for the start."""

    host: str
    port: int
    admin_host: str
    admin_port: int


@dataclass(frozen=True, slots=True)
class Loaded:
    """What is loaded once, before anything is opened.

    Attributes:
        settings: what is configured.
        scrubber: the rules, which have passed their examples.
        secret: of the `hash` redaction; the same for all processes.
        tls: certificate and key of the ingest port.
    """

    settings: Settings
    scrubber: Scrubber
    secret: bytes = field(repr=False)
    tls: ssl.SSLContext | None


@dataclass(frozen=True, slots=True)
class Parts:
    """What one serving process has for itself."""

    spool: Spool
    forwarder: Forwarder
    reporter: Reporter
    gauges: Gauges
    ingest: Ingest
    health: Health
    forwarding: asyncio.Event
    sending_seconds: float
    sharing: LimitSharing


def load(settings: Settings, secret: bytes | None = None) -> Loaded:
    """Load rules, secret and certificate.

    Args:
        settings: what is configured.
        secret: of the `hash` redaction, to go on with where none is configured.

    Raises:
        RuleError: a rule does not load, or fails its own examples.
        ConfigError: the hash secret cannot be read.
        ListenError: the certificate cannot be read.
    """
    return Loaded(
        settings,
        load_scrubber(*settings.rules),
        read_secret(settings.hash) or secret or secrets.token_bytes(32),
        tls_context(settings.listen.tls),
    )


def start_side(loaded: Loaded) -> SideProcess | None:
    """Begin what large bodies are scrubbed in, before this process has a loop or a thread."""
    projects = Projects(loaded.settings, SystemClock())
    return SideProcess.start(projects.find, loaded.scrubber, loaded.secret)


def prepare(settings: SpoolSettings) -> bool:
    """Do what is to be done to a spool before several processes open it.

    Returns:
        Whether a damaged file was set aside.

    Raises:
        SpoolUnavailableError: it cannot be opened, or another relay has it open.
    """
    if settings.backend != "sqlite":
        return False
    aside = prepare_spool(Path(settings.path))
    if aside is not None:
        log.error("spool_damaged", extra={"file": aside.name})
    return aside is not None


async def open_spool(
    settings: SpoolSettings,
    clock: Clock,
    metrics: Metrics,
    losses: LossCounter,
    slot: int | None = None,
    partition: Callable[[Lane], str] | None = None,
) -> Spool:
    """Open the spool that is configured.

    Args:
        settings: what is configured.
        clock: the time.
        metrics: counts what it gives up.
        losses: notes that for client reports.
        slot: of this process, where several have it open that was prepared; None where one has.
        partition: tells what shares an upstream, for a spool that keeps upstreams apart.

    Raises:
        SpoolUnavailableError: it cannot be opened.
    """
    on_drop = drop_counter(metrics, losses)
    bounds = Bounds(
        max_bytes=settings.max_bytes,
        max_age=settings.max_age,
        max_dead_age=settings.max_dead_age,
        repeat_window=settings.repeat_window,
    )
    match settings.backend:
        case "memory":
            return MemorySpool(clock, bounds, on_drop)
        case "sqlite":
            path = Path(settings.path)
            spool = await SqliteSpool.open(
                path, clock, bounds, on_drop, slot=slot or 0, checked=slot is not None
            )
            if spool.damaged is not None:
                metrics.count("relay_spool_damaged_total")
            return spool
        case "jetstream":
            return await open_jetstream(settings, clock, on_drop, partition)
        case _:
            assert_never(settings.backend)


async def open_parts(
    stack: AsyncExitStack,
    loaded: Loaded,
    metrics: Metrics,
    slot: int | None = None,
    side: SideProcess | None = None,
) -> Parts:
    """Open everything; the stack closes it.

    Args:
        stack: closes it.
        loaded: what was loaded.
        metrics: of this process.
        slot: see `open_spool`.
        side: from `start_side`.

    Raises:
        SpoolUnavailableError: the spool cannot be opened.
    """
    settings = loaded.settings
    clock = SystemClock()
    projects = Projects(settings, clock)
    stack.push_async_callback(projects.close)
    reports = settings.client_reports
    losses = LossCounter() if reports.enabled else LossCounter(0)
    spool = await open_spool(
        settings.spool, clock, metrics, losses, slot, partition=projects.partition
    )
    stack.push_async_callback(spool.close)
    limits = LimitMemory(projects.limit_key, limit_counter(metrics))
    forwarder = Forwarder(
        spool,
        projects.route,
        clock,
        random.random,
        limits=limits,
        concurrency=_share(settings.forward.concurrency, settings.listen.workers),
        per_upstream=_share(settings.forward.per_upstream, settings.listen.workers),
        linger=LINGER,
        observe=delivery_counter(metrics, losses, projects=projects.keys, clock=clock),
        observe_circuit=circuit_gauge(metrics, projects.id_of),
    )
    reporter = Reporter(
        losses,
        spool=spool,
        clock=clock,
        wanted=projects.takes_reports,
        metrics=metrics,
        interval=reports.interval,
    )
    forwarding = asyncio.Event()
    health = Health(
        {"spool": spool_check(spool, clock), "forwarder": flag_check(forwarding.is_set)}
    )
    gauges = Gauges(metrics, clock=clock, health=health)
    intake = Intake(
        find_project=projects.find,
        projects=projects.keys,
        rotation=Rotation(loaded.scrubber, loaded.secret, settings.hash.rotate, clock),
        spool=spool,
        metrics=metrics,
        timer=time.perf_counter,
        limits=limits,
        losses=losses,
        clock=clock,
        side=side,
    )
    if side is not None:
        stack.callback(side.close)
    stack.callback(intake.close)
    ingest = _ingest(settings, intake, metrics)
    return Parts(
        spool,
        forwarder,
        reporter,
        gauges,
        ingest,
        health,
        forwarding,
        sending_seconds(settings.listen),
        LimitSharing(limits, spool=spool, clock=clock),
    )


async def run(
    parts: Parts,
    ports: AbstractAsyncContextManager[None],
    on_start: Callable[[], None],
    stop: asyncio.Event,
    on_stop: Callable[[], None] = lambda: None,
) -> None:
    """Forward, and serve the ports until `stop`; first nothing comes in, then nothing goes out."""
    async with asyncio.TaskGroup() as group:
        running = group.create_task(_forward(parts))
        sharing = group.create_task(parts.sharing.run())
        reporting = group.create_task(parts.reporter.run())
        watching = group.create_task(parts.gauges.run())
        guarding = group.create_task(_guard(parts.spool))
        async with ports:
            on_start()
            await stop.wait()
            on_stop()
            log.info("stopping")
            parts.health.stop()
        # Nothing comes in any more; what is on its way out may arrive, and is reported if it does
        # not: a last report waits in the spool for the next start.
        reporting.cancel()
        watching.cancel()
        guarding.cancel()
        parts.forwarder.stop()
        await asyncio.wait([running], timeout=parts.sending_seconds)
        running.cancel()
        sharing.cancel()
        await parts.sharing.exchange()
        await parts.reporter.flush()


def show(loaded: Loaded, metrics: Metrics) -> None:
    """Set the gauges that say what was loaded."""
    metrics.gauge("relay_build_info", 1, version=__version__)
    metrics.gauge("relay_rules_loaded", len(loaded.scrubber.compiled.rules))
    metrics.gauge("relay_spool_max_bytes", loaded.settings.spool.max_bytes)
    for project in loaded.settings.projects:
        if not project.consent.required:
            metrics.gauge("relay_consent_not_required", 1, project=project.project)


def tell(loaded: Loaded) -> None:
    """Say what was loaded, and loudly what weakens the promise."""
    rules = len(loaded.scrubber.compiled.rules)
    log.info("loaded", extra={"rules": rules, "version": __version__})
    if left_out := shipped_left_out(rule.id for rule in loaded.scrubber.compiled.rules):
        log.warning("shipped_rules_left_out", extra={"count": left_out})
    for project in loaded.settings.projects:
        name = "any" if project.project == ANY else project.project
        if not project.consent.required:
            log.warning("consent_not_required", extra={"project": name})
        elif project.consent.missing is Missing.MINIMAL:
            log.warning("minimal_without_consent", extra={"project": name})


def _share(number: int, workers: int) -> int:
    """Return the part of one process in what is meant for all of them, at least 1."""
    return max(1, -(-number // max(1, workers)))


async def _guard(spool: Spool) -> None:
    """End everything when the spool's file turns out to be broken: the next start sets it aside."""
    if isinstance(spool, SqliteSpool):
        await spool.broken.wait()
        raise SpoolDamagedError("the spool is damaged; the next start sets its file aside")


async def _forward(parts: Parts) -> None:
    parts.forwarding.set()
    try:
        await parts.sharing.exchange()  # limits that hold from before are known before a send
        await parts.forwarder.run()
    finally:
        parts.forwarding.clear()


def _ingest(settings: Settings, intake: Intake, metrics: Metrics) -> Ingest:
    consent_headers = [project.consent.header for project in settings.projects]
    cors = Cors(settings.listen.origins, [settings.consent.header, *consent_headers])
    return Ingest(intake, metrics, cors, settings.limits, settings.listen)
