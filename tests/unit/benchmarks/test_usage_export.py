"""A day that is made up for the export of usage events, and what is measured of it."""

from collections import Counter
from pathlib import Path

import duckdb
import pytest

from benchmarks.__main__ import main
from benchmarks.usage_export import make_day
from relay.rulefiles import read_events
from relay.usage.catalogue import load_catalogue
from relay.usage.objects import read_path


@pytest.mark.long
def test_a_day(tmp_path: Path) -> None:
    """It has as many events as asked for, of types that are known, one in a hundred twice."""
    make_day(tmp_path, 5_000, 8, variants=3)
    (path,) = tmp_path.rglob("*.zst")
    assert read_path(path.relative_to(tmp_path).as_posix()) is not None
    with duckdb.connect() as connection:
        query = "SELECT message, type FROM read_json(?, format = 'newline_delimited')"
        found = connection.execute(query, [str(path)]).fetchall()
    times = Counter(Counter(message for message, _ in found).values())
    assert 5_000 == sum(count * nth for nth, count in times.items())
    assert 20 < times[2] < 90
    known = load_catalogue(read_events(())).events.keys()
    assert set() == {kind for _, kind in found} - known


@pytest.mark.long
def test_a_small_measurement(capsys: pytest.CaptureFixture[str]) -> None:
    """It says how long it took, and how much memory."""
    assert 0 == main(["usage-export", "--events", "20000"])
    out = capsys.readouterr().out
    assert "20000 events" in out
    assert "MB of memory at most" in out
