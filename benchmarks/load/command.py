"""`python -m benchmarks load [NAME…] [--quick]`: measure the running relay, and write docs/load.md.

Everything runs on the loopback, in a folder that is gone afterwards, and is bounded in time.
"""

import argparse
import secrets
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from rich.console import Console

from benchmarks.load import (
    kills,
    kills_jetstream,
    latency,
    load_report,
    memory,
    recovery,
    reload,
    throughput,
    workers,
)
from benchmarks.load.programs import LoadError
from benchmarks.load.sizing import BEGIN, END, Figures, figures_of, paper_section, sizing_section
from benchmarks.load.traffic import SUITE, Kind, make_pool
from benchmarks.report import Section, bars_section, put_between, show, to_markdown

_DOCS = Path(__file__).absolute().parent.parent.parent / "docs"
PAGE = _DOCS / "load.md"
OPERATE = _DOCS / "operate.md"
KILLS, FEW_KILLS = 50, 2
LITTLE = Kind("20 kB", "little")

_PAGE = """\
# Under load

<!-- written by `make bench`, or `python -m benchmarks load`: not by hand -->

The real program, `relay serve` with a configuration of its own, between clients and an upstream
that are processes of their own, all on the loopback of one machine. Of times, only ratios carry
over to other machines. [Benchmarks](benchmarks.md) has the scrubber alone,
[sizing](operate.md#sizing) what follows from this.

{facts}

```sh
.venv/bin/python -m benchmarks load          # all of it, in ten minutes; writes this page
.venv/bin/python -m benchmarks load kills --seed {seed}   # one part; only prints
```

{sections}
"""


@dataclass(slots=True)
class Run:
    """One run: where, how much, and what came of it so far.

    Attributes:
        folder: for everything that is written.
        quick: whether little of each is measured.
        seed: of what is random.
    """

    folder: Path
    quick: bool
    seed: int
    costs: tuple[throughput.Cost, ...] = ()
    footprint: memory.Footprint | None = None
    recovered: recovery.Recovery | None = None

    def pool(self, kind: Kind = SUITE) -> Path:
        """Return the file with variants of an event."""
        large = kind.size == "1 MB"
        count = 4 if self.quick else 10 if large else throughput.FULL.variants
        return make_pool(self.folder, kind, count)


def _throughput(run: Run) -> tuple[Section, ...]:
    run.costs = throughput.measure(run.folder, throughput.QUICK if run.quick else throughput.FULL)
    return (load_report.throughput_section(run.costs),)


def _workers(run: Run) -> tuple[Section, ...]:
    effort = workers.QUICK if run.quick else workers.FULL
    return (load_report.workers_section(workers.measure(run.folder, run.pool(), effort)),)


def _latency(run: Run) -> tuple[Section, ...]:
    effort = latency.QUICK if run.quick else latency.FULL
    return (load_report.latency_section(latency.measure(run.folder, run.pool(), effort)),)


def _memory(run: Run) -> tuple[Section, ...]:
    run.footprint = memory.measure(
        run.folder,
        run.pool(),
        run.pool(Kind("200 kB") if run.quick else Kind("1 MB", "little")),
        run.pool(Kind("2 kB")),
        memory.QUICK if run.quick else memory.FULL,
    )
    return (load_report.memory_section(run.footprint),)


def _kills(run: Run) -> tuple[Section, ...]:
    """Kill both side by side: it is counted, not timed, and takes long."""
    number = FEW_KILLS if run.quick else KILLS
    pool = run.pool(LITTLE)
    with ThreadPoolExecutor() as threads:
        sqlite = threads.submit(kills.measure, run.folder / "sqlite", pool, number, run.seed)
        jetstream = threads.submit(
            kills_jetstream.measure, run.folder / "jetstream", pool, number, run.seed
        )
    return (
        load_report.kills_section(sqlite.result(), "SQLite"),
        load_report.kills_section(jetstream.result(), "JetStream"),
    )


def _recovery(run: Run) -> tuple[Section, ...]:
    effort = recovery.QUICK if run.quick else recovery.FULL
    run.recovered = recovery.measure(run.folder, run.pool(LITTLE), effort)
    return (load_report.recovery_section(run.recovered),)


