"""The composition root: one coroutine that owns everything that lives.

It opens spool and upstreams, then runs the HTTP ports and the forwarder side by side. If one of
them dies the others are cancelled and the process ends with an error; claims go back to the spool.
"""

import asyncio
import logging
import random
import secrets
import signal
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from relay import __version__, load_scrubber
from relay.clock import SystemClock
from relay.config import ANY, Folder, ProjectSettings, Settings, SpoolSettings, Tls, read_secret
from relay.consent import Missing
from relay.delivery import RetryAt
from relay.errors import RelayError
from relay.forwarder import Delivery, Forwarder, Observe
from relay.health import Health, flag_check, spool_check
from relay.intake import Intake, Rotation
from relay.metrics import Metrics
from relay.pipeline import ProjectPolicy
from relay.ports import Clock, Spool, Upstream
from relay.protocol.dsn import Dsn
from relay.scrub.permit import ScrubbedEnvelope
from relay.scrub.scrubber import Scrubber
from relay.server.admin import build_admin_app
from relay.server.answers import Cors
from relay.server.ingest import Ingest, build_ingest_app
from relay.sinks import FileSink
from relay.spool.bounds import Bounds, Dropped
from relay.spool.memory import MemorySpool
from relay.spool.sqlite import SqliteSpool
from relay.upstream import SentryUpstream

log = logging.getLogger("relay.server")

SHUTDOWN_SECONDS = 10.0
"""How long requests under way may take after a signal to stop."""

GRACE_SECONDS = 5.0
"""How long sends under way may take after that; what is not sent stays in the spool."""


@dataclass(frozen=True, slots=True)
class Started:
    """The ports that are open, for whoever waits for the start."""

    host: str
    port: int
    admin_host: str
    admin_port: int


class Projects:
    """Looks up what holds for a client's project and key, and where its envelopes go."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._policies: dict[int, ProjectPolicy] = {}
        self._upstreams: dict[str, Upstream] = {}
        for project in settings.projects:
            own = project.upstream.key if isinstance(project.upstream, Dsn) else None
            self._policies[id(project)] = ProjectPolicy(
                project.project, project.consent, project.items, project.limits, own
            )

    def find(self, project: str, key: str) -> ProjectPolicy | None:
        """See `pipeline.FindProject`."""
        found = self._settings.find_project(project, key)
        return self._policies[id(found)] if found is not None else None

    def route(self, envelope: ScrubbedEnvelope) -> Upstream | None:
        """See `forwarder.Route`; the same object for the same upstream."""
        found = self._settings.find_project(envelope.project, envelope.key)
        if found is None:
            return None
        name = _upstream_name(found)
        if name not in self._upstreams:
            self._upstreams[name] = _make_upstream(found, self._clock)
        return self._upstreams[name]

    @property
    def keys(self) -> Mapping[str, str]:
        """The configured project ids and their keys."""
        return {p.project: p.key for p in self._settings.projects if not p.catch_all}

    async def close(self) -> None:
        """Close all upstreams."""
        for upstream in self._upstreams.values():
            await upstream.close()


def _upstream_name(project: ProjectSettings) -> str:
    match project.upstream:
        case Folder(path):
            return f"file:{path}"
        case Dsn() as dsn:
            return str(dsn)
        case host:
            return str(host)


def _make_upstream(project: ProjectSettings, clock: Clock) -> Upstream:
    match project.upstream:
        case Folder(path):
            return FileSink(Path(path), clock)
        case Dsn() as dsn:
            return SentryUpstream(dsn.envelope_url(), dsn.key)
        case host:
            netloc = f"[{host.host}]" if ":" in host.host else host.host
            port = f":{host.port}" if host.port is not None else ""
            return SentryUpstream(f"{host.scheme}://{netloc}{port}{host.prefix}")


async def open_spool(settings: SpoolSettings, clock: Clock, metrics: Metrics) -> Spool:
    """Open the spool that is configured.

    Raises:
        SpoolUnavailableError: it cannot be opened.
    """

    def on_drop(dropped: Dropped) -> None:
        metrics.count("relay_spool_dropped_total", reason=dropped.reason)

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
        OSError: a port is taken.
    """
    stop = stop or asyncio.Event()
    clock = SystemClock()
    metrics = Metrics()
    scrubber = load_scrubber(*settings.rules)
    secret = read_secret(settings.hash) or secrets.token_bytes(32)
    metrics.gauge("relay_build_info", 1, version=__version__)
    metrics.gauge("relay_rules_loaded", len(scrubber.compiled.rules))
    _warn(settings)
    async with AsyncExitStack() as stack:
        projects = Projects(settings, clock)
        stack.push_async_callback(projects.close)
        spool = await open_spool(settings.spool, clock, metrics)
        stack.push_async_callback(spool.close)
        forwarder = Forwarder(
            spool, projects.route, clock, random.random, observe=_delivery_counter(metrics)
        )
        forwarding = asyncio.Event()
        health = Health({"spool": spool_check(spool), "forwarder": flag_check(forwarding.is_set)})
        ingest = _ingest(settings, projects, scrubber, secret, spool, metrics, clock)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
            stack.callback(loop.remove_signal_handler, number)
        async with asyncio.TaskGroup() as group:
            running = group.create_task(_forward(forwarder, forwarding))
            async with _ports(settings, ingest, health, metrics, spool) as started:
                on_start(started)
                log.info("started", extra=_about(started, scrubber))
                await stop.wait()
                log.info("stopping")
                health.report("serving", ok=False)
            # Nothing comes in any more; what is on its way out may arrive.
            forwarder.stop()
            await asyncio.wait([running], timeout=GRACE_SECONDS)
            running.cancel()
    log.info("stopped")


