"""The hook that looks whether the promised tests ran, tried out on a small project."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.promises.promised import ROOT, Promise, verdict, worse

CONFTEST = f"""\
import sys
sys.path.insert(0, {str(ROOT)!r})
from tests.promises.promised import Promise
from tests.promises.ran import Ran

TESTS = ("tests/test_it.py::test_one", "tests/test_it.py::test_many")
def pytest_configure(config):
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Ran([Promise("it", "g", "It holds.", TESTS, "", ())]))
"""
INI = '[tool.pytest.ini_options]\ntestpaths = ["tests"]\naddopts = ["-m", "not slow"]\n'
INI += 'markers = ["slow: not by default"]\n'
TEST = """\
import pytest
{mark}
def test_one(): pass
@pytest.mark.parametrize("n", [1, 2])
def test_many(n): pass
def test_other(): pass
"""
SKIPPED = "@pytest.mark.skip(reason='not here')"


def run(folder: Path, mark: str, *arguments: str) -> tuple[int, list[str]]:
    """Run the small project; return the exit status, and what was said of promises."""
    (folder / "tests").mkdir()
    (folder / "pyproject.toml").write_text(INI)
    (folder / "tests" / "conftest.py").write_text(CONFTEST)
    (folder / "tests" / "test_it.py").write_text(TEST.format(mark=mark))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
        cwd=folder,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    _, _, said = done.stdout.partition("= promises =")
    lines = [line.strip() for line in said.splitlines() if line.startswith(("promise", "    "))]
    return done.returncode, lines


@pytest.mark.parametrize("workers", [(), ("-p", "xdist", "-n", "1")], ids=["alone", "with workers"])
def test_a_promised_test_that_was_skipped_fails_a_whole_run(
    tmp_path: Path, workers: tuple[str, ...]
) -> None:
    """Every test passed or was skipped; the run fails all the same, and says for which test."""
    told = ["promise not held: It holds.", "skipped: tests/test_it.py::test_one"]
    assert (1, told) == run(tmp_path, SKIPPED, *workers)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), []),
        (("--deselect", "tests/test_it.py::test_many"), ["tests/test_it.py::test_many"]),
    ],
    ids=["whole", "one deselected"],
)
def test_what_did_not_run_fails_a_whole_run(
    tmp_path: Path, arguments: tuple[str, ...], told: list[str]
) -> None:
    """A whole run passes only with every promised test in it."""
    wanted = [f"did not run: {test}" for test in told]
    status, said = run(tmp_path, "", *arguments)
    assert (bool(told), wanted) == (bool(status), said[1:])


@pytest.mark.parametrize(
    "arguments", [("-k", "other"), ("-m", ""), ("tests/test_it.py",)], ids=["-k", "-m", "path"]
)
def test_a_part_of_the_tests_is_not_judged(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """Whoever runs some tests knows that the others did not run."""
    assert (0, []) == run(tmp_path, SKIPPED, *arguments)


PROMISE = Promise("a", "g", "A.", ("t.py::one", "t.py::two[x]"), "", ())


@pytest.mark.parametrize(
    ("outcomes", "wrong"),
    [
        ({"t.py::one": "passed", "t.py::two[x]": "passed", "t.py::three": "failed"}, {}),
        ({"t.py::one[1]": "passed", "t.py::one[2]": "passed", "t.py::two[x]": "passed"}, {}),
        ({"t.py::one[1]": "passed", "t.py::one[2]": "failed"}, {"t.py::one[2]": "failed"}),
        ({"t.py::one": "passed", "t.py::two[y]": "passed"}, {}),
        ({"t.py::one_more": "passed", "t.py::two[x]": "passed"}, {"t.py::one": "did not run"}),
    ],
)
def test_a_verdict(outcomes: dict[str, str], wrong: dict[str, str]) -> None:
    """All parameters of a test count, and no other test."""
    if "t.py::two[x]" not in outcomes:
        wrong = wrong | {"t.py::two[x]": "did not run"}
    assert wrong == verdict(PROMISE, outcomes)


def test_the_worst_phase_of_a_test_counts() -> None:
    """A test whose teardown failed has not passed."""
    assert "failed" == worse(worse(worse(None, "passed"), "failed"), "passed")
    assert "skipped" == worse(worse(None, "skipped"), "passed")
