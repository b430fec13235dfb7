"""A few kills of relays and servers: nothing that was accepted is lost."""

from pathlib import Path

import pytest

from benchmarks.load.kills_jetstream import measure
from benchmarks.load.traffic import Kind, make_pool

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("jetstream")]


@pytest.mark.long
def test_a_few_kills_lose_nothing(tmp_path: Path) -> None:
    """Of all that was answered with 200 under kills everything arrives."""
    found = measure(tmp_path, make_pool(tmp_path, Kind("2 kB"), 4), kills=4, seed=3)
    assert (4, 0) == (found.kills, found.lost)
    assert found.accepted > 50
