"""Precision: what must survive, in every place of an event, and real source code.

`python -m benchmarks.precision [--lines N] [--seed S]` prints how much of each kind came out as it
was, and lists what did not.
"""

import argparse
import json
import random
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from rich.console import Console
from rich.table import Table

import relay
from benchmarks.code_precision import CodePrecision, Redaction, measure_code
from benchmarks.survivors import lines as survivors

__all__ = ["Changed", "CodePrecision", "Precision", "Redaction", "measure", "measure_code"]

Scrub = Callable[[bytes], bytes]
"""An event's JSON in, the scrubbed event's JSON out."""

_BATCH: Final = 50
_LISTED: Final = 30


@dataclass(frozen=True, slots=True)
class Changed:
    """A line that came out changed: its kind, its place, before and after, and by which rules."""

    kind: str
    place: str
    before: str
    after: str
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Precision:
    """How many lines that must survive did.

    Attributes:
        seed: of the lines.
        by_kind: of each kind, how many came out as they were in every place, and of how many.
        changed: every change, by kind and place.
        failed: events that were not scrubbed at all; their lines are in no count.
    """

    seed: int
    by_kind: dict[str, tuple[int, int]]
    changed: tuple[Changed, ...]
    failed: int

    @property
    def lines(self) -> int:
        """How many lines there were."""
        return sum(total for _, total in self.by_kind.values())

    @property
    def unchanged(self) -> int:
        """How many came out as they were."""
        return sum(same for same, _ in self.by_kind.values())


def measure(scrub: Scrub, lines: int, seed: int) -> Precision:
    """Put random lines into all places of events and tell which of them come out as they were."""
    totals: Counter[str] = Counter()
    same: Counter[str] = Counter()
    changed: list[Changed] = []
    failed = 0
    every = list(survivors(lines, seed))
    for start in range(0, len(every), _BATCH):
        batch = every[start : start + _BATCH]
        event = event_of([line for _, line in batch])
        try:
            clean = json.loads(scrub(json.dumps(event).encode()))
        except Exception:  # noqa: BLE001 - what is not scrubbed is counted, whatever the error
            failed += 1
            continue
        before, after = places_of(event), places_of(clean)
        for number, (kind, line) in enumerate(batch):
            totals[kind] += 1
            new = {place: _nth(after.get(place, ()), number) for place in before}
            found = [place for place in new if new[place] != line]
            same[kind] += not found
            rules = _rules(scrub, line) if found else ()
            changed += [Changed(kind, place, line, str(new[place]), rules) for place in found]
    by_kind = {kind: (same[kind], totals[kind]) for kind in sorted(totals)}
    return Precision(seed, by_kind, tuple(changed), failed)


def _rules(scrub: Scrub, line: str) -> tuple[str, ...]:
    """Return the rules that change a line, as the remarks on an event of it alone tell them."""
    clean = json.loads(scrub(json.dumps(event_of([line])).encode()))
    found: set[str] = set()
    nodes = [clean.get("_meta")]
    while nodes:
        node = nodes.pop()
        if isinstance(node, dict):
            found.update(remark[0] for remark in (node.get("") or {}).get("rem") or ())
            nodes += [below for key, below in node.items() if key]
    return tuple(sorted(found))


def event_of(lines: Sequence[str]) -> dict[str, Any]:
    """Return an event with each line in each place that text has in one."""
    return {
        "event_id": "7c7b6585f9014b85b9f1d2a6d9d2c8a4",
        "platform": "javascript",
        "level": "error",
        "exception": {
            "values": [
                {"type": "Error", "value": line, "stacktrace": {"frames": [_frame(line)]}}
                for line in lines
            ]
        },
        "breadcrumbs": [
            {"category": "console", "message": line, "data": {"arguments": [line]}}
            for line in lines
        ],
        "extra": {f"detail{number}": line for number, line in enumerate(lines)},
        "tags": {f"tag{number}": line for number, line in enumerate(lines)},
        "contexts": {"trouble": {"parts": list(lines)}},
    }


