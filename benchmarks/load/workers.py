"""Two workers on two cores against one on one.

Clients and upstream need CPU time as well, and where this runs there may be no third core for them.
So what counts is envelopes a second for each core that the relay could have: seconds of a core in
which nobody else was busy, idle ones included. One worker is held on the first core, everything
else on the second; two workers have both cores, and share them with everything else. A worker that
waits for the other (for the spool, say) leaves its core idle, and that counts against it; what the
clients take does not. The plain ratio of the rates is given too: there the load is charged to the
two workers alone.
"""

import os
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.load import processes
from benchmarks.load.client import Spec
from benchmarks.load.programs import Clients, Relay, upstream

CONNECTIONS = 32
ONE, OTHER = (0,), (1,)


@dataclass(frozen=True, slots=True)
class Effort:
    """How long is measured: rounds of so many seconds each."""

    rounds: int
    seconds: float


FULL, QUICK = Effort(3, 6.0), Effort(1, 0.5)


@dataclass(frozen=True, slots=True)
class Saturated:
    """A relay with as much load as it takes.

    Attributes:
        rate: accepted envelopes a second.
        available: cores that nobody else was busy on; idle counts as available.
        used: cores that the relay was busy on.
    """

    rate: float
    available: float
    used: float

    @property
    def rate_per_core(self) -> float:
        """Return envelopes a second for each core that it could have."""
        return self.rate / self.available


@dataclass(frozen=True, slots=True)
class Workers:
    """One worker, and two; medians over the rounds by their rate."""

    one: Saturated
    two: Saturated

    @property
    def speedup(self) -> float:
        """Return how much more two workers on two whole cores do than one on one."""
        return 2 * self.two.rate_per_core / self.one.rate_per_core

    @property
    def plain(self) -> float:
        """Return the ratio of the rates, with the load on the same two cores."""
        return self.two.rate / self.one.rate


def measure(folder: Path, pool: Path, effort: Effort) -> Workers | None:
    """Measure both in turn; None where there are not two cores."""
    if (os.cpu_count() or 1) < 2:
        return None
    with (
        upstream() as sink,
        Relay(folder / "one", sink, cores=ONE) as one,
        Relay(folder / "two", sink, arguments=("--workers", "2")) as two,
    ):
        found: tuple[list[Saturated], list[Saturated]] = ([], [])
        for number in range(effort.rounds + 1):
            for at, (relay, cores) in enumerate(((one, ONE), (two, ()))):
                for pid in processes.tree(sink.pid):
                    os.sched_setaffinity(pid, OTHER if cores else range(os.cpu_count() or 1))
                run = 10 + 2 * number + at
                saturated = _saturated(relay, str(pool), run, effort.seconds, cores)
                if number:  # the first of each warms up
                    found[at].append(saturated)
    return Workers(*(_median(some) for some in found))


def _median(found: list[Saturated]) -> Saturated:
    return Saturated(
        median(one.rate for one in found),
        median(one.available for one in found),
        median(one.used for one in found),
    )


def _saturated(
    relay: Relay, pool: str, run: int, seconds: float, cores: tuple[int, ...]
) -> Saturated:
    """Send as much as it takes for a while, then let all of it go upstream."""
    spec = Spec(relay.port, pool, run, first=run * 500, connections=CONNECTIONS, seconds=seconds)
    with Clients(spec, OTHER if cores else ()) as clients:
        machine, cpu, started = _busy(cores), processes.cpu_seconds(relay.pid), time.monotonic()
        clients.go()
        result = clients.result()
        wall = time.monotonic() - started
        used = processes.cpu_seconds(relay.pid) - cpu
        busy = _busy(cores) - machine
    relay.drain()
    own = min(used, busy)
    count = len(cores) or os.cpu_count() or 1
    return Saturated(result.rate, count - (busy - own) / wall, used / wall)


def _busy(cores: tuple[int, ...]) -> float:
    """Return the busy seconds of some cores, or of all, up to now."""
    if not cores:
        return processes.machine().busy
    return sum(processes.machine(core).busy for core in cores)
