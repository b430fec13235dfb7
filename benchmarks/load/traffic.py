"""The envelopes of a load: other users' variants of one captured event of Suite, each with an id.

A pool of variants is drawn once from a fixed seed and kept in a file, one event a line. Whoever
sends takes them in turn, each time under a fresh event id: no two envelopes are identical, or the
second would be stored as a repeat. Identifiers, numbers and names differ in each variant, so that
a part of each event's texts is new to the relay; a pool that is used up holds more texts than
the relay remembers.
"""

import random
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import relay
from benchmarks.events import event_of
from benchmarks.variants import variant
from relay import jsonio

PROJECT, KEY = "5193825", "6d91ca6e6a5d4de7b47989455858b5f6"
TARGET = (
    f"/api/{PROJECT}/envelope/?sentry_key={KEY}&sentry_version=7"
    "&sentry_client=sentry.javascript.electron%2F4.24.0"
)
"""Where the captured client sends its envelopes to."""

_HEAD = (
    b'{"event_id":"%s","sent_at":"2026-11-23T17:33:23.652Z",'
    b'"sdk":{"name":"sentry.javascript.electron","version":"4.24.0"}}\n{"type":"event"}\n'
)
_BATCH = 50
_ID = 32


@dataclass(frozen=True, slots=True)
class Kind:
    """Which event is sent: its size and how much there is to scrub, as `benchmarks.events` says.

    Attributes:
        size, amount: as there.
        padding: bytes of an attachment with text beside the event.
    """

    size: str = "20 kB"
    amount: str = "much"
    padding: int = 0

    @property
    def file(self) -> str:
        """Return the name of its pool's file."""
        return f"{self.size}-{self.amount}.jsonl".replace(" ", "")


SUITE = Kind()
"""The 20 kB event as it was captured, with everything in it that could be planted."""


class Pool:
    """Variants of one event, and envelopes made of them."""

    def __init__(self, events: Sequence[bytes]) -> None:
        """Take the variants, as JSON."""
        self._events = events
        self._ids = [_own_id(event) for event in events]

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._events)

    def envelope(self, event_id: str, turn: int, padding: bytes = b"") -> bytes:
        """Return an envelope with the variant whose turn it is, under a given id."""
        at = turn % len(self._events)
        fresh = event_id.encode()
        body = _HEAD % fresh + self._events[at].replace(self._ids[at], fresh)
        if padding:
            head = b'\n{"type":"attachment","length":%d,"filename":"log.txt"}\n' % len(padding)
            body += head + padding
        return body

    def events(self, count: int) -> list[bytes]:
        """Return the first variants, as they are."""
        return list(self._events[:count])


def make_pool(folder: Path, kind: Kind, count: int) -> Path:
    """Write a pool of so many variants, and return its file; one that is there already stays."""
    path = folder / f"{count}-{kind.file}"
    if path.exists():
        return path
    scrubber = relay.load_scrubber(verify=False)
    text = event_of(kind.size, kind.amount, lambda event: scrubber.scrub_json(event).body).decode()
    starts = range(0, count, _BATCH)
    with ProcessPoolExecutor() as workers:
        batches = workers.map(
            _batch, [text] * len(starts), starts, [min(_BATCH, count - at) for at in starts]
        )
        path.write_bytes(b"".join(event + b"\n" for batch in batches for event in batch))
    return path


def load_pool(path: Path) -> Pool:
    """Read a pool."""
    return Pool(path.read_bytes().splitlines())


def event_id(run: int, number: int) -> str:
    """Return the id of an envelope: which run sent it, and its number there."""
    return f"{run:08x}{number:024x}"


def number_of(event_id: str) -> tuple[int, int]:
    """Return the run that sent an event, and its number there."""
    return int(event_id[:8], 16), int(event_id[8:], 16)


def _batch(text: str, first: int, count: int) -> list[bytes]:
    return [variant(text, random.Random(first + n)).encode() for n in range(count)]


def _own_id(event: bytes) -> bytes:
    found: str = jsonio.loads(event)["event_id"]
    return found.encode()
