"""How long clients wait at half of what the relay can take, with and without a large upload beside.

First as much is sent as it takes. Then envelopes are due at half that rate, at even intervals, and
each one's time runs from when it was due: what a stall keeps waiting is charged to it. In every
other round one more client sends an envelope with 50 MB of a log as its attachment, one after the
other, without a pause.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.load.client import Result, Spec
from benchmarks.load.programs import Clients, Relay, send, upstream

CONNECTIONS = 64
UPLOAD = 50_000_000


@dataclass(frozen=True, slots=True)
class Effort:
    """How long is measured: rounds of so many seconds, and bytes of the upload."""

    rounds: int
    seconds: float
    upload: int


FULL, QUICK = Effort(2, 10.0, UPLOAD), Effort(1, 0.5, 2_000_000)


@dataclass(frozen=True, slots=True)
class Latency:
    """Seconds until the answer.

    Attributes:
        saturated, rate: envelopes a second when as much is sent as it takes, and in the rounds.
        quiet, beside: answers without and with the upload beside them.
        uploads: how many of those were answered with 200, and others by status.
        upload_bytes: the size of one.
    """

    saturated: float
    rate: float
    quiet: Result
    beside: Result
    uploads: dict[str, int]
    upload_bytes: int


def measure(folder: Path, pool: Path, effort: Effort) -> Latency:
    """Measure rounds without and with the upload, in turn."""
    quiet, beside, uploads = Result(), Result(), Result()
    with upstream() as sink, Relay(folder / "latency", sink) as relay:
        port, path = relay.port, str(pool)
        send(Spec(port, path, 1, count=200))
        saturated = send(Spec(port, path, 2, seconds=effort.seconds / 2)).rate
        relay.drain()
        rate = max(1.0, saturated / 2)
        for number in range(effort.rounds):
            run = 10 + 10 * number
            spec = Spec(port, path, run, connections=CONNECTIONS, seconds=effort.seconds, rate=rate)
            _add(quiet, send(spec))
            relay.drain()
            large = Spec(port, path, run + 1, connections=1, padding=effort.upload, keep_on=True)
            with Clients(large) as uploader:
                uploader.go()
                _add(beside, send(replace(spec, run=run + 2)))
                _add(uploads, uploader.stop())
            relay.drain()
    return Latency(saturated, rate, quiet, beside, uploads.statuses, effort.upload)


def _add(whole: Result, part: Result) -> None:
    """Add what came of one round."""
    whole.seconds += part.seconds
    whole.accepted += part.accepted
    whole.latencies += part.latencies
    for status, count in part.statuses.items():
        whole.statuses[status] = whole.statuses.get(status, 0) + count
