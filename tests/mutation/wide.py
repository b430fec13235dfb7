"""Tries survivors again, with every test of the default run that scrubs within pytest's process.

    python tests/mutation/wide.py job.json

The first stage (trial.py) asks the tests of one module; this asks whether anybody notices. All
modules are tried in one process: what each test runs is measured once. A survivor is tried with the
tests that run its statement, those of its module first, then the short ones, until one fails or so
much processor time is spent; then it has survived. What runs when the program is imported
is written to the file (of the copy) and imported anew.
"""

import json
import os
import shutil
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from importlib import import_module
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import coverage
import pytest
import trial

_IMPORT = "import"
_WITHIN = "not long and not system"
"""What starts no relay."""
_LONGEST = 3600.0
"""Seconds that all tests may take once, while it is noted what they run."""


class Job:
    """What job.json says: the survivors of each module, the tests, and where results go."""

    def __init__(self, path: Path) -> None:
        job = json.loads(path.read_text("utf-8"))
        self.modules: dict[str, dict[str, Any]] = job["modules"]
        self.tests: list[str] = [test for test in job["tests"] if Path(test).exists()]
        self.budget: float = job["budget"]
        self.stamp: str = job["stamp"]
        self.work = path.parent
        self.root = Path.cwd()
        self.args = [*trial.ARGS, "-m", _WITHIN, f"--basetemp={self.work / 'tmp'}"]
        self.measured = self.work / "measured.json"
        self.cold = self.work / "cold.json"

    def record(self, name: str, mutant: dict[str, Any], status: str, spent: float) -> None:
        """Append a result to those of its module."""
        module = self.modules[name]
        results = Path(module["results"])
        trial.append(results, module["stamp"], mutant, status, spent, wide=self.stamp)

    def is_own(self, name: str, test: str) -> bool:
        """Tell whether a test belongs to the module, by the name of its file."""
        return any(test.startswith(near) for near in self.modules[name]["near"])


class Measured:
    """Which lines of which module each test runs, and how long it takes."""

    def __init__(self, path: Path) -> None:
        found = json.loads(path.read_text("utf-8"))
        self.seconds: dict[str, float] = found["seconds"]
        self._lines: dict[str, dict[str, list[int]]] = found["lines"]

    def at_import(self, module: str) -> set[int]:
        """The lines that run when the program is imported."""
        return set(self._lines.get(module, {}).get(_IMPORT, ()))

    def tests_of(self, module: str, wanted: set[int] | None = None) -> list[str]:
        """The tests that run one of these lines; without lines, any of the module."""
        tests = self._lines.get(module, {})
        return [
            name
            for name, lines in tests.items()
            if name in self.seconds and (wanted is None or not wanted.isdisjoint(lines))
        ]


class Wide:
    """A plugin: collects once, measures once, then runs each survivor's tests in a fork."""

    def __init__(self, job: Job) -> None:
        self._job = job
        files = [str(job.root / name) for name in job.modules]
        self._seen = coverage.Coverage(data_file=None, config_file=False, include=files)

    def pytest_configure(self) -> None:
        """Import the program before any test does: what a test does as it is collected is else."""
        self._seen.start()
        self._seen.switch_context(_IMPORT)
        import_module("relay.pipeline")
        import_module("relay.rulefiles")
        for name in self._job.modules:
            path = name.removesuffix(".py").removesuffix("/__init__")
            import_module(path.replace("/", "."))
        self._seen.stop()  # and no new context: what is written down already, a fork forgets

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if session.testsfailed:
            raise session.Interrupted("the tests cannot be collected")
        status, spent = trial.in_child(lambda: self._measure(session), _LONGEST)
        if status != "survived":
            raise session.Failed("the tests take an hour")
        print(f"\nwide: {len(session.items)} tests in {spent:.1f} s", flush=True)
        self._try_all(session, Measured(self._job.measured))
        return True

    def _measure(self, session: pytest.Session) -> int:
        seconds: dict[str, float] = {}
        self._seen.start()
        for item in session.items:
            began = time.monotonic()
            self._seen.switch_context(item.nodeid)
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
            if session.testsfailed:
                # Not for a fork, or not for so little memory; without it fewer are noticed.
                print(f"left out, for it fails as it is: {item.nodeid}", flush=True)
                # pytest lets nobody take back that it should stop: so by the name it has within.
                session.testsfailed, session._shouldfail = 0, False
            else:
                seconds[item.nodeid] = time.monotonic() - began
        self._seen.stop()
        data = self._seen.get_data()
        lines: dict[str, dict[str, list[int]]] = {}
        for name in self._job.modules:
            by_test: dict[str, list[int]] = defaultdict(list)
            for line, tests in data.contexts_by_lineno(str(self._job.root / name)).items():
                for test in tests:
                    by_test[test].append(line)
            lines[name] = by_test
        self._job.measured.write_text(json.dumps({"lines": lines, "seconds": seconds}))
        return 0

    def _try_all(self, session: pytest.Session, measured: Measured) -> None:
        job = self._job
        items = {item.nodeid: item for item in session.items}
        cold: list[tuple[str, dict[str, Any]]] = []
        for name, module in job.modules.items():
            swap = trial.Swap(job.root / name, (job.root / name).read_text("utf-8"))
            for mutant in module["mutants"]:
                first, last = mutant["lines"]
                wanted = set(range(first, last + 1))
                codes = swap.codes(mutant["source"])
                if codes is None or wanted & measured.at_import(name):
                    cold.append((name, mutant))
                    continue
                tests = measured.tests_of(name, wanted)
                if not tests:
                    job.record(name, mutant, "unreached", 0.0)
                    continue
                tests.sort(key=lambda test: (not job.is_own(name, test), measured.seconds[test]))
                run = partial(_run, session, codes, [items[test] for test in tests], job.budget)
                longest = max(measured.seconds[test] for test in tests)
                job.record(name, mutant, *trial.in_child(run, *_limits(job.budget, longest)))
        job.cold.write_text(json.dumps(cold))


