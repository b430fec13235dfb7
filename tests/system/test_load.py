"""The load benchmarks run, in the small, against the real program, and count what they sent."""

from pathlib import Path

import pytest

from benchmarks import speed
from benchmarks.load import kills, latency, memory, recovery, throughput, workers
from benchmarks.load.traffic import SUITE, Kind, make_pool

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("load")]


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_pool(tmp_path_factory.mktemp("pool"), SUITE, 4)


@pytest.mark.long
def test_throughput(tmp_path: Path) -> None:
    """Each event that was sent has arrived, through the relay and through the pass-through."""
    effort = throughput.Effort(1, 30, 4, speed.Effort(1, 0.01))
    costs = throughput.measure(tmp_path, effort, (Kind("2 kB"),))
    (cost,) = costs
    assert 30 == cost.sent
    assert cost.relay > 0
    assert 0 < cost.wire < cost.bytes


@pytest.mark.long
def test_workers(tmp_path: Path, pool: Path) -> None:
    found = workers.measure(tmp_path, pool, workers.QUICK)
    if found is None:
        pytest.skip("there are not two cores")
    assert found.one.rate > 0
    assert found.two.rate > 0
    assert 0 < found.one.available <= 1.05
    assert 0 < found.two.available


@pytest.mark.long
def test_latency(tmp_path: Path, pool: Path) -> None:
    """All that was due was answered, beside an upload too."""
    found = latency.measure(tmp_path, pool, latency.Effort(0.3, 200_000))
    assert {"200": len(found.quiet.latencies)} == found.quiet.statuses
    assert {"200": len(found.beside.latencies)} == found.beside.statuses
    assert {"200"} == set(found.uploads)


@pytest.mark.long
def test_memory(tmp_path: Path, pool: Path) -> None:
    found = memory.measure(tmp_path, pool, pool, pool, memory.Effort(3, 10))
    assert {"200": 3} == found.statuses
    assert 0 < found.idle.pss <= found.idle.rss
    assert 0 < found.full.pss


@pytest.mark.long
def test_kills(tmp_path: Path, pool: Path) -> None:
    found = kills.measure(tmp_path, pool, 2, seed=1)
    assert (2, 0) == (found.kills, found.lost)
    assert found.accepted > 0


@pytest.mark.long
def test_recovery(tmp_path: Path, pool: Path) -> None:
    found = recovery.measure(tmp_path, pool, recovery.Effort(12, 5.0))
    assert (12, 0) == (found.waiting, found.lost)
    assert found.disk > 0
