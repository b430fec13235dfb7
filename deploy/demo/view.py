"""What the demo shows: a person's view of two events, before and after, beside each other."""

import difflib
import json
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

WIDE = 110
"""From this width on there is room to name the rule of each change."""

PICTURE_WIDTH = 120

LONGEST_WORD = 32

Path = tuple[str, ...]


def make_console(*, record: bool) -> Console:
    """Make the console; a recorded one is as wide as the picture."""
    if record:
        return Console(record=True, width=PICTURE_WIDTH, force_terminal=True, highlight=False)
    return Console(highlight=False)


def waiting(text: str) -> AbstractContextManager[object]:
    """Show on a terminal that something takes a while."""
    return Console(stderr=True).status(text)


def say(console: Console, *parts: str | tuple[str, str]) -> None:
    """Print a line under a heading."""
    console.print(Padding(Text.assemble(*parts), (0, 0, 0, 3)))


def head(console: Console, text: str) -> None:
    """Print a heading."""
    console.print()
    console.print(Text(text, style="bold"))


def show_refused(console: Console, answer: tuple[int, bytes]) -> None:
    """Show how the report without consent was answered."""
    status, body = answer
    said = json.loads(body)
    head(console, "1  An app crashes; its user has not agreed to reports")
    say(console, "The relay answers ", (f"{status}", "bold red"), f": {said['detail']}.")
    say(console, "Nothing of it is kept or forwarded.")


def show_cleaned(
    console: Console, status: int, before: dict[str, Any], after: dict[str, Any]
) -> None:
    """Show what differs between the event that was sent and the one that arrived."""
    head(console, "2  The same crash, after the user agreed (tag allowReport: true)")
    say(console, "The relay answers ", (f"{status}", "bold green"), " and forwards this:")
    console.print()
    rules = dict(remarks(after.get("_meta", {})))
    old, new = dict(leaves(before)), dict(leaves(after))
    changed = [path for path in old if old[path] != new.get(path)]
    shown = [path for path in changed if not is_source(path)]
    wide = console.width >= WIDE
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("where", style="cyan", overflow="fold")
    table.add_column("as the SDK sent it", overflow="fold")
    table.add_column("as it left the relay", overflow="fold")
    if wide:
        table.add_column("by the rule", style="dim", overflow="fold")
    for path in shown:
        row: list[Text | str] = [place(path), *pair(old[path], new.get(path))]
        table.add_row(*row, *([rules.get(path, "")] if wide else []))
    console.print(Padding(table, (0, 0, 0, 3)))
    console.print()
    lines = len(changed) - len(shown)
    say(console, f"… and {lines} more in the source code around the error.")
    say(console, "As they were: ids, times, release, tags, error type, functions, line numbers.")


def show_proof(
    console: Console, counted: dict[str, int], *, files: int, values: int, leaks: list[str]
) -> None:
    """Show what the relay counted, and that nothing planted stands in what it wrote."""
    head(console, "3  The proof")
    said = ", ".join(f"{number} {outcome}" for outcome, number in sorted(counted.items()))
    say(console, f"The relay counted: {said}.")
    found = ", ".join(leaks) if leaks else "none"
    say(
        console,
        f"All {files} files that it wrote (spool, inbox, log) were searched for {values} of the"
        " values above: ",
        (found, "bold red" if leaks else "bold green"),
        " found.",
    )
    console.print()
    console.print("To see an app of your own come out clean: make run")


# --- documents -----------------------------------------------------------------------------------


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield every plain value of a document with its path."""
    match value:
        case dict():
            for key, inner in value.items():
                yield from leaves(inner, (*path, key))
        case list():
            for index, inner in enumerate(value):
                yield from leaves(inner, (*path, str(index)))
        case _:
            yield path, value


def remarks(meta: dict[str, Any], path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Yield the rules that `_meta` names, by the path of what they changed."""
    for key, inner in meta.items():
        if key == "":
            rules = [remark[0] for remark in inner.get("rem", [])]
            yield path, ", ".join(dict.fromkeys(rules))
        else:
            yield from remarks(inner, (*path, key))


def is_source(path: Path) -> bool:
    """Return whether a value is a line or a path of source code around the error."""
    return "frames" in path and "vars" not in path


def place(path: Path) -> str:
    """Return a path as a person would say it."""
    words = [part for part in path if not part.isdigit() and part != "values"]
    if "vars" in words:
        return "variable " + words[words.index("vars") + 1]
    return ".".join(words)


# --- texts ---------------------------------------------------------------------------------------


def pair(before: Any, after: Any) -> tuple[Text, Text]:
    """Return both values, with what differs marked."""
    if after is None:
        return Text(shortened(str(before)), style="red"), Text("(removed)", style="dim italic")
    old, new = words_of(str(before)), words_of(str(after))
    left, right = Text(), Text()
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for kind, i1, i2, j1, j2 in matcher.get_opcodes():
        same = kind == "equal"
        left.append("".join(map(shortened, old[i1:i2])), style="" if same else "red")
        right.append("".join(map(shortened, new[j1:j2])), style="" if same else "green")
    return left, right


def shortened(word: str) -> str:
    """Leave out the middle of a long word, which says nothing to a person."""
    return word if len(word) <= LONGEST_WORD else f"{word[:12]}…{word[-4:]}"


def words_of(text: str) -> list[str]:
    """Cut a text into words and what stands between them."""
    pieces: list[str] = []
    for c in text:
        inside = c.isalnum() or c in "[]"
        if pieces and inside and (pieces[-1][-1].isalnum() or pieces[-1][-1] in "[]"):
            pieces[-1] += c
        else:
            pieces.append(c)
    return pieces


# --- picture -------------------------------------------------------------------------------------

_SVG = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg" \
role="img" aria-label="The terminal after make demo">
<!-- Made by `make picture`. -->
<style>
.{unique_id}-matrix {{
  font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: {char_height}px;
  line-height: {line_height}px;
}}
.{unique_id}-title {{ font-size: 18px; font-family: sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
"""As rich's own, but without fonts from elsewhere."""


def drawn(console: Console) -> str:
    """Return what a recorded console has shown as SVG."""
    return console.export_svg(title="", code_format=_SVG, unique_id="demo")
