"""Sabotage: a copy of the program with one promise broken, and the test that has to notice.

The copy of relay/ and rules/ stands first on the path of Python, in pytest and in every process
that a test starts; the checkout is not touched.
"""

import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.promises.promised import ROOT, Sabotage

DEADLINE = 900.0
"""Seconds that one run of tests may take."""

_ASSERTED = ("AssertionError", "assert ", "Failed: DID NOT RAISE")
"""How the message of a test begins that has seen what should not be."""


@dataclass(frozen=True)
class Seen:
    """What came of a run.

    Attributes:
        passed: how many tests did.
        asserted: those that failed because an assertion did not hold.
        other: those that ended in another way: an error, a test that was skipped.
        output: of pytest, for people.
    """

    passed: int
    asserted: tuple[str, ...]
    other: tuple[str, ...]
    output: str

    @property
    def noticed(self) -> bool:
        """Whether a test has noticed, by an assertion."""
        return bool(self.asserted)


def copied(folder: Path) -> Path:
    """Copy the program into a folder that is not there yet; return it."""
    for name in ("relay", "rules", "usage"):
        shutil.copytree(ROOT / name, folder / name)
    return folder


def break_it(folder: Path, change: Sabotage) -> None:
    """Carry out a change in a copy."""
    file = folder / change.file
    file.write_text(change.applied(file.read_text("utf-8")), "utf-8")


def environment(folder: Path) -> dict[str, str]:
    """The variables that make Python take the program from a copy, wherever it is started."""
    # Else a process would look into its working folder first.
    return {**os.environ, "PYTHONPATH": str(folder), "PYTHONSAFEPATH": "1"}


def run(folder: Path, tests: Sequence[str], *more: str) -> Seen:
    """Run tests against a copy, with further options of pytest."""
    report = folder / "report.xml"
    done = subprocess.run(
        [
            sys.executable,
            *("-m", "pytest", "-q", "-p", "no:cacheprovider"),
            *("-o", f"pythonpath={folder} {ROOT}", f"--junit-xml={report}"),
            *("--basetemp", str(folder / "tmp"), "-m", "", "--tb=short"),
            *more,
            *tests,
        ],
        cwd=ROOT,
        env=environment(folder),
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    output = done.stdout + done.stderr
    if not report.exists():
        return Seen(0, (), ("no report",), output)
    passed, asserted, other = 0, [], []
    for case in ET.parse(report).iter("testcase"):
        name = case.get("name", "")
        ends = [(one.tag, one.get("message", "")) for one in case if one.tag in _ENDS]
        passed += not ends
        for tag, message in ends:
            good = tag == "failure" and message.startswith(_ASSERTED)
            (asserted if good else other).append(name)
    return Seen(passed, tuple(asserted), tuple(other), output)


_ENDS = ("failure", "error", "skipped")


def tried(folder: Path, change: Sabotage) -> Seen:
    """Break a copy, and let its test look.

    Args:
        folder: a name in a temporary folder; it is made.
        change: what to break.
    """
    break_it(copied(folder), change)
    return run(folder, [change.by], "-x")


def where(folder: Path) -> str:
    """The folder that a process takes the program from, for a copy."""
    done = subprocess.run(
        [sys.executable, "-c", "import relay; print(relay.__file__)"],
        cwd=ROOT,
        env=environment(folder),
        capture_output=True,
        text=True,
        check=True,
    )
    return str(Path(done.stdout.strip()).parents[1])
