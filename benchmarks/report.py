"""What was measured, as sections; one function shows a section on a terminal, one as Markdown."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text


@dataclass(frozen=True, slots=True)
class Code:
    """Text that is to be shown letter by letter."""

    text: str


Cell = str | Code


@dataclass(frozen=True, slots=True)
class Table:
    """A table: a heading for each column, and rows of as many cells.

    Columns of numbers alone are shown flush right.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """Single findings under a title, each with what is to be said of it.

    Attributes:
        items: each a text and a remark, which may be empty.
        left_out: how many more there were.
    """

    title: str
    items: tuple[tuple[str, str], ...]
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Bar:
    """One of the project's aims: what is demanded, what was measured, whether that is enough.

    Attributes:
        reached: None where it was not measured this time.
    """

    what: str
    demanded: str
    measured: str
    reached: bool | None


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the report."""

    title: str
    text: str = ""
    bars: tuple[Bar, ...] = ()
    tables: tuple[Table, ...] = ()
    listings: tuple[Listing, ...] = ()


NOT_TRIED, NOT_MEASURED = "not tried", "not measured"
_VERDICTS = {True: "reached", False: "**not reached**", None: NOT_MEASURED}
MAX_SHOWN = 160
"""A longer text is shown up to here."""


def bars_section(sections: Sequence[Section]) -> Section:
    """Return a section that holds the aims of all others in one table."""
    rows = tuple(
        (bar.what, bar.demanded, bar.measured, _VERDICTS[bar.reached])
        for section in sections
        for bar in section.bars
    )
    table = Table(("aim", "demanded", "measured", ""), rows)
    return Section("What was aimed at, and what was reached", tables=(table,))


# --- on a terminal -------------------------------------------------------------------------------


def show(section: Section, console: Console) -> None:
    """Print a section on a terminal."""
    console.rule(Text(section.title, "bold"))
    if section.text:
        for paragraph in section.text.split("\n\n"):
            console.print(Text(_plain(paragraph.replace("\n", " "))))
    for table in section.tables:
        made = RichTable()
        for number, heading in enumerate(table.head):
            made.add_column(
                _plain(heading), justify="right" if _is_right(table, number) else "left"
            )
        for row in table.rows:
            made.add_row(*(Text(_shown(cell)) for cell in row))
        console.print(made)
    for listing in section.listings:
        console.print(Text(f"{listing.title}:", "bold"))
        for line in _lines(listing):
            console.print(Text(f"  {line}"))


def _shown(cell: Cell) -> str:
    return _cut(cell.text) if isinstance(cell, Code) else _plain(cell)


def _plain(text: str) -> str:
    """Return Markdown without what marks words."""
    return re.sub(r"[*`]", "", text)


def _lines(listing: Listing) -> list[str]:
    """Return a line for each finding, what is to be said first; none can end a block of code."""
    lines = [f"{remark}: {_cut(text)}" if remark else _cut(text) for text, remark in listing.items]
    if listing.left_out:
        lines.append(f"... and {listing.left_out:,} more")
    return [f" {line}" if line.startswith("`") else line for line in lines]


# --- as Markdown ---------------------------------------------------------------------------------


def to_markdown(section: Section) -> str:
    """Return a section as Markdown, its title a heading of the second level."""
    parts = [f"## {section.title}"]
    if section.text:
        parts.append(section.text)
    parts += [_markdown_table(table) for table in section.tables]
    for listing in section.listings:
        parts += [f"**{listing.title}**", "\n".join(["```text", *_lines(listing), "```"])]
    return "\n\n".join(parts)


def _markdown_table(table: Table) -> str:
    marks = ["---:" if _is_right(table, number) else "---" for number in range(len(table.head))]
    rows = [[_markdown(cell).replace("|", "\\|") for cell in row] for row in table.rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in (table.head, marks, *rows))


def _is_right(table: Table, column: int) -> bool:
    cells = [row[column] for row in table.rows if row[column] not in (NOT_TRIED, NOT_MEASURED)]
    return bool(cells) and all(isinstance(cell, str) and cell[:1].isdigit() for cell in cells)


def _markdown(cell: Cell) -> str:
    """Return a cell's Markdown; code gets more backticks around it than it has inside."""
    if isinstance(cell, str):
        return cell
    text = _cut(cell.text)
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    room = " " if text.startswith("`") or text.endswith("`") or not text.strip() else ""
    return f"{fence}{room}{text}{room}{fence}"


def _cut(text: str) -> str:
    """Return the text in one line, without characters that cannot be seen, not too long."""
    line = "".join(
        char if char.isprintable() else char.encode("unicode_escape", "replace").decode()
        for char in text
    )
    return line if len(line) <= MAX_SHOWN else f"{line[: MAX_SHOWN - 1]}…"


def put_between(page: str, begin: str, end: str, text: str) -> str:
    """Return a page with a text in place of what stood between two marks.

    Raises:
        ValueError: the page does not have both.
    """
    head, found_begin, rest = page.partition(begin)
    _, found_end, tail = rest.partition(end)
    if not found_begin or not found_end:
        raise ValueError(f"the page has no place between {begin} and {end}")
    return f"{head}{begin}\n{text}\n{end}{tail}"
