"""What is shown to people: our tables, and no commands to their terminals."""

import io

import pytest
from rich.table import Table
from rich.text import Text

from relay.cli.main import main
from relay.cli.terminal import PlainConsole, cell, printable, say

COMMANDS = "a\x1b[31mb\x9bc\u202ed\x07e\rf"
SHOWN = "a·[31mb·c·d·e·f"


def test_what_is_no_letter_is_a_dot() -> None:
    """Lines stay lines, and letters of any language stay."""
    assert (SHOWN, "ž 字\n[red]") == (printable(COMMANDS), printable("ž 字\n[red]"))


def test_a_line_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    """It goes to standard error."""
    say(COMMANDS)
    assert ("", f"{SHOWN}\n") == tuple(capsys.readouterr())


@pytest.mark.parametrize("whole", [False, True])
def test_a_console_obeys_us_alone(*, whole: bool) -> None:
    """Colours are those that were asked for, in a table as in a line."""
    file = io.StringIO()
    console = PlainConsole(file=file, force_terminal=True, color_system="standard", width=80)
    text = "x\x1b]0;y\x1b[2J"
    line = cell(text, "red") if whole else Text(text, "red")
    table = Table("one", box=None, show_header=False, pad_edge=False)
    table.add_row(line)
    console.print(table if whole else line)
    assert "\x1b[31mx·]0;y·[2J\x1b[0m" == file.getvalue().strip()


def test_a_key_of_an_event_is_no_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever sends an event says nothing to the terminal of who looks at it."""
    event = io.BytesIO(b'{"extra":{"a\\u001b[2Jb":"203.0.113.42"}}')
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(event))
    assert 0 == main(["rules", "explain", "-", "--kind", "event"])
    told = "".join(capsys.readouterr())
    assert (False, True) == ("\x1b" in told, "extra.'a·[2Jb'" in told)
