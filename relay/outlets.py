"""What a forwarder holds for each upstream, and what it may take from the spool next.

Law of this file: no I/O and no waiting. One upstream, however slow, leaves room for the others: in
sends, in bytes, and in what is taken from the spool.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from relay.delivery import Circuit, CircuitState
from relay.ports import Claim, Lane, Upstream

MAX_LANES: Final = 1_000
"""So many pairs of project and key are remembered; a catch-all could bring any number. To leave out
as many costs a spool some milliseconds a claim, ten times as many a hundred."""

OUTLET_BYTES: Final = 16 * 1024 * 1024
"""Nothing more is taken for an upstream while so many bytes of bodies are held for it."""

SHARE: Final = 2
"""An upstream beside others has at most so many sends under way for each that is still free."""

ObserveCircuit = Callable[[Upstream, CircuitState], None]
"""Told of every state that an upstream's circuit enters, for metrics."""


def ignore_circuit(upstream: Upstream, state: CircuitState) -> None:
    """Show nothing."""
    del upstream, state


@dataclass(slots=True, eq=False)
class Outlet:
    """One upstream: its circuit, the claims that wait for their send, and the bytes held for it."""

    upstream: Upstream
    circuit: Circuit
    waiting: deque[Claim] = field(default_factory=deque, repr=False)
    lanes: dict[Lane, None] = field(default_factory=dict, repr=False)
    bytes: int = 0
    told: CircuitState | None = None

    def hold(self, claim: Claim) -> None:
        """Let a claim wait for its send."""
        self.waiting.append(claim)
        self.bytes += len(claim.envelope.body)

    def let_go(self, claim: Claim) -> None:
        """Forget a claim that was held: it was sent, or goes back."""
        self.bytes -= len(claim.envelope.body)


class Outlets:
    """All upstreams that were met, and the sends that are under way to them."""

    def __init__(self, concurrency: int, per_upstream: int, tell: ObserveCircuit) -> None:
        """Set up.

        Args:
            concurrency: sends at one time, in all.
            per_upstream: sends at one time to one upstream.
            tell: told of every state that a circuit enters.
        """
        self._concurrency = concurrency
        self._per_upstream = per_upstream
        self._tell = tell
        self._outlets: dict[Upstream, Outlet] = {}
        self._by_lane: dict[Lane, Outlet] = {}
        self._sending = 0

    @property
    def crowded(self) -> bool:
        """Whether there are more lanes than can be remembered."""
        return len(self._by_lane) >= MAX_LANES

    def find(self, lane: Lane, upstream: Upstream) -> Outlet:
        """Return the outlet of an upstream, and note that a lane leads there."""
        outlet = self._outlets.get(upstream)
        if outlet is None:
            outlet = Outlet(upstream, Circuit(self._per_upstream))
            self._outlets[upstream] = outlet
            self.tell(outlet)
        if self._by_lane.get(lane) is not outlet:
            self._forget(lane)
            if self.crowded:
                self._forget(next(iter(self._by_lane)))  # the one that was noted first
            self._by_lane[lane] = outlet
            outlet.lanes[lane] = None
        return outlet

    def has_enough(self, outlet: Outlet) -> bool:
        """Whether so many claims wait that one more goes back: of lanes that were not noted."""
        return len(outlet.waiting) >= max(self._concurrency, 4 * self._per_upstream)

    def room(self, outlet: Outlet, now: float) -> int:
        """How many more sends may start to an upstream; its last free ones are for others."""
        circuit = outlet.circuit
        room = circuit.room(now)
        self.tell(outlet)
        free = self._concurrency - self._sending
        if len(self._outlets) > 1 and circuit.in_flight:
            # With n more under way: in_flight + n <= SHARE * (free - n)
            room = min(room, (SHARE * free - circuit.in_flight) // (SHARE + 1))
        return max(0, min(room, free))

    def demand(self, now: float) -> tuple[int, set[Lane]]:
        """Return how many envelopes to take from the spool now, and the lanes to leave out."""
        skip: set[Lane] = set()
        wanted: list[int] = []
        for outlet in self._outlets.values():
            number = self._wanted(outlet, now)
            if number:
                wanted.append(number)
            else:
                skip.update(outlet.lanes)
        return max(wanted, default=self._concurrency), skip

    def _wanted(self, outlet: Outlet, now: float) -> int:
        """How many claims an upstream can use.

        While it is well the next ones are taken ahead, so that they are taken many at a time and
        each send is followed by another at once. Those that wait are sent before more are taken.
        """
        if outlet.waiting or outlet.bytes >= OUTLET_BYTES:
            return 0
        room = self.room(outlet, now)
        return outlet.circuit.width if outlet.circuit.state is CircuitState.CLOSED else room

    def begin(self, outlet: Outlet) -> None:
        """Note that a send has begun."""
        outlet.circuit.in_flight += 1
        self._sending += 1

    def end(self, outlet: Outlet) -> None:
        """Note that a send has ended."""
        outlet.circuit.in_flight -= 1
        self._sending -= 1

    def waiting(self) -> list[Outlet]:
        """Return those with claims that wait."""
        return [outlet for outlet in self._outlets.values() if outlet.waiting]

    def next_opening(self, now: float) -> float | None:
        """Return the seconds until the first circuit may be half opened; None if all are."""
        times = (outlet.circuit.open_until - now for outlet in self._outlets.values())
        return min((seconds for seconds in times if seconds > 0), default=None)

    def tell(self, outlet: Outlet) -> None:
        """Tell of a circuit's state if it is another one than was told last."""
        if outlet.told is not outlet.circuit.state:
            outlet.told = outlet.circuit.state
            self._tell(outlet.upstream, outlet.told)

    def clear(self) -> None:
        """Forget everything."""
        self._outlets.clear()
        self._by_lane.clear()
        self._sending = 0

    def _forget(self, lane: Lane) -> None:
        outlet = self._by_lane.pop(lane, None)
        if outlet is not None:
            outlet.lanes.pop(lane, None)
