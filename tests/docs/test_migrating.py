"""The page about migrating: its walk-through does what it shows, and its tables are whole."""

from pathlib import Path

from relay import rulefiles
from relay.rules.model import Method
from relay.rules.sentry_import.builtin import FINDS
from tests.docs.pages import pages
from tests.docs.test_first_rule import empty_folder, follow

PAGE = "docs/migrating.md"
INNER = {"urlauth-legacy", "cookies"}
"""Finds that only collections of Sentry's name."""


def test_the_walk_through(tmp_path: Path) -> None:
    """Whoever follows the page sees what it shows."""
    followed = follow(PAGE, empty_folder(tmp_path))
    assert 5 <= len(followed)
    assert [shown for shown, _ in followed] == [printed for _, printed in followed]


def table(heading: str) -> str:
    return pages()[PAGE].partition(f"## {heading}\n")[2].partition("\n## ")[0]


def test_every_method_and_type_is_told() -> None:
    """Each method and type that is imported has its row."""
    assert [] == [method for method in Method if f"(`{method}`)" not in table("Methods")]
    types = {*FINDS, "pattern", "redact_pair", "multiple", "alias"} - INNER
    assert set() == {kind for kind in types if f"`{kind}`" not in table("Data types")}


def test_the_rules_that_are_named_ship() -> None:
    """Each rule that the page names is among those that ship."""
    names = {file.name for file in rulefiles.shipped()}
    text = table("Data types") + table("Other switches")
    named = {part for part in text.split("`") if part.count("/") == 1 and part[-1] != "/"}
    assert len(named) >= 9
    assert set() == {part for part in named if " " not in part and "\n" not in part} - names
