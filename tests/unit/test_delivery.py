"""What is decided after a send."""

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.delivery import (
    Ack,
    Bury,
    Circuit,
    CircuitState,
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
    status: int | None,
    *,
    tries: int = 0,
    header: str | None = None,
    jitter: float = 0.0,
    others_pass: bool = True,
) -> Ack | RetryAt | Bury:
    given_headers = {} if header is None else {"retry-after": header}
    response = None if status is None else UpstreamResponse(status, given_headers)
    return after_response(
        response,
        attempts=tries,
        now=NOW,
        jitter=jitter,
        policy=POLICY,
        others_pass=others_pass,
    )


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
    waits = [backoff(failures, 0.0, POLICY, POLICY.cap) for failures in range(11)]
    assert [0.5, 1, 2, 4, 8, 16, 32, 64, 128, 150, 150] == waits


def test_tries_end_at_the_limit_only() -> None:
    """The last allowed try is made; after it the envelope is buried."""
    assert isinstance(decide(503, tries=98), RetryAt)
    assert Bury(Reason.TRIES_EXHAUSTED) == decide(503, tries=99)
    assert Bury(Reason.TRIES_EXHAUSTED) == decide(None, tries=99)


@pytest.mark.parametrize("tries", [99, 10**9])
def test_what_is_not_its_fault_uses_up_no_tries(tries: int) -> None:
    """A limit that is renewed for ever, and an outage, end by the envelope's age only."""
    assert isinstance(decide(429, tries=tries), RetryAt)
    assert isinstance(decide(503, tries=tries, others_pass=False), RetryAt)
    assert isinstance(decide(None, tries=tries, others_pass=False), RetryAt)


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
        assert tries + 1 < POLICY.max_attempts or status == 429
        assert decision.tried
    elif decision == Bury(Reason.TRIES_EXHAUSTED):
        assert tries + 1 >= POLICY.max_attempts


@settings(deadline=None, max_examples=100)
@given(
    status=st.sampled_from(RETRIED),
    tries=st.integers(0, 90),
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
    assert policy.base / 2 <= backoff(failures, jitter, policy, policy.cap) <= policy.cap


@pytest.mark.parametrize(
    "wrong", [{"base": 0}, {"factor": 0.5}, {"cap": 0.5}, {"circuit_cap": 0.5}, {"max_attempts": 0}]
)
def test_a_policy_without_end_is_refused(wrong: dict[str, float]) -> None:
    """A policy that would not wait, or not end, cannot be made."""
    with pytest.raises(ValueError, match="must wait"):
        RetryPolicy(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("policy", [{"max_attempts": 1}, {"cap": 2, "circuit_cap": 2, "base": 2}])
def test_the_shortest_policies_are_policies(policy: dict[str, int]) -> None:
    """One try is an end, and a wait that never grows is a wait."""
    assert policy == {name: getattr(RetryPolicy(**policy), name) for name in policy}  # type: ignore[arg-type]


def test_words_of_a_circuit() -> None:
    """The states are words that dashboards know."""
    assert {"closed", "open", "half_open"} == set(CircuitState)


def learn(circuit: Circuit, response: UpstreamResponse | None, now: float = NOW) -> None:
    circuit.learn(response, now=now, jitter=0.0, policy=POLICY)


def closed(width: int = 8) -> Circuit:
    return Circuit(width, state=CircuitState.CLOSED)


def test_a_new_circuit_lets_one_through() -> None:
    """An upstream gets one send at a time until it has answered well, then the whole width."""
    circuit = Circuit(8)
    assert CircuitState.HALF_OPEN is circuit.state
    assert 1 == circuit.room(NOW)
    circuit.in_flight = 1
    assert 0 == circuit.room(NOW)
    learn(circuit, UpstreamResponse(200))
    assert 7 == circuit.room(NOW)


@pytest.mark.parametrize("response", [None, UpstreamResponse(500), UpstreamResponse(503)])
def test_failures_in_a_row_open_a_circuit(response: UpstreamResponse | None) -> None:
    """Two failures may be chance; after the third nothing is sent for a while."""
    circuit = closed()
    learn(circuit, response)
    learn(circuit, response)
    assert 8 == circuit.room(NOW)
    learn(circuit, response)
    assert (CircuitState.OPEN, NOW + 0.5) == (circuit.state, circuit.open_until)
    assert (0, 0) == (circuit.room(NOW), circuit.room(NOW + 0.49))
    assert 1 == circuit.room(NOW + 0.5)
    assert CircuitState.HALF_OPEN == circuit.state


def test_failures_among_answers_open_nothing() -> None:
    """A failure now and then leaves an upstream its whole width."""
    circuit = closed()
    for _ in range(9):
        learn(circuit, None)
        learn(circuit, UpstreamResponse(503))
        learn(circuit, UpstreamResponse(200))
    assert closed() == circuit


def test_a_burst_counts_once() -> None:
    """What fails after a circuit was opened, and was under way by then, prolongs nothing."""
    circuit = closed()
    for _ in range(8):
        learn(circuit, None)
    assert (1, NOW + 0.5) == (circuit.openings, circuit.open_until)


def test_a_probe_that_fails_opens_for_longer() -> None:
    """Half open, one failure is enough; the waits double up to the cap."""
    circuit = Circuit(8)
    waits = []
    now = NOW
    for _ in range(11):
        assert 1 == circuit.room(now)
        learn(circuit, None, now)
        waits.append(circuit.open_until - now)
        now = circuit.open_until
    assert [0.5, 1, 2, 4, 8, *[15] * 6] == waits


@pytest.mark.parametrize("status", [200, 400, 403, 408, 429])
def test_an_upstream_that_answers_is_well(status: int) -> None:
    """Any answer under 500 closes a circuit: the server is well, whatever it thinks of it."""
    circuit = Circuit(8)
    learn(circuit, None)
    learn(circuit, UpstreamResponse(status))
    assert closed() == circuit


def test_a_circuit_heeds_retry_after() -> None:
    """A 503 with Retry-After opens a circuit at once, for so long, up to the limit."""
    circuit = closed()
    learn(circuit, UpstreamResponse(503, {"retry-after": "90"}))
    assert NOW + 90 == circuit.open_until
    circuit = closed()
    learn(circuit, UpstreamResponse(503, {"retry-after": "99999"}))
    assert NOW + 3_600 == circuit.open_until


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("1", 1), (format_datetime(datetime.fromtimestamp(NOW + 60, UTC), usegmt=True), 60)],
)
def test_a_circuit_heeds_each_form_of_retry_after(header: str, seconds: int) -> None:
    """One second is enough to open at once, and a date is a wait from now."""
    circuit = closed()
    learn(circuit, UpstreamResponse(503, {"retry-after": header}))
    assert NOW + seconds == circuit.open_until
