"""What to do after the upstream has answered: a pure decision, no clock and no randomness inside.

Law of this file: the time and the jitter are arguments. The forwarder carries out what is decided.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from typing import Final

from relay.outcomes import Reason
from relay.protocol.rate_limits import RETRY_AFTER, parse_retry_after


@dataclass(frozen=True, slots=True)
class UpstreamResponse:
    """What an upstream answered: HTTP status and headers (names in lower case)."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ack:
    """Delivered; forget it."""


@dataclass(frozen=True, slots=True)
class RetryAt:
    """Try again at this time, seconds since the Unix epoch.

    `tried` says whether it counts as an attempt: not what was only put back, or met with a limit.
    """

    at: float
    tried: bool = True


@dataclass(frozen=True, slots=True)
class Bury:
    """Keep it as a dead letter; it will not be tried again by itself."""

    reason: Reason


Decision = Ack | RetryAt | Bury


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How patiently an envelope is tried again; times in seconds.

    Attributes:
        base: the longest wait after the first failure.
        factor: how much longer the wait is after each further failure.
        cap: the longest wait of our own choosing, for an envelope.
        circuit_cap: the same for a circuit: how long at most an upstream is not asked.
        max_attempts: sends after which an envelope that fails while others pass is given up; with
            a cap of 300 s that takes eight hours. While nothing passes, only its age ends it.
        max_retry_after: the longest wait that an upstream can ask for.
        failures_to_open: failures one after the other that open a circuit.
    """

    base: float = 1.0
    factor: float = 2.0
    cap: float = 300.0
    circuit_cap: float = 30.0
    max_attempts: int = 100
    max_retry_after: float = 3_600.0
    failures_to_open: int = 3

    def __post_init__(self) -> None:
        caps = min(self.cap, self.circuit_cap)
        if self.base <= 0 or self.factor < 1 or caps < self.base or self.max_attempts < 1:
            raise ValueError("a retry policy must wait and must end")


_WORTH_ANOTHER_TRY: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})


def after_response(
    response: UpstreamResponse | None,
    *,
    attempts: int,
    now: float,
    jitter: float,
    policy: RetryPolicy,
    others_pass: bool,
) -> Decision:
    """Decide what becomes of an envelope after one send.

    Args:
        response: what the upstream answered; None when it was not reached or broke off.
        attempts: sends before this one.
        now: seconds since the Unix epoch.
        jitter: a random number in [0, 1), so that many envelopes do not come back at once.
        policy: how patiently to try.
        others_pass: whether the upstream takes other envelopes, as far as is known.

    Returns:
        `Ack` on 2xx. `RetryAt` when not reached, on 408, 429 and 5xx: never before Retry-After,
        never later than `max(cap, max_retry_after)` from now. `Bury` on 3xx (redirects are not
        followed: they could lead anywhere) and on every other 4xx; and when the tries are used up
        though others pass, for then it is this envelope that fails. A 429 uses up no tries: it
        speaks of a limit, not of the envelope, and may be renewed as often as the upstream likes.
    """
    if response is not None:
        if _is_success(response.status):
            return Ack()
        if _is_final(response.status):
            return Bury(Reason.REJECTED_UPSTREAM)
    limited = response is not None and response.status == HTTPStatus.TOO_MANY_REQUESTS
    if others_pass and not limited and attempts + 1 >= policy.max_attempts:
        return Bury(Reason.TRIES_EXHAUSTED)
    wait = backoff(attempts, jitter, policy, policy.cap)
    if response is not None:
        wait = max(wait, _asked(response, now, policy))
    return RetryAt(now + wait)


def backoff(failures: int, jitter: float, policy: RetryPolicy, cap: float) -> float:
    """Return seconds to wait after so many earlier failures.

    The ceiling grows by `factor` up to `cap`; the wait lies in its upper half, moved by the jitter.
    """
    try:
        ceiling = min(cap, policy.base * float(policy.factor) ** failures)
    except OverflowError:
        ceiling = cap
    return ceiling * (1 + jitter) / 2


def retry_after(value: str, now: float) -> float:
    """Read a Retry-After header: seconds to wait, 0 for what is past or not understood."""
    return parse_retry_after(value, now) or 0.0


def _is_success(status: int) -> bool:
    return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES


def _is_final(status: int) -> bool:
    refused = HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    return refused and status not in _WORTH_ANOTHER_TRY


def _asked(response: UpstreamResponse, now: float, policy: RetryPolicy) -> float:
    return min(retry_after(response.headers.get(RETRY_AFTER, ""), now), policy.max_retry_after)


class CircuitState(StrEnum):
    """Whether an upstream is sent to."""

    CLOSED = "closed"
    """It answers: as many sends at one time as are allowed."""
    OPEN = "open"
    """It is unwell: nothing is sent for a while."""
    HALF_OPEN = "half_open"
    """Not known, or not known any more: one send at a time, to find out."""


@dataclass(slots=True)
class Circuit:
    """What is known of one upstream, and whether it is to be bothered now.

    Half open at first; closed by any answer of a healthy server; opened by `failures_to_open`
    failures one after the other, by a 5xx that says how long to wait, and by one failure while it
    is half open. Each time it stays open for longer, up to a cap that is short, for all that waits
    has to wait so long after the upstream is back, and one send costs nobody much.

    Attributes:
        width: sends that may be under way to it at one time.
        in_flight: sends that are.
        state: as of the last answer; an open one is to be half opened at its time.
        failures: one after the other, while it is closed.
        openings: how often it was opened since it was closed last.
        open_until: seconds since the Unix epoch; nothing is sent before.
    """

    width: int
    in_flight: int = 0
    state: CircuitState = CircuitState.HALF_OPEN
    failures: int = 0
    openings: int = 0
    open_until: float = 0.0

    def room(self, now: float) -> int:
        """How many more sends may start now; an open circuit whose time has come is half opened."""
        if self.state is CircuitState.OPEN:
            if self.open_until > now:
                return 0
            self.state = CircuitState.HALF_OPEN
        allowed = self.width if self.state is CircuitState.CLOSED else 1
        return max(0, allowed - self.in_flight)

    def learn(
        self, response: UpstreamResponse | None, *, now: float, jitter: float, policy: RetryPolicy
    ) -> None:
        """Take in what became of a send.

        A failure is: not reached (None), or 5xx. A 429 is none: limits hold for a key and a
        category. Of a burst whose sends fail together only the first opens the circuit.
        """
        if response is not None and response.status < HTTPStatus.INTERNAL_SERVER_ERROR:
            self.state, self.open_until = CircuitState.CLOSED, 0.0
            self.failures = self.openings = 0
            return
        if self.open_until > now:
            return
        self.failures += 1
        asked = 0.0 if response is None else _asked(response, now, policy)
        enough = asked > 0 or self.failures >= policy.failures_to_open
        if self.state is CircuitState.CLOSED and not enough:
            return
        self.state = CircuitState.OPEN
        self.open_until = now + max(
            backoff(self.openings, jitter, policy, policy.circuit_cap), asked
        )
        self.openings += 1
