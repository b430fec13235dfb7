"""Coverage-guided fuzzing: atheris on every target, a process each, for so many minutes in all.

`python -m tests.fuzz.guided --target NAME|all --minutes N`. The corpus is kept in `.fuzz/` from one
run to the next; findings go, made small, to `tests/fuzz/found/`, and figures to stdout and
`.fuzz/figures.json`. Ends with 1 if there is a finding.
"""

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from tests.fuzz import targets
from tests.fuzz.findings import ROOT, attempt, keep, minimised

FOLDER: Final = ROOT / ".fuzz"
_STARTS: Final = 5
"""A process that ends too early is started again, so often at most."""
_SLACK: Final = 120
"""Seconds that a process may take to begin and to end."""
_LAST_LINE: Final = re.compile(
    r"^#(\d+)\s+\w+\s+cov: (\d+) ft: (\d+) corp: (\d+)/(\S+)", re.MULTILINE
)
_STAT: Final = re.compile(r"^stat::(\w+):\s+(\d+)", re.MULTILINE)
_ENDED: Final = ("crash", "timeout", "oom", "leak")


@dataclass(slots=True)
class Figures:
    """What a run of one target came to.

    Attributes:
        target: its name.
        seconds: how long it ran.
        executions: inputs.
        edges: that were reached in instrumented code.
        features: as libFuzzer counts them: edges, and how often.
        corpus: inputs that it keeps.
        memory: MiB at most.
        slowest: seconds of the slowest input, whole ones.
        findings: files of what was found.
        broken: why it did not run, if it did not.
    """

    target: str
    seconds: float = 0.0
    executions: int = 0
    edges: int = 0
    features: int = 0
    corpus: int = 0
    memory: int = 0
    slowest: int = 0
    findings: list[str] = field(default_factory=list)
    broken: str = ""

    @property
    def pace(self) -> float:
        """Inputs a second."""
        return self.executions / self.seconds if self.seconds else 0.0

    def take(self, said: str) -> None:
        """Add what libFuzzer said."""
        lines = _LAST_LINE.findall(said)
        stats = {name: int(value) for name, value in _STAT.findall(said)}
        if lines:
            count, edges, features, corpus, _ = lines[-1]
            self.executions += stats.get("number_of_executed_units", int(count))
            self.edges = max(self.edges, int(edges))
            self.features = max(self.features, int(features))
            self.corpus = int(corpus)
        self.memory = max(self.memory, stats.get("peak_rss_mb", 0))
        self.slowest = max(self.slowest, stats.get("slowest_unit_time_sec", 0))


def fuzz(name: str, seconds: float, folder: Path) -> Figures:
    """Fuzz one target for so many seconds."""
    figures, here = Figures(name), folder / name
    here.mkdir(parents=True, exist_ok=True)
    for old in (*here.glob("ended-*"), *(here / "findings").glob("*")):
        old.unlink()
    start = time.monotonic()
    for _ in range(_STARTS):
        left = seconds - (time.monotonic() - start)
        if left < 1:
            break
        status, said = _run(name, left, here)
        figures.take(said)
        if status == 0:
            break
        if not _LAST_LINE.search(said):
            figures.broken = said.strip().splitlines()[-1] if said.strip() else "nothing was said"
            break
    figures.seconds = round(time.monotonic() - start, 1)
    return figures


def _run(name: str, seconds: float, here: Path) -> tuple[int, str]:
    command = [sys.executable, "-m", "tests.fuzz.guided_process", name, str(int(seconds)), here]
    log = here / "log"
    with log.open("wb") as out:
        # A group of its own: a target may have started a relay, and libFuzzer lets nobody clean up.
        child = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=out, start_new_session=True)
        try:
            status = child.wait(seconds + _SLACK)
        except subprocess.TimeoutExpired:
            status = 1
        finally:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
    return status, log.read_text("utf-8", "replace")


