"""What usage events need in a process that serves: their spool, their gate, what runs beside.

Law of this file: parts are put together here and nowhere else. Without an app in `usage.apps`
nothing of it is opened.
"""

import gc
import random
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Final

from relay.config import Settings, UsageSettings
from relay.intake import Rotation
from relay.metrics import Metrics
from relay.ports import Clock, Spool
from relay.scrub.shadow import ShadowHits
from relay.server.answers import Cors
from relay.server.loaded import Loaded
from relay.server.usage import UsageIngest
from relay.usage.admitting import UsagePolicy
from relay.usage.daily import Daily
from relay.usage.intake import UsageIntake
from relay.usage.pseudonyms import Keyring, usage_secret
from relay.usage.sink import UsageSink
from relay.usage.store import open_store

FLUSH: Final = 0.125
"""The part of the time for a stop in which what waits may still be written."""

LINGER: Final = 600.0
"""Seconds for which a server may be out of reach of a spool that others share, and come back."""

COLLECT: Final = 10_000
"""So many objects more than at the last look make Python's collector look for cycles. Hundreds of
events wait together, of 20 objects and more each; with Python's own 700 it went through all of them
again and again, which took a tenth of an event's time."""


@dataclass(frozen=True, slots=True)
class UsageSurroundings:
    """What a task finds that runs beside the ports.

    Attributes:
        settings: the section `usage`.
        spool: of usage events, open until all tasks have ended.
        clock: the time.
        metrics: of this process.
        workers: how many processes have the spool open that take events.
        sink: of this process; None in one that takes no events.
    """

    settings: UsageSettings
    spool: Spool
    clock: Clock
    metrics: Metrics
    workers: int
    sink: UsageSink | None = None


def surroundings(
    settings: Settings,
    spool: Spool,
    clock: Clock,
    metrics: Metrics,
    sink: UsageSink | None = None,
) -> UsageSurroundings:
    """Return what tasks of this process find."""
    workers = max(1, settings.listen.workers)
    return UsageSurroundings(settings.usage, spool, clock, metrics, workers, sink)


def in_each_worker(around: UsageSurroundings) -> Sequence[Coroutine[Any, Any, None]]:
    """Return what runs in every process that takes events, until it is cancelled at the stop."""
    return () if around.sink is None else (around.sink.run(),)


def in_one_process(around: UsageSurroundings) -> Sequence[Coroutine[Any, Any, None]]:
    """Return what runs once for all processes of a relay, until it is cancelled at the stop."""
    settings = around.settings
    daily = Daily(
        "usage",
        clock=around.clock,
        metrics=around.metrics,
        random=random.random,
        spools={"usage": around.spool},
        store=(open_store(settings.store), settings.keep),
    )
    return (daily.run(),)


@dataclass(frozen=True, slots=True)
class UsageParts:
    """What one process that takes usage events has for itself.

    Attributes:
        spool: of usage events.
        ingest: answers their requests.
        rotation: gives the scrubber for them.
        around: what tasks find that run beside.
    """

    spool: Spool
    ingest: UsageIngest
    rotation: Rotation
    around: UsageSurroundings


def usage_parts(
    stack: AsyncExitStack,
    loaded: Loaded,
    spool: Spool,
    metrics: Metrics,
    clock: Clock,
    note_shadow: Callable[[ShadowHits], None],
) -> UsageParts:
    """Put the gate of usage events together; the stack ends it, and the spool after it.

    Args:
        stack: closes what is made here.
        loaded: what was loaded.
        spool: of usage events, which the stack closes already.
        metrics: of this process.
        clock: the time.
        note_shadow: is told what shadow rules would have redacted.
    """
    usage, listen = loaded.settings.usage, loaded.settings.listen
    # What the rules' own `hash` leaves of an event is not to be joined with errors either.
    secret = usage_secret(loaded.usage_secret)
    rotation = Rotation(loaded.scrubber, secret, usage.hash.rotate, clock)
    intake = UsageIntake(
        policies=UsagePolicy.of(usage),
        catalogue=loaded.catalogue,
        scrubber=rotation.current,
        keys=Keyring(loaded.usage_secret, usage.hash.rotate).at,
        spool=spool,
        metrics=metrics,
        clock=clock,
        repeat_window=usage.spool.repeat_window,
        note_shadow=note_shadow,
    )
    stack.callback(gc.set_threshold, *gc.get_threshold())
    gc.set_threshold(COLLECT, *gc.get_threshold()[1:])
    sink = _sink(usage, spool, clock, metrics)
    stack.push_async_callback(sink.flush, listen.shutdown * FLUSH)
    stack.push_async_callback(intake.close)
    ingest = UsageIngest(
        intake,
        usage.apps,
        usage.header,
        cors=Cors(listen.origins, [usage.header]),
        metrics=metrics,
        clock=clock,
    )
    around = surroundings(loaded.settings, spool, clock, metrics, sink)
    return UsageParts(spool, ingest, rotation, around)


def _sink(settings: UsageSettings, spool: Spool, clock: Clock, metrics: Metrics) -> UsageSink:
    """Make what writes events into the store.

    Raises:
        RelayError: the store needs an extra that is not installed, or is not configured well.
    """
    return UsageSink(
        spool,
        open_store(settings.store),
        clock,
        settings.batch,
        metrics=metrics,
        random=random.random,
        max_age=settings.spool.max_age,
        linger=LINGER if settings.spool.backend == "jetstream" else 0.0,
    )
