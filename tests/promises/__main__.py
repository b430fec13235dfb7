"""`make promises`: runs the tests that hold the promises, and says of each whether it is held.

With `--sabotage` it breaks each promise in a copy of the program and says whether a test noticed;
with `--write` it writes docs/promises.md anew.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import pytest

from tests.promises import page, sabotage
from tests.promises.promised import Promises, load, verdict, worse


class Outcomes:
    """A plugin of pytest: how each test ended."""

    def __init__(self) -> None:
        self.all: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a phase of a test."""
        self.all[report.nodeid] = worse(self.all.get(report.nodeid), report.outcome)


def build_parser() -> argparse.ArgumentParser:
    """Make the parser of the command line."""
    parser = argparse.ArgumentParser(prog="make promises", description=__doc__)
    parser.add_argument("--sabotage", action="store_true", help="break each, and see who notices")
    parser.add_argument("--write", action="store_true", help="write docs/promises.md anew")
    parser.add_argument("--only", metavar="ID", help="of one promise alone")
    return parser


def main() -> int:
    """Do what the command line says; return the exit status."""
    parser = build_parser()
    options = parser.parse_args()
    promises = load()
    if options.write:
        page.PAGE.write_text(page.written(promises, page.PAGE.read_text("utf-8")), "utf-8")
        return 0
    if options.only:
        chosen = tuple(one for one in promises.all if one.id == options.only)
        promises = Promises(promises.groups, chosen)
    if not promises.all:
        parser.error("there is no such promise")
    return _sabotage(promises) if options.sabotage else _run(promises)


def _run(promises: Promises) -> int:
    tests = sorted({test for promise in promises.all for test in promise.tests})
    outcomes = Outcomes()
    workers = ["-n", "2", "--dist", "loadfile", "--no-loadscope-reorder"]
    said = ["-q", "--no-header", "--tb=short"]
    status = int(pytest.main([*said, *workers, *tests], plugins=[outcomes]))
    print()
    for promise in promises.all:
        wrong = verdict(promise, outcomes.all)
        print(f"{'FAILED' if wrong else 'ok':8}{promise.sentence}")
        for test, end in wrong.items():
            print(f"{'':12}{end}: {test}")
        status = status or bool(wrong)
    return status


def _sabotage(promises: Promises) -> int:
    tried = noticed = 0
    with tempfile.TemporaryDirectory(prefix="promises-") as folder:
        tests = sorted({change.by for one in promises.all for change in one.sabotage})
        whole = sabotage.run(sabotage.copied(Path(folder, "whole")), tests)
        if whole.asserted or whole.other:
            print(whole.output)
            print("a whole copy does not pass its own tests", file=sys.stderr)
            return 1
        for promise in promises.all:
            for change in promise.sabotage:
                tried += 1
                seen = sabotage.tried(Path(folder, str(tried)), change)
                noticed += seen.noticed
                print(f"{'noticed' if seen.noticed else 'MISSED':9}{promise.id}: {change.what}")
    print(f"\n{noticed} of {tried} were noticed")
    return int(noticed < tried)


if __name__ == "__main__":
    sys.exit(main())
