"""What people read on a terminal: tables and colours of ours, and no commands of anybody else's.

Law of this file: a path, an id or a message may hold whatever an event or a rule file holds; a
terminal would obey it. What is no letter, sign or space is shown as a dot.
"""

import sys
from collections.abc import Iterable
from typing import TextIO

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

PIPE_WIDTH = 160
"""Characters of a line of a table where no terminal says how many there are."""


def printable(text: str) -> str:
    """Return text without what would move a cursor, change colours or turn the direction round."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else "·" for c in text)


def cell(text: str, style: str = "") -> Text:
    """Return text for a cell of a table, as wide as it will be."""
    return Text(printable(text), style)


def say(text: object, file: TextIO | None = None) -> None:
    """Print a line for people; to standard error unless another file is given."""
    print(printable(str(text)), file=file or sys.stderr, flush=True)


class PlainConsole(Console):
    """A console that obeys this program alone: what is in a text is shown."""

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """Yield the segments of what is printed, as `Console.render` does."""
        for text, style, control in super().render(renderable, options):
            yield Segment(text if control else printable(text), style, control)


def lines(*, stderr: bool = False) -> PlainConsole:
    """Return a console whose lines are as long as they are."""
    return PlainConsole(stderr=stderr, soft_wrap=True, highlight=False)


def tables() -> PlainConsole:
    """Return a console for tables on standard output."""
    return PlainConsole(width=None if sys.stdout.isatty() else PIPE_WIDTH, highlight=False)
