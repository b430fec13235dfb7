"""What the relay takes of memory: idle, with many large envelopes at once, with a full spool.

The sum over all of its processes, read while it runs, several times a second; the largest counts.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.load import processes
from benchmarks.load.client import Spec
from benchmarks.load.processes import Memory
from benchmarks.load.programs import Clients, Relay, Sink, until, upstream

CLIENTS = 200
STORED = 50_000
_EVERY = 0.1
_LONG = 180.0
_ROOM = "4GB"
"""What the spool may hold here, so that it is not full before it has so many."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is sent: clients with a large envelope each, and envelopes that wait."""

    clients: int
    stored: int


FULL, QUICK = Effort(CLIENTS, STORED), Effort(8, 40)


@dataclass(frozen=True, slots=True)
class Footprint:
    """Bytes of memory, the most in each case.

    Attributes:
        idle: started, and nothing sent yet.
        used: idle again, after a few hundred events.
        clients, large: while so many clients sent a large envelope each, at once.
        large_bytes: of one such envelope.
        statuses: what these were answered.
        stored, full: while the upstream was away and so many envelopes came, and waited.
        start: after a start with these in the spool.
    """

    idle: Memory
    used: Memory
    clients: int
    large: Memory
    large_bytes: int
    statuses: dict[str, int]
    stored: int
    full: Memory
    start: Memory


@dataclass(slots=True)
class Peak:
    """The most memory that was seen."""

    pss: int = 0
    rss: int = 0
    over: threading.Event = field(default_factory=threading.Event)

    def look(self, pid: int) -> None:
        """Look again and again until it is over."""
        while True:
            now = processes.memory(pid)
            self.pss, self.rss = max(self.pss, now.pss), max(self.rss, now.rss)
            if self.over.wait(_EVERY):
                return

    @property
    def memory(self) -> Memory:
        """Return it."""
        return Memory(self.pss, self.rss)


@contextmanager
def peak(pid: int) -> Iterator[Peak]:
    """Watch a process and its children inside a `with`."""
    found = Peak()
    thread = threading.Thread(target=found.look, args=(pid,), daemon=True)
    thread.start()
    try:
        yield found
    finally:
        found.over.set()
        thread.join()


def measure(folder: Path, pool: Path, large: Path, small: Path, effort: Effort) -> Footprint:
    """Measure all cases.

    Args:
        folder: where the relay runs.
        pool: ordinary events.
        large: events of 1 MB.
        small: events that fill the spool.
        effort: how much is sent.
    """
    with upstream() as sink, Relay(folder / "memory", sink, spool={"max_bytes": _ROOM}) as relay:
        idle = _resting(relay)
        _send(relay, sink, Spec(relay.port, str(pool), 1, count=min(300, effort.stored)))
        used = _resting(relay)
        spec = Spec(relay.port, str(large), 2, connections=effort.clients, count=effort.clients)
        with peak(relay.pid) as most:
            statuses = _send(relay, sink, spec)
        sink.ask("away")
        with peak(relay.pid) as filling:
            stored = _fill(
                relay, Spec(relay.port, str(small), 3, count=effort.stored, seconds=_LONG)
            )
        relay.stop()
        relay.start()
        with peak(relay.pid) as start:
            time.sleep(1.0)
    return Footprint(
        idle,
        used,
        effort.clients,
        most.memory,
        len(large.read_bytes().partition(b"\n")[0]),
        statuses,
        stored,
        filling.memory,
        start.memory,
    )


def _resting(relay: Relay) -> Memory:
    """Return what it takes when nothing happens."""
    time.sleep(1.0)
    return processes.memory(relay.pid)


def _send(relay: Relay, sink: Sink, spec: Spec) -> dict[str, int]:
    """Send until all that was accepted has arrived, and return the answers by status."""
    sink.ask("forget")
    with Clients(spec) as clients:
        clients.go()
        result = clients.result()
    sink.wait_for(len(result.accepted), _LONG)
    relay.drain()
    return result.statuses


def _fill(relay: Relay, spec: Spec) -> int:
    """Send while nothing can be forwarded, and return how many wait then."""
    with Clients(spec) as clients:
        clients.go()
        stored = len(clients.result().accepted)
    until(lambda: relay.waiting() >= stored, "the spool to hold them")
    return stored
