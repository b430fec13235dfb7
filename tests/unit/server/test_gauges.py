"""What a process tells of itself."""

import asyncio
from pathlib import Path

import pytest

from relay.health import Health, flag_check
from relay.metrics import Metrics
from relay.server import gauges
from relay.server.gauges import Gauges
from tests.fakes import FakeClock


def made(metrics: Metrics, clock: FakeClock, *, well: bool = True) -> Gauges:
    """Gauges of a process with one part beside itself, which uses a second of CPU a look."""
    seconds = iter(range(1, 100))
    return Gauges(
        metrics,
        clock=clock,
        health=Health({"forwarder": flag_check(lambda: well)}),
        cpu=lambda: float(next(seconds)),
    )


async def test_what_it_sets() -> None:
    """Each part by itself, memory of a size that a process can have, and CPU time."""
    metrics = Metrics()
    await made(metrics, FakeClock(), well=False).refresh()
    assert (0.0, 1.0) == (
        metrics.value("relay_ready", part="forwarder"),
        metrics.value("relay_ready", part="serving"),
    )
    assert 10_000_000 < metrics.value("relay_memory_bytes") < 10_000_000_000
    assert 1.0 == metrics.value("relay_cpu_seconds_total")


async def test_it_looks_again_and_again() -> None:
    """At once, and then every interval; CPU time adds up to what was used."""
    metrics, clock = Metrics(), FakeClock()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(made(metrics, clock).run())
        for looks in (1.0, 2.0, 3.0):
            await clock.until_sleeping()
            assert looks == metrics.value("relay_cpu_seconds_total")
            clock.advance(gauges.INTERVAL)
            await asyncio.sleep(0)
        task.cancel()
    assert 1.0 == metrics.value("relay_workers")
    assert 1_700_000_000.0 == metrics.value("relay_start_time_seconds")


def test_memory_where_the_system_does_not_say(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Its peak stands for it."""
    monkeypatch.setattr(gauges, "_STATM", tmp_path / "none")
    assert gauges.resident_bytes() > 0
