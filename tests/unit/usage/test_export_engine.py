"""DuckDB, locked in."""

import stat
import sys
from pathlib import Path

import pytest

from relay.errors import RelayError
from relay.usage.export_engine import EngineError, UnreadableError, open_engine


def test_the_folder_is_private_and_goes() -> None:
    """Only this user may look into the folder, and afterwards it is not there."""
    with open_engine(100_000_000, 1) as engine:
        folder = engine.folder
        assert 0o700 == stat.S_IMODE(folder.stat().st_mode)
        engine.run(f"COPY (SELECT 1) TO '{folder}/one.parquet'")
    assert not folder.exists()


def test_the_folder_goes_with_an_error() -> None:
    """So it is when the work failed."""
    folders = []

    def fail() -> None:
        with open_engine(100_000_000, 1) as engine:
            folders.append(engine.folder)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert [False] == [folder.exists() for folder in folders]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM read_csv('http://127.0.0.1:9/x.csv')",
        "COPY (SELECT 1) TO '{elsewhere}/one.parquet'",
        "ATTACH '{elsewhere}/other.duckdb'",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET autoinstall_known_extensions = true",
        "SET allowed_directories = ['/']",
        "SET memory_limit = '8GB'",
    ],
)
def test_nothing_else_is_reached(statement: str, tmp_path: Path) -> None:
    """No other file, no network, no extension, and no way to allow them again."""
    with open_engine(100_000_000, 1) as engine, pytest.raises(EngineError):
        engine.run(statement.format(elsewhere=tmp_path))
    assert [] == list(tmp_path.iterdir())


def test_bounds() -> None:
    """Memory and threads are as told, and extensions are off."""
    names = ("memory_limit", "threads", "autoinstall_known_extensions",
             "autoload_known_extensions", "allow_community_extensions")  # fmt: skip
    with open_engine(200_000_000, 1) as engine:
        found = [engine.one("SELECT current_setting(?)", [name]) for name in names]
    assert ["190.7 MiB", 1, False, False, False] == found


def test_an_error_tells_nothing_of_what_was_read() -> None:
    """Neither its text nor what it remembers."""
    with open_engine(100_000_000, 1) as engine:
        (engine.folder / "x.ndjson").write_text('{"a": "planted-4711"}')
        with pytest.raises(UnreadableError) as caught:
            engine.run(
                f"SELECT * FROM read_json('{engine.folder}/x.ndjson', columns = {{'a': 'DATE'}})"
            )
    error = caught.value
    assert "the sets cannot be made: InvalidInputException" == error.detail
    assert (None, None) == (error.__cause__, error.__context__)


def test_memory_that_does_not_do() -> None:
    """Too little memory is another error than what cannot be read."""
    with open_engine(10_000_000, 1) as engine, pytest.raises(EngineError) as caught:
        engine.run("SELECT list(i) FROM range(10_000_000) t(i)")
    assert EngineError is type(caught.value)


def test_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has not installed the extra is told how to."""
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(RelayError) as caught, open_engine():
        pass
    assert "sets need DuckDB: pip install 'scrub-relay[usage]'" == caught.value.detail