def _about(started: Started, scrubber: Scrubber) -> dict[str, str | int]:
    return {
        "host": started.host,
        "port": started.port,
        "admin_port": started.admin_port,
        "rules": len(scrubber.compiled.rules),
        "version": __version__,
    }


async def _forward(forwarder: Forwarder, forwarding: asyncio.Event) -> None:
    forwarding.set()
    try:
        await forwarder.run()
    finally:
        forwarding.clear()


def _ingest(
    settings: Settings,
    projects: Projects,
    scrubber: Scrubber,
    secret: bytes,
    spool: Spool,
    metrics: Metrics,
    clock: Clock,
) -> Ingest:
    intake = Intake(
        find_project=projects.find,
        projects=projects.keys,
        rotation=Rotation(scrubber, secret, settings.hash.rotate, clock),
        spool=spool,
        metrics=metrics,
        timer=time.perf_counter,
    )
    consent_headers = [project.consent.header for project in settings.projects]
    cors = Cors(settings.listen.origins, [settings.consent.header, *consent_headers])
    return Ingest(intake, metrics, cors, settings.limits)


@asynccontextmanager
async def _ports(
    settings: Settings, ingest: Ingest, health: Health, metrics: Metrics, spool: Spool
) -> AsyncIterator[Started]:
    """Open the admin port, then the ingest port; close them in the other order."""
    admin = build_admin_app(
        metrics=metrics, health=health, spool=spool, tokens=settings.admin.tokens
    )
    async with (
        _port(admin, settings.admin.host, settings.admin.port) as admin_port,
        _port(
            build_ingest_app(ingest, health),
            settings.listen.host,
            settings.listen.port,
            _tls(settings.listen.tls),
            ingest.drained,
        ) as port,
    ):
        yield Started(settings.listen.host, port, settings.admin.host, admin_port)


@asynccontextmanager
async def _port(
    app: web.Application,
    host: str,
    port: int,
    tls: ssl.SSLContext | None = None,
    drained: Callable[[], Awaitable[None]] | None = None,
) -> AsyncIterator[int]:
    # We decompress ourselves, counting; and no access log, for it would show addresses and keys.
    runner = web.AppRunner(
        app, access_log=None, auto_decompress=False, shutdown_timeout=SHUTDOWN_SECONDS
    )
    await runner.setup()
    site = web.TCPSite(runner, host, port, ssl_context=tls)
    try:
        await site.start()
        yield int(runner.addresses[0][1])
        await site.stop()
        if drained is not None:
            # The runner's own clean-up would stop reading bodies that are still arriving.
            with suppress(TimeoutError):
                async with asyncio.timeout(SHUTDOWN_SECONDS):
                    await drained()
    finally:
        await runner.cleanup()


def _tls(tls: Tls | None) -> ssl.SSLContext | None:
    if tls is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tls.cert, tls.key)
    return context


def _delivery_counter(metrics: Metrics) -> Observe:
    def observe(delivery: Delivery) -> None:
        status = str(delivery.status) if delivery.status is not None else "error"
        metrics.count("relay_upstream_responses_total", status=status)
        if isinstance(delivery.decision, RetryAt):
            metrics.count("relay_upstream_retries_total")

    return observe


def _warn(settings: Settings) -> None:
    """Say loudly what weakens the promise."""
    for project in settings.projects:
        name = "any" if project.project == ANY else project.project
        if not project.consent.required:
            log.warning("consent_not_required", extra={"project": name})
        elif project.consent.missing is Missing.MINIMAL:
            log.warning("minimal_without_consent", extra={"project": name})
