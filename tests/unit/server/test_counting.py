"""What is counted behind the answer."""

from pathlib import Path

import pytest

from relay.delivery import Ack, Bury, CircuitState, Decision, RetryAt
from relay.losses import LossCounter
from relay.metrics import Metrics
from relay.outcomes import Reason
from relay.ports import Claim
from relay.protocol.enforcement import Limit
from relay.scrub.permit import ScrubbedEnvelope, grant
from relay.server.counting import (
    circuit_gauge,
    delivery_counter,
    drop_counter,
    limit_counter,
)
from relay.settling import Delivery
from relay.sinks import FileSink
from relay.spool.bounds import Dropped
from tests.fakes import FakeClock, envelope


def counted(decision: Decision, status: int | None) -> Metrics:
    """Return the metrics after one delivery."""
    metrics = Metrics()
    clock = FakeClock()
    claim = Claim(1, envelope(), attempts=0, stored_at=clock.now() - 3.0)
    observe = delivery_counter(metrics, LossCounter(), projects={"1"}, clock=clock)
    observe(Delivery(claim, decision, status, 0.125))
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
    assert 1 == metrics.value("relay_upstream_responses_total", project="1", status=label)
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
    assert sent == metrics.value("relay_upstream_responses_total", project="1", status="error")
    assert sent == metrics.value("relay_upstream_send_seconds_count")


def test_a_circuit_has_one_state_at_a_time() -> None:
    """The state that an upstream has is 1, the others are 0; it is named by a project."""
    metrics = Metrics()
    observe = circuit_gauge(metrics, lambda _: "7")
    upstream = FileSink(Path("nowhere"), FakeClock())
    for state in (CircuitState.HALF_OPEN, CircuitState.OPEN):
        observe(upstream, state)
    found = {s: metrics.value("relay_upstream_circuit", project="7", state=s) for s in CircuitState}
    assert {"closed": 0, "open": 1, "half_open": 0} == found


def test_how_long_it_took() -> None:
    """A send by itself, whatever came of it; the whole way from the spool's door if it arrived."""
    for decision, arrived in ((Ack(), 1), (RetryAt(9.0), 0), (Bury(Reason.REJECTED_UPSTREAM), 0)):
        metrics = counted(decision, 200)
        assert 0.125 == metrics.value("relay_upstream_send_seconds_sum")
        assert arrived == metrics.value("relay_delivery_seconds_count")
        assert 3.0 * arrived == metrics.value("relay_delivery_seconds_sum")


def test_a_project_that_only_a_client_names_is_no_label() -> None:
    """Behind a catch-all clients choose the project; it counts under the catch-all's."""
    metrics = Metrics()
    claim = Claim(1, envelope(project="31337"), attempts=0, stored_at=0.0)
    observe = delivery_counter(metrics, LossCounter(), projects={"1"})
    observe(Delivery(claim, Ack(), 200, 0.1))
    assert b"31337" not in metrics.render()
    assert 1 == metrics.value("relay_upstream_responses_total", project="*", status="200")


@pytest.mark.parametrize("buried", [False, True])
def test_a_dead_letter_is_not_counted_twice(buried: bool) -> None:
    """What the spool gives up counts, but for dead letters, which were counted before."""
    metrics, losses = Metrics(), LossCounter()
    dropped = Dropped("1", "a" * 32, ("log_item", "log_byte"), 9, Reason.EXPIRED, buried=buried)
    drop_counter(metrics, losses)(dropped)
    assert (not buried) == metrics.value("relay_spool_dropped_total", reason="expired")
    lost = {(Reason.EXPIRED, "log_item"): 1, (Reason.EXPIRED, "log_byte"): 9}
    assert ({} if buried else {("1", "a" * 32): lost}) == losses.take()


def lost(body: bytes) -> dict[str, int]:
    """Return what is noted of an envelope that was refused for ever."""
    losses = LossCounter()
    one = replace_body(envelope(), body)
    claim = Claim(1, one, attempts=0, stored_at=0.0)
    decision = Bury(Reason.REJECTED_UPSTREAM)
    delivery_counter(Metrics(), losses)(Delivery(claim, decision, 400, 0.1))
    sums = losses.take().get((one.project, one.key), {})
    assert {reason for reason, _ in sums} <= {Reason.REJECTED_UPSTREAM}
    return {category: quantity for (_, category), quantity in sums.items()}


def replace_body(one: ScrubbedEnvelope, body: bytes) -> ScrubbedEnvelope:
    """Return an envelope with another body."""
    return grant(
        body=body,
        envelope_id=one.envelope_id,
        project=one.project,
        key=one.key,
        client=one.client,
        categories=one.categories,
    )


def test_each_item_of_a_dead_letter_is_a_loss() -> None:
    """By its own kind and size; a client report in it is none, and one alone is no loss at all."""
    report = b'{"type":"client_report"}\n{"discarded_events":[]}\n'
    event = b'{"type":"event"}\n{}\n'
    attachment = b'{"type":"attachment","length":7}\n1234567\n'
    assert {"error": 1, "attachment": 7, "attachment_item": 1} == lost(
        b"{}\n" + event + attachment + report
    )
    assert {} == lost(b"{}\n" + report)


def test_a_dead_letter_that_does_not_parse_is_estimated() -> None:
    """Its categories are known."""
    assert {"error": 1} == lost(b"not an envelope")


def test_nothing_is_lost_that_was_delivered_or_waits() -> None:
    """Only what is buried is a loss."""
    losses = LossCounter()
    for decision in (Ack(), RetryAt(9.0)):
        claim = Claim(1, envelope(), attempts=0, stored_at=0.0)
        delivery_counter(Metrics(), losses)(Delivery(claim, decision, 200, 0.1))
    assert {} == losses.take()


def test_limits_are_counted_by_category() -> None:
    """Each that is learned, and when the last of a category ends."""
    metrics = Metrics()
    learn = limit_counter(metrics)
    for limit in (Limit(90.0, "error"), Limit(60.0, "error"), Limit(70.0, "")):
        learn(limit)
    name = "relay_rate_limited_until_seconds"
    assert (90.0, 70.0) == (
        metrics.value(name, category="error"), metrics.value(name, category="all"),
    )  # fmt: skip
    assert 2 == metrics.value("relay_rate_limits_total", category="error")
