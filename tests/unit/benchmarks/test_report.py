"""A report says the same on a terminal and on a page, whatever is in it."""

import io

import pytest
from rich.console import Console

from benchmarks.report import (
    MAX_SHOWN,
    Bar,
    Code,
    Listing,
    Section,
    Table,
    bars_section,
    show,
    to_markdown,
)


def shown(section: Section) -> str:
    """What a terminal would show, 200 characters wide."""
    output = io.StringIO()
    show(section, Console(file=output, width=200, color_system=None))
    return output.getvalue()


def test_a_table_in_markdown() -> None:
    """Numbers stand flush right, words flush left; a bar inside a cell does not end it."""
    section = Section("T", tables=(Table(("what", "ms"), (("a | b", "1.5"), (Code("c|d"), "20"))),))
    assert to_markdown(section).splitlines()[2:] == [
        "| what | ms |",
        "| --- | ---: |",
        r"| a \| b | 1.5 |",
        r"| `c\|d` | 20 |",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "`plain`"),
        ("a`b", "``a`b``"),
        ("`", "`` ` ``"),
        ("two``", "``` two`` ```"),
        ("a\nb\x00", r"`a\nb\x00`"),
        ("a\u200bb", r"`a\u200bb`"),
        ("x" * 500, "`" + "x" * (MAX_SHOWN - 1) + "…`"),
        (" ", "`   `"),
    ],
)
def test_code_in_markdown(text: str, expected: str) -> None:
    """Code is shown letter by letter, in one line, whatever it holds."""
    section = Section("T", tables=(Table(("c",), ((Code(text),),)),))
    assert to_markdown(section).splitlines()[-1] == f"| {expected} |"


def test_a_listing_says_why_and_how_many_more() -> None:
    items = (("x1\n", "too short"), ("```", ""))
    section = Section("T", listings=(Listing("Misses", items, 1234),))
    lines = [r"too short: x1\n", " ```", "... and 1,234 more"]
    assert to_markdown(section).splitlines()[2:] == ["**Misses**", "", "```text", *lines, "```"]
    assert [line[2:] for line in shown(section).splitlines()[2:]] == lines


def test_a_terminal_shows_what_stands_there() -> None:
    """What looks like a terminal's own markup is text too; Markdown's marks are left out."""
    table = Table(("a", "b"), ((Code("[bold]x[/bold]"), "**not** `so`"),))
    text = shown(Section("T", "One\nline, *here*.\n\nAnother.", tables=(table,)))
    assert "[bold]x[/bold]" in text
    assert "not so" in text
    assert "One line, here.\nAnother.\n" in text


def test_all_aims_in_one_table() -> None:
    """Each aim says plainly whether it was reached, missed, or not measured."""
    bars = tuple(Bar(f"aim {reached}", "5", "4", reached) for reached in (True, False, None))
    table = bars_section([Section("A", bars=bars[:1]), Section("B", bars=bars[1:])]).tables[0]
    assert [(row[0], row[3]) for row in table.rows] == [
        ("aim True", "reached"),
        ("aim False", "**not reached**"),
        ("aim None", "not measured"),
    ]
