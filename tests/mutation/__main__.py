"""Mutation testing: changes the code in one place at a time, and asks whether a test notices.

    make mutants MODULES="consent relay/protocol/dsn.py" SAMPLE=200

docs/mutation.md says how it is used, and what was found. This file takes a copy of a commit, makes
the mutants, has each module tried by a process of its own (trial.py), and prints the score.
"""

import argparse
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from tests.mutation.mutants import Mutant, mutants_of
from tests.mutation.options import ROOT, build_parser
from tests.mutation.tables import GROUPS, WIDE, is_wide, modules_of, trials_of

TRIAL = ROOT / "tests" / "mutation" / "trial.py"
WIDE_TRIAL = ROOT / "tests" / "mutation" / "wide.py"
KILLED = ("killed", "timeout")
COLUMNS = ("killed", "timeout", "survived", "unreached")

Results = dict[str, dict[str, object]]


def main() -> int:
    """Try what the command line asks for, and print the score."""
    options = build_parser().parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # the copy goes, whoever ends the run
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        copy = Path(folder, "copy")
        _copy(copy, options.commit, options.overlay)
        modules = modules_of(options.modules or list(GROUPS), copy)
        made = {name: mutants_of(name, (copy / name).read_text("utf-8")) for name in modules}
        chosen = _sampled(made, options.sample, options.seed)
        if options.again:
            chosen = {name: _survivors(made[name], options.results, name) for name in modules}
        if not options.report:
            for name in modules if not options.wide else ():
                _try(name, chosen[name], copy, Path(folder), options)
            _try_wide(chosen, copy, Path(folder), options)
    _print_score(made, options.results, survivors=options.survivors)
    return 0


def _copy(target: Path, commit: str, overlay: Iterable[str]) -> None:
    """Unpack a commit, so that nobody's edits disturb the trial and it disturbs nobody."""
    target.mkdir()
    packed = subprocess.run(
        ["git", "archive", commit], cwd=ROOT, check=True, stdout=subprocess.PIPE
    )
    subprocess.run(["tar", "-x", "-C", str(target)], check=True, input=packed.stdout)
    for name in overlay:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_bytes((ROOT / name).read_bytes())


def _sampled(
    made: dict[str, list[Mutant]], count: int | None, seed: int
) -> dict[str, list[Mutant]]:
    """Draw from all mutants together, so that each has the same chance."""
    if count is None:
        return made
    every = [(name, mutant) for name, mutants in made.items() for mutant in mutants]
    drawn = {mutant.key for _, mutant in random.Random(seed).sample(every, min(count, len(every)))}
    return {name: [one for one in mutants if one.key in drawn] for name, mutants in made.items()}


def _survivors(mutants: list[Mutant], results: Path, module: str) -> list[Mutant]:
    """Those that were tried and not killed."""
    known = _known(results, module)
    return [one for one in mutants if one.key in known and known[one.key]["status"] not in KILLED]


def _try(
    module: str, mutants: list[Mutant], copy: Path, folder: Path, options: argparse.Namespace
) -> None:
    """Run the trial of what is not known yet: what was killed stays so while the module does."""
    tests = trials_of(module, copy)
    stamp = _stamp(tests, copy)
    known = _known(options.results, module)
    pending = [one for one in mutants if _is_open(known.get(one.key), stamp, again=options.again)]
    if not pending:
        return
    job = {
        "module": module,
        "tests": tests,
        "stamp": stamp,
        "results": str(_file(options.results, module)),
        "only_cold": options.cold,
        "mutants": [_fields(one) for one in pending],
    }
    print(f"{module}: {len(pending)} of {len(mutants)} to try", file=sys.stderr, flush=True)
    if not _run(TRIAL, job, copy, folder, options.results):
        print(f"{module}: the trial failed; the end of trial.log says why", file=sys.stderr)


