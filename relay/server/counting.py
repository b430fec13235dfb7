"""Counts what happens behind the answer: deliveries, dead letters, and what the spool gives up."""

from relay.delivery import Ack, Bury, RetryAt
from relay.forwarder import Delivery, Observe
from relay.metrics import Metrics
from relay.outcomes import Reason
from relay.spool.bounds import Dropped, OnDrop

_NEVER_SENT = frozenset({Reason.UNROUTABLE, Reason.INTERNAL})
"""Buried for one of these, an envelope did not reach an upstream, so none has answered."""


def delivery_counter(metrics: Metrics) -> Observe:
    """Make what a forwarder tells of every settled send."""

    def observe(delivery: Delivery) -> None:
        status = str(delivery.status) if delivery.status is not None else "error"
        match delivery.decision:
            case Ack():
                pass
            case RetryAt():
                metrics.count("relay_upstream_retries_total")
            case Bury(reason):
                metrics.count("relay_buried_total", reason=reason)
                if reason in _NEVER_SENT:
                    return
        metrics.count("relay_upstream_responses_total", status=status)

    return observe


def drop_counter(metrics: Metrics) -> OnDrop:
    """Make what a spool tells of every envelope that it gives up."""

    def on_drop(dropped: Dropped) -> None:
        if not dropped.buried:  # a dead letter was counted when it was buried
            metrics.count("relay_spool_dropped_total", reason=dropped.reason)

    return on_drop
