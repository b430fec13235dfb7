"""CPU time of a usage event: `python -m benchmarks usage`, which writes docs/usage-load.md.

The relay, with a spool on disk, and a bare aiohttp handler get the same load in turn, round after
round. What either process took, with all its threads, over the number of events is one figure a
round; the medians are compared. Start and warming up are outside.
"""

import argparse
import json
import secrets
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from rich.console import Console

from benchmarks.load import processes
from benchmarks.load.programs import Program, Relay
from benchmarks.report import Bar, Section, Table, bars_section, show, to_markdown
from benchmarks.usage_traffic import APP, TYPES

PAGE = Path(__file__).absolute().parent.parent / "docs" / "usage-load.md"
RATE = 2_000
"""Events a second that one core is to take."""
TIMES = 3.0
"""How many times the CPU time of a bare handler an event may take."""

_PAGE = """\
# Usage events under load

<!-- written by `python -m benchmarks usage`: not by hand -->

The real program, `relay serve`, and clients that are a process of their own, on the loopback of one
machine. Of times, only ratios carry over to other machines. [Under load](load.md) has the same for
errors, [usage](usage.md) what usage events are.

{facts}

{sections}
"""

_TEXT = """\
User and system time of the relay's process, all its threads included, over the events of a round:
read, held against consent and the allow-list, scrubbed by all rules, on disk, answered. The bare
handler is aiohttp on the same loop, which answers 204 to anything; it has the same load in turn.
Requests are Suite's own, with fresh ids, of {types} types of events with all their attributes; one
in eight is one of the three that say most. Each connection sends its next event when the last one
is answered, so more of them make larger rows: one row costs a commit, whatever it holds. The aims
are held against the last row, where both programs are busy all the time; with fewer connections the
relay waits for company in between, which saves commits and leaves its core cold."""


class Bare(Program):
    """The handler that does nothing."""

    def __init__(self) -> None:
        """Start it."""
        super().__init__("benchmarks.usage_bare")
        self.port: int = self.read()["port"]


class Taker(Relay):
    """A relay that takes usage events, and keeps them in its spool."""

    def __init__(self, folder: Path) -> None:
        """Write its configuration; nothing runs yet."""
        usage = {
            "apps": [{"name": APP}],
            "batch": {"every": "1h", "bytes": "256MB"},
            "spool": {"max_bytes": "1GB"},
        }
        super().__init__(folder, self, usage=usage)

    @property
    def dsn(self) -> str:
        """Return where envelopes would go, of which there are none."""
        return "file:./inbox"


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is sent: rounds, events in each, and on how many connections."""

    rounds: int
    events: int
    connections: tuple[int, ...]


FULL = Effort(5, 5_000, (16, 96, 256))
QUICK = Effort(1, 500, (256,))
AIM = 256
"""Connections of the row that the aims are held against: there both programs are busy all the time,
as a core is that takes as much as it can. With fewer the relay waits for company in between."""


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU seconds of one event, medians of all rounds.

    Attributes:
        connections: of clients at one time.
        relay, bare: what they took.
        spread: the relay's least and most.
        rate: events a second that were answered, as fast as clients and relay could.
    """

    connections: int
    relay: float
    bare: float
    spread: tuple[float, float]
    rate: float

    @property
    def ratio(self) -> float:
        """How many times as much the relay takes."""
        return self.relay / self.bare

    @property
    def per_core(self) -> float:
        """Events a second for each core that the relay has."""
        return 1 / self.relay


def measure(folder: Path, effort: Effort, seed: int) -> tuple[Cost, ...]:
    """Measure with each number of connections."""
    with Taker(folder) as relay, Bare() as bare, Program("benchmarks.usage_traffic") as clients:
        costs = []
        for connections in effort.connections:
            rounds = []
            for number in range(effort.rounds + 1):
                one = {"connections": connections, "count": effort.events}
                own = seed + 1_000 * connections + number
                ours = _round(relay, clients, {**one, "seed": own})
                rounds.append((*ours, *_round(bare, clients, {**one, "seed": own})))
            # The first round of each warmed it up.
            relays, rates, bares, _ = zip(*rounds[1:], strict=True)
            spread = (min(relays), max(relays))
            costs.append(Cost(connections, median(relays), median(bares), spread, median(rates)))
        return tuple(costs)


def _round(program: Taker | Bare, clients: Program, told: dict[str, int]) -> tuple[float, float]:
    """Send one load to a program; return CPU seconds an event, and events a second."""
    count = told["count"]
    clients.write(json.dumps({**told, "port": program.port}))
    clients.read()
    before = processes.cpu_seconds(program.pid)
    clients.write("")
    found = clients.read()
    spent = processes.cpu_seconds(program.pid) - before
    if found["statuses"] != {"204": count}:
        raise ValueError(f"not all were taken: {found['statuses']}")
    return spent / count, count / found["seconds"]


def usage_section(costs: Sequence[Cost]) -> Section:
    """Return what was measured."""
    aim = next((cost for cost in costs if cost.connections == AIM), costs[0])
    rows = tuple(
        (
            f"{cost.connections}",
            f"{cost.relay * 1e6:.0f}",
            f"{cost.spread[0] * 1e6:.0f}",
            f"{cost.spread[1] * 1e6:.0f}",
            f"{cost.bare * 1e6:.0f}",
            f"{cost.ratio:.2f}",
            f"{cost.per_core:,.0f}",
            f"{cost.rate:,.0f}",
        )
        for cost in costs
    )
    head = (
        "connections", "relay, µs", "least", "most", "bare handler, µs", "times",
        "events a second and core", "events a second here",
    )  # fmt: skip
    bars = (
        Bar(
            "CPU time of a usage event against a bare aiohttp handler",
            f"at most {TIMES:.1f} times",
            f"{aim.ratio:.2f} times",
            aim.ratio <= TIMES,
        ),
        Bar(
            "Usage events a second and core, through consent, scrub and spool",
            f"at least {RATE:,}",
            f"{aim.per_core:,.0f}",
            aim.per_core >= RATE,
        ),
    )
    return Section(
        "CPU time of a usage event", _TEXT.format(types=TYPES), bars, (Table(head, rows),)
    )


def main(arguments: Sequence[str], facts_of: Callable[[int], dict[str, str]]) -> int:
    """Measure, print, and after a whole run write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks usage", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="little of it; write no page")
    parser.add_argument("--seed", type=int, help="draw as the run with this seed did")
    options = parser.parse_args(arguments)
    seed = secrets.randbits(32) if options.seed is None else options.seed
    with tempfile.TemporaryDirectory() as folder:
        costs = measure(Path(folder), QUICK if options.quick else FULL, seed)
    sections = [usage_section(costs)]
    console = Console(width=None if sys.stdout.isatty() else 150)
    for section in (bars_section(sections), *sections):
        show(section, console)
    if not options.quick:
        lines = [f"| {name} | {value} |" for name, value in facts_of(seed).items()]
        page = _PAGE.format(
            facts="\n".join(["| | |", "| --- | --- |", *lines]),
            sections="\n\n".join(map(to_markdown, (bars_section(sections), *sections))),
        )
        PAGE.write_text(page, "utf-8")
        console.print(f"written: docs/{PAGE.name}")
    return 0
