"""`relay rules`."""

import json
from pathlib import Path

import pytest

from relay.cli.main import main
from tests.inline_rules import NUMBER, rule_text

GOOD = """\
id: x/number
description: Numbers [of] all kinds
why: w
match: {pattern: '[0-9]+'}
redact: {method: replace, text: '[n]'}
examples:
  scrubs: [{in: a 1, out: 'a [n]'}, {event: {a: 1}, becomes: {a: '[n]'}}]
  leaves: [a, {event: {a: b}}]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one good rule."""
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "number.yaml").write_text(GOOD)
    return tmp_path


def test_good_rules(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Rules that pass their examples end with 0."""
    assert 0 == main(["rules", "test", "--rules", str(folder)])
    assert "1 rules, 4 examples, 0 failed\n" == capsys.readouterr().out


def test_a_failing_example(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A failing example ends with 1, and shows what was wanted and what came."""
    file = folder / "x" / "number.yaml"
    file.write_text(GOOD.replace("{in: a 1, out: 'a [n]'}", "{in: a 1, out: b}"))
    assert 1 == main(["rules", "test", "--rules", str(folder)])
    out, err = capsys.readouterr()
    assert "1 rules, 4 examples, 1 failed\n" == out
    assert f"{file}:7: x/number: an example is not scrubbed as it should be" in err
    assert "wanted  b" in err
    assert "got     a [n]" in err


def test_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A script gets the same as JSON."""
    file = folder / "x" / "number.yaml"
    file.write_text(GOOD.replace("leaves: [a,", "leaves: [a2,"))
    assert 1 == main(["rules", "test", "--json", "--rules", str(folder)])
    shown = json.loads(capsys.readouterr().out)
    assert (1, 4, 1) == (shown["rules"], shown["examples"], len(shown["failed"]))
    failed = shown["failed"][0]
    assert ("x/number", "a2", "a[n]") == (failed["rule"], failed["wanted"], failed["got"])


def test_list(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The list shows each rule in a line, brackets in a description too."""
    assert 0 == main(["rules", "list", "--rules", str(folder)])
    out = capsys.readouterr().out
    assert "x/number" in out
    assert "Numbers [of] all kinds" in out
    assert "\x1b" not in out


def test_no_rules(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder without rules is a mistake, and a script reads it on stdout."""
    assert 1 == main(["rules", "test", "--rules", str(tmp_path)])
    assert "no rule files" in capsys.readouterr().err
    assert 1 == main(["rules", "test", "--json", "--rules", str(tmp_path)])
    (mistake,) = json.loads(capsys.readouterr().out)["mistakes"]
    assert (str(tmp_path), 1, "no rule files") == (
        mistake["file"], mistake["line"], mistake["message"],
    )  # fmt: skip


def test_one_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A single file may be named."""
    file = tmp_path / "some.yaml"
    file.write_text(rule_text(NUMBER))
    assert 0 == main(["rules", "list", "--json", "--rules", str(file)])
    assert "t/number" == json.loads(capsys.readouterr().out)[0]["id"]


@pytest.mark.parametrize("command", ["list", "test"])
def test_the_configured_rules(
    command: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without `--rules` they are those of relay.yaml, of RELAY_CONFIG, or of the environment."""
    monkeypatch.chdir(folder)
    Path("relay.yaml").write_text("rules: [x]\n")
    Path("other.yaml").write_text("rules: [x, x/number.yaml]\n")
    Path("x/number.yaml").write_text(GOOD.replace("x/number", "number"))
    assert 0 == main(["rules", command])
    assert "rules: x (from relay.yaml)\n" == capsys.readouterr().err
    monkeypatch.setenv("RELAY_CONFIG", "other.yaml")
    assert 0 == main(["rules", command])
    assert "rules: x, x/number.yaml (from other.yaml)\n" == capsys.readouterr().err
    monkeypatch.delenv("RELAY_CONFIG")
    Path("relay.yaml").unlink()
    monkeypatch.setenv("RELAY_RULES__0", "x")
    assert 0 == main(["rules", command])
    out, err = capsys.readouterr()
    assert "rules: x (from RELAY_RULES__0)\n" == err
    assert "1 rules" in out or "number" in out
