"""The Protocols between the services and the adapters: Clock, Spool, Upstream.

Law of this file: types only. An adapter may use nothing of a service; a service knows adapters by
these names alone. `tests/contract/` holds one suite a port, run over every implementation.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from relay.delivery import Decision, UpstreamResponse
from relay.limit_memory import KeyLimit
from relay.outcomes import Reason
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


@dataclass(frozen=True, slots=True)
class Expired:
    """What a spool let go because it was too old.

    Attributes:
        waiting: envelopes that were never delivered.
        dead: dead letters.
        damaged: files that were set aside because they were damaged.
        bytes: of all bodies, and of those files.
    """

    waiting: int = 0
    dead: int = 0
    damaged: int = 0
    bytes: int = 0

    def __add__(self, other: "Expired") -> "Expired":
        """Return both together."""
        return Expired(
            self.waiting + other.waiting,
            self.dead + other.dead,
            self.damaged + other.damaged,
            self.bytes + other.bytes,
        )


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """What is told of a dead letter; times in seconds since the Unix epoch, size in bytes."""

    number: int
    envelope_id: str
    project: str
    key: str
    categories: tuple[str, ...]
    size: int
    stored_at: float
    attempts: int
    reason: Reason


class DeadLetters(Protocol):
    """Envelopes that were buried: to look at, to send again, or to throw away."""

    async def list(self, limit: int, after: int = 0) -> Sequence[DeadLetter]:
        """Return up to `limit` of them with a number above `after`, in the order of numbers.

        Raises:
            SpoolUnavailableError: it cannot be read.
        """
        ...

    async def read(self, number: int) -> ScrubbedEnvelope | None:
        """Return the envelope of one; None if there is no such dead letter.

        Raises:
            SpoolUnavailableError: it cannot be read.
        """
        ...

    async def retry(self, numbers: Collection[int] | None = None) -> int:
        """Make some due at once, or all: as if just put, with no attempts; return how many.

        Raises:
            SpoolUnavailableError: it cannot be written; nothing was changed.
        """
        ...

    async def purge(self, numbers: Collection[int] | None = None) -> int:
        """Forget some, or all; return how many.

        Raises:
            SpoolUnavailableError: it cannot be written; nothing was changed.
        """
        ...


class Spool(Protocol):
    """The one queue. It takes only what the scrubber has made."""

    @property
    def dead(self) -> DeadLetters:
        """The dead letters in it."""
        ...

    async def check(self) -> None:
        """Return if an envelope could be stored now: it writes, and makes it durable.

        Raises:
            SpoolUnavailableError: it cannot be written.
        """
        ...

    async def share_limits(self, learned: Sequence[KeyLimit]) -> Sequence[KeyLimit]:
        """Tell limits to all who use this spool; return every one that is in force, from anybody.

        Of two for the same key, category and namespace the longer one stays.

        Raises:
            SpoolUnavailableError: it cannot be read or written.
        """
        ...

    async def put(self, envelope: ScrubbedEnvelope) -> bool:
        """Store an envelope; return only after it is durable.

        Returns:
            True when it was stored; False when it is a repeat, which is stored already.

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

    async def expire(self, *, dry_run: bool = False) -> Expired:
        """Let go of everything that is too old, though nobody puts or claims; from the disk, too.

        Claims that are held stay. What goes is told as ever, each envelope by itself.

        Args:
            dry_run: change nothing, and return what would go.

        Raises:
            SpoolUnavailableError: it cannot be written; some may be left.
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
