"""The composition root: one coroutine that owns everything that lives.

It opens spool and upstreams, then runs the HTTP ports and the forwarder side by side. If one of
them dies the others are cancelled and the process ends with an error; claims go back to the spool.
"""

import asyncio
import gc
import logging
import random
import secrets
import signal
import ssl
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    contextmanager,
)
from dataclasses import asdict, dataclass
from pathlib import Path

from relay import __version__, load_scrubber
from relay.clock import SystemClock
from relay.config import ANY, Settings, SpoolSettings, read_secret
from relay.consent import Missing
from relay.errors import RelayError
from relay.forwarder import Forwarder
from relay.health import Health, flag_check, spool_check
from relay.intake import Intake, Rotation
from relay.limit_memory import LimitMemory
from relay.losses import LossCounter
from relay.metrics import Metrics
from relay.ports import Clock, Spool
from relay.reporting import Reporter
from relay.server.admin import build_admin_app
from relay.server.answers import Cors
from relay.server.counting import delivery_counter, drop_counter, limit_counter
from relay.server.ingest import Ingest, build_ingest_app
from relay.server.listening import open_port, tls_context
from relay.server.projects import Projects
from relay.spool.bounds import Bounds
from relay.spool.memory import MemorySpool
from relay.spool.sqlite import SqliteSpool

log = logging.getLogger("relay.server")

GRACE_SECONDS = 5.0
"""How long sends under way may take after the last request; what is not sent stays in the spool."""


@dataclass(frozen=True, slots=True)
class Started:
    """The ports that are open, for whoever waits for the start."""

    host: str
    port: int
    admin_host: str
    admin_port: int


async def open_spool(
    settings: SpoolSettings, clock: Clock, metrics: Metrics, losses: LossCounter
) -> Spool:
    """Open the spool that is configured.

    Raises:
        SpoolUnavailableError: it cannot be opened.
    """
    on_drop = drop_counter(metrics, losses)
    bounds = Bounds(max_bytes=settings.max_bytes, max_age=settings.max_age)
    match settings.backend:
        case "memory":
            return MemorySpool(clock, bounds, on_drop)
        case "sqlite":
            return await SqliteSpool.open(Path(settings.path), clock, bounds, on_drop)
        case _:
            raise RelayError(f"the spool backend {settings.backend} is not available here")


