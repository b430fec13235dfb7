"""Many clean events in one envelope of the spool, and out of it again."""

import pytest

from relay import jsonio
from relay.usage.batches import KEY, pack, unpack
from relay.usage.model import CleanEvent, Partition, Record

HOUR = Partition(Record.EVENTS, "suite", "web", "2026-11-22", 14)
DAY = Partition(Record.OPT_OUTS, "suite", "", "2026-11-22", None)
ID = "ab" * 16
HEADER = {
    "record": "events",
    "app": "suite",
    "environment": "web",
    "day": "2026-11-22",
    "hour": 14,
    "count": 1,
}


@pytest.mark.parametrize("partition", [HOUR, DAY])
@pytest.mark.parametrize("count", [1, 2, 500])
def test_what_is_packed_comes_out_again(partition: Partition, count: int) -> None:
    """Partition and lines, in their order."""
    lines = tuple(b'{"number":%d}' % number for number in range(count))
    packed = pack([CleanEvent(partition, line) for line in lines], ID)
    assert (partition, lines) == unpack(packed.body)


def test_a_batch_is_an_envelope_of_its_app() -> None:
    """It belongs to no project's key, and names no client."""
    packed = pack([CleanEvent(HOUR, b"{}", "m" * 32)], ID)
    told = (packed.envelope_id, packed.project, packed.key, packed.client, packed.categories)
    assert (ID, "suite", KEY, "", ("usage",)) == told


@pytest.mark.parametrize("events", [[], [CleanEvent(HOUR, b"{}"), CleanEvent(DAY, b"{}")]])
def test_a_batch_is_of_one_partition(events: list[CleanEvent]) -> None:
    """Neither of none nor of two."""
    with pytest.raises(ValueError, match="one partition"):
        pack(events, ID)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\n",
        b"{}\n",
        b"no JSON\n{}\n",
        jsonio.dumps(HEADER) + b"\n",
        jsonio.dumps(HEADER) + b"\n{}",
        jsonio.dumps(HEADER) + b"\n{}\n{}\n",
        jsonio.dumps(HEADER) + b"\n\n",
        jsonio.dumps({**HEADER, "hour": "14"}) + b"\n{}\n",
        jsonio.dumps({**HEADER, "record": "other"}) + b"\n{}\n",
        jsonio.dumps({**HEADER, "more": 1}) + b"\n{}\n",
        b'["events"]\n{}\n',
        b'{"event_id":"00"}\n{"type":"event"}\n{}\n',
    ],
)
def test_what_is_no_batch_is_refused(body: bytes) -> None:
    """Cut off, of another count, or of another header."""
    with pytest.raises(ValueError, match=r".+"):
        unpack(body)
