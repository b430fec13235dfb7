"""No secret comes through: every kind, place, error path and spool, drawn afresh in every run.

A slice of what `python -m tests.system.canary` does at length; `CANARY_SEED` repeats one.
"""

import os
import secrets
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system import canary_http as well
from tests.system.canary_errors import PATHS
from tests.system.canary_requests import Request, Writer
from tests.system.canary_run import RUNS, Result, run_breaking, run_control, run_one
from tests.system.canary_secrets import KINDS, Mint

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("canary")]

SEED = int(os.environ.get("CANARY_SEED", secrets.randbelow(1 << 32)))


def few(writer: Writer) -> Iterator[Request]:
    """Some of the requests that are well."""
    yield from well.spelt(writer)
    yield from well.packed(writer)


SLICES = (
    ("sqlite", 2, well.all_of, None),
    ("jetstream", 1, few, {"disk full", "NATS away", "no consent", "spool full"}),
)
"""One run each: all error paths in the first, in the others what their spool makes different."""

NEVER = ("HTTP header", "URL, path", "URL, query", "connection", "item, made_up", "item, type")
"""Beginnings of names of places that go on nowhere, whatever the rules say."""


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> list[Result]:
    folder = tmp_path_factory.mktemp("canary")
    found = [
        run_one(folder / backend, backend, workers, Mint(SEED + number), well=some, only=only)
        for number, (backend, workers, some, only) in enumerate(SLICES)
    ]
    return [*found, run_breaking(folder / "breaking", Mint(SEED + 9))]


def test_no_secret_is_found_anywhere(results: list[Result]) -> None:
    """Not at the upstream, nor in answers, output, logs, pages, files, processes: not one."""
    assert (SEED, []) == (SEED, [leak for one in results for leak in one.leaks])


def test_no_memory_is_written_down(results: list[Result]) -> None:
    """No core file lies about, and none may be written, though the system would let them."""
    assert set() == {core for one in results for core in one.cores}


def test_everything_was_tried(results: list[Result]) -> None:
    """Each kind of secret was sent, and each error path gone, with secrets that were seen to go."""
    kinds = {kind for one in results for kind in one.kinds} - {"address of the client"}
    names = {name for one in results for name, count in one.tried.items() if count}
    gone = {path.name for path in PATHS} | {"none", "rules that fail"}
    assert (SEED, set(KINDS), gone) == (SEED, kinds, names)


def test_every_place_was_searched(results: list[Result]) -> None:
    """In each of them something was there to be read."""
    places = {place for one in results for place, size in one.searched.items() if size}
    assert {
        "upstream", "errors.dsn", "answers to clients", "stderr", "temporary files", "admin port",
        "spool, files", "spool, by SQL", "NATS", "processes", "relay spool", "working folder",
        "names of files",
    } <= places  # fmt: skip


def test_nothing_is_printed_to_standard_output(results: list[Result]) -> None:
    """It was read, and it is empty."""
    assert [0] * len(results) == [one.searched.get("stdout") for one in results]


def test_most_of_it_was_accepted(results: list[Result]) -> None:
    """What is well gets a 200; what fails inside gets a 500, and nothing else does."""
    *runs, breaking = results
    answers = sum((one.answers for one in runs), Counter[str]())
    assert answers["200"] > answers.total() / 3
    assert {"500"} == set(breaking.answers)


@pytest.mark.long
def test_rules_are_what_stops_them(tmp_path: Path) -> None:
    """With one rule that does nothing secrets of the same places go through, but for a few."""
    mint = Mint(SEED)
    through = run_control(tmp_path, mint)
    places = {place for _, place in mint.cells.values()}
    assert set() == {place for place in through if place.startswith(NEVER)}
    assert len(through) > len(places) * 0.6


@pytest.mark.long
@pytest.mark.parametrize(("backend", "workers"), RUNS)
def test_the_whole(backend: str, workers: int, tmp_path: Path) -> None:
    """All that is well and every error path, in each spool, with one worker and with two."""
    result = run_one(tmp_path, backend, workers, Mint(SEED), rounds=2)
    assert (SEED, [], set()) == (SEED, result.leaks, result.cores)
