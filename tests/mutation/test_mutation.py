"""The mutants, the tables that say what tries them, and the page that shows the score."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutation.options import ROOT
from tests.mutation.tables import GROUPS, MORE, WIDE, is_wide, modules_of, trials_of

TRIAL = ROOT / "tests" / "mutation" / "trial.py"
WIDE_TRIAL = ROOT / "tests" / "mutation" / "wide.py"

SOURCE = '''\
"""What it is."""

LIMIT: int = 3


@decorated(1)
def bound(size: int) -> int:
    """Say it."""
    if size > LIMIT:
        raise ValueError("too much of it")
    return size
'''


def changed(source: str) -> set[str]:
    """The lines that the mutants of a source hold instead of its own."""
    make = pytest.importorskip("tests.mutation.mutants", reason="mutmut is not here")
    mutants = make.mutants_of("thing.py", source)
    return {
        line[1:].strip()
        for one in mutants
        for line in one.diff.splitlines()
        if line.startswith("+")
    }


def test_what_is_changed() -> None:
    """Tables and decorated functions are changed; docstrings, types and wording are not."""
    assert {
        "LIMIT: int = 4",
        "LIMIT: int = None",
        "if size >= LIMIT:",
        "if (size > LIMIT) and False:",
        "if (size > LIMIT) or True:",
    } == changed(SOURCE)


def test_a_case_that_no_run_comes_to_stays() -> None:
    """Each case of a match is dropped but the one that closes it."""
    source = (
        "match x:\n    case A():\n        y()\n    case _ as never:\n        assert_never(never)\n"
    )
    mutants = pytest.importorskip("tests.mutation.mutants").mutants_of("thing.py", source)
    assert ["-    case A():\n-        y()"] == [one.diff.partition("\n")[2] for one in mutants]


def test_groups_hold_modules() -> None:
    """Each group names modules that exist, and each of those has tests that exist."""
    modules = modules_of(list(GROUPS), ROOT)
    assert [] == [name for name in modules if "/scrub/" not in name and not trials_of(name, ROOT)]
    named = {test for name in [*modules, *MORE] for test in trials_of(name, ROOT)}
    assert set() == {test for test in named if not (ROOT / test).exists()}


def test_what_tries_survivors_again_exists() -> None:
    """Only the scrubber's are tried again, and each of those tests is there."""
    assert [] == [test for test in WIDE if not (ROOT / test).exists()]
    wide = {name for name in modules_of(list(GROUPS), ROOT) if is_wide(name)}
    assert set(modules_of(["scrub"], ROOT)) == wide


def test_which_survivors_are_tried_again() -> None:
    """Those that all tests, as they are now, have not tried; what was killed stays so."""
    is_left = pytest.importorskip("tests.mutation.__main__", reason="mutmut is not here").is_left
    known = [
        None,
        {"status": "killed"},
        {"status": "survived"},
        {"status": "unreached", "wide": "old"},
        {"status": "survived", "wide": "now"},
    ]
    assert [False, False, True, True, False] == [is_left(one, "now", again=False) for one in known]
    assert [False, False, True, True, True] == [is_left(one, "now", again=True) for one in known]


def test_the_page_names_modules_that_exist() -> None:
    """Every module that docs/mutation.md names is there."""
    page = (ROOT / "docs" / "mutation.md").read_text("utf-8")
    named = set(re.findall(r"`(relay/[a-z_/0-9]+\.py)", page))
    assert named
    assert set() == {name for name in named if not (ROOT / name).is_file()}


