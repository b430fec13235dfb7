"""What is decided after a send."""

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.delivery import (
    Ack,
    Bury,
    Gate,
    RetryAt,
    RetryPolicy,
    UpstreamResponse,
    after_response,
    backoff,
    retry_after,
)
from relay.outcomes import Reason

NOW = 1_700_000_000.0
POLICY = RetryPolicy()
RETRIED = (408, 429, 500, 502, 503, 504, 599)

statuses = st.integers(100, 599)
jitters = st.floats(0, 1, exclude_max=True)
attempts = st.integers(0, 10**9)
headers = st.text() | st.integers().map(str) | st.floats().map(str)


def decide(
    status: int | None, *, tries: int = 0, header: str | None = None, jitter: float = 0.0
) -> Ack | RetryAt | Bury:
    given_headers = {} if header is None else {"retry-after": header}
    response = None if status is None else UpstreamResponse(status, given_headers)
    return after_response(response, attempts=tries, now=NOW, jitter=jitter, policy=POLICY)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_success_is_acknowledged(status: int) -> None:
    """Any 2xx ends an envelope's way."""
    assert Ack() == decide(status)


@pytest.mark.parametrize("status", [300, 301, 302, 307, 400, 401, 403, 404, 413, 415, 422, 451])
def test_refusal_is_buried(status: int) -> None:
    """Redirects and refusals are not tried again."""
    assert Bury(Reason.REJECTED_UPSTREAM) == decide(status)


@pytest.mark.parametrize("status", [None, *RETRIED])
def test_what_may_pass_is_tried_again(status: int | None) -> None:
    """No answer, 408, 429 and 5xx are tried again, half a second to a second later at first."""
    assert RetryAt(NOW + 0.5) == decide(status)
    assert RetryAt(NOW + 0.75) == decide(status, jitter=0.5)


def test_waits_grow_to_the_cap() -> None:
    """Each wait is double the one before, up to 300 seconds."""
    waits = [backoff(failures, 0.0, POLICY) for failures in range(11)]
    assert [0.5, 1, 2, 4, 8, 16, 32, 64, 128, 150, 150] == waits


def test_tries_end_at_the_limit_only() -> None:
    """The last allowed try is made; after it the envelope is buried."""
    assert isinstance(decide(503, tries=998), RetryAt)
    assert Bury(Reason.TRIES_EXHAUSTED) == decide(503, tries=999)
    assert Bury(Reason.TRIES_EXHAUSTED) == decide(None, tries=999)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        (" 7 ", 7.0),
        ("1.5", 1.5),
        ("0", 0.0),
        ("", 0.0),
        ("-5", 0.0),
        ("1.2.3", 0.0),
        ("soon", 0.0),
        ("nan", 0.0),
        ("inf", 0.0),
        ("1e9", 0.0),
        ("٣", 0.0),
        (format_datetime(datetime.fromtimestamp(NOW + 60, UTC), usegmt=True), 60.0),
        (format_datetime(datetime.fromtimestamp(NOW - 60, UTC), usegmt=True), 0.0),
        ("Tue, 14 Nov 2023 22:14:20 -0000", 60.0),
        ("Tue, 14 Nov 99999 22:14:20 GMT", 0.0),
        ("Tue, 32 Nov 2023 22:14:20 GMT", 0.0),
    ],
)
def test_retry_after_is_read(header: str, seconds: float) -> None:
    """Seconds and dates are understood; the past, the negative and garbage are no wait."""
    assert seconds == retry_after(header, NOW)


