"""The options of `make mutants`; apart from the rest, because the page is checked by them."""

import argparse
from pathlib import Path

from tests.mutation.tables import GROUPS

ROOT = Path(__file__).resolve().parents[2]


def build_parser() -> argparse.ArgumentParser:
    """Make the parser."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation")
    add = parser.add_argument
    add("modules", nargs="*", help=f"files, folders or groups ({', '.join(GROUPS)}); all groups")
    add("--sample", type=int, help="try this many of all mutants, drawn by the seed")
    add("--seed", type=int, default=1)
    add("--commit", default="HEAD", help="what is tried; uncommitted edits are not")
    add("--with", dest="overlay", action="append", default=[], help="an uncommitted file to take")
    add("--results", type=Path, default=ROOT / ".mutants", help="where results are kept")
    add("--again", action="store_true", help="try what has survived, and nothing else")
    add("--cold", action="store_true", help="import all anew for each mutant: the slow check")
    add("--wide", action="store_true", help="only the second stage: survivors, with all tests")
    add("--seconds", type=float, default=120.0, help="processor time for each in that stage")
    add("--report", action="store_true", help="try nothing; print what is known")
    add("--survivors", action="store_true", help="print the change of each survivor too")
    return parser
