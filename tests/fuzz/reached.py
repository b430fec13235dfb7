"""How much of the relay the corpus reaches: `python -m tests.fuzz.reached`, after a guided run.

Every input that the guided runs have kept, and every seed, goes through its target once more under
coverage.py; what comes out is a table in Markdown, module by module.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import coverage

from tests.fuzz import targets
from tests.fuzz.findings import ROOT, attempt

_TOUCHED: Final = 30.0
"""Percent of lines: where fewer are reached, a module is not what is fuzzed."""


def main() -> int:
    """Measure, and print."""
    parser = argparse.ArgumentParser(prog="tests.fuzz.reached", description=__doc__)
    parser.add_argument("--target", default="all", help="names with commas between, or all")
    parser.add_argument("--folder", type=Path, default=ROOT / ".fuzz", help="of the guided runs")
    parser.add_argument("--seconds", type=float, default=60.0, help="for one target, at most")
    options = parser.parse_args()
    names = targets.names() if options.target == "all" else options.target.split(",")
    measured = coverage.Coverage(branch=True, source_pkgs=["relay"], data_file=None)
    measured.start()
    inputs = 0
    for name in (name for name in names if name not in targets.OUTSIDE):
        count = _replay(name, options.folder / name, options.seconds)
        print(f"{name}: {count:,} inputs", file=sys.stderr, flush=True)
        inputs += count
    measured.stop()
    print(f"{inputs:,} inputs.\n")
    print("\n".join(_table(measured)))
    return 0


def _replay(name: str, folder: Path, seconds: float) -> int:
    target, end, count = targets.load(name), time.monotonic() + seconds, 0
    for data in _inputs(folder):
        attempt(target, data)
        count += 1
        if time.monotonic() > end:
            break
    return count


def _inputs(folder: Path) -> Iterator[bytes]:
    """Yield what libFuzzer has kept, then what it began with."""
    for kind in ("corpus", "seeds"):
        for path in sorted((folder / kind).glob("*")):
            yield path.read_bytes()


def _table(measured: coverage.Coverage) -> Iterator[str]:
    yield "| module | lines | reached | branches | reached |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    others: list[str] = []
    whole = _Sum()
    for file in sorted(Path(path) for path in measured.get_data().measured_files()):
        numbers = _numbers(measured, file)
        if not numbers.n_statements:
            continue
        name = file.relative_to(ROOT).as_posix()
        if 100 * numbers.n_executed < _TOUCHED * numbers.n_statements:
            others.append(name)
            continue
        whole.add(numbers)
        yield _row(name, numbers)
    yield _row("all of these", whole)
    yield ""
    yield f"Hardly touched, for nothing of them is fuzzed: {', '.join(others)}."


class _Sum:
    """The numbers of many modules."""

    def __init__(self) -> None:
        self.n_statements = self.n_executed = self.n_branches = self.n_executed_branches = 0

    def add(self, numbers: Any) -> None:
        for name in vars(self):
            setattr(self, name, getattr(self, name) + getattr(numbers, name))


def _numbers(measured: coverage.Coverage, file: Path) -> Any:
    return measured._analyze(str(file)).numbers


def _row(name: str, numbers: Any) -> str:
    def percent(part: int, all_: int) -> str:
        return f"{100 * part / all_:.0f} %" if all_ else ""

    return (
        f"| {name} | {numbers.n_statements} | {percent(numbers.n_executed, numbers.n_statements)} "
        f"| {numbers.n_branches or ''} "
        f"| {percent(numbers.n_executed_branches, numbers.n_branches)} |"
    )


if __name__ == "__main__":
    sys.exit(main())
