"""Which objects belong to a day."""

import asyncio
from pathlib import Path

from relay.usage.export_reading import Into, find_objects
from relay.usage.folder import FolderStore
from tests.usage_sets import DAY, put


def test_objects_of_a_day(tmp_path: Path) -> None:
    """Events and decisions of the day, and events of the hour before it; nothing else."""
    for day, hour in (
        ("21", 22),
        ("21", 23),
        ("22", 0),
        ("22", 23),
        ("23", 0),
        ("21", None),
        ("22", None),
    ):
        put(tmp_path, [], day=f"2026-11-{day}", hour=hour)
    (tmp_path / "events" / "note.txt").write_text("mine")
    found = asyncio.run(find_objects(FolderStore(tmp_path), DAY))
    assert sorted(wanted.path for wanted in found) == [wanted.path for wanted in found]
    assert [
        (Into.EARLIER, "2026-11-21", 23),
        (Into.EVENTS, "2026-11-22", 0),
        (Into.EVENTS, "2026-11-22", 23),
        (Into.DECISIONS, "2026-11-22", None),
    ] == [(wanted.into, wanted.partition.day, wanted.partition.hour) for wanted in found]
