"""The data dictionary."""

import pytest

from relay.usage.dictionary import Facts, describe, to_markdown, told
from relay.usage.export_columns import FIXED, attribute_columns
from relay.usage.export_parts import Made
from tests.usage_sets import READY

FACTS = Facts("2026-11-22", True, 10, 1, "ab" * 32, 7, 0, 23, 4)
COLUMNS = (*FIXED, *attribute_columns(READY))
LOST = {column.name: 11 for column in COLUMNS}
MADE = Made("suite.ready", READY, COLUMNS, (), 57, 9, LOST)


@pytest.mark.parametrize(
    ("count", "shown"), [(0, "<10"), (9, "<10"), (10, "10+"), (19, "10+"), (20, "20+"), (57, "50+")]
)
def test_counts_in_steps(count: int, shown: str) -> None:
    """Nobody, and fewer than k, look alike; more is told in steps of k."""
    assert shown == told(count, 10)


def test_what_is_told() -> None:
    """Whatever cannot be counted in the sets is told in steps."""
    found = describe(FACTS, [MADE])
    (table,) = found["tables"]
    assert ("20+", "<10") == (found["repeats"], found["unknown"])
    assert ("suite.ready", "suite/ready", 0, "50+", "<10") == tuple(
        table[name] for name in ("name", "event", "rows", "people", "suppressed")
    )


def test_columns() -> None:
    """Each column has type, meaning, bounds of its buckets, and what was left out."""
    (table,) = describe(FACTS, [MADE])["tables"]
    columns = {column["name"]: column for column in table["columns"]}
    assert {
        "name": "accounts",
        "type": "VARCHAR",
        "description": "What accounts is.",
        "describes": False,
        "attribute": "accounts",
        "kind": "integer",
        "bounds": [1, 10],
        "values": ["0", "1-9", "10+"],
        "suppressed": "10+",
    } == columns["accounts"]
    assert 9 == columns["devices"]["max"]
    assert "version" == columns["attribute_version"]["attribute"]
    assert ["dark", "light"] == columns["theme"]["values"]


def test_a_person_with_two_pseudonyms() -> None:
    """Where one may be counted as two, steps are twice as wide."""
    facts = Facts("2026-11-22", True, 10, 2, "", 0, 0, 19, 20)
    found = describe(facts, [])
    assert ("<20", "20+") == (found["repeats"], found["unknown"])


def test_the_page() -> None:
    """People read the same; a bar in a description does not end a cell."""
    text = to_markdown(describe(FACTS, [MADE]))
    assert "rows: 0, people: 50+, rows left out: <10." in text
    assert "| `theme` | VARCHAR |  | 10+ | What theme is. One of: dark, light. |" in text
    assert "not over" not in text


def test_a_day_that_is_not_over() -> None:
    """It is said at the top."""
    facts = Facts("2026-11-22", False, 10, 1, "", 0, 0, 0, 0)
    assert "**The day was not over when this was made.**" in to_markdown(describe(facts, []))
