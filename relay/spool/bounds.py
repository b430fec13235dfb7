"""What every spool shares: its bounds, what it says when it drops, and how it knows a repeat."""

import hashlib
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from relay.outcomes import Reason
from relay.scrub.permit import ScrubbedEnvelope

CLAIM_BYTES = 16 * 1024 * 1024
"""One claim takes no more bytes of bodies than this, but always at least one envelope."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How much a spool holds, and for how long (seconds).

    Attributes:
        max_bytes: bodies of all envelopes together, dead letters included; dead letters give way
            to new envelopes, oldest first.
        max_age: envelopes that could not be delivered for so long are dropped as `expired`.
        max_dead_age: dead letters older than this are forgotten.
        repeat_window: an identical envelope put again within this time is stored once.
    """

    max_bytes: int = 500_000_000
    max_age: float = 86_400.0
    max_dead_age: float = 604_800.0
    repeat_window: float = 600.0

    def __post_init__(self) -> None:
        if self.max_bytes <= 0 or self.max_age <= 0 or self.max_dead_age <= 0:
            raise ValueError("a spool must be able to hold something")
        if self.repeat_window > self.max_age:
            # Else an envelope that has expired could be taken for one that is still held.
            object.__setattr__(self, "repeat_window", self.max_age)


@dataclass(frozen=True, slots=True)
class Dropped:
    """One envelope that a spool gave up.

    `buried` is true for a dead letter: its loss was counted when it was buried, under the reason
    that it was buried for, so whoever counts these leaves it out.
    """

    project: str
    key: str
    categories: tuple[str, ...]
    size: int
    reason: Reason
    buried: bool


OnDrop = Callable[[Dropped], None]
"""Called on the event loop for every envelope that a spool gives up by itself."""


def ignore_drop(_dropped: Dropped) -> None:
    """Count nothing; for tests and tools only."""


def fingerprint(envelope: ScrubbedEnvelope) -> bytes:
    """Return 32 bytes that are the same for the same envelope put again.

    The first line is left out: a client that sends again writes a new `sent_at` into it. Of the
    rest a checksum is enough, at half the time: only envelopes of one id and one size are told
    apart by it, and who makes two of those that have the same loses nothing but his own.
    """
    digest = hashlib.sha256()
    for text in (envelope.project, envelope.key, envelope.envelope_id):
        data = text.encode("utf-8", "replace")
        digest.update(len(data).to_bytes(4, "big") + data)
    end = envelope.body.find(b"\n")
    rest = memoryview(envelope.body)[end + 1 :] if end >= 0 else b""
    digest.update(len(rest).to_bytes(8, "big") + zlib.crc32(rest).to_bytes(4, "big"))
    return digest.digest()
