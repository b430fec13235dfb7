"""What is lost and what comes twice when the relay is killed under load, again and again.

Each kill is SIGKILL of every process of the relay at a random moment while clients send; it is
started again on the same spool and the same port. Clients count as accepted what they got a 200
for. In the end everything accepted must have arrived; what was sent on but not yet settled when
the kill came arrives a second time, which is counted.
"""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.load.client import Spec
from benchmarks.load.programs import Clients, LoadError, Relay, Sink, until, upstream
from benchmarks.load.traffic import event_id

Kill = Callable[[int], None]
"""Waits for the moment, kills, and starts again; gets the number of the kill."""

SHORTEST, LONGEST = 0.05, 1.0
"""Seconds from a start until the kill."""
DELAY = 0.05
"""Seconds that the upstream takes, so that some envelopes are on their way when a kill comes."""
DRAIN = 180.0
GRACE = 60.0
"""Seconds after which what has not arrived is lost, though nothing seems to wait."""
RUN = 77


@dataclass(frozen=True, slots=True)
class Kills:
    """What came of a load with kills.

    Attributes:
        kills: how many there were.
        accepted: envelopes that were answered with 200.
        lost: accepted ones that never arrived.
        twice: events that arrived more than once.
        broken: requests that got no answer.
        refused: requests that were answered with something else.
        seconds: how long it took, with all starts.
    """

    kills: int
    accepted: int
    lost: int
    twice: int
    broken: int
    refused: int
    seconds: float


def measure(folder: Path, pool: Path, kills: int, seed: int) -> Kills:
    """Kill a relay with a SQLite spool so often, and count."""
    chance = random.Random(seed)
    with upstream() as sink, Relay(folder / "kills", sink) as relay:
        sink.ask("answer", delay=DELAY)

        def kill(_: int) -> None:
            time.sleep(chance.uniform(SHORTEST, LONGEST))
            relay.kill()
            relay.start()

        return under_kills(_spec(relay.port, pool), sink, kills, kill, lambda: relay.drain(DRAIN))


def _spec(port: int, pool: Path) -> Spec:
    return Spec(port, str(pool), RUN, keep_on=True, warm=1)


def under_kills(spec: Spec, sink: Sink, kills: int, kill: Kill, drain: Callable[[], None]) -> Kills:
    """Send until there were so many kills, let everything arrive, and count.

    Args:
        spec: what is sent; its connections have to keep on.
        sink: where it has to arrive.
        kills: how many.
        kill: waits for a moment, kills, and starts again.
        drain: returns when nothing waits any more.
    """
    started = time.monotonic()
    with Clients(spec) as clients:
        clients.go()
        for number in range(kills):
            kill(number)
        result = clients.stop()
    drain()
    accepted = {event_id(spec.run, number) for number in result.accepted}
    # What a process had claimed when it was killed may come only when its claim has run out.
    with suppress(LoadError):
        until(lambda: accepted <= set(arrivals(sink)), "the last to arrive", GRACE)
    lost, twice = compared(accepted, arrivals(sink))
    answered = sum(count for status, count in result.statuses.items() if status != "broken")
    return Kills(
        kills,
        len(accepted),
        len(lost),
        len(twice),
        result.statuses.get("broken", 0),
        answered - len(accepted),
        time.monotonic() - started,
    )


def arrivals(sink: Sink) -> list[str]:
    """Return the ids of all events that arrived, in their order, repeats included."""
    ids: list[str] = sink.ask("arrived")["ids"]
    return ids


def compared(accepted: Iterable[str], arrived: Iterable[str]) -> tuple[set[str], set[str]]:
    """Return which accepted events never arrived, and which events arrived more than once."""
    counts = Counter(arrived)
    return set(accepted) - counts.keys(), {one for one, count in counts.items() if count > 1}