def _kept(name: str, here: Path) -> list[str]:
    """Make what was found small and keep it as samples; what ended a process, as it is."""
    target = targets.load(name)
    kept: list[str] = []
    for path in sorted((here / "findings").glob("*")):
        if path.suffix == ".json":
            continue
        finding = attempt(target, path.read_bytes())
        if finding is None:
            # It needs what went before it: state, which is a fault of its own.
            kept.append(f"{path} (not alone)")
            continue
        small = keep(minimised(target, finding), targets.FOUND / name)
        kept.append(f"{small.relative_to(ROOT)} {finding.key}")
    for ended in _ENDED:
        for path in sorted(here.glob(f"ended-{ended}-*")):
            where = targets.FOUND / name / f"{ended}-{path.name[-12:]}"
            where.parent.mkdir(parents=True, exist_ok=True)
            where.write_bytes(path.read_bytes())
            kept.append(f"{where.relative_to(ROOT)} {ended}")
    return kept


def shares(names: Sequence[str], seconds: float) -> Mapping[str, float]:
    """Part the time among targets by their weights."""
    whole = sum(map(targets.weight, names))
    return {name: seconds * targets.weight(name) / whole for name in names}


def table(done: Sequence[Figures]) -> str:
    """Return the figures as a table in Markdown."""
    head = (
        "| target | seconds | executions | a second | edges | features | corpus | MiB | findings |"
    )
    lines = [head, "| --- |" + " ---: |" * 8]
    for one in done:
        found = one.broken or str(len(one.findings))
        lines.append(
            f"| {one.target} | {one.seconds:.0f} | {one.executions:,} | {one.pace:,.0f} "
            f"| {one.edges:,} | {one.features:,} | {one.corpus:,} | {one.memory} | {found} |"
        )
    seconds, executions = sum(d.seconds for d in done), sum(d.executions for d in done)
    findings = sum(len(d.findings) for d in done)
    lines.append(f"| all | {seconds:.0f} | {executions:,} | | | | | | {findings} |")
    return "\n".join(lines)


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command."""
    parser = argparse.ArgumentParser(prog="tests.fuzz.guided", description=__doc__)
    parser.add_argument("--target", default="all", help="a name, names with commas between, or all")
    parser.add_argument("--minutes", type=float, default=5.0, help="in all, on the clock")
    parser.add_argument("--jobs", type=int, default=1, help="targets at one time")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="corpus, logs and figures")
    return parser


def main() -> int:
    """Fuzz, and say what came of it."""
    parser = build_parser()
    options = parser.parse_args()
    if find_spec("atheris") is None:
        print("atheris is not here: it needs Linux and a Python before 3.14", file=sys.stderr)
        return 1
    known = tuple(name for name in targets.names() if name not in targets.OUTSIDE)
    names = known if options.target == "all" else tuple(options.target.split(","))
    if unknown := sorted(set(names) - set(known)):
        parser.error(f"no such target: {', '.join(unknown)}; there are {', '.join(known)}")
    jobs = max(1, min(options.jobs, len(names), os.cpu_count() or 1))
    done: list[Figures] = []
    with ThreadPoolExecutor(jobs) as pool:
        time_of = shares(names, options.minutes * 60 * jobs)
        for one in pool.map(lambda name: fuzz(name, time_of[name], options.folder), names):
            # Here, for timers ring in the main thread only.
            one.findings = _kept(one.target, options.folder / one.target)
            done.append(one)
            print(f"{one.target}: {one.executions:,} inputs, {one.edges:,} edges", *one.findings,
                  one.broken, sep="\n  " if one.findings else " ", flush=True)  # fmt: skip
    print("\n" + table(done))
    figures = [asdict(one) | {"pace": round(one.pace, 1)} for one in done]
    (options.folder / "figures.json").write_text(json.dumps(figures, indent=2), encoding="utf-8")
    return int(any(one.findings or one.broken for one in done))


if __name__ == "__main__":
    sys.exit(main())
