"""Very many inputs from a seed: `python -m tests.fuzz.seeded --target envelope --count 1000000`.

Input number i of a seed is always the same, however many processes share the work. Findings do not
end the run: each goes, input and trace, into a folder (`.fuzz/seeded/`), and is told in one line;
`--only i` runs one input again. Ends with 1 if there is a finding. What hangs is a finding too: it
is stopped in its process, or, where that does not help, with it.
"""

import argparse
import faulthandler
import json
import logging
import multiprocessing
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from random import Random
from typing import Any, Final

from tests.fuzz import tally, targets
from tests.fuzz.findings import ROOT, Finding, attempt
from tests.fuzz.target import Target

FOLDER: Final = ROOT / ".fuzz" / "seeded"
_TELL: Final = 2_000
"""Inputs after which a process tells how it stands."""
_SILENT: Final = 240.0
"""Seconds after which a process hangs that is still at the same input."""
_SHOWN: Final = 300
_SHOW_EACH: Final = 10_000
_SORTS: Final = (
    "mode", "kind", "wrong", "encoding", "content", "route", "secret", "hiding", "field",
    "consent", "project", "outcome", "answer", "item", "growth",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Work:
    """What one process does: every `step`-th input from `first` on, below `count`."""

    target: str
    seed: str
    first: int
    count: int
    step: int
    folder: Path


@dataclass(slots=True)
class Worker:
    """A process, and what is known of it."""

    process: SpawnProcess
    said: Connection
    at: "Synchronized[int]"
    heard: float
    last: int = -1


def data_of(target: Target, seed: str, number: int) -> bytes:
    """Return input number so-and-so of a seed."""
    return target.generate(Random(f"{seed}/{number}"))


def work(todo: Work, said: Connection, at: "Synchronized[int]") -> None:
    """Run a share of the inputs; send counts and findings."""
    faulthandler.enable()
    logging.getLogger().addHandler(logging.NullHandler())  # targets look at records by themselves
    target = targets.load(todo.target)
    done = 0
    for number in range(todo.first, todo.count, todo.step):
        at.value = number
        finding = attempt(target, data_of(target, todo.seed, number))
        done += 1
        if finding is not None:
            said.send(("found", number, finding))
        if done % _TELL == 0:
            said.send(("done", done, Counter(tally.COUNTS)))
            tally.COUNTS.clear()
            done = 0
    said.send(("done", done, Counter(tally.COUNTS)))
    said.send(("end",))


def run(target: str, seed: str, count: int, jobs: int, folder: Path) -> dict[str, Any]:
    """Run so many inputs in so many processes; return the figures."""
    started = time.monotonic()
    workers = [_start(Work(target, seed, job, count, jobs, folder)) for job in range(jobs)]
    figures: dict[str, Any] = {"target": target, "seed": seed, "inputs": 0, "findings": Counter()}
    counts: Counter[str] = Counter()
    while workers:
        for worker, told in _heard(workers):
            match told:
                case ("found", number, finding):
                    figures["findings"][finding.key] += 1
                    _keep(folder, f"{target}-{seed}-{number}", finding)
                case ("done", more, words):
                    before = figures["inputs"]
                    figures["inputs"] += more
                    counts.update(words)
                    if figures["inputs"] // _SHOW_EACH > before // _SHOW_EACH:
                        _tell(figures, count, started)
                case _:
                    workers.remove(worker)
                    if told[0] == "hang" or told[0] == "gone":
                        number = worker.at.value
                        data = data_of(targets.load(target), seed, number)
                        finding = Finding(f"the process is {told[0]}", data, "")
                        figures["findings"][finding.key] += 1
                        _keep(folder, f"{target}-{seed}-{number}", finding)
    seconds = time.monotonic() - started
    figures |= {"seconds": round(seconds, 1), "pace": round(figures["inputs"] / seconds, 1)}
    figures["counts"] = {sort: _of(counts, sort) for sort in _SORTS if _of(counts, sort)}
    return figures


def _start(todo: Work) -> Worker:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    at = context.Value("q", todo.first)
    process = context.Process(target=work, args=(todo, theirs, at), daemon=True)
    process.start()
    theirs.close()
    return Worker(process, ours, at, time.monotonic())


def _heard(workers: Sequence[Worker]) -> Iterator[tuple[Worker, tuple[Any, ...]]]:
    """Yield what processes tell, and which of them are gone or hang."""
    ready = wait([worker.said for worker in workers], timeout=5)
    now = time.monotonic()
    for worker in list(workers):
        if worker.said in ready:
            worker.heard = now
            try:
                yield worker, worker.said.recv()
            except EOFError:
                yield worker, ("gone",)
        elif worker.at.value != worker.last:
            worker.last, worker.heard = worker.at.value, now
        elif now - worker.heard > _SILENT:
            worker.process.kill()
            yield worker, ("hang",)


def _keep(folder: Path, name: str, finding: Finding) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    told = f"{finding.key}\n\n{finding.trace}\n"
    (folder / f"{name}.txt").write_text(told, "utf-8", "backslashreplace")
    (folder / f"{name}.bin").write_bytes(finding.data)
    last = finding.trace.strip().rpartition("\n")[2][:_SHOWN]
    line = f"finding {name}: {finding.key}: {last}"
    print(line.encode("ascii", "backslashreplace").decode(), flush=True)


def _of(counts: Counter[str], sort: str) -> dict[str, int]:
    found = {key[len(sort) + 1 :]: n for key, n in counts.items() if key.startswith(f"{sort}:")}
    return dict(sorted(found.items(), key=lambda one: -one[1]))


def _tell(figures: dict[str, Any], count: int, started: float) -> None:
    pace = figures["inputs"] / (time.monotonic() - started)
    found = figures["findings"].total()
    done = figures["inputs"]
    print(f"{done:,} of {count:,} inputs, {pace:.0f} a second, {found} findings", flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--target", default="envelope")
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--only", type=int, help="run input number so-and-so, and show it")
    given = parser.parse_args(arguments)
    if given.only is not None:
        return _again(targets.load(given.target), given.seed, given.only)
    figures = run(given.target, given.seed, given.count, given.jobs, given.folder)
    given.folder.mkdir(parents=True, exist_ok=True)
    name = f"figures-{given.target}-{given.seed}.json"
    (given.folder / name).write_text(json.dumps(figures, indent=1))
    print(json.dumps(figures, indent=1))
    return 1 if figures["findings"] else 0


def _again(target: Target, seed: str, number: int) -> int:
    data = data_of(target, seed, number)
    finding = attempt(target, data)
    print(data)
    print("nothing found" if finding is None else finding.trace)
    return 0 if finding is None else 1


if __name__ == "__main__":
    sys.exit(main())