@pytest.mark.long
def test_a_trial(tmp_path: Path) -> None:
    """A trial tells what tests notice from what they do not, and from what they never reach."""
    source = (
        "TABLE = {1: 2}\n\n\ndef one(x):\n    return TABLE[1] + x\n\n\ndef two():\n    return 3\n"
    )
    (tmp_path / "thing.py").write_text(source)
    (tmp_path / "test_thing.py").write_text(
        "import thing\n\ndef test_one():\n    assert thing.one(0) == 2\n"
    )
    changes = {
        "table": (source.replace("2}", "3}"), 1),
        "function": (source.replace("TABLE[1] +", "5 +"), 5),
        "unnoticed": (source.replace("+ x", "- x"), 5),
        "unreached": (source.replace("return 3", "return 4"), 9),
        "endless": (
            source.replace("    return TABLE", "    while True: pass\n    return TABLE"),
            5,
        ),
    }
    job = {
        "module": "thing.py",
        "tests": ["test_thing.py"],
        "stamp": "",
        "only_cold": False,
        "results": str(tmp_path / "results.jsonl"),
        "mutants": [
            {"key": key, "function": "", "lines": [line, line], "diff": "", "source": text}
            for key, (text, line) in changes.items()
        ],
    }
    (tmp_path / "job.json").write_text(json.dumps(job))
    command = [sys.executable, str(TRIAL), str(tmp_path / "job.json")]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    lines = (tmp_path / "results.jsonl").read_text().splitlines()
    assert {
        "table": "killed",
        "function": "killed",
        "unnoticed": "survived",
        "unreached": "unreached",
        "endless": "timeout",
    } == {one["key"]: one["status"] for one in map(json.loads, lines)}


@pytest.mark.long
def test_a_wide_trial(tmp_path: Path) -> None:
    """Survivors are tried by tests of elsewhere: what runs at import is imported anew.

    A survivor whose tests take too long has survived. What fails as it is tells nothing.
    """
    source = (
        "TABLE = {1: 2}\n\n\ndef one(x):\n    return TABLE[1] + x\n\n\ndef made():\n    return 4\n"
        "\n\nMADE = made()\n\n\ndef two():\n    return 3\n"
    )
    package = tmp_path / "relay"
    package.mkdir()
    for name in ("__init__", "pipeline", "rulefiles"):
        (package / f"{name}.py").write_text("")
    (package / "thing.py").write_text(source)
    (tmp_path / "test_thing.py").write_text("def test_near():\n    from relay import thing\n")
    (tmp_path / "test_far.py").write_text(
        "import time\n\nfrom relay import thing\n\n"
        "def test_fails_as_it_is():\n    assert thing.two() == 4\n\n"
        "def test_one():\n    assert thing.one(0) == 2\n\n"
        "def test_made():\n    assert thing.MADE == 4\n    assert thing.made()\n\n"
        "def test_long():\n    assert thing.one(1)\n"
        "    end = time.process_time() + 0.5\n"
        "    while time.process_time() < end: pass\n\n"
        "def test_longer():\n    assert thing.one(9) == 11\n"
        "    end = time.process_time() + 1.5\n"
        "    while time.process_time() < end: pass\n"
    )
    changes = {
        "table": (source.replace("2}", "3}"), 1),
        "at_import": (source.replace("4", "5"), 9),
        "function": (source.replace("TABLE[1] +", "5 +"), 5),
        "too_long": (source.replace("+ x", "+ min(x, 8)"), 5),
        "unreached": (source.replace("return 3", "return 6"), 16),
    }
    mutants = [
        {"key": key, "function": "", "lines": [line, line], "diff": "", "source": text}
        for key, (text, line) in changes.items()
    ]
    results = tmp_path / "results.jsonl"
    module = {"near": ["test_thing.py"], "stamp": "near", "results": str(results)}
    job = {
        "modules": {"relay/thing.py": {**module, "mutants": mutants}},
        "tests": ["test_thing.py", "test_far.py", "test_nowhere.py"],
        "stamp": "all",
        "budget": 0.3,
    }
    (tmp_path / "job.json").write_text(json.dumps(job))
    command = [sys.executable, str(WIDE_TRIAL), str(tmp_path / "job.json")]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    lines = [json.loads(line) for line in results.read_text().splitlines()]
    assert {
        "table": "killed",
        "at_import": "killed",
        "function": "killed",
        "too_long": "survived",
        "unreached": "unreached",
    } == {one["key"]: one["status"] for one in lines}
    assert {("near", "all")} == {(one["stamp"], one["wide"]) for one in lines}
    assert source == (package / "thing.py").read_text()
