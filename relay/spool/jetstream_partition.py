"""What is known of one upstream's part of the stream, and what was pulled of it."""

import asyncio
from dataclasses import dataclass, field
from typing import Final

from relay.ports import Lane
from relay.spool.jetstream_letters import Letter

BATCH: Final = 16
"""A pull asks for so many, or for as many as are wanted at once."""


@dataclass(slots=True)
class Pulled:
    """A message of the stream that this relay has.

    Attributes:
        seq: its number in the stream.
        letter: what it holds; None where that cannot be read.
        size: in bytes.
        reply: where it is acknowledged.
        delivered: how often it was given out.
        at: when it came, by the event loop's time.
    """

    seq: int
    token: str
    letter: Letter | None
    size: int
    reply: str
    delivered: int
    at: float

    @property
    def lane(self) -> Lane | None:
        """The project and key."""
        envelope = None if self.letter is None else self.letter.envelope
        return None if envelope is None else (envelope.project, envelope.key)


@dataclass(slots=True)
class Probe:
    """A pull that does not wait: its number, what it may still bring, what was put before it."""

    number: int
    left: int
    puts: int
    answered: asyncio.Future[bool]


@dataclass(slots=True)
class Partition:
    """One upstream's envelopes.

    Attributes:
        made: whether its consumer is there.
        quiet: whether the stream has said that it has none due but those in the buffer. What falls
            due later, because its time has come or another relay has died, only a pull brings.
        puts: how often there was something new since the start.
        put: the last number in the stream that this relay has put, and `seen` that it has got.
        poll: the number of the pull that waits, until when it does, and what it may still bring.
    """

    token: str
    made: bool = False
    quiet: bool = False
    puts: int = 0
    put: int = 0
    seen: int = 0
    buffer: dict[int, Pulled] = field(default_factory=dict)
    probe: Probe | None = None
    poll: int = 0
    poll_ends: float = 0.0
    poll_left: int = 0

    def is_thin(self, now: float | None = None) -> bool:
        """Whether to ask for more: little is here, and there may be more.

        With `now`, the event loop's time, there may be also where no pull waits.
        """
        quiet = self.quiet and (now is None or self.is_polled(now))
        return len(self.buffer) < BATCH and not quiet

    def is_polled(self, now: float) -> bool:
        """Whether a pull waits, by the event loop's time, and brings what falls due."""
        return self.poll_left > 0 and now < self.poll_ends
