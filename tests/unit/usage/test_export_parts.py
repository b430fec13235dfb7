"""The files of a table; what is in them is tried in test_export.py, from the outside."""

from relay.usage.export_parts import PART, Made
from tests.usage_sets import READY


def test_rows_of_all_parts() -> None:
    """A table has the rows of its parts; a part is small enough to be held in memory."""
    made = Made("suite.ready", READY, (), ((READY, 2), (READY, 3)), 0, 0, {})  # type: ignore[arg-type]
    assert 5 == made.rows
    assert PART <= 1_000_000
