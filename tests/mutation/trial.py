"""Tries the mutants of one module, in a copy of the project; run as a program of its own.

    python tests/mutation/trial.py job.json

How it is quick: pytest collects once; then each mutant is a fork in which the changed functions
get their new code, and only the tests that run the changed statement are run, the short ones
first, up to the first that fails. What runs at import (tables, defaults, class bodies) cannot be
swapped: such a mutant is written to the file (of the copy) and everything imported anew.
"""

import ctypes
import gc
import json
import os
import resource
import select
import signal
import sys
import time
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from importlib import import_module
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import coverage
import pytest

_MEMORY = 4 << 30
_IMPORT = "import"
_SLACK = 20.0
"""Seconds that a mutant may take beyond ten times what its tests took."""

# The plugins that `warm_up` has brought along cannot be rewritten, which is no matter.
ARGS = ["-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", "--tb=line"]
ARGS += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]


class Job:
    """What job.json says: the module, its mutants, the tests, and where results go."""

    def __init__(self, path: Path) -> None:
        job = json.loads(path.read_text("utf-8"))
        self.module: str = job["module"]
        self.tests: list[str] = job["tests"]
        self.mutants: list[dict[str, Any]] = job["mutants"]
        self.stamp: str = job["stamp"]
        self.only_cold: bool = job["only_cold"]
        self.results = Path(job["results"])
        self.work = path.parent
        self.file = Path.cwd() / self.module
        self.source = self.file.read_text("utf-8")
        self.reached = self.work / "reached.json"
        self.cold = self.work / "cold.json"
        self.loaded = self.work / "loaded.json"
        self.args = [*ARGS, f"--basetemp={self.work / 'tmp'}"]

    def record(self, mutant: dict[str, Any], status: str, seconds: float, tests: int) -> None:
        """Append a result; the file is the memory that a later run goes on from."""
        append(self.results, self.stamp, mutant, status, seconds, tests=tests)


def append(
    results: Path, stamp: str, mutant: dict[str, Any], status: str, seconds: float, **more: Any
) -> None:
    """Append a result to the file of a module."""
    line = {name: mutant[name] for name in ("key", "function", "lines", "diff")} | {
        "status": status,
        "seconds": round(seconds, 2),
        "stamp": stamp,
        **more,
    }
    with results.open("a", encoding="utf-8") as out:
        out.write(json.dumps(line) + "\n")


def in_child(work: Callable[[], int], limit: float, cpu: int | None = None) -> tuple[str, float]:
    """Run `work` in a fork and say how it ended: survived (0), killed (not 0) or timeout."""
    began = time.monotonic()
    pid = os.fork()
    if pid == 0:
        status = 3
        try:
            end_with_parent()
            os.setsid()
            resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            if cpu is not None:
                resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu))
            status = work()
        except Exception:  # noqa: BLE001
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(status)
    watch = os.pidfd_open(pid)
    ended: list[int] = []
    try:
        ended, _, _ = select.select([watch], [], [], limit)
    finally:
        os.close(watch)
        if not ended:
            os.kill(pid, signal.SIGKILL)
        _, code = os.waitpid(pid, 0)
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)  # what its tests have left behind
    seconds = time.monotonic() - began
    out_of_time = os.WIFSIGNALED(code) and os.WTERMSIG(code) in {signal.SIGXCPU, signal.SIGKILL}
    if not ended or out_of_time:
        return "timeout", seconds
    return ("survived" if code == 0 else "killed"), seconds


