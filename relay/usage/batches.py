"""Many clean events in one envelope of the spool, and out of it again.

A body is lines of JSON: the first says where its records are kept and how many they are, each other
one is a record as it will be kept. Law of this file: what is not exactly so is no batch.
"""

from collections.abc import Sequence
from typing import Any, Final

from relay import jsonio
from relay.scrub.permit import ScrubbedEnvelope, grant
from relay.usage.model import CleanEvent, Partition, Record

KEY: Final = "0" * 32
"""Of all batches: usage events belong to an app, and to no project's key."""

CATEGORY: Final = "usage"


def pack(events: Sequence[CleanEvent], envelope_id: str) -> ScrubbedEnvelope:
    """Make one envelope of events.

    Args:
        events: of one partition, at least one.
        envelope_id: 32 hex digits: a random one, or that of a decision to opt out, by which the
            spool knows a repeat of it.

    Raises:
        ValueError: they are of several partitions, or none.
    """
    partitions = {event.partition for event in events}
    if len(partitions) != 1:
        raise ValueError("a batch is of one partition")
    (partition,) = partitions
    header = {
        "record": partition.record,
        "app": partition.app,
        "environment": partition.environment,
        "day": partition.day,
        "hour": partition.hour,
        "count": len(events),
    }
    lines = [jsonio.dumps(header), *(event.line for event in events), b""]
    return grant(
        body=b"\n".join(lines),
        envelope_id=envelope_id,
        project=partition.app,
        key=KEY,
        client="",
        categories=(CATEGORY,),
    )


def unpack(body: bytes) -> tuple[Partition, tuple[bytes, ...]]:
    """Return where the records of a batch are kept, and each as a line without its end.

    Raises:
        ValueError: it is no batch.
    """
    first, *lines = body.split(b"\n")
    if not lines or lines.pop():
        raise ValueError("a batch ends with the end of a line")
    partition, count = _read_header(first)
    if count != len(lines) or not all(lines):
        raise ValueError("a batch has as many lines as it says")
    return partition, tuple(lines)


def _read_header(line: bytes) -> tuple[Partition, int]:
    header = jsonio.loads(line)
    if type(header) is not dict or header.keys() != _TYPES.keys():
        raise ValueError("a batch says where it is kept")
    if not all(isinstance(header[name], kind) for name, kind in _TYPES.items()):
        raise ValueError("a batch says where it is kept")
    partition = Partition(
        Record(header["record"]),
        header["app"],
        header["environment"],
        header["day"],
        header["hour"],
    )
    return partition, header["count"]


_TYPES: Final[dict[str, Any]] = {
    "record": str,
    "app": str,
    "environment": str,
    "day": str,
    "hour": int | None,
    "count": int,
}
