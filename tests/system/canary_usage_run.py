"""One run of the canary test of usage events: a relay, its store, and searches in between.

Law of this file: as in `canary_run`. The store is a folder.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Container, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from tests.system import canary_usage as usage
from tests.system.canary_requests import Request
from tests.system.canary_rig import Rig, kill, rig
from tests.system.canary_run import WELL, Result, _count, _end
from tests.system.canary_search import Found, family
from tests.system.canary_secrets import Mint
from tests.system.running import until

PATIENCE = 240.0
"""Seconds: NATS gives again what a process had that was killed after its own time."""

ROWS = 200_000
"""Of a set that are read."""

TAKEN = {0, 200, 204, 400, 403, 404, 405, 413, 417, 421, 501}
"""Answers to requests that carry secrets: taken, refused, or cut off where they are no HTTP."""


def section(folder: Path, store: dict[str, Any]) -> dict[str, Any]:
    """The section `usage`: two apps, a list with every type, small bounds."""
    return {
        "apps": [{"name": usage.APP}, {"name": usage.IMPLIED, "consent": "implied"}],
        "events": [str(usage.write_list(folder))],
        "hash": {"secret": "canary-" * 4},
        "spool": {"max_bytes": "200kB"},
        "store": store,
        "batch": {"every": "1s", "bytes": "50kB"},
        "min_group": 1,
    }


def run_usage(
    folder: Path,
    backend: str,
    workers: int,
    mint: Mint,
    *,
    only: Container[str] | None = None,
    rounds: int = 1,
) -> Result:
    """Send what is well and what is not, let the store go away, export, and search all of it.

    Args:
        folder: for all that is written.
        backend: of both spools.
        workers: of the relay.
        mint: draws the secrets.
        only: names of the error paths to go; None for all that can be gone here.
        rounds: how often the requests that are well are sent, each time with other kinds.
    """
    began = time.monotonic()
    result = Result(backend, workers)
    more = {"usage": section(folder, {"url": "file:./usage"})}
    with rig(folder, backend, workers, mint, **more) as run:
        sender = usage.Sender(mint)
        for _ in range(rounds):
            before = len(mint.cells)
            for make in usage.WELL:
                all_of(run, make(sender))
            _count(run, result, WELL, before)
        for name, go in PATHS.items():
            if (only is None or name in only) and (backend, name) not in NOT_HERE:
                before = len(mint.cells)
                go(run, sender)
                if only is None:
                    run.search()
                _count(run, result, name, before)
        written(run)
        shown = [*commands(run, whole=only is None), *sets(run)]
        run.others.append(lambda: iter(shown))
        run.search()
        kept = b"".join(data for name, data in shown if name.startswith("sets"))
        assert usage.KEPT.encode() in kept, "the sets hold nothing of what was sent"
        result.cores |= run.cores()
        run.relay.stop()
        run.search()
        _end(run, result)
    result.seconds = time.monotonic() - began
    return result


def all_of(run: Rig, requests: Iterable[Request]) -> None:
    for request in requests:
        status = run.send(request)
        assert status in TAKEN, (request.place, status)


def written(run: Rig) -> None:
    """Return when nothing waits in the usage spool."""
    until(lambda: _waiting(run) == 0, "the usage events to be written", PATIENCE)


def _waiting(run: Rig) -> int:
    states = run.relay.count("relay_usage_spool_envelopes")
    return states["ready",] + states["claimed",]


# --- failures ------------------------------------------------------------------------------------


def malformed(run: Rig, sender: usage.Sender) -> None:
    all_of(run, usage.malformed(sender))


def refused(run: Rig, sender: usage.Sender) -> None:
    all_of(run, usage.refused(sender))


def not_http(run: Rig, sender: usage.Sender) -> None:
    for wire in usage.not_http(sender):
        run.exchange(wire)


def away(run: Rig, sender: usage.Sender) -> None:
    """Take the folder of the store away, and put a file there; send on, until the spool is full."""
    store, kept = run.relay.folder / "usage", run.relay.folder / "usage-kept"
    store.rename(kept)
    store.write_text("")
    try:
        seen: set[int] = set()
        for request in usage.parameters(sender):
            seen.add(run.send(request))
        until(lambda: _failures(run) > 0, "the store to fail")
        run.search()
        end = time.monotonic() + 60
        pairs = sender.pairs()
        while not seen & {429, 503} and time.monotonic() < end:
            many = [pair for pair in pairs if pair[0] != "c_message_id"]
            seen.add(run.send(usage.request("full", many)))
        assert seen & {429, 503}, seen
        for request in usage.parameters(sender):  # refused for want of room
            run.send(request)
        run.search()
    finally:
        store.unlink()
        kept.rename(store)


def _failures(run: Rig) -> int:
    return sum(run.relay.count("relay_usage_store_failures_total").values())


def crash(run: Rig, sender: usage.Sender) -> None:
    """Kill all processes while events are on their way, look, and start again."""
    for request in usage.parameters(sender):
        run.send(request)
    for pid in reversed(family(run.relay.pid)):
        kill(pid, signal.SIGKILL)
    run.relay.kill()
    run.search()
    run.relay.start()
    for request in usage.parameters(sender):
        run.send(request)


def strange(run: Rig, sender: usage.Sender) -> None:
    """Put objects that are none into the store; the export must not repeat them."""
    written(run)
    (folder, *_) = sorted((run.relay.folder / "usage" / "events").rglob("hh=*"))
    key, text = sender.secret("strange object")
    del key
    outside = run.relay.folder.parent / "strange"
    outside.mkdir(exist_ok=True)
    data = (
        json.dumps({"type": text, "attributes": {"colour": text}}).encode() + b"\n{" + text.encode()
    )
    run.note(data)
    name = folder / ("0" * 31 + "a.ndjson.zst")
    name.write_bytes(data)
    try:
        for _, shown in (*commands(run), *sets(run)):
            assert [] == run.mint.needles.find("after a strange object", shown)
    finally:
        name.unlink()


PATHS: Mapping[str, Callable[[Rig, usage.Sender], None]] = {
    "malformed": malformed,
    "no consent, or a no": refused,
    "not HTTP": not_http,
    "the store is away, and the spool full": away,
    "crash of all processes": crash,
    "a strange object in the store": strange,
}
"""Ways to fail, in the order in which they are gone."""

NOT_HERE = {("memory", "crash of all processes")}
"""What a spool forgets when its process ends."""


# --- places --------------------------------------------------------------------------------------


def commands(run: Rig, *, whole: bool = True) -> Found:
    """Yield what the commands print, or the export alone, which makes its sets."""
    day = datetime.now(UTC).date().isoformat()
    every = (
        ("usage", "export", "--day", day, "--json"),
        ("usage", "expire", "--dry-run", "--json"),
        ("spool", "status", "--usage", "--json"),
        ("spool", "list", "--usage", "--json"),
    )
    begun = [
        subprocess.Popen(
            [sys.executable, "-m", "relay", *words],
            cwd=run.relay.folder,
            env=os.environ | {"TMPDIR": str(run.relay.folder / "tmp")},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        for words in (every if whole else every[:1])
    ]
    for words, process in zip(every, begun, strict=False):
        printed, _ = process.communicate(timeout=120)
        yield f"commands, relay {' '.join(words[:2])}", printed


def sets(run: Rig) -> Found:
    """Yield the rows of each set for analysis, as text: in the file they are packed by column."""
    for path in sorted((run.relay.folder / "usage").rglob("*.parquet")):
        with suppress(duckdb.Error), duckdb.connect(":memory:") as base:
            found = base.execute("SELECT * FROM read_parquet(?) LIMIT ?", [str(path), ROWS])
            text = "\n".join(str(row) for row in found.fetchall())
            yield f"sets, {path.name}", text.encode()