def _limits(budget: float, longest: float) -> tuple[float, int]:
    """When to end a child from outside: only a test that hangs comes to this."""
    slack = 20.0 + 10 * longest
    return 10 * (budget + slack), int(budget + slack)


def _run(
    session: pytest.Session,
    codes: Sequence[tuple[FunctionType, CodeType]],
    items: Sequence[pytest.Item],
    budget: float,
) -> int:
    for function, code in codes:
        function.__code__ = code
    end = time.process_time() + budget
    for item in items:
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
        if session.testsfailed:
            print(f"noticed by {item.nodeid}", flush=True)
            return 1
        if time.process_time() > end:
            break
    return 0


class _Chosen:
    """A plugin: these tests, in this order, while there is time."""

    def __init__(self, names: Sequence[str], budget: float) -> None:
        self._order = {name: at for at, name in enumerate(names)}
        self._budget = budget

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if item.nodeid in self._order]
        items.sort(key=lambda item: self._order[item.nodeid])

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if session.testsfailed or _run(session, (), session.items, self._budget):
            raise session.Failed("it was noticed")
        return True


def try_cold(job: Job) -> None:
    """Try what runs at import: in two rounds, for most are noticed by the module's own tests."""
    measured = Measured(job.measured)
    sys.dont_write_bytecode = True
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    for folder in list(job.root.rglob("__pycache__")):
        shutil.rmtree(folder)
    for name, mutant in json.loads(job.cold.read_text("utf-8")):
        file = job.root / name
        source = file.read_text("utf-8")
        tests = measured.tests_of(name) or list(measured.seconds)
        tests.sort(key=lambda test: (not job.is_own(name, test), measured.seconds[test]))
        own = [test for test in tests if job.is_own(name, test)]
        file.write_text(mutant["source"], "utf-8")
        status, spent = "survived", 0.0
        try:
            for chosen in (own, tests[len(own) :]):
                if status == "survived" and chosen:
                    status, took = _collected_anew(job, chosen, measured)
                    spent += took
        finally:
            file.write_text(source, "utf-8")
        job.record(name, mutant, status, spent)


def _collected_anew(job: Job, chosen: list[str], measured: Measured) -> tuple[str, float]:
    files = list(dict.fromkeys(test.partition("::")[0] for test in chosen))
    plugin = _Chosen(chosen, job.budget)
    longest = max(measured.seconds[test] for test in chosen)
    return trial.in_child(
        lambda: int(pytest.main([*job.args, *files], plugins=[plugin])),
        *_limits(job.budget + 60, longest),
    )


def main() -> int:
    """Run the job; results are lines of JSON in the files that it names."""
    sys.path[0] = str(Path.cwd())
    trial.end_with_parent()
    job = Job(Path(sys.argv[1]))
    trial.warm_up()
    job.cold.unlink(missing_ok=True)
    with suppress(KeyboardInterrupt):
        trial.in_child(
            lambda: int(pytest.main([*job.args, *job.tests], plugins=[Wide(job)])), 12 * 3600
        )
    if not job.cold.exists():
        print("the wide trial broke off", file=sys.stderr)
        return 1
    try_cold(job)
    return 0


if __name__ == "__main__":
    sys.exit(main())