def _try_wide(
    chosen: dict[str, list[Mutant]], copy: Path, folder: Path, options: argparse.Namespace
) -> None:
    """Try survivors again with every test that could notice, all modules in one process."""
    wide = _stamp(list(WIDE), copy)
    modules = {}
    for name in filter(is_wide, chosen):
        known = _known(options.results, name)
        left = [
            one for one in chosen[name] if is_left(known.get(one.key), wide, again=options.again)
        ]
        near = trials_of(name, copy)
        if left:
            modules[name] = {
                "near": near,
                "stamp": _stamp(near, copy),
                "results": str(_file(options.results, name)),
                "mutants": [_fields(one) for one in left],
            }
    if not modules:
        return
    count = sum(len(module["mutants"]) for module in modules.values())
    print(f"{count} survivors to try again, with all tests", file=sys.stderr, flush=True)
    job = {"modules": modules, "tests": WIDE, "stamp": wide, "budget": options.seconds}
    if not _run(WIDE_TRIAL, job, copy, folder, options.results):
        print("the wide trial failed; the end of trial.log says why", file=sys.stderr)


def _fields(one: Mutant) -> dict[str, object]:
    return {name: getattr(one, name) for name in ("key", "function", "lines", "diff", "source")}


def _run(program: Path, job: dict[str, object], copy: Path, folder: Path, results: Path) -> bool:
    """Run a trial in the copy; what it prints goes to trial.log."""
    file = folder / "job.json"
    file.write_text(json.dumps(job))
    results.mkdir(parents=True, exist_ok=True)
    seeds = {"PYTHONHASHSEED": "0", "RECALL_SEED": "1"}  # what fails by chance kills nothing
    environment = os.environ | {"PYTHONPATH": str(copy)} | seeds
    with (results / "trial.log").open("ab") as out:
        done = subprocess.run(
            ["nice", sys.executable, str(program), str(file)],
            cwd=copy,
            env=environment,
            stdout=out,
            stderr=out,
            check=False,
        )
    return done.returncode == 0


def _stamp(tests: list[str], copy: Path) -> str:
    """A digest of the tests: a survivor is tried again when they have changed."""
    digest = hashlib.sha256()
    for test in tests:
        path = copy / test
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            digest.update(file.read_bytes() if file.is_file() else b"")
    return digest.hexdigest()[:16]


def _is_open(result: dict[str, object] | None, stamp: str, *, again: bool) -> bool:
    if result is None:
        return True
    return result["status"] not in KILLED and (again or result["stamp"] != stamp)


def is_left(result: dict[str, object] | None, wide: str, *, again: bool) -> bool:
    """Tell whether a survivor of the first stage was not tried with all tests as they are."""
    if result is None or result["status"] in KILLED:
        return False
    return again or result.get("wide") != wide


def _file(results: Path, module: str) -> Path:
    return results / f"{module.removesuffix('.py').replace('/', '.')}.jsonl"


def _known(results: Path, module: str) -> Results:
    """The last result of each mutant."""
    file = _file(results, module)
    if not file.is_file():
        return {}
    lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    return {line["key"]: line for line in lines}


def _print_score(made: dict[str, list[Mutant]], results: Path, *, survivors: bool) -> None:
    print("| module | mutants | killed | timeout | survived | unreached | not tried | score |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    total: Counter[str] = Counter()
    left = []
    for module, mutants in made.items():
        known = _known(results, module)
        counts: Counter[str] = Counter({"mutants": len(mutants)})
        for one in mutants:
            status = str(known[one.key]["status"]) if one.key in known else "not tried"
            counts[status] += 1
            if status in {"survived", "unreached"}:
                left.append((module, status, one))
        total += counts
        print(_row(f"`{module}`", counts))
    print(_row("all", total))
    for module, status, one in left if survivors else []:
        print(f"\n{module}:{one.lines[0]} {one.function} ({status}, {one.key})\n{one.diff}")


def _row(name: str, counts: Counter[str]) -> str:
    tried = sum(counts[column] for column in COLUMNS)
    score = f"{sum(counts[word] for word in KILLED) / tried:.1%}" if tried else ""
    cells = [counts["mutants"], *(counts[column] for column in COLUMNS), counts["not tried"]]
    return f"| {name} | " + " | ".join(str(cell) for cell in cells) + f" | {score} |"


if __name__ == "__main__":
    sys.exit(main())
