"""`python -m tests.system.canary` runs the whole canary test and writes docs/canary.md.

With `--usage` it runs that of usage events, and writes their part of the page. It ends with 1 if a
secret was found anywhere.
"""

import argparse
import json
import secrets
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from tests.system.canary_page import page
from tests.system.canary_run import RUNS, Result, run_breaking, run_control, run_one
from tests.system.canary_secrets import Mint
from tests.system.canary_usage_page import part_of, usage_part, with_usage
from tests.system.canary_usage_run import run_usage
from tests.system.planted import Leak

PAGE = Path(__file__).parents[2] / "docs" / "canary.md"


def _run(folder: Path, seed: int, backend: str, workers: int, rounds: int) -> Result:
    return run_one(folder, backend, workers, Mint(seed), rounds=rounds)


def _plain(value: Any) -> Any:
    """What JSON has no form for: leaks, and sets of names."""
    return vars(value) if isinstance(value, Leak) else sorted(value)


def main(arguments: list[str]) -> int:
    """Run the whole matrix, and write the page."""
    parser = argparse.ArgumentParser(prog="python -m tests.system.canary")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1 << 32))
    parser.add_argument("--rounds", type=int, default=2, help="of requests, in each run")
    parser.add_argument("--jobs", type=int, default=2, help="runs at one time")
    parser.add_argument("--json", type=Path, help="also write the figures there")
    parser.add_argument("--no-page", action="store_true", help="write no page")
    parser.add_argument("--usage", action="store_true", help="of usage events alone")
    options = parser.parse_args(arguments)
    print(f"seed {options.seed}", flush=True)
    if options.usage:
        return _usage(options)
    results, failed = [], False
    with (
        tempfile.TemporaryDirectory(prefix="canary-") as name,
        ProcessPoolExecutor(options.jobs, get_context("spawn")) as pool,
    ):
        base = Path(name)
        begun = [
            pool.submit(_run, base / str(number), options.seed + number, *run, options.rounds)
            for number, run in enumerate(RUNS, 1)
        ]
        begun.append(pool.submit(run_breaking, base / "breaking", Mint(options.seed + 8)))
        through = pool.submit(run_control, base / "control", Mint(options.seed + 9))
        for one in begun:
            try:
                own = one.result()
            except AssertionError as error:
                failed = True
                print(f"a run did not get to its end: {error}", flush=True)
                continue
            results.append(own)
            tried, found = sum(own.tried.values()), len(own.leaks)
            print(f"{own.backend}, {own.workers}: {tried:,}, {found} found", flush=True)
        try:
            control = through.result()
        except AssertionError as error:
            control, failed = set(), True
            print(f"the control run did not get to its end: {error}", flush=True)
    for leak in (leak for one in results for leak in one.leaks):
        print(leak)
    if options.json:
        options.json.write_text(json.dumps([vars(one) for one in results], default=_plain))
    if not options.no_page and not failed:
        usage = part_of(PAGE.read_text())
        PAGE.write_text(with_usage(page(results, control, options.seed), usage))
    return int(failed or any(one.leaks or one.cores for one in results))


def _usage(options: argparse.Namespace) -> int:
    """Run all of it about usage events, and write their part of the page."""
    results = []
    with tempfile.TemporaryDirectory(prefix="canary-") as name:
        for number, (backend, workers) in enumerate(RUNS):
            mint = Mint(options.seed + number)
            own = run_usage(Path(name) / str(number), backend, workers, mint, rounds=options.rounds)
            results.append(own)
            tried, found = sum(own.tried.values()), len(own.leaks)
            print(f"{own.backend}, {own.workers}: {tried:,}, {found} found", flush=True)
    for leak in (leak for one in results for leak in one.leaks):
        print(leak)
    if not options.no_page:
        PAGE.write_text(with_usage(PAGE.read_text(), usage_part(results, options.seed)))
    return int(any(one.leaks or one.cores for one in results))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
