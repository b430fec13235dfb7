"""Counts what happens behind the answer: deliveries, dead letters, limits, what the spool gives up.

What is lost there is noted for client reports too.
"""

from collections.abc import Callable, Collection

from relay.clock import SystemClock
from relay.config import ANY
from relay.delivery import Ack, Bury, CircuitState, RetryAt
from relay.errors import RequestError
from relay.losses import LossCounter
from relay.metrics import Metrics
from relay.outcomes import Reason
from relay.outlets import ObserveCircuit
from relay.ports import Clock, Upstream
from relay.protocol.enforcement import Limit
from relay.protocol.envelope import parse
from relay.protocol.item_kinds import kind_of
from relay.protocol.quantities import estimate, quantities
from relay.protocol.rate_limits import ALL
from relay.scrub.permit import ScrubbedEnvelope
from relay.settling import Delivery, Observe
from relay.spool.bounds import Dropped, OnDrop

_NEVER_SENT = frozenset({Reason.UNROUTABLE, Reason.INTERNAL})
"""Buried for one of these, an envelope did not reach an upstream, so none has answered."""


def delivery_counter(
    metrics: Metrics,
    losses: LossCounter,
    *,
    projects: Collection[str] = (),
    clock: Clock | None = None,
) -> Observe:
    """Make what a forwarder tells of every settled send.

    Args:
        metrics: where it is counted.
        losses: where the items of dead letters are noted.
        projects: the configured ids; others come from clients, and count as those of the catch-all.
        clock: the time; None for the system's.
    """
    time = clock or SystemClock()

    def observe(delivery: Delivery) -> None:
        claim = delivery.claim
        status = str(delivery.status) if delivery.status is not None else "error"
        match delivery.decision:
            case Ack():
                metrics.observe("relay_delivery_seconds", max(0.0, time.now() - claim.stored_at))
            case RetryAt():
                metrics.count("relay_upstream_retries_total")
            case Bury(reason):
                metrics.count("relay_buried_total", reason=reason)
                _note(losses, claim.envelope, reason)
                if reason in _NEVER_SENT:
                    return
        project = claim.envelope.project if claim.envelope.project in projects else ANY
        metrics.count("relay_upstream_responses_total", project=project, status=status)
        metrics.observe("relay_upstream_send_seconds", delivery.seconds)

    return observe


def circuit_gauge(metrics: Metrics, id_of: Callable[[Upstream], str]) -> ObserveCircuit:
    """Make what a forwarder tells of every state that a circuit enters.

    Args:
        metrics: where the states stand.
        id_of: tells the configured project that an upstream is named by.
    """

    def observe(upstream: Upstream, state: CircuitState) -> None:
        project = id_of(upstream)
        for one in CircuitState:
            metrics.gauge("relay_upstream_circuit", one is state, project=project, state=one)

    return observe


def drop_counter(metrics: Metrics, losses: LossCounter) -> OnDrop:
    """Make what a spool tells of every envelope that it gives up."""

    def on_drop(dropped: Dropped) -> None:
        if not dropped.buried:  # a dead letter was counted when it was buried
            metrics.count("relay_spool_dropped_total", reason=dropped.reason)
            counted = estimate(dropped.categories, dropped.size)
            losses.add((dropped.project, dropped.key), dropped.reason, counted)

    return on_drop


def limit_counter(metrics: Metrics) -> Callable[[Limit], None]:
    """Make what a memory of limits tells of every limit that it learns."""
    ends: dict[str, float] = {}

    def on_learn(limit: Limit) -> None:
        category = "all" if limit.category == ALL else limit.category
        ends[category] = max(limit.until, ends.get(category, 0.0))
        metrics.count("relay_rate_limits_total", category=category)
        metrics.gauge("relay_rate_limited_until_seconds", ends[category], category=category)

    return on_learn


def _note(losses: LossCounter, envelope: ScrubbedEnvelope, reason: Reason) -> None:
    """Note every item of an envelope that became a dead letter."""
    try:
        items = parse(envelope.body).items
    except RequestError:  # over a limit of today: its project may have others
        losses.add((envelope.project, envelope.key), reason, estimate(envelope.categories, 1))
        return
    for item in items:
        counted = quantities(kind_of(item.headers), item)
        losses.add((envelope.project, envelope.key), reason, counted)
