"""Run the measurements, print what came out, and write the page of it: `make bench`."""

import argparse
import dataclasses
import json
import os
import platform
import secrets
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

import relay
from benchmarks import jobs, speed, usage, usage_export
from benchmarks.jobs import Who
from benchmarks.load import command as load
from benchmarks.precision_report import code_section, lines_section
from benchmarks.recall_report import recall_sections
from benchmarks.report import Section, bars_section, put_between, show, to_markdown
from benchmarks.speed_report import adversarial_section, custom_section, speed_section

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "benchmarks.md"
README = ROOT / "README.md"
LOAD = "load"
USAGE, USAGE_EXPORT = "usage", "usage-export"
CORPORA = ("python", "javascript", "bundles")
_BEGIN = "<!-- aims: written by `make bench` -->"
_END = "<!-- end of aims -->"

_PAGE = """\
# Benchmarks

<!-- written by `make bench`: not by hand -->

How much is found, how much is left alone that should be, and how fast: for this relay, and in the
same run for Sentry's own scrubber in Rust (`sentry-relay` from PyPI).
Identifiers are drawn anew for every run. What was missed and what was hit by mistake is listed,
not only counted.

{facts}

All of it again, with a fresh seed, and with the same one; each writes this page:

```sh
make bench
make bench ARGS='--seed {seed}'
```

`make bench ARGS='--only speed'` measures one part, `make bench ARGS=--quick` little of each; both
only print. Of times, only ratios carry over to other machines. What the running relay does is on a
page of its own: [under load](load.md).

{sections}
"""


Finish = Callable[[], list[Section]]


@dataclass(frozen=True, slots=True)
class Amounts:
    """How much of each is measured; of combinations those of the first block."""

    combinations: int
    lines: int
    megabytes: float
    peer_megabytes: float
    adversarial: int
    effort: speed.Effort


FULL = Amounts(100_000, 100_000, 25.0, 8.0, 1_000_000, speed.FULL)
QUICK = Amounts(3_000, 5_000, 1.0, 1.0, 100_000, speed.QUICK)


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command's options."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--only", choices=[*PARTS, LOAD], help="measure this alone, and write no page"
    )
    parser.add_argument("--quick", action="store_true", help="little of each; write no page")
    parser.add_argument("--seed", type=int, help="draw as the run with this seed did")
    parser.add_argument("--json", action="store_true", help="print as JSON, without tables")
    return parser


def start_recall(pool: Executor, amounts: Amounts, seed: int) -> Finish:
    """Measure what is found of fresh identifiers."""
    ours, peer = (pool.submit(jobs.run_recall, who, amounts.combinations, seed) for who in Who)
    return lambda: recall_sections(ours.result(), peer.result())


def start_precision(pool: Executor, amounts: Amounts, seed: int) -> Finish:
    """Measure what is redacted that should not be: of lines, and of code."""
    lines = [pool.submit(jobs.run_precision, who, amounts.lines, seed) for who in Who]
    code = [
        [pool.submit(jobs.run_code, who, corpus, megabytes, seed) for corpus in CORPORA]
        for who, megabytes in ((Who.OURS, amounts.megabytes), (Who.PEER, amounts.peer_megabytes))
    ]

    def finish() -> list[Section]:
        ours, peer = ([job.result() for job in some] for some in code)
        rules = relay.load_scrubber(verify=False).compiled.rules
        return [
            lines_section(*(job.result() for job in lines)),
            code_section(ours, peer, {rule.id: rule.description for rule in rules}),
        ]

    return finish


def start_adversarial(pool: Executor, amounts: Amounts, seed: int) -> Finish:
    """Measure documents made to be slow; a ratio of far less than 20 needs no quiet machine."""
    del seed
    job = pool.submit(jobs.run_adversarial, amounts.adversarial)
    return lambda: [adversarial_section(job.result(), amounts.adversarial)]


def start_speed(pool: Executor, amounts: Amounts, seed: int) -> Finish:
    """Measure times when all else is done; the events are the same every time."""
    del pool, seed

    def finish() -> list[Section]:
        scrubber = relay.load_scrubber(verify=False)
        return [
            speed_section(speed.measure(scrubber, amounts.effort)),
            custom_section(speed.measure_custom(scrubber, amounts.effort)),
        ]

    return finish


PARTS: dict[str, Callable[[Executor, Amounts, int], Finish]] = {
    "recall": start_recall,
    "precision": start_precision,
    "adversarial": start_adversarial,
    "speed": start_speed,
}
"""Each starts its jobs and returns what waits for them; times are taken last, when all is quiet."""


def main(arguments: Sequence[str]) -> int:
    """Measure, print, and after a whole run write the pages and the README's table.

    With `load` as the first argument it measures the running relay alone, with `usage` what
    takes usage events, with `usage-export` their export.
    """
    if arguments and arguments[0] == LOAD:
        return load.main(arguments[1:], _facts)
    if arguments and arguments[0] == USAGE_EXPORT:
        return usage_export.main(arguments[1:])
    if arguments and arguments[0] == USAGE:
        return usage.main(arguments[1:], _facts)
    options = build_parser().parse_args(arguments)
    seed = secrets.randbits(32) if options.seed is None else options.seed
    console = Console(stderr=options.json, width=None if sys.stdout.isatty() else 150)
    console.print(f"seed {seed}")
    amounts = QUICK if options.quick else FULL
    with ProcessPoolExecutor() as pool:
        started = [
            part(pool, amounts, seed)
            for name, part in PARTS.items()
            if options.only in (None, name)
        ]
        found = [section for finish in started for section in finish()]
    loaded = load.Measured((), None, whole=False)
    if options.only in (None, LOAD):
        loaded = load.measure(quick=options.quick, seed=seed)
    sections = [bars_section([*found, *loaded.sections]), *found]
    facts = _facts(seed)
    if options.json:
        kept = [dataclasses.asdict(section) for section in [*sections, *loaded.sections]]
        print(json.dumps({"facts": facts, "sections": kept}, indent=1))
    else:
        for section in [*sections, *loaded.sections]:
            show(section, console)
    if not options.quick and options.only is None:
        PAGE.write_text(as_page(sections, facts), "utf-8")
        README.write_text(with_aims(README.read_text("utf-8"), sections[0], facts), "utf-8")
        load.write(loaded, facts)
        console.print(f"written: docs/{PAGE.name} and load.md, and the table in {README.name}")
    return 0


def _facts(seed: int) -> dict[str, str]:
    """Return when, on what and with what it was measured; nothing that names the machine."""
    return {
        "date": f"{datetime.now(UTC):%d %B %Y}",
        "machine": f"{os.cpu_count()} cores, {platform.system()} on {platform.machine()}",
        "load when times had been taken": f"{os.getloadavg()[0]:.1f} (1 is this alone)",
        "Python": platform.python_version(),
        "seed": str(seed),
    }


def as_page(sections: Sequence[Section], facts: dict[str, str]) -> str:
    """Return the page."""
    lines = [f"| {name} | {value} |" for name, value in facts.items()]
    return _PAGE.format(
        facts="\n".join(["| | |", "| --- | --- |", *lines]),
        seed=facts["seed"],
        sections="\n\n".join(to_markdown(section) for section in sections),
    )


def with_aims(readme: str, aims: Section, facts: dict[str, str]) -> str:
    """Return the README with the table of aims between its two marks."""
    table = to_markdown(Section("", tables=aims.tables)).partition("\n\n")[2]
    text = f"{table}\n\n{facts['date']}, {facts['machine']}."
    return put_between(readme, _BEGIN, _END, text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
