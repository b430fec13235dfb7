"""How much a relay of a size needs: arithmetic from what was measured, shown with its factors.

What is put in is either a figure of this run, or one of the assumptions below, which the page says
too. The section is written into docs/operate.md, as the aims are into the README.
"""

from dataclasses import dataclass
from math import ceil

from benchmarks.load.memory import Footprint
from benchmarks.load.recovery import Recovery
from benchmarks.load.throughput import Cost
from benchmarks.report import Section, Table

BEGIN = "<!-- sizing: written by `make bench` -->"
END = "<!-- end of sizing -->"

RATES = (1_000, 10_000, 100_000)
LOAD = 0.5
"""The share of its cores that is used at the daily peak; the rest is for bursts and failures."""
CORES = 8
"""Of one machine."""
STREAM = 3_000
"""Envelopes a second for one replicated stream: half of what a lone NATS server acknowledged."""
DAY, HOUR = 86_400, 3_600
_OUTAGES = ((HOUR, "1 hour"), (8 * HOUR, "8 hours"), (DAY, "24 hours"))


@dataclass(frozen=True, slots=True)
class Figures:
    """What the arithmetic starts from.

    Attributes:
        costs: CPU time by event, the first that of Suite's own of 20 kB.
        disk: bytes on the disk for an envelope of that event.
        memory: bytes of one relay with one worker, at most; None where it was not measured.
    """

    costs: tuple[Cost, ...]
    disk: float
    memory: int | None = None

    @property
    def suite(self) -> Cost:
        """Return the event that is planned with."""
        return self.costs[0]


@dataclass(frozen=True, slots=True)
class Need:
    """What a rate of the planned event needs.

    Attributes:
        rate: envelopes a second.
        busy: cores that are busy with it.
        cores: those to have.
        machines: of `CORES` cores, one more than needed, so that one may fail.
        incoming, outgoing: megabits a second.
        written: megabytes a second to all disks, or to all NATS servers for one copy.
        hour: gigabytes in the spool after an hour without upstream.
        cells: clusters of three NATS servers, each with a stream.
    """

    rate: float
    busy: float
    cores: int
    machines: int
    incoming: float
    outgoing: float
    written: float
    hour: float
    cells: int


def figures_of(costs: tuple[Cost, ...], recovery: Recovery, footprint: Footprint | None) -> Figures:
    """Return the figures of a run."""
    most = max(footprint.large.pss, footprint.full.pss) if footprint else None
    return Figures(costs, recovery.disk, most)


def need(figures: Figures, rate: float) -> Need:
    """Return what a rate needs."""
    suite = figures.suite
    busy = rate * suite.relay
    cores = ceil(busy / LOAD)
    return Need(
        rate,
        busy,
        cores,
        ceil(cores / CORES) + 1,
        rate * suite.bytes * 8 / 1e6,
        rate * suite.wire * 8 / 1e6,
        rate * figures.disk / 1e6,
        rate * figures.disk * HOUR / 1e9,
        ceil(rate / STREAM),
    )


def sizing_section(figures: Figures) -> Section:
    """Return the tables, and the arithmetic in words."""
    suite = figures.suite
    memory = f"{figures.memory / 2**20:,.0f} MiB" if figures.memory else "not measured"
    text = f"""\
One core takes so many envelopes a second; plan with {LOAD:.0%} of it. Memory was {memory} at \
most, with one worker, whatever waited in the spool; each worker more takes about as much again \
as an idle relay, less what they share.

The disk holds {figures.disk / 1e3:,.1f} kB for an envelope of {suite.bytes / 1e3:,.1f} kB that \
waits. `spool.max_bytes` is 500 MB by default, `spool.max_age` a day: set the first to what an \
outage of the length that you want to outlive needs."""
    return Section("", text, tables=(_cores(figures), _outages(figures)))


def paper_section(figures: Figures) -> Section:
    """Return what large rates need, on paper."""
    suite, base = figures.suite, need(figures, RATES[0])
    text = f"""\
On paper, for the {suite.event.size} event with much to scrub, none of it tried at that size:

- cores busy: rate times {suite.relay * 1e3:.2f} ms; cores to have: that over {LOAD:.0%}; for \
{base.rate:,.0f} a second {base.rate:,.0f} times {suite.relay * 1e3:.2f} ms = {base.busy:.1f}, \
over {LOAD:.0%} = {base.cores};
- machines: of {CORES} cores, and one more, so that one may fail or be renewed;
- network: rate times {suite.bytes / 1e3:.1f} kB in, and times {suite.wire / 1e3:.1f} kB out, as \
it is compressed;
- disk: rate times {figures.disk / 1e3:.1f} kB, written twice (log, then table); commits are \
grouped, so that a spool needs as many synced writes a second as its disk can do one after the \
other, a few hundred to a thousand, however many envelopes come;
- JetStream: each stream is one line of messages, written by the server that leads it and copied \
to two others: {STREAM:,} a second are planned for one, half of the 6,000 that a single server \
acknowledged on its disk here. More than that is as many cells, each three NATS servers with a \
stream of their own and the relays that use it (`spool.servers`, `spool.stream`), behind one \
load balancer. A server's network carries each envelope in, out to two copies, and out to a \
relay: four times."""
    rows = tuple(_paper_row(need(figures, rate)) for rate in RATES)
    head = (
        "envelopes a second", "cores busy", "cores to have", f"machines of {CORES}",
        "network in", "network out", "written", "an hour's outage", "NATS cells",
        "NATS servers",
    )  # fmt: skip
    return Section("", text, tables=(Table(head, rows),))


def _paper_row(row: Need) -> tuple[str, ...]:
    return (
        f"{row.rate:,.0f}",
        f"{row.busy:,.1f}",
        f"{row.cores:,}",
        f"{row.machines:,}",
        f"{row.incoming:,.0f} Mbit/s",
        f"{row.outgoing:,.0f} Mbit/s",
        f"{2 * row.written:,.0f} MB/s",
        f"{row.hour:,.0f} GB",
        f"{row.cells:,}",
        f"{3 * row.cells:,}",
    )


def _cores(figures: Figures) -> Table:
    rows = tuple(
        (
            f"{cost.event.size}, {cost.event.amount} to scrub",
            f"{cost.relay * 1e3:.2f}",
            f"{1 / cost.relay:,.0f}",
            f"{LOAD / cost.relay:,.0f}",
            f"{LOAD / cost.relay * DAY / 1e6:,.1f}",
        )
        for cost in figures.costs
    )
    head = (
        "event", "CPU ms", "a second and core", f"at {LOAD:.0%}", "million a day and core",
    )  # fmt: skip
    return Table(head, rows)


def _outages(figures: Figures) -> Table:
    rows = tuple(
        (
            f"{rate:,} a second",
            f"{rate * DAY / 1e6:,.2f}",
            *(f"{rate * figures.disk * seconds / 1e9:,.2f} GB" for seconds, _ in _OUTAGES),
        )
        for rate in (1, 10, 100)
    )
    names = (f"spool, {name} of outage" for _, name in _OUTAGES)
    return Table(("envelopes", "million a day", *names), rows)
