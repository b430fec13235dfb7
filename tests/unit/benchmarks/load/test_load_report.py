"""An aim is reached only by a figure that is good enough."""

import pytest

from benchmarks.load import load_report
from benchmarks.load.client import Result
from benchmarks.load.kills import Kills
from benchmarks.load.memory import Footprint
from benchmarks.load.processes import Memory
from benchmarks.load.throughput import Cost
from benchmarks.load.traffic import SUITE
from benchmarks.report import Section

MIB = 2**20


def _reached(section: Section) -> list[bool | None]:
    return [bar.reached for bar in section.bars]


@pytest.mark.parametrize(
    ("passing", "peer", "reached"),
    [(1.0, 3.0, [True, True]), (0.9, 3.0, [False, True]), (1.0, 1.9, [True, False])],
)
def test_cost(passing: float, peer: float, reached: list[bool]) -> None:
    cost = Cost(SUITE, 20_000, 2.0, passing, peer, (2.0, 2.0), 1.0, 1.0, 1)
    assert reached == _reached(load_report.throughput_section((cost,)))


@pytest.mark.parametrize(
    ("idle", "large", "statuses", "reached"),
    [
        (149, 399, {"200": 200}, [True, True, True]),
        (150, 399, {"200": 200}, [False, True, True]),
        (149, 400, {"200": 200}, [True, False, True]),
        (149, 399, {"200": 199, "503": 1}, [True, False, True]),
    ],
)
def test_memory(idle: int, large: int, statuses: dict[str, int], reached: list[bool]) -> None:
    small, most, full = (Memory(mib * MIB, 2 * mib * MIB) for mib in (idle, large, 100))
    found = Footprint(small, small, 200, most, 1_000_000, statuses, 50_000, full, full)
    assert reached == _reached(load_report.memory_section(found))


@pytest.mark.parametrize(("lost", "reached"), [(0, True), (1, False)])
def test_kills(lost: int, reached: bool) -> None:
    found = Kills(50, 1_000, lost, twice=3, broken=10, refused=0, seconds=60.0)
    assert [reached] == _reached(load_report.kills_section(found, "SQLite"))


def test_two_workers_need_two_cores() -> None:
    assert [None] == _reached(load_report.workers_section(None))


def test_percentiles_of_answers() -> None:
    found = Result(latencies=[n / 100 for n in range(100, 0, -1)])
    assert (0.51, 1.0) == (found.percentile(0.5), found.percentile(1.0))
