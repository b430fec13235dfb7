"""No secret of a usage event comes through: every place of a request, and every way to fail.

A slice of the same at length (`-m long`); `CANARY_SEED` repeats one.
"""

import os
import secrets
from pathlib import Path

import pytest

from tests.system.canary_run import Result
from tests.system.canary_secrets import Mint
from tests.system.canary_usage_run import run_usage

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("usage_canary")]

SEED = int(os.environ.get("CANARY_SEED", secrets.randbelow(1 << 32)))
SLICE = {"malformed", "no consent, or a no", "not HTTP"}
WHOLE = (("sqlite", 1), ("sqlite", 2), ("memory", 1), ("jetstream", 1), ("jetstream", 2))
"""Spool and number of workers; several cannot share one in memory."""


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    return run_usage(tmp_path_factory.mktemp("usage"), "sqlite", 1, Mint(SEED), only=SLICE)


def test_no_secret_of_a_usage_event_is_found_anywhere(result: Result) -> None:
    """Not in output, metrics, spool, objects, sets, commands, processes: not one."""
    assert (SEED, [], set()) == (SEED, result.leaks, result.cores)


def test_every_place_of_a_usage_event_was_searched(result: Result) -> None:
    """In each of them something was there to be read; and what may be said came through."""
    places = {place for place, size in result.searched.items() if size}
    assert {
        "answers to clients", "stderr", "admin port", "usage spool, files", "spool, by SQL",
        "store, objects", "sets", "commands", "processes", "names of files",
    } <= places  # fmt: skip
    assert {"none", *SLICE} <= {name for name, count in result.tried.items() if count}


@pytest.mark.long
@pytest.mark.parametrize(("backend", "workers"), WHOLE)
def test_the_whole_of_usage_events(backend: str, workers: int, tmp_path: Path) -> None:
    """With a store that goes away, a full spool, kills, and strange objects in the store."""
    found = run_usage(tmp_path, backend, workers, Mint(SEED), rounds=2)
    assert (SEED, [], set()) == (SEED, found.leaks, found.cores)
