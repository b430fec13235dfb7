"""The programs on docs/clients.md are those that the system tests of live clients run."""

import re

import pytest

from tests.docs.pages import ROOT, Block, blocks, pages

SYSTEM = ROOT / "tests" / "system"
RUN = [*sorted((SYSTEM / "browser").glob("*.mjs")), SYSTEM / "clients" / "sentry_cli.sh"]
PART = re.compile(r"^(?://|#) begin: \S+\n(.*?)^(?://|#) end$", re.MULTILINE | re.DOTALL)


def parts() -> set[str]:
    """What stands between `begin` and `end` in the files that the system tests run."""
    return {part for path in RUN for part in PART.findall(path.read_text("utf-8"))}


def of_the_page() -> list[Block]:
    """The page's blocks; those in `python` and `js` are run by test_snippets.py as they stand."""
    return [block for block in blocks("javascript", "bash") if block.page == "docs/clients.md"]


def section(block: Block) -> str:
    """The heading under which a block stands, and the text up to it."""
    lines = pages()[block.page].splitlines()[: block.line]
    start = max(i for i, line in enumerate(lines) if line.startswith("## "))
    return "\n".join(lines[start:])


@pytest.mark.parametrize("block", of_the_page(), ids=str)
def test_a_program_is_run_by_a_test_or_said_not_to_be(block: Block) -> None:
    """A block is a part of a file that a test runs; where it is not, the page says so above it."""
    assert (block.text not in parts()) == ("Not run by a test." in section(block))


def test_every_part_is_on_the_page() -> None:
    """What is marked in the files stands on the page."""
    assert 5 == len(parts())
    assert parts() <= {block.text for block in of_the_page()}