@pytest.mark.parametrize("header", ["999999999", "9" * 5000, "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_an_absurd_wait_is_capped(header: str) -> None:
    """No upstream can ask for more than an hour."""
    assert RetryAt(NOW + 3_600) == decide(429, header=header)


@settings(deadline=None, max_examples=200)
@given(status=st.none() | statuses, tries=attempts, jitter=jitters, header=headers)
def test_any_answer_has_a_bounded_decision(
    status: int | None, tries: int, jitter: float, header: str
) -> None:
    """Whatever is answered, a retry lies in the future and inside of the bounds."""
    decision = decide(status, tries=tries, header=header, jitter=jitter)
    if isinstance(decision, RetryAt):
        assert NOW < decision.at <= NOW + max(POLICY.cap, POLICY.max_retry_after)
        assert tries + 1 < POLICY.max_attempts
        assert decision.tried
    elif decision == Bury(Reason.TRIES_EXHAUSTED):
        assert tries + 1 >= POLICY.max_attempts


@settings(deadline=None, max_examples=100)
@given(
    status=st.sampled_from(RETRIED),
    tries=st.integers(0, 900),
    jitter=jitters,
    seconds=st.integers(0, 3_600),
)
def test_never_before_retry_after(status: int, tries: int, jitter: float, seconds: int) -> None:
    """A retry is never earlier than the upstream asked for."""
    decision = decide(status, tries=tries, header=str(seconds), jitter=jitter)
    assert isinstance(decision, RetryAt)
    assert decision.at >= NOW + seconds


@given(failures=attempts, jitter=jitters, factor=st.floats(1, 1e300))
@settings(deadline=None, max_examples=100)
def test_a_wait_is_always_finite(failures: int, jitter: float, factor: float) -> None:
    """No number of failures makes a wait overflow, vanish or pass the cap."""
    policy = RetryPolicy(factor=factor)
    assert policy.base / 2 <= backoff(failures, jitter, policy) <= policy.cap


@pytest.mark.parametrize("wrong", [{"base": 0}, {"factor": 0.5}, {"cap": 0.5}, {"max_attempts": 0}])
def test_a_policy_without_end_is_refused(wrong: dict[str, float]) -> None:
    """A policy that would not wait, or not end, cannot be made."""
    with pytest.raises(ValueError, match="must wait"):
        RetryPolicy(**wrong)  # type: ignore[arg-type]


def learn(gate: Gate, response: UpstreamResponse | None, now: float = NOW) -> None:
    gate.learn(response, now=now, jitter=0.0, policy=POLICY)


def test_a_new_gate_lets_one_through() -> None:
    """An upstream gets one send at a time until it has answered well, then the whole width."""
    gate = Gate(8)
    assert 1 == gate.room()
    gate.in_flight = 1
    assert 0 == gate.room()
    learn(gate, UpstreamResponse(200))
    assert 7 == gate.room()


@pytest.mark.parametrize("response", [None, UpstreamResponse(500), UpstreamResponse(503)])
def test_an_unwell_upstream_is_left_alone_longer_each_time(
    response: UpstreamResponse | None,
) -> None:
    """A gate closes on no answer and on 5xx; failures of one burst count once."""
    gate = Gate(8, proven=True)
    learn(gate, response)
    learn(gate, response)
    assert (NOW + 0.5, 1, False) == (gate.closed_until, gate.failures, gate.proven)
    learn(gate, response, NOW + 0.5)
    assert NOW + 1.5 == gate.closed_until


@pytest.mark.parametrize("status", [200, 400, 403, 429])
def test_an_upstream_that_answers_is_open(status: int) -> None:
    """Any answer under 500 opens a gate: the server is well, whatever it thinks of an envelope."""
    gate = Gate(8)
    learn(gate, None)
    learn(gate, UpstreamResponse(status))
    assert Gate(8, proven=True) == gate


def test_a_gate_heeds_retry_after() -> None:
    """A 503 with Retry-After closes the gate for so long, up to the limit."""
    gate = Gate(8)
    learn(gate, UpstreamResponse(503, {"retry-after": "90"}))
    assert NOW + 90 == gate.closed_until
    gate = Gate(8)
    learn(gate, UpstreamResponse(503, {"retry-after": "99999"}))
    assert NOW + 3_600 == gate.closed_until
