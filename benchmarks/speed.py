"""CPU time of a scrub: all shipped rules against Sentry's Rust scrubber with ten, same documents.

Both get JSON and give JSON, and each call gets another variant of the event (`variants.py`), the
same ones in turn. Ours is measured twice: at first sight, with the memory of clean texts emptied
before each call, and steady, as a relay runs: with the memory of other users' events.

The peer parses its configuration and compiles its patterns on every call, which a server would do
once. What an event without any text costs (it parses) and what an event with one short text costs
(it compiles too) are measured apart: the first is taken off in "net of parsing", the second in "net
of compiling". Times are CPU time of the process, the best of several rounds; only their ratio
means anything on a shared machine.
"""

import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import relay
from benchmarks import peer
from benchmarks.custom_rules import with_custom_rules
from benchmarks.events import AMOUNTS, SIZES, event_of
from benchmarks.variants import variants

T = TypeVar("T")
VARIANTS, FEW, LARGE = 40, 5, 100_000
ONE_TEXT = '{"message": "ready"}'


@dataclass(frozen=True, slots=True)
class Effort:
    """How long is measured: so many rounds of at least so many seconds each."""

    rounds: int
    seconds: float


FULL, QUICK = Effort(5, 0.15), Effort(2, 0.05)


@dataclass(frozen=True, slots=True)
class Peer:
    """CPU seconds of the peer with one set of rules.

    Attributes:
        parsed: an event, without the parsing of the configuration.
        compiled: an event, without the compiling of the patterns either.
    """

    parsed: float
    compiled: float


@dataclass(frozen=True, slots=True)
class Row:
    """One event: its size in bytes, and CPU seconds for it."""

    size: str
    amount: str
    bytes: int
    first: float
    steady: float
    lean: Peer
    generous: Peer

    def ratio(self, peer: Peer) -> float:
        """Return how many times faster ours is, steady, than the peer with one set of rules."""
        return peer.parsed / self.steady

    def first_ratio(self, peer: Peer) -> float:
        """Return the same at first sight."""
        return peer.parsed / self.first


@dataclass(frozen=True, slots=True)
class Custom:
    """CPU seconds for a 20 kB event, with the shipped rules alone and with a hundred more."""

    amount: str
    first: float
    first_more: float
    steady: float
    steady_more: float

    @property
    def ratio(self) -> float:
        """How many times as long it takes with more rules, the worse of both."""
        return max(self.first_more / self.first, self.steady_more / self.steady)


def measured(
    run: Callable[[T], object],
    inputs: Sequence[T],
    effort: Effort,
    prepare: Callable[[], object] = lambda: None,
) -> float:
    """Return CPU seconds a call, over all inputs in turn, the best of several rounds.

    What `prepare` takes before each call does not count.
    """
    best = float("inf")
    for _ in range(effort.rounds):
        spent, calls = 0.0, 0
        while spent < effort.seconds:
            for one in inputs:
                prepare()
                started = time.process_time()
                run(one)
                spent += time.process_time() - started
            calls += len(inputs)
        best = min(best, spent / calls)
    return best


def measure(scrubber: relay.Scrubber, effort: Effort) -> tuple[Row, ...]:
    """Measure every size with every amount to scrub, with both scrubbers."""
    # As `relay serve` does before it takes events.
    gc.collect()
    gc.freeze()
    return tuple(
        _row(scrubber, size, amount, effort) for size in SIZES for amount in AMOUNTS
    )  # fmt: skip


def measure_custom(scrubber: relay.Scrubber, effort: Effort) -> tuple[Custom, ...]:
    """Measure what a hundred more rules cost."""
    more = with_custom_rules()
    rows = []
    for amount in AMOUNTS:
        event = event_of("20 kB", amount, _by(scrubber))
        first, steady = _ours(scrubber, event.decode(), effort)
        first_more, steady_more = _ours(more, event.decode(), effort)
        rows.append(Custom(amount, first, first_more, steady, steady_more))
    return tuple(rows)


def _by(scrubber: relay.Scrubber) -> Callable[[bytes], bytes]:
    return lambda document: scrubber.scrub_json(document).body


def _row(scrubber: relay.Scrubber, size: str, amount: str, effort: Effort) -> Row:
    event = event_of(size, amount, _by(scrubber)).decode()
    first, steady = _ours(scrubber, event, effort)
    lean, generous = (_peer(rules, event, effort) for rules in (peer.LEAN, peer.GENEROUS))
    return Row(size, amount, len(event.encode()), first, steady, lean, generous)


def _texts(event: str) -> int:
    return VARIANTS if len(event) < LARGE else FEW


def _ours(scrubber: relay.Scrubber, event: str, effort: Effort) -> tuple[float, float]:
    """Return the times at first sight and steady."""
    count = _texts(event)
    (*seen,) = (text.encode() for text in variants(event, 2 * count))
    documents, others = seen[:count], seen[count:]
    memory = scrubber.memory
    first = measured(scrubber.scrub_json, documents, effort, memory.forget)
    # What other users' events have left, and no more, is known before each call.
    memory.forget()
    for document in others:
        scrubber.scrub_json(document)
    known = memory.remembered()
    steady = measured(scrubber.scrub_json, documents, effort, lambda: memory.forget(known))
    return first, steady


def _peer(rules: str, event: str, effort: Effort) -> Peer:
    parsing, compiling, whole = (
        measured(lambda text: peer.strip(rules, text), texts, effort)
        for texts in (["{}"], [ONE_TEXT], variants(event, _texts(event)))
    )
    return Peer(whole - parsing, whole - compiling)
