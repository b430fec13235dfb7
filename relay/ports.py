"""The Protocols between the services and the adapters: Clock, Spool, Upstream.

Law of this file: types only. An adapter may use nothing of a service; a service knows adapters by
these names alone. `tests/contract/` holds one suite a port, run over every implementation.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from relay.delivery import Decision, UpstreamResponse
from relay.scrub.permit import ScrubbedEnvelope


class Clock(Protocol):
    """Time, so that tests can own it."""

    def now(self) -> float:
        """Return seconds since the Unix epoch."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after so many seconds."""
        ...


Lane = tuple[str, str]
"""Project and key: what a forwarder can leave out while their upstream is not to be bothered."""


@dataclass(frozen=True, slots=True)
class Claim:
    """An envelope that one forwarder has taken from the spool and must settle.

    `attempts` counts the sends before this one; `stored_at` is seconds since the Unix epoch.
    """

    claim_id: int
    envelope: ScrubbedEnvelope = field(repr=False)
    attempts: int
    stored_at: float


@dataclass(frozen=True, slots=True)
class SpoolStatus:
    """What a spool holds: counts of envelopes, bytes of bodies, age of the oldest in seconds."""

    ready: int
    claimed: int
    buried: int
    bytes: int
    oldest_age: float


class Spool(Protocol):
    """The one queue. It takes only what the scrubber has made."""

    async def put(self, envelope: ScrubbedEnvelope) -> None:
        """Store an envelope; return only after it is durable.

        Raises:
            SpoolFullError: the bound in bytes is reached.
            SpoolUnavailableError: it cannot be written.
        """
        ...

    async def claim(self, limit: int, skip: Collection[Lane] = ()) -> Sequence[Claim]:
        """Take up to `limit` envelopes that are due, oldest first; none of them is given twice.

        Envelopes of the lanes in `skip` are left where they are.

        Raises:
            SpoolUnavailableError: it cannot be written; nothing was taken.
        """
        ...

    async def settle(self, settlements: Sequence[tuple[Claim, Decision]]) -> None:
        """Carry out decisions on claims: forget, make due again later, or move to dead letters.

        All of them or none. A claim that was settled before is left alone.

        Raises:
            SpoolUnavailableError: it cannot be written; nothing was changed.
        """
        ...

    async def wait(self, timeout: float, skip: Collection[Lane] = ()) -> None:  # noqa: ASYNC109
        """Return when something outside of `skip` may be due, or after `timeout` seconds.

        Raises:
            SpoolUnavailableError: it cannot be read.
        """
        ...

    async def status(self) -> SpoolStatus:
        """Count what is held."""
        ...

    async def close(self) -> None:
        """Release claims and files. Nothing that was put is lost."""
        ...


class Upstream(Protocol):
    """Where clean envelopes go: another Sentry, or a folder."""

    async def send(self, envelope: ScrubbedEnvelope) -> UpstreamResponse:
        """Deliver one envelope once.

        Raises:
            UpstreamError: it was not reached, or the connection broke; worth another try.
        """
        ...

    async def close(self) -> None:
        """Close connections. May be repeated."""
        ...