def _reload(run: Run) -> tuple[Section, ...]:
    effort = reload.QUICK if run.quick else reload.FULL
    return (load_report.reload_section(reload.measure(run.folder, effort)),)


PARTS: Final[dict[str, Callable[[Run], tuple[Section, ...]]]] = {
    "throughput": _throughput,
    "workers": _workers,
    "latency": _latency,
    "memory": _memory,
    "kills": _kills,
    "recovery": _recovery,
    "reload": _reload,
}
"""Each measures one thing; they run one after the other, for each needs the machine."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What came of a run.

    Attributes:
        sections: of the parts.
        sizing: what the arithmetic of sizes starts from; None unless all of it was measured.
        whole: whether nothing was left out.
        seconds: how long each part took.
    """

    sections: tuple[Section, ...]
    sizing: Figures | None
    whole: bool
    seconds: dict[str, float] = field(default_factory=dict)


def measure(names: Sequence[str] = (), *, quick: bool = False, seed: int = 0) -> Measured:
    """Measure some parts, or all; a part that cannot be measured says why instead."""
    chosen = names or tuple(PARTS)
    sections: list[Section] = []
    seconds, failed = {}, False
    with tempfile.TemporaryDirectory() as folder:
        run = Run(Path(folder), quick, seed)
        for name in chosen:
            started = time.monotonic()
            print(f"measuring {name}", file=sys.stderr, flush=True)
            try:
                sections += PARTS[name](run)
            except LoadError as error:
                failed = True
                sections.append(load_report.failed_section(name, str(error)))
            seconds[name] = time.monotonic() - started
    sizing = None
    if run.costs and run.recovered is not None and not quick:
        sizing = figures_of(run.costs, run.recovered, run.footprint)
    return Measured(tuple(sections), sizing, tuple(chosen) == tuple(PARTS) and not failed, seconds)


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command's options."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks load", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--quick", action="store_true", help="little of each; write no page")
    parser.add_argument("--seed", type=int, help="draw as the run with this seed did")
    return parser


def main(arguments: Sequence[str], facts_of: Callable[[int], dict[str, str]]) -> int:
    """Measure, print, and after a whole run write the pages."""
    parser = build_parser()
    options = parser.parse_args(arguments)
    if unknown := set(options.names) - PARTS.keys():
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    seed = secrets.randbits(32) if options.seed is None else options.seed
    console = Console(width=None if sys.stdout.isatty() else 150)
    found = measure(options.names, quick=options.quick, seed=seed)
    for section in (bars_section(found.sections), *found.sections):
        show(section, console)
    console.print(", ".join(f"{name} {took:.0f} s" for name, took in found.seconds.items()))
    if found.whole and not options.quick:
        write(found, facts_of(seed))
        console.print(f"written: docs/{PAGE.name}, and the sizes in docs/{OPERATE.name}")
    return 0


def write(found: Measured, facts: dict[str, str]) -> None:
    """Write the page, and the section about sizes where it was measured."""
    PAGE.write_text(as_page(found.sections, facts), "utf-8")
    if found.sizing is not None:
        OPERATE.write_text(with_sizing(OPERATE.read_text("utf-8"), found.sizing, facts), "utf-8")


def as_page(sections: Sequence[Section], facts: dict[str, str]) -> str:
    """Return docs/load.md."""
    lines = [f"| {name} | {value} |" for name, value in facts.items()]
    return _PAGE.format(
        facts="\n".join(["| | |", "| --- | --- |", *lines]),
        seed=facts["seed"],
        sections="\n\n".join(to_markdown(one) for one in (bars_section(sections), *sections)),
    )


def with_sizing(page: str, figures: Figures, facts: dict[str, str]) -> str:
    """Return docs/operate.md with the sizes between their two marks."""
    parts = (sizing_section(figures), paper_section(figures))
    texts = [to_markdown(part).partition("\n\n")[2] for part in parts]
    measured = f"Measured {facts['date']}, {facts['machine']}: [under load](load.md)."
    return put_between(page, BEGIN, END, "\n\n".join([*texts, measured]))
