"""What usage events need in a process that serves: their spool, their gate, what runs beside.

Law of this file: parts are put together here and nowhere else. Without an app in `usage.apps`
nothing of it is opened.
"""

from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from relay.config import UsageSettings
from relay.metrics import Metrics
from relay.ports import Clock, Spool


@dataclass(frozen=True, slots=True)
class UsageSurroundings:
    """What a task finds that runs beside the ports.

    Attributes:
        settings: the section `usage`.
        spool: of usage events, open until all tasks have ended.
        clock: the time.
        metrics: of this process.
        workers: how many processes have the spool open that take events.
    """

    settings: UsageSettings
    spool: Spool
    clock: Clock
    metrics: Metrics
    workers: int


def in_each_worker(around: UsageSurroundings) -> Sequence[Coroutine[Any, Any, None]]:
    """Return what runs in every process that takes events, until it is cancelled at the stop."""
    del around
    return ()


def in_one_process(around: UsageSurroundings) -> Sequence[Coroutine[Any, Any, None]]:
    """Return what runs once for all processes of a relay, until it is cancelled at the stop."""
    del around
    return ()
