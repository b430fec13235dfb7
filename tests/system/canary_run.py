"""One run of the canary test: a relay, requests, failures, and searches in between.

Law of this file: what counts is what was seen to be sent; a find anywhere is a failure.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tests.system import canary_failures, canary_playground  # noqa: F401 - its path is in the table
from tests.system.canary_errors import PATHS, paths
from tests.system.canary_http import all_of
from tests.system.canary_requests import Request, Writer, events, items
from tests.system.canary_rig import Rig, rig, wait_for_upstream
from tests.system.canary_secrets import Mint, taking_turns
from tests.system.planted import Leak
from tests.system.running import Client, until

Make = Callable[[Writer], Iterable[Request]]

WELL = "none"
"""Stands for requests with which nothing goes wrong."""

RUNS = (("sqlite", 1), ("sqlite", 2), ("memory", 1), ("jetstream", 1), ("jetstream", 2))
"""Spool and number of workers; several cannot share one in memory."""
IDLE_RULE = {
    "id": "idle",
    "description": "Finds nothing that anybody sends",
    "why": "To see what goes through where nothing is scrubbed.",
    "status": "enforce",
    "match": {"pattern": "zzqx-idle-[0-9]{9}-zzqx"},
    "redact": {"method": "remove"},
    "examples": {
        "scrubs": [
            {"in": "a zzqx-idle-123456789-zzqx", "out": "a "},
            {"in": "zzqx-idle-000000000-zzqx b", "out": " b"},
        ],
        "leaves": ["zzqx-idle-1-zzqx", "nothing"],
    },
}
"""A rule file as the relay wants one, which changes nothing."""

BREAKING = """\
import runpy, sys
import relay.intake, relay.side.work

ERRORS = (ValueError, KeyError, MemoryError, RecursionError, ExceptionGroup, UnicodeDecodeError)
turn = 0

def process(body, *others):
    global turn
    local, turn = bytes(body), turn + 1
    kind = ERRORS[turn % len(ERRORS)]
    if kind is UnicodeDecodeError:
        raise kind("utf-8", local, 0, 1, repr(local))
    if kind is ExceptionGroup:
        raise kind(repr(local), [ValueError(local)])
    try:
        raise OSError(0, repr(local), repr(local))
    except OSError as cause:
        raise kind(f"cannot take {local!r}") from cause

relay.intake.process = relay.side.work.process = process
sys.argv[0] = "relay"
runpy.run_module("relay", run_name="__main__")
"""
"""A relay whose rules fail on every event, with the event in the error."""


@dataclass
class Result:
    """What one run has tried and found."""

    backend: str
    workers: int
    seconds: float = 0.0
    tried: Counter[str] = field(default_factory=Counter)
    """Secrets that were seen to be sent, by error path."""
    kinds: Counter[str] = field(default_factory=Counter)
    places: Counter[str] = field(default_factory=Counter)
    searched: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    leaks: list[Leak] = field(default_factory=list)
    cores: set[str] = field(default_factory=set)


def run_one(
    folder: Path,
    backend: str,
    workers: int,
    mint: Mint,
    *,
    well: Make = all_of,
    only: Container[str] | None = None,
    rounds: int = 1,
) -> Result:
    """Run requests that are well, then error paths, then search once more when all has ended.

    Args:
        folder: for all that is written.
        backend: of the spool.
        workers: of the relay.
        mint: draws the secrets.
        well: makes the requests that are well.
        only: names of the error paths to go; None for all that can be gone here.
        rounds: how often the requests that are well are sent, each time with other kinds.
    """
    began = time.monotonic()
    result = Result(backend, workers)
    with rig(folder, backend, workers, mint) as run:
        writer = Writer(taking_turns(mint), layout=0)
        for _ in range(rounds):
            before = len(mint.cells)
            for request in well(writer):
                run.send(request)
            run.search()
            wait_for_upstream(run)
            until(lambda: _paths(run), "the paths of the rule that is tried")
            run.search()
            _count(run, result, WELL, before)
        for one in paths(backend, workers, PATHS):
            if only is not None and one.name not in only:
                continue
            before = len(mint.cells)
            one.run(run, writer)
            run.search(commands=one.run is canary_failures.bad_upstream)
            result.cores |= run.cores()
            _count(run, result, one.name, before)
        run.relay.stop()
        run.search()
        _end(run, result)
    result.seconds = time.monotonic() - began
    return result


def _paths(run: Rig) -> bool:
    """Whether the admin port shows where the rule that is tried has found something."""
    client = Client(run.relay.admin_port)
    try:
        told = client.send("GET", "/rules/shadow").json()
    finally:
        client.close()
    return any(rule["paths"] for rule in told["rules"])


def _count(run: Rig, result: Result, name: str, before: int) -> None:
    for cell, (kind, place) in list(run.mint.cells.items())[before:]:
        if cell in run.was_sent:
            result.tried[name] += 1
            result.kinds[kind] += 1
            result.places[place] += 1


def _end(run: Rig, result: Result) -> None:
    result.leaks, result.searched = run.leaks, run.searched
    result.cores |= run.cores()
    result.answers = Counter(f"{key.rpartition(' ')[2]}" for key in run.statuses.elements())


def run_breaking(folder: Path, mint: Mint, backend: str = "sqlite") -> Result:
    """Run against a relay whose rules fail at every event."""
    began = time.monotonic()
    result = Result(backend, 1)
    with rig(folder, backend, 1, mint, program=("-c", BREAKING)) as run:
        writer = Writer(taking_turns(mint), layout=0)
        before = len(mint.cells)
        for request in (*events(writer), *items(writer), *events(writer)):
            run.send(request)
        run.search()
        run.relay.stop()
        run.search()
        _count(run, result, "rules that fail", before)
        _end(run, result)
    result.seconds = time.monotonic() - began
    return result


def run_control(folder: Path, mint: Mint) -> set[str]:
    """Run with one rule that does nothing; return the places whose secrets came through."""
    rule = folder / "idle.yaml"
    folder.mkdir(parents=True, exist_ok=True)
    rule.write_text(json.dumps(IDLE_RULE))
    with rig(folder, "sqlite", 1, mint, rules=[str(rule)]) as run:
        for request in all_of(Writer(taking_turns(mint))):
            run.send(request)
        wait_for_upstream(run)
        run.search()
        found = [leak for leak in run.leaks if leak.place.startswith("upstream")]
        return {mint.cells[leak.name][1] for leak in found}
