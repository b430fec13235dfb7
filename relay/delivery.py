"""What to do after the upstream has answered: a pure decision, no clock and no randomness inside.

Law of this file: the time and the jitter are arguments. The forwarder carries out what is decided.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
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

    `tried` says whether a send was made; one that was only put back does not count as an attempt.
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
        cap: the longest wait of our own choosing.
        max_attempts: sends in all. With a cap of 300 s a spool's age limit of a day comes first.
        max_retry_after: the longest wait that an upstream can ask for.
    """

    base: float = 1.0
    factor: float = 2.0
    cap: float = 300.0
    max_attempts: int = 1_000
    max_retry_after: float = 3_600.0

    def __post_init__(self) -> None:
        if self.base <= 0 or self.factor < 1 or self.cap < self.base or self.max_attempts < 1:
            raise ValueError("a retry policy must wait and must end")


_WORTH_ANOTHER_TRY: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})
_ENOUGH_DOUBLINGS: Final = 64


def after_response(
    response: UpstreamResponse | None,
    *,
    attempts: int,
    now: float,
    jitter: float,
    policy: RetryPolicy,
) -> Decision:
    """Decide what becomes of an envelope after one send.

    Args:
        response: what the upstream answered; None when it was not reached or broke off.
        attempts: sends before this one.
        now: seconds since the Unix epoch.
        jitter: a random number in [0, 1), so that many envelopes do not come back at once.
        policy: how patiently to try.

    Returns:
        `Ack` on 2xx. `RetryAt` when not reached, on 408, 429 and 5xx: never before Retry-After,
        never later than `max(cap, max_retry_after)` from now. `Bury` on 3xx (redirects are not
        followed: they could lead anywhere) and on every other 4xx, and when the tries are used up.
    """
    if response is not None:
        if _is_success(response.status):
            return Ack()
        if _is_final(response.status):
            return Bury(Reason.REJECTED_UPSTREAM)
    if attempts + 1 >= policy.max_attempts:
        return Bury(Reason.TRIES_EXHAUSTED)
    wait = backoff(attempts, jitter, policy)
    if response is not None:
        asked = retry_after(response.headers.get(RETRY_AFTER, ""), now)
        wait = max(wait, min(asked, policy.max_retry_after))
    return RetryAt(now + wait)


def backoff(failures: int, jitter: float, policy: RetryPolicy) -> float:
    """Return seconds to wait after so many earlier failures.

    The ceiling grows by `factor` up to `cap`; the wait lies in its upper half, moved by the jitter.
    """
    doublings = min(failures, _ENOUGH_DOUBLINGS)
    try:
        ceiling = min(policy.cap, policy.base * policy.factor**doublings)
    except OverflowError:
        ceiling = policy.cap
    return ceiling * (1 + jitter) / 2


def retry_after(value: str, now: float) -> float:
    """Read a Retry-After header: seconds to wait, 0 for what is past or not understood."""
    return parse_retry_after(value, now) or 0.0


def _is_success(status: int) -> bool:
    return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES


def _is_final(status: int) -> bool:
    refused = HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    return refused and status not in _WORTH_ANOTHER_TRY


@dataclass(slots=True)
class Gate:
    """What is known of one upstream, and whether it is to be bothered now.

    Attributes:
        width: sends that may be under way to it at one time.
        in_flight: sends that are.
        proven: whether its last answer was that of a healthy server; until then, one at a time.
        failures: how often it was closed since then.
        closed_until: seconds since the Unix epoch; nothing is sent before.
    """

    width: int
    in_flight: int = 0
    proven: bool = False
    failures: int = 0
    closed_until: float = 0.0

    def room(self) -> int:
        """How many more sends may start."""
        return (self.width if self.proven else 1) - self.in_flight

    def learn(
        self, response: UpstreamResponse | None, *, now: float, jitter: float, policy: RetryPolicy
    ) -> None:
        """Close for a while when the upstream itself is unwell; open when it answers.

        Unwell is: not reached (None), or 5xx. A 429 is not: limits hold for a key and a category.
        """
        if response is not None and response.status < HTTPStatus.INTERNAL_SERVER_ERROR:
            self.proven, self.failures, self.closed_until = True, 0, 0.0
            return
        self.proven = False
        if self.closed_until > now:  # the sends of one burst fail together and count as one
            return
        wait = backoff(self.failures, jitter, policy)
        if response is not None:
            asked = retry_after(response.headers.get(RETRY_AFTER, ""), now)
            wait = max(wait, min(asked, policy.max_retry_after))
        self.failures += 1
        self.closed_until = now + wait
