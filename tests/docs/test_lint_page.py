"""The table of lint's code words in docs/rules.md is the one in the code."""

from relay.workbench.linting.model import MEANINGS
from tests.docs.pages import ROOT


def test_every_word_is_on_the_page() -> None:
    """All rows, in the same order, and none more."""
    page = (ROOT / "docs" / "rules.md").read_text()
    section = page[page.index("\n## Lint: ") :]
    table = section[section.index("\n| --- |") :].split("\n\n")[0].splitlines()[2:]
    expected = [
        f"| `{code}` | {m.severity} | {m.what} | {m.why} | {m.remedy} |"
        for code, m in MEANINGS.items()
    ]
    assert expected == table
