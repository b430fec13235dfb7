"""`relay rules test`: what it shows of failures, of passes, and of a choice of rules."""

import json
from pathlib import Path

import pytest

from relay.cli.main import main
from tests.unit.cli.test_rules import GOOD

BAD = GOOD.replace("{in: a 1, out: 'a [n]'}", "{in: a 1, out: 'a [m]'}").replace(
    "becomes: {a: '[n]'}", "becomes: {a: '[m]'}"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A rule that fails, and one that does not."""
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "number.yaml").write_text(BAD)
    (tmp_path / "x" / "good.yaml").write_text(GOOD.replace("x/number", "x/good"))
    return tmp_path


def test_a_diff(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A document is shown line by line, and a summary counts the rules that fail."""
    assert 1 == main(["rules", "test", "--rules", str(folder)])
    out, err = capsys.readouterr()
    assert "2 rules, 8 examples, 2 failed\n" == out
    assert '        -  "a": "[m]"\n        +  "a": "[n]"\n' in err
    assert ["x/number", "4", "2"] in [line.split() for line in err.splitlines()]
    assert "x/good" not in err
    assert "\x1b" not in err


def test_a_diff_for_scripts(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same as JSON."""
    assert 1 == main(["rules", "test", "--json", "--rules", str(folder)])
    text, document = json.loads(capsys.readouterr().out)["failed"]
    assert (["-a [m]", "+a [n]"], []) == (text["diff"], text["others"])
    assert {'-  "a": "[m]"', '+  "a": "[n]"'} < set(document["diff"])


def test_some_rules(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Some rules may be named; with -v each example is shown."""
    assert 0 == main(["rules", "test", "--rule", "x/g*", "-v", "--rules", str(folder)])
    out = capsys.readouterr().out
    assert 2 == out.count(": x/good: scrubs\n")
    assert 2 == out.count(": x/good: leaves\n")
    assert ["x/good", "4", "0"] in [line.split() for line in out.splitlines()]
    assert out.endswith("1 rules, 4 examples, 0 failed\n")


def test_no_such_rule(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """That is wrong use."""
    assert 2 == main(["rules", "test", "--rule", "y/*", "--rules", str(folder)])
    assert "relay: no rule is like y/*\n" == capsys.readouterr().err


def test_rules_that_fight(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where an example fails in the set alone, the other rule is named."""
    fights = "pattern: '\\[n'}\nredact: {method: replace, text: '5'}"
    other = (
        GOOD.replace("x/number", "x/other").replace("'a [n]'", "'a 1'").replace("a: '[n]'", "a: 1")
    )
    scrubs = "scrubs: [{in: 'a [n', out: 'a 5'}, {in: '[n', out: '5'}]"
    lines = [scrubs if "scrubs" in line else line for line in other.splitlines()]
    text = "\n".join("  " + line.strip() if "scrubs:" in line else line for line in lines)
    text = text.replace("pattern: '[0-9]+'}\nredact: {method: replace, text: '[n]'}", fights)
    (folder / "x" / "number.yaml").unlink()
    (folder / "x" / "other.yaml").write_text(text)
    assert 1 == main(["rules", "test", "--rule", "x/good", "--rules", str(folder)])
    assert "    changed by  x/other\n" in capsys.readouterr().err
