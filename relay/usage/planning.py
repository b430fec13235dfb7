"""From batches of the spool to objects of the store: which rows become one object.

Law of this file: no I/O. A batch's records are never split, and none of them stands in two objects.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from relay.ports import Claim
from relay.scrub.permit import ScrubbedEnvelope
from relay.usage.batches import unpack
from relay.usage.model import Partition, Record
from relay.usage.objects import encode, path_of, read_path


@dataclass(frozen=True, slots=True)
class Draft:
    """One object that is to be written.

    Attributes:
        path: where.
        record: the set that it belongs to.
        data: its bytes.
        records: how many are in it.
        rows: what each of its batches is known by.
        claims: all batches in it, and repeats of them.
    """

    path: str
    record: Record
    data: bytes = field(repr=False)
    records: int
    rows: frozenset[str]
    claims: tuple[Claim, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What becomes of claims: objects, and those that are no batches."""

    drafts: tuple[Draft, ...]
    invalid: tuple[Claim, ...]


@dataclass(slots=True)
class _Group:
    """Batches that become one object; bytes before compression."""

    partition: Partition
    size: int = 0
    records: int = 0
    bodies: list[bytes] = field(default_factory=list)
    rows: set[str] = field(default_factory=set)
    claims: list[Claim] = field(default_factory=list)


def row_of(envelope: ScrubbedEnvelope) -> str:
    """Return what a batch is known by in notes, 32 hex digits; it does not tell the batch's id."""
    data = envelope.envelope_id.encode("utf-8", "replace")
    return hashlib.blake2b(data, digest_size=16, person=b"usage row").hexdigest()


def plan_objects(
    claims: Sequence[Claim],
    max_bytes: int,
    new_name: Callable[[], str],
) -> Plan:
    """Group batches by partition.

    Args:
        claims: what was taken from the spool.
        max_bytes: of the batches in one object, but always at least one of them.
        new_name: gives names of objects, 32 hex digits, never the same.
    """
    open_groups: dict[Partition, _Group] = {}
    groups: list[_Group] = []
    by_row: dict[str, _Group] = {}
    invalid: list[Claim] = []
    for claim in claims:
        row = row_of(claim.envelope)
        if row in by_row:
            by_row[row].claims.append(claim)
            continue
        try:
            partition, lines = _read(claim.envelope)
        except ValueError:
            invalid.append(claim)
            continue
        size = len(claim.envelope.body)
        group = open_groups.get(partition)
        if group is None or group.size + size > max_bytes:
            group = open_groups[partition] = _Group(partition)
            groups.append(group)
        group.size += size
        group.records += len(lines)
        # The lines as they are in the body, whose first says where they belong.
        group.bodies.append(claim.envelope.body)
        group.rows.add(row)
        group.claims.append(claim)
        by_row[row] = group
    return Plan(tuple(_draft(group, new_name()) for group in groups), tuple(invalid))


def _read(envelope: ScrubbedEnvelope) -> tuple[Partition, tuple[bytes, ...]]:
    partition, lines = unpack(envelope.body)
    if not lines:
        raise ValueError("a batch has records")
    found = read_path(path_of(partition, "0" * 32))
    if found is None or found.partition != partition:
        raise ValueError("a batch belongs where an object can be")
    return partition, lines


def _draft(group: _Group, name: str) -> Draft:
    return Draft(
        path=path_of(group.partition, name),
        record=group.partition.record,
        data=encode(body[body.index(b"\n") + 1 :] for body in group.bodies),
        records=group.records,
        rows=frozenset(group.rows),
        claims=tuple(group.claims),
    )