async def serve(
    settings: Settings,
    *,
    on_start: Callable[[Started], None] = lambda _: None,
    stop: asyncio.Event | None = None,
) -> None:
    """Run until a signal, or until `stop` is set.

    Args:
        settings: what is configured.
        on_start: called when the ports are open.
        stop: set it to stop; SIGTERM and SIGINT set it too.

    Raises:
        RuleError: a rule does not load, or fails its own examples.
        ConfigError: the hash secret cannot be read.
        SpoolUnavailableError: the spool cannot be opened.
        ListenError: the certificate cannot be read; or, in a group, a port is taken.
    """
    stop = stop or asyncio.Event()
    clock = SystemClock()
    metrics = Metrics()
    scrubber = load_scrubber(*settings.rules)
    secret = read_secret(settings.hash) or secrets.token_bytes(32)
    tls = tls_context(settings.listen.tls)
    _tell(settings, metrics, len(scrubber.compiled.rules))
    async with AsyncExitStack() as stack:
        projects = Projects(settings, clock)
        stack.push_async_callback(projects.close)
        reports = settings.client_reports
        losses = LossCounter() if reports.enabled else LossCounter(0)
        spool = await open_spool(settings.spool, clock, metrics, losses)
        stack.push_async_callback(spool.close)
        limits = LimitMemory(projects.limit_key, limit_counter(metrics))
        forwarder = Forwarder(
            spool,
            projects.route,
            clock,
            random.random,
            limits=limits,
            observe=delivery_counter(metrics, losses),
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
        health = Health({"spool": spool_check(spool), "forwarder": flag_check(forwarding.is_set)})
        intake = Intake(
            find_project=projects.find,
            projects=projects.keys,
            rotation=Rotation(scrubber, secret, settings.hash.rotate, clock),
            spool=spool,
            metrics=metrics,
            timer=time.perf_counter,
            limits=limits,
            losses=losses,
            clock=clock,
        )
        stack.callback(intake.close)
        ingest = _ingest(settings, intake, metrics)
        stack.enter_context(_signals(stop))
        ports = _ports(settings, tls, ingest, health, metrics, spool)
        # What stands now stays until the end: the collector need not go through it ever again,
        # which would take longer than an event does.
        gc.collect()
        gc.freeze()
        await _run(forwarder, forwarding, reporter, ports, health, on_start, stop)
    log.info("stopped")


async def _run(
    forwarder: Forwarder,
    forwarding: asyncio.Event,
    reporter: Reporter,
    ports: AbstractAsyncContextManager[Started],
    health: Health,
    on_start: Callable[[Started], None],
    stop: asyncio.Event,
) -> None:
    """Forward, and serve the ports until `stop`; first nothing comes in, then nothing goes out."""
    async with asyncio.TaskGroup() as group:
        running = group.create_task(_forward(forwarder, forwarding))
        reporting = group.create_task(reporter.run())
        async with ports as started:
            on_start(started)
            log.info("started", extra=asdict(started))
            await stop.wait()
            log.info("stopping")
            health.stop()
        # Nothing comes in any more; what is on its way out may arrive, and is reported if it does
        # not: a last report waits in the spool for the next start.
        reporting.cancel()
        forwarder.stop()
        await asyncio.wait([running], timeout=GRACE_SECONDS)
        running.cancel()
        await reporter.flush()


@contextmanager
def _signals(stop: asyncio.Event) -> Iterator[None]:
    """Let SIGTERM and SIGINT set `stop` inside the block."""
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGTERM, signal.SIGINT)
    for number in numbers:
        loop.add_signal_handler(number, stop.set)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


async def _forward(forwarder: Forwarder, forwarding: asyncio.Event) -> None:
    forwarding.set()
    try:
        await forwarder.run()
    finally:
        forwarding.clear()


def _ingest(settings: Settings, intake: Intake, metrics: Metrics) -> Ingest:
    consent_headers = [project.consent.header for project in settings.projects]
    cors = Cors(settings.listen.origins, [settings.consent.header, *consent_headers])
    return Ingest(intake, metrics, cors, settings.limits)


@asynccontextmanager
async def _ports(
    settings: Settings,
    tls: ssl.SSLContext | None,
    ingest: Ingest,
    health: Health,
    metrics: Metrics,
    spool: Spool,
) -> AsyncIterator[Started]:
    """Open the admin port, then the ingest port; close them in the other order."""
    inside, outside = settings.admin, settings.listen
    admin_app = build_admin_app(metrics=metrics, health=health, spool=spool, tokens=inside.tokens)
    app = build_ingest_app(ingest, health)
    async with (
        open_port("admin", admin_app, inside.host, inside.port) as admin_port,
        open_port(
            "ingest",
            app,
            outside.host,
            outside.port,
            tls=tls,
            drained=ingest.drained,
            refuse=ingest.refuse,
        ) as port,
    ):
        yield Started(outside.host, port, inside.host, admin_port)


def _tell(settings: Settings, metrics: Metrics, rules: int) -> None:
    """Say what was loaded, and loudly what weakens the promise."""
    metrics.gauge("relay_build_info", 1, version=__version__)
    metrics.gauge("relay_rules_loaded", rules)
    log.info("loaded", extra={"rules": rules, "version": __version__})
    for project in settings.projects:
        name = "any" if project.project == ANY else project.project
        if not project.consent.required:
            log.warning("consent_not_required", extra={"project": name})
            metrics.gauge("relay_consent_not_required", 1, project=name)
        elif project.consent.missing is Missing.MINIMAL:
            log.warning("minimal_without_consent", extra={"project": name})
