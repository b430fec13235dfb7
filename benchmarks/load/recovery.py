"""An upstream that was away comes back: how fast what waited gets there, and in which order.

Clients send while nothing can be forwarded, until so many envelopes wait. Then the upstream is
back, and new events go on coming, some each second. Timed is from the moment at which the upstream
listens again until the last of those that waited has arrived; the first try after an outage comes
only when a retry is due, which is given apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.load.client import Result, Spec
from benchmarks.load.kills import compared
from benchmarks.load.programs import Clients, Relay, Sink, send, until, upstream
from benchmarks.load.traffic import event_id, number_of

WAITING, FRESH = 1, 2
"""The numbers of the two loads."""
IN_ORDER = 32
"""As many as are under way at one time may overtake one another."""
_LONG = 300.0


@dataclass(frozen=True, slots=True)
class Effort:
    """How many wait, and how many come each second afterwards."""

    waiting: int
    fresh: float


FULL, QUICK = Effort(10_000, 25.0), Effort(60, 5.0)


@dataclass(frozen=True, slots=True)
class Recovery:
    """What came of it.

    Attributes:
        waiting: envelopes that waited when the upstream came back.
        first: seconds until the first of them arrived.
        seconds: until all had.
        rate: envelopes a second, from the first to the last.
        displaced: the most places that one was away from its place in the order of acceptance,
            among those that waited.
        newest_first: whether late ones came before early ones.
        fresh: what clients saw that sent meanwhile.
        fresh_delay: seconds from when a fresh one was sent until it had arrived, the median.
        disk: bytes on the disk for each envelope that waited.
        lost, twice: accepted envelopes that never arrived, and events that arrived more than once.
    """

    waiting: int
    first: float
    seconds: float
    rate: float
    displaced: int
    newest_first: bool
    fresh: Result
    fresh_delay: float
    disk: float
    lost: int
    twice: int


def measure(folder: Path, pool: Path, effort: Effort) -> Recovery:
    """Let so many wait, let the upstream come back, and watch."""
    with upstream() as sink, Relay(folder / "recovery", sink) as relay:
        sink.ask("away")
        load = Spec(relay.port, str(pool), WAITING, count=effort.waiting, seconds=_LONG / 2)
        stored = send(load)
        disk = sum(file.stat().st_size for file in relay.folder.glob("spool.db*"))
        more = Spec(
            relay.port, str(pool), FRESH, first=effort.waiting, rate=effort.fresh, keep_on=True
        )
        with Clients(more) as clients:
            clients.go()
            back: float = sink.ask("back")["now"]
            until(lambda: _arrived(sink, len(stored.accepted)), "all that waited to arrive", _LONG)
            fresh = clients.stop()
        relay.drain()
        arrived = sink.ask("arrived")
    return _judged(stored, fresh, arrived["ids"], arrived["times"], back, effort, disk)


def _arrived(sink: Sink, waiting: int) -> bool:
    """Tell whether so many have arrived that waited; a count alone includes the fresh ones."""
    if sink.count < waiting:
        return False
    ids = sink.ask("arrived")["ids"]
    return len({one for one in ids if number_of(one)[0] == WAITING}) >= waiting


def _judged(
    stored: Result,
    fresh: Result,
    ids: Sequence[str],
    times: Sequence[float],
    back: float,
    effort: Effort,
    disk: int,
) -> Recovery:
    seen: dict[str, float] = {}
    for one, at in zip(ids, times, strict=True):
        seen.setdefault(one, at)
    old = [one for one in seen if number_of(one)[0] == WAITING]
    accepted = [event_id(WAITING, number) for number in stored.accepted]
    lost, twice = compared(
        [*accepted, *(event_id(FRESH, number) for number in fresh.accepted)], ids
    )
    first, last = seen[old[0]] - back, seen[old[-1]] - back
    displaced, newest_first = order(accepted, old)
    delays = [
        seen[one] - fresh.started - (number - effort.waiting) / effort.fresh
        for number in fresh.accepted
        if (one := event_id(FRESH, number)) in seen
    ]
    return Recovery(
        len(stored.accepted),
        first,
        last,
        (len(old) - 1) / (last - first) if last > first else 0.0,
        displaced,
        newest_first,
        fresh,
        median(delays) if delays else 0.0,
        disk / max(1, len(stored.accepted)),
        len(lost),
        len(twice),
    )


def order(accepted: Sequence[str], arrived: Sequence[str]) -> tuple[int, bool]:
    """Return how far one was from its place at most, and whether the order was turned round.

    Args:
        accepted: in the order in which they were.
        arrived: in the order in which they did; each of them was accepted.
    """
    places = {one: place for place, one in enumerate(accepted)}
    known = [places[one] for one in arrived if one in places]
    half = len(known) // 2
    newest_first = sum(known[:half]) / max(1, half) > sum(known[half:]) / max(1, len(known) - half)
    ranks = sorted(known, reverse=newest_first)
    wanted = {place: rank for rank, place in enumerate(ranks)}
    displaced = max((abs(wanted[place] - at) for at, place in enumerate(known)), default=0)
    return displaced, newest_first
