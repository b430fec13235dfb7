"""The sink is killed with SIGKILL at every step, over a spool and a store that are real."""

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from tests.s3 import Server
from tests.usage_crash import ROWS
from tests.usage_store import all_records, settings_of

ROOT = Path(__file__).parents[3]


def crash(folder: Path, store: dict[str, Any], stride: int) -> list[dict[str, Any]]:
    """Kill it at one of so many steps; return what is there after each."""
    folder.mkdir()
    command = [sys.executable, "-m", "tests.usage_crash", str(folder), json.dumps(store), "1"]
    done = subprocess.run(
        [*command, str(stride)], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    assert (0, "") == (done.returncode, done.stderr)
    return [json.loads(line) for line in done.stdout.splitlines()]


def wrong(found: list[dict[str, Any]]) -> list[tuple[int, str]]:
    """Tell where something is missing, doubled, or left behind."""
    whole = [line.decode() for line in all_records(range(ROWS))]
    return [
        (number, what)
        for number, one in enumerate(found)
        for what, expected in (("records", whole), ("left", 0))
        if one[what] != expected
    ]


@pytest.fixture(scope="module")
def over_a_folder(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What is there after a kill at each step, the last of which is beyond the end."""
    folder = tmp_path_factory.mktemp("crashes")
    return crash(folder / "work", {"url": f"file:{folder}/STEP"}, 1)


def test_a_kill_at_any_step_over_a_folder(over_a_folder: list[dict[str, Any]]) -> None:
    """Wherever it is killed, the next one brings each record into exactly one object."""
    assert [] == wrong(over_a_folder)
    killed = [one["killed"] for one in over_a_folder]
    assert [True] * (len(killed) - 1) + [False] == killed
    assert len(killed) > 12


def test_notes_of_the_dead_are_few(over_a_folder: list[dict[str, Any]]) -> None:
    """Only who dies between settling and deleting leaves a note behind, until it is too old."""
    left = [one["notes"] for one in over_a_folder]
    assert (1, 1) == (sum(left), max(left))


@pytest.mark.long
@pytest.mark.parametrize("server", ["s3", "azure", "google"], indirect=True)
def test_a_kill_at_any_step_over_a_bucket(tmp_path: Path, server: Server) -> None:
    """The same, with a server that still gets what was under way."""
    settings = settings_of(server, server.bucket(), prefix="STEP")
    found = crash(tmp_path / "work", asdict(settings), 1)
    assert [] == wrong(found)
    assert len(found) > 12
