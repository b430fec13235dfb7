"""What pages say of lint, and what lint says of the rules on pages."""

import pytest

from relay.workbench.linting.model import MEANINGS, Severity
from tests.docs.pages import ROOT, Block, blocks
from tests.linted import linted

WRITTEN = [
    block
    for block in blocks("yaml")
    # What the import writes is not ours to choose, and one is an excerpt.
    if block.text.startswith("id:") and block.page not in ("docs/import.md", "rules/README.md")
]


@pytest.mark.parametrize("block", WRITTEN, ids=str)
def test_rules_on_pages_are_good_examples(block: Block) -> None:
    """Lint has no more than notes about them."""
    wrong = [finding for finding in linted(block.text) if finding.severity is not Severity.NOTE]
    assert [] == wrong


def test_every_word_is_on_the_page() -> None:
    """All rows of the table in the code, in the same order, and none more."""
    page = (ROOT / "docs" / "rules.md").read_text()
    section = page[page.index("\n## Lint: ") :]
    table = section[section.index("\n| --- |") :].split("\n\n")[0].splitlines()[2:]
    expected = [
        f"| `{code}` | {m.severity} | {m.what} | {m.why} | {m.remedy} |"
        for code, m in MEANINGS.items()
    ]
    assert expected == table
