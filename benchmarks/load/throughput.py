"""CPU time an envelope, everything included: received, scrubbed, on disk, sent on, settled.

The relay and a bare pass-through get the same load in turn, round after round; a round ends when
its last event has arrived upstream. What either process took, with its threads and children, over
the number of envelopes, is one figure a round; the medians are compared. The collector of dead
objects, start and warming up are outside. Sentry's Rust scrubber gets the same events in this
process, with no server around it: its ten most thorough rules, net of parsing them.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path
from statistics import median

from benchmarks import peer, speed
from benchmarks.load import processes
from benchmarks.load.client import Result, Spec
from benchmarks.load.programs import Clients, PassThrough, Relay, Sink, upstream
from benchmarks.load.traffic import Kind, load_pool, make_pool

EVENTS = (Kind(), Kind("20 kB", "little"), Kind("2 kB"), Kind("200 kB"))
SETTLE = 0.2
"""Seconds after the last arrival in which the relay settles it."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is sent: rounds, envelopes of 20 kB in each, variants of the event."""

    rounds: int
    envelopes: int
    variants: int
    peer: speed.Effort

    def envelopes_of(self, kind: Kind) -> int:
        """Return how many of a kind make a round: fewer of large ones."""
        return max(4, self.envelopes // 16) if kind.size == "200 kB" else self.envelopes

    def variants_of(self, kind: Kind) -> int:
        """Return how many variants are made: fewer of large events."""
        return max(4, self.variants // 20) if kind.size == "200 kB" else self.variants


FULL = Effort(5, 600, 1_800, speed.FULL)
QUICK = Effort(1, 20, 20, speed.QUICK)


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU seconds for one envelope of a kind, medians of all rounds.

    Attributes:
        event: what was sent.
        bytes: of one such event.
        relay, passing: what they took; `spread` is the relay's least and most.
        peer: Sentry's scrubber alone.
        rate: envelopes a second that were accepted, as long as they came.
        wire: bytes of one envelope as it went upstream.
        sent: envelopes, each of which arrived.
    """

    event: Kind
    bytes: int
    relay: float
    passing: float
    peer: float
    spread: tuple[float, float]
    rate: float
    wire: float
    sent: int

    @property
    def ratio(self) -> float:
        """Return how many times as much the relay takes as the pass-through."""
        return self.relay / self.passing if self.passing else inf


def measure(folder: Path, effort: Effort, events: Sequence[Kind] = EVENTS) -> tuple[Cost, ...]:
    """Measure every event."""
    with (
        upstream() as sink,
        Relay(folder / "throughput", sink) as relay,
        PassThrough(sink) as passing,
    ):
        return tuple(_measure(folder, kind, (relay, passing), sink, effort) for kind in events)


def _measure(
    folder: Path, kind: Kind, programs: tuple[Relay | PassThrough, ...], sink: Sink, effort: Effort
) -> Cost:
    pool = make_pool(folder, kind, effort.variants_of(kind))
    count = effort.envelopes_of(kind)
    texts = [event.decode() for event in load_pool(pool).events(40 if count > 100 else 5)]
    rounds: tuple[list[Round], list[Round]] = ([], [])
    for number in range(effort.rounds + 1):
        for at, program in enumerate(programs):
            run = 1_000 * EVENTS.index(kind) + 2 * number + at
            spec = Spec(program.port, str(pool), run, first=count * number, count=count)
            rounds[at].append(_round(spec, program.pid, sink))
    # The first round of each warmed it up.
    ours, others = (some[1:] for some in rounds)
    costs = [one.cpu / count for one in ours]
    return Cost(
        kind,
        len(texts[0].encode()),
        median(costs),
        median(one.cpu / count for one in others),
        _peer(texts, effort.peer),
        (min(costs), max(costs)),
        median(one.result.rate for one in ours),
        median(one.wire / count for one in ours),
        count * effort.rounds,
    )


@dataclass(frozen=True, slots=True)
class Round:
    """One load: CPU seconds of the program under it, bytes that went upstream, what clients saw."""

    cpu: float
    wire: int
    result: Result


def _round(spec: Spec, pid: int, sink: Sink) -> Round:
    """Send one load to a program, and return what it took until all had arrived."""
    sink.ask("forget")
    with Clients(spec) as clients:
        before = processes.cpu_seconds(pid)
        clients.go()
        result = clients.result()
        sink.wait_for(len(result.accepted))
        time.sleep(SETTLE)
        spent = processes.cpu_seconds(pid) - before
    if len(result.accepted) != spec.count:
        raise ValueError(f"not all were accepted: {result.statuses}")
    return Round(spent, sink.ask("count")["bytes"], result)


def _peer(texts: list[str], effort: speed.Effort) -> float:
    strip: Callable[[str], object] = lambda text: peer.strip(peer.GENEROUS, text)  # noqa: E731
    parsing = speed.measured(strip, ["{}"], effort)
    return speed.measured(strip, texts, effort) - parsing
