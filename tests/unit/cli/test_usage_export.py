"""`relay usage export`."""

import dataclasses
import json
import os
import signal
import stat
import sys
from pathlib import Path

import pytest

from relay.cli import usage_export
from relay.cli.main import main
from relay.config import UsageStore
from tests.fakes import FakeClock
from tests.usage_sets import put, record, rows

NOW = 1_795_730_400.0  # 2026-11-26, two hours before midnight UTC
DAY = ["--day", "2026-11-22"]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with objects of a day, a small allow-list, and a fixed present."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(usage_export, "SystemClock", lambda: FakeClock(NOW))
    (tmp_path / "events.yaml").write_text(
        "events:\n"
        "  device/connect:\n"
        "    description: A device is there.\n"
        "    attributes:\n"
        "      value: {type: boolean, description: Whether it is new.}\n"
        "    examples:\n"
        "      - {query: 'value=true', keeps: {value: true}}\n"
    )
    monkeypatch.setenv("RELAY_USAGE__EVENTS__0", "events.yaml")
    monkeypatch.setenv("RELAY_USAGE__MIN_GROUP", "3")
    put(tmp_path / "usage-data", [record(f"p{i}", "device/connect") for i in range(4)])
    return tmp_path


def export(*arguments: str) -> int:
    return main(["usage", "export", *arguments])


def misused(*arguments: str) -> None:
    with pytest.raises(SystemExit) as end:
        export(*arguments)
    assert 2 == end.value.code


def test_a_day(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The sets are below the store, and it is said how many rows there are."""
    assert 0 == export(*DAY)
    assert 4 == len(rows(here / "usage-data", "device.connect"))
    out, err = capsys.readouterr()
    assert ["2026-11-22:", "1", "objects,", "4", "rows"] == out.split()[:5]
    assert "0 types of events have no rows: fewer than 3 people, or nobody" in out
    assert "" == err


def test_json(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A script is told the same, and no number that gives few people away."""
    assert 0 == export(*DAY, "--json")
    (told,) = json.loads(capsys.readouterr().out)
    assert 0 < told.pop("bytes")
    assert {
        "day": "2026-11-22",
        "complete": True,
        "min_group": 3,
        "objects": 1,
        "broken": 0,
        "repeats": "<3",
        "unknown": "<3",
        "tables": {"device.connect": 4},
        "without_rows": 0,
        "counts": {"people_by_value": 5, "opt_outs": 0},
        "files": 2,
        "removed": 0,
    } == told


@pytest.mark.parametrize("to", ["out", "file:./out"])
def test_elsewhere(to: str, here: Path) -> None:
    """Sets may be put into another folder, which nobody else can read."""
    assert 0 == export(*DAY, "--to", to)
    assert 4 == len(rows(here / "out", "device.connect"))
    assert 0o700 == stat.S_IMODE((here / "out").stat().st_mode)
    assert not (here / "usage-data" / "sets").exists()


def test_several_days(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Days in any order, each once."""
    assert 0 == export("--days", "2026-11-21..2026-11-22", *DAY, "--day", "2026-11-20", "--json")
    days = ["2026-11-20", "2026-11-21", "2026-11-22"]
    assert days == [told["day"] for told in json.loads(capsys.readouterr().out)]
    assert [f"dt={day}" for day in days] == sorted(
        path.name for path in (here / "usage-data" / "sets").iterdir()
    )


def test_a_larger_group(capsys: pytest.CaptureFixture[str]) -> None:
    """Of more people than configured, never of fewer."""
    assert 0 == export(*DAY, "--min-group", "5", "--json")
    assert {} == json.loads(capsys.readouterr().out)[0]["tables"]
    misused(*DAY, "--min-group", "2")
    assert "may not be below usage.min_group, which is 3" in capsys.readouterr().err


def test_today(capsys: pytest.CaptureFixture[str]) -> None:
    """A day that is not over may be had, and it is said."""
    assert 0 == export("--day", "2026-11-26", "--json")
    out, err = capsys.readouterr()
    assert "2026-11-26 is not over: make its sets again tomorrow\n" == err
    assert [False] == [told["complete"] for told in json.loads(out)]


def test_progress(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """On a terminal bars show how far it is; standard output is as ever."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert 0 == export(*DAY, "--json")
    out, err = capsys.readouterr()
    assert [] == [
        what for what in ("objects", "tables", "files") if f"2026-11-22 {what}" not in err
    ]
    assert 1 == len(json.loads(out))


def test_a_broken_object(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It ends with 1, and the sets of the others are there."""
    put(here / "usage-data", [record("x")], hour=15).write_bytes(b"planted")
    assert 1 == export(*DAY)
    assert 4 == len(rows(here / "usage-data", "device.connect"))
    assert "relay: 1 objects could not be read\n" == capsys.readouterr().err


def test_a_store_of_another_provider_gets_no_keys_of_this_one() -> None:
    """A URL of the same kind has the same keys and endpoint; one of another kind has neither."""
    store = UsageStore(
        "s3://a/b", "https://s3.example", "r", "ID", "KEY", virtual_hosted=True, timeout=5
    )
    assert dataclasses.replace(store, url="s3://c") == usage_export.store_at(store, "s3://c")
    assert UsageStore("az://c", timeout=5) == usage_export.store_at(store, "az://c")
    assert UsageStore("file:c", timeout=5) == usage_export.store_at(store, "file:c")


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--day", "2026-11-27"],
        ["--day", "2026-02-30"],
        ["--day", "20261122"],
        ["--day", "2026-W48-1"],
        ["--day", "1969-12-31"],
        ["--days", "2026-11-22"],
        ["--days", "2026-11-22..2026-11-21"],
        ["--days", "2020-01-01..2026-11-21"],
        [*DAY, "--to", "http://example.com/"],
        [*DAY, "--to", ""],
        [*DAY, "--min-group", "0"],
        [*DAY, "--min-group", "many"],
    ],
)
def test_wrong_use(arguments: list[str], here: Path) -> None:
    """It ends with 2, and nothing is made."""
    misused(*arguments)
    assert not (here / "usage-data" / "sets").exists()


@pytest.mark.parametrize(
    ("days", "says"),
    [
        ("2026-11-20-2026-11-22", "is no FROM..TO, such as 2026-11-01..2026-11-22"),
        ("2026-11-22..2026-11-21", "ends before it begins"),
        ("2020-01-01..2026-11-21", "is more than 1000 days"),
        ("2026-11-22..", "'' is no day, such as 2026-11-22"),
    ],
)
@pytest.mark.usefixtures("here")
def test_what_is_wrong_with_days(days: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It is said, and how it is written."""
    misused("--days", days)
    assert says in capsys.readouterr().err


def test_sigterm_ends_as_an_error_does(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The private folder goes, the old sets stay, and the signal means what it meant before."""
    private = here / "private"
    private.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(private))
    before = signal.getsignal(signal.SIGTERM)

    async def stopped(*_: object) -> None:
        assert 1 == len(list(private.iterdir()))
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr("relay.usage.export.publish", stopped)
    with pytest.raises(SystemExit) as end:
        export(*DAY)
    assert 143 == end.value.code
    assert [] == list(private.iterdir())
    assert before == signal.getsignal(signal.SIGTERM)
    assert "" == capsys.readouterr().out
