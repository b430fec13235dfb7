"""docs/usage-events.md says what the loader knows, and what it shows is what comes out."""

import re
import shlex
from collections import Counter
from pathlib import Path

import pytest

from relay.cli.main import main
from relay.rulefiles import read_events
from relay.rules.loading import RuleText
from relay.usage import described_events as described
from relay.usage.attributes import Type
from relay.usage.catalogue import load_catalogue
from relay.usage.forbidden_names import why_forbidden
from relay.usage.schema import events_schema
from tests.docs.pages import ROOT, blocks, pages

PAGE = pages()["docs/usage-events.md"]
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.splitlines()
    if line.startswith("| ")
]


def named(cell: str) -> list[str]:
    """Return the words in code of a cell."""
    return re.findall(r"`([^`]+)`", cell)


def under(heading: str) -> list[list[str]]:
    """Return the rows of the table with a heading."""
    table = PAGE.partition(f"\n{heading}\n| --- ")[2].partition("\n")[2].partition("\n\n")[0]
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in table.splitlines()]


@pytest.mark.parametrize(
    ("words", "required"),
    [
        (described.FILE, []),
        (described.EVENT, ["description", "examples"]),
        (described.ATTRIBUTE, ["type", "description"]),
        (described.EXAMPLE, ["query", "keeps"]),
    ],
)
def test_every_word_of_a_file(words: described.Words, required: list[str]) -> None:
    """Each has its row, with the sentence that editors show, and whether it is needed."""
    for key, said in words.items():
        assert [f"`{key}`", "yes" if key in required else "", said] in ROWS
    assert str(required)[1:-1] in str(events_schema())


def test_every_type() -> None:
    """Each has its row, in the order of the code, and no other has."""
    rows = under("| type | is | needs |")
    assert [[f"`{kind}`", said] for kind, said in described.TYPES.items()] == [
        row[:2] for row in rows
    ]
    for kind, row in zip(Type, rows, strict=True):
        for key in named(row[2]):
            assert kind in described.ONLY_WITH[key]


def test_names_that_may_not_be() -> None:
    """Each name of the tables is refused, or may stand, as they say."""
    amounts, value, personal, _ = under("| name | refused |")
    assert len(named(amounts[0])) > 5
    for name in named(amounts[0]):
        assert [] == [kind for kind in Type if not why_forbidden(name, kind)]
    assert ["value"] == named(value[0])
    refused = {kind for kind in Type if why_forbidden("value", kind)}
    assert {Type.INTEGER, Type.NUMBER, Type.TEXT} == refused
    for name in named(personal[0]):
        assert {Type.TEXT} == {kind for kind in Type if why_forbidden(name, kind)}
    for row in under("| name | may stand, for it says | as |"):
        for name in named(row[0]):
            assert set(named(row[2])) <= {kind for kind in Type if not why_forbidden(name, kind)}


def test_files_that_ship() -> None:
    """Each file has its row, and the number of its types."""
    found = Counter(Path(one.file).name for one in load_catalogue(read_events([])).events.values())
    files = {path.name: found[path.name] for path in (ROOT / "usage").glob("*.yaml")}
    rows = under("| file | types | of |")
    assert files == {named(row[0])[0]: int(row[1]) for row in rows}


def test_the_example(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The file loads, and the command prints what the page shows."""
    shown = [
        block for block in blocks("yaml", "sh", "text") if block.page == "docs/usage-events.md"
    ]
    events, config = (block.text for block in shown if block.language == "yaml")
    (call,) = (block.text for block in shown if block.language == "sh")
    (output,) = (block.text for block in shown if block.language == "text")
    assert ["backup/verified"] == list(load_catalogue([RuleText("e", "e", events)]).events)
    monkeypatch.chdir(tmp_path)
    Path("own-events.yaml").write_text(events)
    Path("relay.yaml").write_text(f"{config}rules: ['{ROOT / 'rules' / 'network'}']\n")
    program, *arguments = shlex.split(call)
    assert "relay" == program
    assert 0 == main(arguments)
    printed = re.sub(r'"[0-9a-f]{32}"', '"…"', capsys.readouterr().out)
    assert output.rstrip("\n") == printed.rstrip("\n")
