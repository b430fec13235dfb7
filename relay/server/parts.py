"""What a serving process is made of, and how it runs and ends.

Law of this file: parts are put together here and nowhere else. Whatever is loaded once for all
processes is a `Loaded`; whatever each has for itself is opened by `open_parts`.
"""

import asyncio
import logging
import random
import time
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, assert_never

from relay.clock import SystemClock
from relay.config import Settings, SpoolSettings
from relay.forwarder import Forwarder
from relay.health import Health, flag_check, spool_check
from relay.intake import Intake, Rotation
from relay.limit_memory import LimitMemory
from relay.limit_sharing import LimitSharing
from relay.losses import LossCounter
from relay.metrics import Metrics
from relay.ports import Clock, Lane, Spool
from relay.reporting import Reporter
from relay.scrub.scrubber import Scrubber
from relay.server.answers import Cors
from relay.server.counting import circuit_gauge, delivery_counter, drop_counter, limit_counter
from relay.server.gauges import Gauges
from relay.server.ingest import Ingest
from relay.server.loaded import Loaded
from relay.server.projects import Projects
from relay.server.shadow_post import Deliver, ShadowPost
from relay.server.usage import UsageIngest
from relay.server.usage_parts import UsageParts, usage_parts
from relay.side.process import SideProcess
from relay.spool import prepare_spool
from relay.spool.bounds import Bounds
from relay.spool.jetstream import open_jetstream
from relay.spool.memory import MemorySpool
from relay.spool.sqlite import SqliteSpool
from relay.usage.daily import Daily

log = logging.getLogger("relay.server")

LINGER: Final = 0.01
"""Seconds that the forwarder waits for company, so that a transaction is for many envelopes."""


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
    sharing: LimitSharing
    rotation: Rotation
    shadow: ShadowPost
    usage: UsageParts | None = None

    @property
    def spools(self) -> tuple[Spool, ...]:
        """All spools that are open."""
        return (self.spool,) if self.usage is None else (self.spool, self.usage.spool)

    @property
    def usage_ingest(self) -> UsageIngest | None:
        """What answers usage events, where any are taken."""
        return None if self.usage is None else self.usage.ingest

    def use(self, scrubber: Scrubber) -> None:
        """Have other rules hold from now on."""
        self.rotation.replace(scrubber)
        if self.usage is not None:
            self.usage.rotation.replace(scrubber)


def prepare_all(settings: Settings) -> int:
    """Do what is to be done to all spools before several processes open them.

    Returns:
        How many damaged files were set aside.

    Raises:
        SpoolUnavailableError: one cannot be opened, or another relay has it open.
    """
    spools = (settings.spool, settings.usage.spool) if settings.usage.enabled else (settings.spool,)
    return sum(map(prepare, spools))


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
    stale: Callable[[], bool] = lambda: False,
    deliver: Deliver = lambda _: True,
) -> Parts:
    """Open everything; the stack closes it.

    Args:
        stack: closes it.
        loaded: what was loaded.
        metrics: of this process.
        slot: see `open_spool`.
        side: from `start_side`.
        stale: whether rules on the disk were refused.
        deliver: takes what shadow rules would have redacted.

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
    checks = {"spool": spool_check(spool, clock), "forwarder": flag_check(forwarding.is_set)}
    usage_spool = await open_usage_spool(stack, settings, clock, metrics, slot)
    if usage_spool is not None:
        checks["usage_spool"] = spool_check(usage_spool, clock)
    health = Health(checks, stale=stale)
    gauges = Gauges(metrics, clock=clock, health=health)
    rotation = Rotation(loaded.scrubber, loaded.secret, settings.hash.rotate, clock)
    shadow = ShadowPost(lambda: rotation.current().tried, deliver, clock)
    stack.callback(shadow.send)
    intake = Intake(
        find_project=projects.find,
        projects=projects.keys,
        rotation=rotation,
        spool=spool,
        metrics=metrics,
        timer=time.perf_counter,
        limits=limits,
        losses=losses,
        clock=clock,
        side=side,
        note_shadow=shadow.note,
    )
    usage = None
    if usage_spool is not None:
        usage = usage_parts(stack, loaded, usage_spool, metrics, clock, shadow.note)
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
        LimitSharing(limits, spool=spool, clock=clock),
        rotation,
        shadow,
        usage,
    )


async def open_usage_spool(
    stack: AsyncExitStack,
    settings: Settings,
    clock: Clock,
    metrics: Metrics,
    slot: int | None = None,
) -> Spool | None:
    """Open the spool of usage events, where any are taken; the stack closes it.

    Raises:
        SpoolUnavailableError: it cannot be opened.
    """
    if not settings.usage.enabled:
        return None
    # No client is told of what is lost here, so nothing is noted for reports.
    spool = await open_spool(settings.usage.spool, clock, metrics, LossCounter(0), slot)
    stack.push_async_callback(spool.close)
    return spool


def forgetting(spool: Spool, clock: Clock, metrics: Metrics) -> Coroutine[Any, Any, None]:
    """Return what lets go, every day, of what is too old in the spool of envelopes.

    It runs in one process of a relay, until it is cancelled at the stop.
    """
    return Daily(
        "spool", clock=clock, metrics=metrics, random=random.random, spools={"spool": spool}
    ).run()


def _share(number: int, workers: int) -> int:
    """Return the part of one process in what is meant for all of them, at least 1."""
    return max(1, -(-number // max(1, workers)))


def _ingest(settings: Settings, intake: Intake, metrics: Metrics) -> Ingest:
    consent_headers = [project.consent.header for project in settings.projects]
    cors = Cors(settings.listen.origins, [settings.consent.header, *consent_headers])
    return Ingest(intake, metrics, cors, settings.limits, settings.listen)
