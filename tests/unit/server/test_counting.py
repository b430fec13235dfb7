"""What is counted behind the answer."""

import pytest

from relay.delivery import Ack, Bury, Decision, RetryAt
from relay.forwarder import Delivery
from relay.metrics import Metrics
from relay.outcomes import Reason
from relay.ports import Claim
from relay.server.counting import delivery_counter, drop_counter
from relay.spool.bounds import Dropped
from tests.fakes import envelope


def counted(decision: Decision, status: int | None) -> Metrics:
    """Return the metrics after one delivery."""
    metrics = Metrics()
    claim = Claim(1, envelope(), attempts=0, stored_at=0.0)
    delivery_counter(metrics)(Delivery(claim, decision, status, 0.1))
    return metrics


@pytest.mark.parametrize(
    ("decision", "status", "label", "retries"),
    [
        (Ack(), 200, "200", 0),
        (RetryAt(9.0), 503, "503", 1),
        (RetryAt(9.0), None, "error", 1),
        (Bury(Reason.REJECTED_UPSTREAM), 400, "400", 0),
    ],
)
def test_answers_of_the_upstream(
    decision: Decision, status: int | None, label: str, retries: int
) -> None:
    """Each send counts under the status of its answer, and each further try."""
    metrics = counted(decision, status)
    assert 1 == metrics.value("relay_upstream_responses_total", status=label)
    assert retries == metrics.value("relay_upstream_retries_total")


@pytest.mark.parametrize(
    ("reason", "sent"),
    [
        (Reason.REJECTED_UPSTREAM, True),
        (Reason.TRIES_EXHAUSTED, True),
        (Reason.UNROUTABLE, False),
        (Reason.INTERNAL, False),
    ],
)
def test_dead_letters_count_under_their_reason(reason: Reason, sent: bool) -> None:
    """What is buried counts under why, and as an answer only if something was sent."""
    metrics = counted(Bury(reason), None)
    assert 1 == metrics.value("relay_buried_total", reason=reason)
    assert sent == metrics.value("relay_upstream_responses_total", status="error")


@pytest.mark.parametrize("buried", [False, True])
def test_a_dead_letter_is_not_counted_twice(buried: bool) -> None:
    """What the spool gives up counts, but for dead letters, which were counted before."""
    metrics = Metrics()
    drop_counter(metrics)(Dropped("1", "a" * 32, ("error",), 9, Reason.EXPIRED, buried=buried))
    assert (not buried) == metrics.value("relay_spool_dropped_total", reason="expired")