def end_with_parent() -> None:
    """Have the kernel end this process when its parent does (prctl's PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class Hot:
    """A plugin: collects once, then runs each mutant's tests in a fork of its own."""

    def __init__(self, job: Job) -> None:
        self._job = job
        # Which lines of the module each test runs, and which an import does.
        self._seen = coverage.Coverage(data_file=None, config_file=False, include=[str(job.file)])
        # A module of nothing but tables runs no line in a test, and that is no mistake.
        self._seen.set_option("run:disable_warnings", ["no-data-collected"])

    def pytest_configure(self) -> None:
        self._seen.start()
        self._seen.switch_context(_IMPORT)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self._seen.stop()
        if session.testsfailed:
            raise session.Interrupted("the tests cannot be collected")
        status, seconds = in_child(lambda: self._measure(session), 1200)
        if status != "survived":
            raise session.Failed("the tests fail on the code as it is, or take 20 minutes")
        found = json.loads(self._job.reached.read_text("utf-8"))
        print(f"\n{self._job.module}: {len(session.items)} tests in {seconds:.1f} s", flush=True)
        self._try_all(session, found)
        return True

    def _measure(self, session: pytest.Session) -> int:
        seconds: dict[str, float] = {}
        self._seen.start()
        for item in session.items:
            began = time.monotonic()
            self._seen.switch_context(item.nodeid)
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
            seconds[item.nodeid] = time.monotonic() - began
            if session.testsfailed:
                print(f"fails on the code as it is: {item.nodeid}", file=sys.stderr, flush=True)
                return 1
        self._seen.stop()
        lines = defaultdict(list)
        for line, names in self._seen.get_data().contexts_by_lineno(str(self._job.file)).items():
            for name in names:
                lines[name].append(line)
        self._job.reached.write_text(json.dumps({"lines": lines, "seconds": seconds}))
        return 0

    def _try_all(self, session: pytest.Session, found: dict[str, Any]) -> None:
        job, seconds = self._job, found["seconds"]
        lines = {name: set(numbers) for name, numbers in found["lines"].items()}
        at_import = lines.pop(_IMPORT, set())
        items = {item.nodeid: item for item in session.items}
        swap = Swap(job.file, job.source)
        cold = []
        for mutant in job.mutants:
            first, last = mutant["lines"]
            wanted = set(range(first, last + 1))
            codes = swap.codes(mutant["source"])
            if codes is None or wanted & at_import or job.only_cold:
                cold.append(mutant)
                continue
            names = [name for name, numbers in lines.items() if numbers & wanted]
            if not names:
                job.record(mutant, "unreached", 0.0, 0)
                continue
            names.sort(key=lambda name: seconds[name])
            took = sum(seconds[name] for name in names)
            chosen = [items[name] for name in names]
            status, spent = in_child(
                partial(self._run, session, codes, chosen),
                _SLACK + 10 * took,
                int(_SLACK + 5 * took),
            )
            job.record(mutant, status, spent, len(chosen))
        ours = {path.stem for path in Path.cwd().iterdir()}
        loaded = [name for name in sys.modules if name.partition(".")[0] not in ours]
        job.loaded.write_text(json.dumps(loaded))
        job.cold.write_text(json.dumps(cold))

    @staticmethod
    def _run(
        session: pytest.Session,
        codes: list[tuple[FunctionType, CodeType]],
        items: Sequence[pytest.Item],
    ) -> int:
        for function, code in codes:
            function.__code__ = code
        for item in items:
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
            if session.testsfailed:
                return 1
        return 0


