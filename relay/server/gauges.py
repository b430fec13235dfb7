"""What one process tells of itself now and then: whether it is well, and what it takes.

Law of this file: it reads and sets; nothing waits for it, and it ends nothing.
"""

import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from relay.health import Health
from relay.metrics import Metrics
from relay.ports import Clock

INTERVAL: Final = 10.0
"""Seconds between two looks: less than between two scrapes, as they are usual."""

_STATM: Final = Path("/proc/self/statm")


class Gauges:
    """Keeps the gauges of one process that takes envelopes up to date."""

    def __init__(
        self,
        metrics: Metrics,
        *,
        clock: Clock,
        health: Health,
        cpu: Callable[[], float] = time.process_time,
    ) -> None:
        """Set up; nothing is set yet.

        Args:
            metrics: where they are.
            clock: the time.
            health: what is ready.
            cpu: tells how many seconds of CPU time this process has used.
        """
        self._metrics = metrics
        self._clock = clock
        self._health = health
        self._cpu = cpu
        self._counted = 0.0

    async def run(self) -> None:
        """Set what never changes, then the rest again and again, until cancelled."""
        self._metrics.gauge("relay_workers", 1)
        self._metrics.gauge("relay_start_time_seconds", self._clock.now())
        while True:
            await self.refresh()
            await self._clock.sleep(INTERVAL)

    async def refresh(self) -> None:
        """Set what changes."""
        for part, well in (await self._health.parts()).items():
            self._metrics.gauge("relay_ready", well, part=part)
        self._metrics.gauge("relay_memory_bytes", resident_bytes())
        used = self._cpu()
        self._metrics.count("relay_cpu_seconds_total", max(0.0, used - self._counted))
        self._counted = used


def resident_bytes() -> int:
    """Return the memory that this process holds; where the system does not say, its peak."""
    try:
        pages = int(_STATM.read_bytes().split()[1])
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # macOS counts it in bytes
    return pages * resource.getpagesize()
