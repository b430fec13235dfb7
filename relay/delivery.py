"""What to do after the upstream has answered: a pure decision, no clock and no randomness inside."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from relay.outcomes import Reason


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
    """Try again at this time, seconds since the Unix epoch."""

    at: float


@dataclass(frozen=True, slots=True)
class Bury:
    """Keep it as a dead letter; it will not be tried again by itself."""

    reason: Reason


Decision = Ack | RetryAt | Bury
