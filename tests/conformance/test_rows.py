"""No row of the protocol is forgotten."""

import importlib
from collections.abc import Iterator
from pathlib import Path

from tests.conformance.rows import NOT_SHOWN, ROWS

FOLDER = Path(__file__).parent


def _shown() -> Iterator[str]:
    for file in FOLDER.glob("test_*.py"):
        module = importlib.import_module(f"tests.conformance.{file.stem}")
        for name, test in vars(module).items():
            if name.startswith("test_"):
                for mark in getattr(test, "pytestmark", []):
                    yield from mark.args if mark.name == "rows" else ()


def test_every_row_has_a_test() -> None:
    """Each row is shown by a test, or it stands there why not; no test shows a row that is none."""
    shown = set(_shown())
    assert (set(), set()) == (ROWS.keys() - shown - NOT_SHOWN.keys(), shown - ROWS.keys())
    assert set() == shown & NOT_SHOWN.keys()


def test_the_suite_knows_nothing_of_the_relay() -> None:
    """It imports the standard library, decompressors, pytest, and helpers of the system tests."""
    lines = {
        (file.name, line)
        for file in FOLDER.glob("*.py")
        for line in file.read_text().splitlines()
        if line.startswith(("from relay", "import relay"))
    }
    assert set() == lines
