"""CPU time of a scrub: all shipped rules against Sentry's Rust scrubber with ten, same documents.

Both get JSON and give JSON, and each call gets another variant of the event (`variants.py`), the
same ones in turn. Ours is measured twice: at first sight, with the memory of clean texts emptied
before each call, and steady, as a relay runs: with the memory of other users' events.

The peer parses its configuration and compiles its patterns on every call, which a server would do
once. What an event without any text costs (it parses) and what an event with one short text costs
(it compiles too) are measured apart: the first is taken off in "net of parsing", the second in "net
of compiling". Times are CPU time of the process, the best of several rounds; only their ratio
means anything on a shared machine.
"""

import argparse
import copy
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.table import Table

import relay
from benchmarks.peer import CONFIG, strip
from benchmarks.variants import variants
from relay import jsonio
from relay.protocol.envelope import parse

T = TypeVar("T")
SAMPLES = Path(__file__).parent.parent / "tests" / "samples"
SUITE_EVENT = "electron-4.24.0/main-exception-nested-01.bin"
ROUNDS = 7
VARIANTS, FEW = 40, 5
ONE_TEXT = '{"message": "ready"}'


@dataclass(frozen=True)
class Row:
    """One measurement: seconds an event."""

    name: str
    size: int
    first: float
    steady: float
    peer_parsed: float
    peer_compiled: float

    @property
    def ratio(self) -> float:
        """How many times faster the steady scrub is than the peer, net of parsing."""
        return self.peer_parsed / self.steady

    @property
    def ratio_compiled(self) -> float:
        """The same, with the peer's compiling taken off too."""
        return self.peer_compiled / self.steady


def suite_event() -> dict:
    """Return a captured Suite event of about 20 kB, with much to scrub."""
    envelope = parse((SAMPLES / SUITE_EVENT).read_bytes())
    return jsonio.loads(envelope.items[0].payload)


def clean(event: dict) -> dict:
    """Return the same event with nothing left to scrub."""
    scrubbed = jsonio.loads(compare.scrubber.scrub_json(jsonio.dumps(event)).body)
    scrubbed.pop("_meta", None)
    return scrubbed


def grown(event: dict, size: int) -> dict:
    """Return an event of about `size` bytes: more breadcrumbs and frames of the same kind."""
    base = jsonio.dumps(event)
    crumbs = event.get("breadcrumbs") or [{"message": event.get("message", "step")}]
    crumbs = crumbs if isinstance(crumbs, list) else crumbs["values"]
    big = jsonio.loads(base)
    piece = jsonio.dumps(crumbs)
    more = max(0, size - len(base)) // max(1, len(piece))
    values = list(crumbs)
    for n in range(more):
        values += [{**crumb, "data": {**crumb.get("data", {}), "step": n}} for crumb in crumbs]
    big["breadcrumbs"] = values
    return big


def shrunk(event: dict) -> dict:
    """Return a small event: the exception alone."""
    keep = ("event_id", "exception", "level", "platform", "release", "tags", "timestamp", "user")
    small = copy.deepcopy({key: event[key] for key in keep if key in event})
    for exception in small.get("exception", {}).get("values", []):
        frames = exception.get("stacktrace", {}).get("frames", [])
        exception["stacktrace"] = {"frames": frames[-2:]}
        for frame in exception["stacktrace"]["frames"]:
            for key in ("pre_context", "post_context", "context_line", "vars"):
                frame.pop(key, None)
    return small


def measure(
    run: Callable[[T], object],
    inputs: Sequence[T],
    prepare: Callable[[], object] = lambda: None,
    seconds: float = 0.15,
) -> float:
    """Return CPU seconds a call, over all inputs in turn, the best of several rounds.

    What `prepare` takes before each call does not count.
    """
    best = float("inf")
    for _ in range(ROUNDS):
        spent, calls = 0.0, 0
        while spent < seconds:
            for one in inputs:
                prepare()
                started = time.process_time()
                run(one)
                spent += time.process_time() - started
            calls += len(inputs)
        best = min(best, spent / calls)
    return best


def compare(name: str, event: dict) -> Row:
    """Measure one event, in its variants, with both."""
    scrubber: relay.Scrubber = compare.scrubber
    text = jsonio.dumps(event).decode()
    texts = variants(text, VARIANTS if len(text) < 100_000 else FEW)
    documents = [variant.encode() for variant in texts]
    config = json.dumps(CONFIG)

    parsing = measure(lambda one: strip(config, one), ["{}"])
    compiling = measure(lambda one: strip(config, one), [ONE_TEXT])
    peer = measure(lambda one: strip(config, one), texts)
    compiled = scrubber.compiled
    first = measure(scrubber.scrub_json, documents, compiled.forget)
    # What other users' events have left, and no more, is known before each call.
    compiled.forget()
    for variant in variants(text, 2 * len(texts))[len(texts) :]:
        scrubber.scrub_json(variant.encode())
    memory = compiled.remembered()
    steady = measure(scrubber.scrub_json, documents, lambda: compiled.forget(memory))
    return Row(name, len(text), first, steady, peer - parsing, peer - compiling)


def main(arguments: list[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rules", action="append", default=[])
    parser.add_argument("--only", default="", help="events whose name holds this")
    options = parser.parse_args(arguments)
    compare.scrubber = relay.load_scrubber(*options.rules, verify=False)
    event = suite_event()
    events = {
        "2 kB, much to scrub": shrunk(event),
        "20 kB, much to scrub": event,
        "20 kB, nothing to scrub": clean(event),
        "200 kB, much to scrub": grown(event, 200_000),
        "1 MB, much to scrub": grown(event, 1_000_000),
    }
    rows = [compare(name, events[name]) for name in events if options.only in name]
    if options.json:
        print(
            json.dumps(
                [
                    {**row.__dict__, "ratio": row.ratio, "ratio_compiled": row.ratio_compiled}
                    for row in rows
                ]
            )
        )
        return 0
    rules = len(compare.scrubber.compiled.rules)
    table = Table(title=f"CPU ms of a scrub: {rules} rules of ours, 10 of sentry-relay's")
    for heading in (
        "event", "bytes", "ours, first sight", "ours, steady",
        "peer, net of parsing", "times faster", "peer, net of compiling", "times faster",
    ):  # fmt: skip
        table.add_column(heading, justify="left" if heading == "event" else "right")
    for row in rows:
        table.add_row(
            row.name,
            f"{row.size:,}",
            f"{row.first * 1e3:.2f}",
            f"{row.steady * 1e3:.2f}",
            f"{row.peer_parsed * 1e3:.2f}",
            f"{row.ratio:.2f}",
            f"{row.peer_compiled * 1e3:.2f}",
            f"{row.ratio_compiled:.2f}",
        )
    Console(width=130).print(table)
    return 0