def _frame(line: str) -> dict[str, Any]:
    return {
        "filename": "app:///build/main.js",
        "function": "run",
        "lineno": 12,
        "colno": 3,
        "pre_context": [line],
        "context_line": line,
        "vars": {"value": line},
    }


def places_of(event: dict[str, Any]) -> dict[str, list[Any]]:
    """Return what stands in each place of an event that `event_of` made, line by line."""
    values = _list(event, "exception", "values")
    frames = [(_list(value, "stacktrace", "frames") or [None])[0] for value in values]
    crumbs = event.get("breadcrumbs") or []
    crumbs = crumbs.get("values") or [] if isinstance(crumbs, dict) else crumbs
    tags = event.get("tags") or {}
    return {
        "exception": [_at(value, "value") for value in values],
        "source line": [_at(frame, "context_line") for frame in frames],
        "source before": [_at(frame, "pre_context", 0) for frame in frames],
        "variable": [_at(frame, "vars", "value") for frame in frames],
        "breadcrumb": [_at(crumb, "message") for crumb in crumbs],
        "breadcrumb data": [_at(crumb, "data", "arguments", 0) for crumb in crumbs],
        "extra": list((event.get("extra") or {}).values()),
        "tag": list(tags.values()) if isinstance(tags, dict) else [_at(tag, 1) for tag in tags],
        "context": _list(event, "contexts", "trouble", "parts"),
    }


def _at(value: Any, *path: str | int) -> Any:
    for part in path:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def _list(value: Any, *path: str | int) -> list[Any]:
    found = _at(value, *path)
    return found if isinstance(found, list) else []


def _nth(values: Sequence[Any], number: int) -> Any:
    return values[number] if number < len(values) else None


# --- printing ------------------------------------------------------------------------------------


def print_lines(console: Console, found: Precision) -> None:
    """Print a table by kind, and what was changed."""
    table = Table(title=f"What must survive, seed {found.seed}")
    for heading in ("kind", "lines", "unchanged"):
        table.add_column(heading, justify="left" if heading == "kind" else "right")
    for kind, (same, total) in found.by_kind.items():
        table.add_row(kind, f"{total:,}", f"{same:,}")
    table.add_row("all", f"{found.lines:,}", f"{found.unchanged:,}")
    console.print(table)
    once = {one.before: one for one in found.changed}
    for one in list(once.values())[:_LISTED]:
        console.print(
            f"{one.kind}, {one.place}: {one.rules}: {one.before!r} -> {one.after!r}", markup=False
        )


def print_code(console: Console, found: CodePrecision) -> None:
    """Print what was redacted in a corpus of code."""
    console.print(
        f"{found.corpus}: {found.files:,} files, {found.size / 1e6:.1f} MB, "
        f"{found.false_per_megabyte:.2f} false redactions a megabyte, {len(found.true):,} true, "
        f"{found.failed} events not scrubbed"
    )
    for rule, rate in found.by_rule().items():
        console.print(f"  false: {rule} {rate:.2f}")
    for reason, count in found.by_reason().items():
        console.print(f"  true: {reason} {count:,}")
    for one in found.false[:_LISTED]:
        console.print(
            f"  {one.rule} {one.file}: {one.before[-30:]!r} {one.taken[:60]!r}", markup=False
        )


def main(arguments: Sequence[str]) -> int:
    """Measure and print; 1 when a line was changed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.precision")
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--megabytes", type=float, default=20, help="of each corpus of code")
    options = parser.parse_args(arguments)
    seed = random.SystemRandom().getrandbits(32) if options.seed is None else options.seed
    scrubber = relay.load_scrubber(verify=False)
    console = Console(width=110, highlight=False)

    def scrub(event: bytes) -> bytes:
        return scrubber.scrub_json(event).body

    found = measure(scrub, options.lines, seed)
    print_lines(console, found)
    if options.megabytes:
        for corpus in ("python", "javascript", "bundles"):
            print_code(console, measure_code(scrub, corpus, megabytes=options.megabytes, seed=seed))
    return 1 if found.changed or found.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
