"""Sets of counts, out of objects."""

from pathlib import Path

from tests.usage_sets import CLICK, READY, catalogue, put, record, rows, run

KNOWN = catalogue(READY, CLICK)


def test_people_by_value(tmp_path: Path) -> None:
    """By one column alone people are counted in steps, also those whose rows lose that column."""
    lines = [
        record(f"p{i}", version=f"1.{i}", attributes={"language": "en", "networks": said})
        for i, said in enumerate([["btc"]] * 3 + [["btc", "eth"]] * 2 + [["ltc"]])
    ]
    put(tmp_path, lines * 2)
    run(tmp_path, KNOWN, min_group=2)
    found = [
        (row["column"], row["value"], row["people"])
        for row in rows(tmp_path, "people_by_value")
        if row["column"] in ("language", "networks", "version", "theme")
    ]
    assert [("language", "en", 6), ("networks", "btc", 4), ("networks", "eth", 2)] == found


def test_opt_outs(tmp_path: Path) -> None:
    """Decisions are counted by app and version; few of a version are counted without it."""
    lines = [("26.11.1", 10), ("26.11.2", 6), ("26.11.3", 5)]
    decisions = [
        {"decision": "opt_out", "day": "2026-11-22", "app": "suite", "version": version}
        for version, count in lines
        for _ in range(count)
    ]
    put(tmp_path, decisions, hour=None)
    put(tmp_path, decisions[:3], hour=None, app="connect")
    run(tmp_path, KNOWN, min_group=10)
    found = [(row["app"], row["version"], row["opt_outs"]) for row in rows(tmp_path, "opt_outs")]
    assert [("suite", "26.11.1", 10), ("suite", None, 11)] == found