class Swap:
    """Finds the live functions of a module, and the new code for them."""

    def __init__(self, file: Path, source: str) -> None:
        self._file = str(file)
        self._frame, self._original = self._parts(source)
        self._live: dict[str, list[FunctionType]] = defaultdict(list)
        for thing in gc.get_objects():
            if isinstance(thing, FunctionType) and thing.__code__.co_filename == self._file:
                self._live[_name(thing.__code__)].append(thing)

    def codes(self, source: str) -> list[tuple[FunctionType, CodeType]] | None:
        """Each changed function with its new code; None when the change is not in functions."""
        frame, functions = self._parts(source)
        if frame != self._frame or len(functions) != len(self._original):
            return None
        swaps = []
        for old, new in zip(self._original, functions, strict=True):
            if old == new:
                continue
            live = self._live.get(_name(old), [])
            if old.co_qualname != new.co_qualname or old.co_freevars != new.co_freevars:
                return None
            if not live:
                return None
            swaps += [(function, new) for function in live]
        return swaps

    def _parts(self, source: str) -> tuple[list[Any], list[CodeType]]:
        frame: list[Any] = []
        functions: list[CodeType] = []

        def walk(code: CodeType) -> None:
            frame.append((code.co_name, code.co_code, code.co_names))
            for constant in code.co_consts:
                if not isinstance(constant, CodeType):
                    frame.append((type(constant), constant))
                elif constant.co_flags & 0x02:  # CO_NEWLOCALS: a function, not a class body
                    functions.append(constant)
                else:
                    walk(constant)

        walk(compile(source, self._file, "exec", dont_inherit=True))
        # A class body stores the number of its first line; a line more above changes nothing.
        return frame, functions


def _name(code: CodeType) -> str:
    return f"{code.co_qualname}:{code.co_firstlineno}"


class Cold:
    """A plugin: runs the module's tests in the order in which they are likely to fail."""

    def __init__(self, seconds: dict[str, float]) -> None:
        self._seconds = seconds

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items.sort(key=lambda item: self._seconds.get(item.nodeid, 0.0))


def try_cold(job: Job) -> None:
    """Try what runs at import: the changed module is written to the copy, and imported anew."""
    mutants = json.loads(job.cold.read_text("utf-8"))
    seconds = json.loads(job.reached.read_text("utf-8"))["seconds"]
    took = sum(seconds.values()) + 5
    sys.dont_write_bytecode = True
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    _forget_bytecode(job.file)
    for name in json.loads(job.loaded.read_text("utf-8")):
        with suppress(Exception):
            import_module(name)
    for mutant in mutants:
        job.file.write_text(mutant["source"], "utf-8")
        try:
            status, spent = in_child(
                lambda: int(pytest.main([*job.args, *job.tests], plugins=[Cold(seconds)])),
                _SLACK + 10 * took,
                int(_SLACK + 5 * took),
            )
        finally:
            job.file.write_text(job.source, "utf-8")
        job.record(mutant, status, spent, len(seconds))


def _forget_bytecode(file: Path) -> None:
    for old in (file.parent / "__pycache__").glob(f"{file.stem}.*.pyc"):
        old.unlink()


def warm_up() -> None:
    """Import what tests import, but nothing of the project: every fork has it then."""
    import aiohttp.web  # noqa: F401, PLC0415
    import hypothesis  # noqa: PLC0415
    import hypothesis.strategies  # noqa: PLC0415
    import orjson  # noqa: F401, PLC0415
    import re2  # noqa: F401, PLC0415
    import yaml  # noqa: F401, PLC0415

    phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
    hypothesis.settings.register_profile(
        "mutation",
        max_examples=25,
        deadline=None,
        derandomize=True,
        database=None,
        phases=phases,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    os.environ["HYPOTHESIS_PROFILE"] = "mutation"


def _named(tests: Sequence[str]) -> Iterator[str]:
    for test in tests:
        if Path(test).exists():
            yield test
        else:
            print(f"no such tests: {test}", file=sys.stderr)


def main() -> int:
    """Run the job; its results are lines of JSON in the file that it names."""
    sys.path[0] = str(Path.cwd())
    end_with_parent()
    job = Job(Path(sys.argv[1]))
    job.tests = list(_named(job.tests))
    warm_up()
    job.cold.unlink(missing_ok=True)
    status, _ = in_child(
        lambda: int(pytest.main([*job.args, *job.tests], plugins=[Hot(job)])), 6 * 3600
    )
    if not job.cold.exists():
        print(f"{job.module}: not tried ({status})", file=sys.stderr)
        return 1
    try_cold(job)
    return 0


if __name__ == "__main__":
    sys.exit(main())
