"""CPU time of a scrub: all shipped rules against Sentry's Rust scrubber with ten, same documents.

Both get JSON and give JSON. The peer parses its configuration on every call, which a server would
do once: that time, measured on an empty event, is taken off. Times are CPU time of the process, the
best of several rounds; only their ratio means anything on a shared machine.
"""

import argparse
import copy
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import relay
from benchmarks.peer import CONFIG, strip
from relay import jsonio
from relay.protocol.envelope import parse
from rich.console import Console
from rich.table import Table

SAMPLES = Path(__file__).parent.parent / "tests" / "samples"
SUITE_EVENT = "electron-4.24.0/main-exception-nested-01.bin"
ROUNDS = 7


@dataclass(frozen=True)
class Row:
    """One measurement: seconds an event."""

    name: str
    size: int
    ours: float
    peer: float

    @property
    def ratio(self) -> float:
        return self.peer / self.ours


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


def measure(run: Callable[[], object], seconds: float = 0.15) -> float:
    """Return CPU seconds a call, the best of several rounds."""
    run()
    started = time.process_time()
    run()
    once = max(time.process_time() - started, 1e-6)
    calls = max(1, int(seconds / once))
    best = float("inf")
    for _ in range(ROUNDS):
        started = time.process_time()
        for _ in range(calls):
            run()
        best = min(best, (time.process_time() - started) / calls)
    return best


def compare(name: str, event: dict) -> Row:
    """Measure one event with both."""
    scrubber = compare.scrubber
    data = jsonio.dumps(event)
    text = data.decode()
    config = json.dumps(CONFIG)
    overhead = measure(lambda: strip(config, "{}"))
    peer = measure(lambda: strip(config, text)) - overhead
    ours = measure(lambda: scrubber.scrub_json(data))
    return Row(name, len(data), ours, peer)


def main(arguments: list[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rules", action="append", default=[])
    options = parser.parse_args(arguments)
    compare.scrubber = relay.load_scrubber(*options.rules, verify=False)
    event = suite_event()
    nothing = clean(event)
    rows = [
        compare("2 kB, much to scrub", shrunk(event)),
        compare("20 kB, much to scrub", event),
        compare("20 kB, nothing to scrub", nothing),
        compare("200 kB, much to scrub", grown(event, 200_000)),
        compare("1 MB, much to scrub", grown(event, 1_000_000)),
    ]
    if options.json:
        print(json.dumps([{**row.__dict__, "ratio": row.ratio} for row in rows]))
        return 0
    rules = len(compare.scrubber.compiled.rules)
    table = Table(title=f"CPU time of a scrub: {rules} rules of ours, 10 of sentry-relay's")
    for heading in ("event", "bytes", "ours, ms", "sentry-relay, ms", "times faster"):
        table.add_column(heading, justify="left" if heading == "event" else "right")
    for row in rows:
        table.add_row(
            row.name,
            f"{row.size:,}",
            f"{row.ours * 1e3:.2f}",
            f"{row.peer * 1e3:.2f}",
            f"{row.ratio:.1f}",
        )
    Console(width=100).print(table)
    return 0
