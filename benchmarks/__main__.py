"""Run the measurements, print what came out, and write the page of it: `make bench`."""

import argparse
import dataclasses
import json
import os
import platform
import secrets
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

import relay
from benchmarks import speed
from benchmarks.report import Section, bars_section, show, to_markdown
from benchmarks.speed_report import custom_section, speed_section

PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"

_PAGE = """\
# Benchmarks

<!-- written by `make bench`: not by hand -->

How much is found, how much is left alone that should be, and how fast: for this relay, and in the
same run for Sentry's own scrubber in Rust (`sentry-relay` from PyPI), on the same documents.
Identifiers are drawn anew for every run. What was missed and what was hit by mistake is listed,
not only counted.

{facts}

`make bench` repeats all of it with a fresh seed and writes this page; `make bench ARGS='--seed
{seed}'` draws the same identifiers again. Only ratios carry over to other machines.

{sections}
"""


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command's options."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", choices=PARTS, help="measure this alone, and write no page")
    parser.add_argument("--quick", action="store_true", help="little of each; write no page")
    parser.add_argument("--seed", type=int, help="draw as the run with this seed did")
    parser.add_argument("--json", action="store_true", help="print as JSON, without tables")
    return parser


def measure_speed(*, quick: bool, seed: int) -> list[Section]:
    """Measure times."""
    del seed  # events are the same every time
    effort = speed.QUICK if quick else speed.FULL
    scrubber = relay.load_scrubber(verify=False)
    return [
        speed_section(speed.measure(scrubber, effort)),
        custom_section(speed.measure_custom(scrubber, effort)),
    ]


PARTS: dict[str, Callable[..., list[Section]]] = {
    "speed": measure_speed,
}


def main(arguments: Sequence[str]) -> int:
    """Measure, print, and after a whole run write the page."""
    options = build_parser().parse_args(arguments)
    seed = secrets.randbits(32) if options.seed is None else options.seed
    console = Console(stderr=options.json, width=None if sys.stdout.isatty() else 150)
    console.print(f"seed {seed}")
    found = []
    for name, part in PARTS.items():
        if options.only in (None, name):
            found += part(quick=options.quick, seed=seed)
    sections = [bars_section(found), *found]
    facts = _facts(seed)
    if options.json:
        kept = [dataclasses.asdict(section) for section in sections]
        print(json.dumps({"facts": facts, "sections": kept}, indent=1))
    else:
        for section in sections:
            show(section, console)
    if not options.quick and options.only is None:
        PAGE.write_text(as_page(sections, facts), "utf-8")
        console.print(f"written: docs/{PAGE.name}")
    return 0


def _facts(seed: int) -> dict[str, str]:
    """Return when, on what and with what it was measured; nothing that names the machine."""
    return {
        "date": f"{datetime.now(UTC):%d %B %Y}",
        "machine": f"{os.cpu_count()} cores, {platform.system()} on {platform.machine()}",
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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
