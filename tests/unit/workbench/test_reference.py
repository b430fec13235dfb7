"""The rule reference: every word of a rule file has its row."""

import re

from relay.detectors import CHECKS
from relay.rules import described
from relay.rules.model import Method, Status
from relay.workbench.reference import reference


def test_every_word_has_a_row() -> None:
    """Keys, statuses, methods, checks and types each begin a row of a table."""
    rows = set(re.findall(r"^\| `([^`]+)` \|", reference(), re.MULTILINE))
    words = {
        *described.RULE, *described.MATCH, *described.REDACT, *described.EXAMPLES,
        *described.SCRUBS_TEXT, *described.SCRUBS_EVENT, *Status, *Method, *CHECKS,
        *(f"${kind}" for kind in described.TYPES),
    }  # fmt: skip
    assert words == rows


def test_the_rows_of_a_table_have_as_many_cells() -> None:
    """A bar inside of a cell would break its table."""
    tables = re.findall(r"(?:^\|.*\|\n)+", reference(), re.MULTILINE)
    widths = [{line.count(" | ") for line in table.splitlines()} for table in tables]
    assert [1] * len(tables) == [len(width) for width in widths]
