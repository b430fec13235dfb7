"""How long clients wait at half of what the relay can take, with and without a large upload beside.

First as much is sent as it takes. Then envelopes are due at half that rate, at even intervals,
and each one's time runs from when it was due: what a stall keeps waiting is charged to it. Then the
same again, while one more client sends envelopes with 50 MB of a log as their attachment, one after
the other, without a pause. On a busy machine the last of these takes longer than anybody waits.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.load.client import Result, Spec
from benchmarks.load.programs import Clients, Relay, send, upstream

CONNECTIONS = 64
UPLOAD = 50_000_000
PATIENCE = 60.0
"""Seconds that the last upload is waited for."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How long is measured, in seconds, without the upload and with it; bytes of the upload."""

    seconds: float
    upload: int


FULL, QUICK = Effort(20.0, UPLOAD), Effort(0.5, 2_000_000)


@dataclass(frozen=True, slots=True)
class Latency:
    """Seconds until the answer.

    Attributes:
        saturated, rate: envelopes a second when as much is sent as it takes, and then.
        quiet, beside: answers without and with the upload beside them.
        uploads: how those were answered, by status; "unanswered" for what nobody waited for.
        upload_bytes: the size of one.
    """

    saturated: float
    rate: float
    quiet: Result
    beside: Result
    uploads: dict[str, int]
    upload_bytes: int


def measure(folder: Path, pool: Path, effort: Effort) -> Latency:
    """Measure without the upload, then with it."""
    with upstream() as sink, Relay(folder / "latency", sink) as relay:
        port, path = relay.port, str(pool)
        send(Spec(port, path, 1, count=200))
        saturated = send(Spec(port, path, 2, seconds=effort.seconds / 4)).rate
        relay.drain()
        rate = max(1.0, saturated / 2)
        spec = Spec(port, path, 3, connections=CONNECTIONS, seconds=effort.seconds, rate=rate)
        quiet = send(spec)
        relay.drain()
        large = Spec(port, path, 4, connections=1, padding=effort.upload, keep_on=True)
        with Clients(large) as uploader:
            uploader.go()
            beside = send(replace(spec, run=5))
            uploads = uploader.stop_within(PATIENCE)
    return Latency(saturated, rate, quiet, beside, uploads.statuses, effort.upload)
