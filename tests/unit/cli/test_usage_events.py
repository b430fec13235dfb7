"""`relay usage events`: the allow-list, in a table or as JSON."""

import json
from pathlib import Path

import pytest

from relay.cli.main import main
from relay.usage.schema import events_schema

EVENTS = """\
events:
  a/b:
    description: Something was done.
    apps: [suite]
    attributes:
      nth: {type: integer, max: 9, description: Which one.}
      devices: {type: integer, buckets: [1, 5], description: How many., describes: true}
      mode: {type: word, values: [y, x], description: How.}
    examples: [{query: '', keeps: {}}]
  c:
    description: Something else was done.
    examples: [{query: '', keeps: {}}]
"""


@pytest.fixture(autouse=True)
def listed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Name a list of two types."""
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "events.yaml"
    file.write_text(EVENTS)
    monkeypatch.setenv("RELAY_USAGE__EVENTS__0", str(file))
    return file


def test_as_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    """A line for each type: who sends it, and what is kept."""
    assert 0 == main(["usage", "events"])
    out, err = capsys.readouterr()
    rows = [line.split(maxsplit=2) for line in out.splitlines()]
    assert [
        ["type", "apps", "attributes"],
        ["a/b", "suite", "nth: integer, devices: integer, mode: word"],
        ["c", "any", "none"],
    ] == [[part.strip() for part in row] for row in rows]
    assert "" == err


def test_for_scripts(listed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All that the list says of a type, with the names of its buckets."""
    assert 0 == main(["usage", "events", "--json"])
    first, second = json.loads(capsys.readouterr().out)
    assert ("a/b", "Something was done.", ["suite"], str(listed), 2) == (
        first["type"], first["description"], first["apps"], first["file"], first["line"],
    )  # fmt: skip
    said = {"description": "Which one.", "describes": False}
    assert {"name": "nth", "type": "integer", "max": 9, **said} == first["attributes"][0]
    assert (["0", "1-4", "5+"], True) == (
        first["attributes"][1]["buckets"], first["attributes"][1]["describes"],
    )  # fmt: skip
    assert ["x", "y"] == first["attributes"][2]["values"]
    assert ("c", [], []) == (second["type"], second["apps"], second["attributes"])


def test_a_choice(capsys: pytest.CaptureFixture[str]) -> None:
    """By words in name, description or attributes, and by app; none left is told by the status."""
    for arguments in (["DEVICES", "something"], ["a/"], ["--app", "suite", "mode"]):
        assert 0 == main(["usage", "events", "--json", *arguments])
        assert ["a/b"] == [one["type"] for one in json.loads(capsys.readouterr().out)]
    assert 0 == main(["usage", "events", "--app", "connect"])
    out, err = capsys.readouterr()
    assert ("c", "1 of 2 types\n") == (out.splitlines()[1].split()[0], err)
    assert 1 == main(["usage", "events", "nothing"])


def test_a_list_with_mistakes(listed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is not shown in part."""
    listed.write_text("events: {a: {descripton: d}}")
    assert 1 == main(["usage", "events"])
    out, err = capsys.readouterr()
    assert ("", True) == (out, f"{listed}:1: unknown key 'descripton'" in err)


def test_the_schema(capsys: pytest.CaptureFixture[str]) -> None:
    """Editors check files of the list by it."""
    assert 0 == main(["usage", "schema"])
    assert events_schema() == json.loads(capsys.readouterr().out)
