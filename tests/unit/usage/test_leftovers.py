"""Folders that a killed export has left."""

import os
import tempfile
from pathlib import Path

import pytest

from relay.usage.leftovers import DATABASE, PREFIX, STALE, forget_leftovers

NOW = 1_700_000_000.0


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for temporary files that no other process has."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def left(folder: Path, name: str, age: float, database: str = DATABASE) -> Path:
    made = folder / name
    (made / "spill").mkdir(parents=True)
    for path in (made / database, made / "spill" / "one"):
        path.write_bytes(b"gemsbok")
    for path in (*made.rglob("*"), made):
        os.utime(path, (NOW - age, NOW - age))
    return made


def test_what_a_killed_export_left_goes_after_a_day(temporary: Path) -> None:
    """All of the folder, and no younger one."""
    old, young = left(temporary, f"{PREFIX}1", STALE), left(temporary, f"{PREFIX}2", STALE - 1)
    assert 1 == forget_leftovers(NOW)
    assert (False, True) == (old.exists(), young.exists())
    assert 0 == forget_leftovers(NOW)


def test_an_export_that_still_works_keeps_its_folder(temporary: Path) -> None:
    """The last write anywhere in it counts."""
    made = left(temporary, f"{PREFIX}1", 10 * STALE)
    os.utime(made / "spill" / "one", (NOW, NOW))
    assert 0 == forget_leftovers(NOW)
    assert made.exists()


def test_other_folders_are_left_alone(temporary: Path) -> None:
    """The name alone is not enough, nor is a link to such a folder."""
    other = left(temporary, f"{PREFIX}notes", 10 * STALE, database="mine.txt")
    elsewhere = left(temporary, "elsewhere", 10 * STALE)
    (temporary / f"{PREFIX}link").symlink_to(elsewhere)
    (temporary / f"{PREFIX}file").write_bytes(b"")
    assert 0 == forget_leftovers(NOW)
    assert (True, True) == (other.exists(), elsewhere.exists())


def test_what_is_of_another_user_is_left_alone(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It could not be deleted, and must not fail the task."""
    made = left(temporary, f"{PREFIX}1", STALE)
    monkeypatch.setattr(os, "getuid", lambda: os.geteuid() + 1)
    assert 0 == forget_leftovers(NOW)
    assert made.exists()
