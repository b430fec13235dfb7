"""The page about hardening: its numbers are the code's, and its tests are there."""

import importlib
import re
from functools import reduce
from typing import Any

import pytest

from tests.docs.pages import ROOT, pages

PAGE = pages()["docs/hardening.md"]
UNITS = {"": 1, "bytes": 1, "s": 1, "KiB": 1024, "MiB": 1024 * 1024}
BOUNDS = re.findall(r"^\| [^|]+ \| ([\d]+) ?(\w*) \| `([\w.]+):([\w.]+)` \|$", PAGE, re.MULTILINE)
TESTS = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)))


@pytest.mark.parametrize(("number", "unit", "module", "name"), BOUNDS)
def test_a_bound_is_what_the_code_says(number: str, unit: str, module: str, name: str) -> None:
    """Each number of the table is that of the constant beside it."""
    value: Any = reduce(getattr, name.split("."), importlib.import_module(module))
    assert int(number) * UNITS[unit] == value


def test_most_bounds_are_constants() -> None:
    """Only two are of the library that parses HTTP."""
    rows = re.search(r"^## Bounds\n.*?^## ", PAGE, re.MULTILINE | re.DOTALL)
    assert rows is not None
    assert rows[0].count("\n| ") == len(BOUNDS) + 2 + 2


@pytest.mark.parametrize(("file", "name"), TESTS)
def test_a_test_is_there(file: str, name: str) -> None:
    """Each test that the page names stands in that file."""
    assert re.search(rf"^(async )?def {name}\(", (ROOT / file).read_text("utf-8"), re.MULTILINE)


def test_nobody_sets_the_seed_of_hashes() -> None:
    """Whoever knew it could choose keys that collide."""
    files = [ROOT / "Dockerfile", ROOT / "docker-compose.yml", ROOT / "Makefile"]
    files += [path for path in (ROOT / "deploy").rglob("*") if path.is_file()]
    files += (ROOT / "relay").rglob("*.py")
    assert [] == [str(path) for path in files if b"PYTHONHASHSEED" in path.read_bytes()]
