"""`relay rules lint`."""

import json
from pathlib import Path

import pytest

from relay.cli.main import main
from tests.linted import TICKET


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A folder with one good rule; its file."""
    (tmp_path / "support").mkdir()
    made = tmp_path / "support" / "ticket.yaml"
    made.write_text(TICKET)
    return made


def lint(file: Path, *options: str) -> int:
    return main(["rules", "lint", "--rules", str(file.parent.parent), *options])


def test_a_good_rule(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It ends with 0, and says how many rules there are."""
    assert 0 == lint(file, "--strict")
    assert "1 rules, 0 errors, 0 warnings, 0 notes\n" == capsys.readouterr().out


def test_a_warning(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A warning stands with its line and what to do; only with --strict it ends with 1."""
    file.write_text(TICKET.replace("TKT-[", "(?:TKT|TICKET)-["))
    assert 0 == lint(file)
    out = capsys.readouterr().out
    assert f"{file}:5: warning unexercised: support/ticket: no example needs" in out
    assert "\nunexercised: an example that needs it, or take it away\n" in out
    assert "1 rules, 0 errors, 1 warnings, 0 notes\n" == out[-39:]
    assert "\x1b" not in out
    assert 1 == lint(file, "--strict")


def test_an_error(file: Path) -> None:
    """An error ends with 1."""
    file.write_text(TICKET.replace("'TKT-123'", "'TKT-12345'"))
    assert 1 == lint(file)


def test_json(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A script gets the same as JSON."""
    file.write_text(TICKET.replace("'[ticket]'", "ticket").replace("[ticket]", "ticket"))
    assert 0 == lint(file, "--json")
    shown = json.loads(capsys.readouterr().out)
    (finding,) = shown["findings"]
    assert {
        "rule": "support/ticket", "file": str(file), "line": 6, "code": "marker-form",
        "severity": "note", "message": "the marker 'ticket' is not of the form [word]", "other": "",
    } == finding  # fmt: skip
    assert 1 == shown["rules"]


def test_some_rules(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Only those whose id is like the pattern; none at all is wrong use."""
    file.write_text(TICKET.replace("'TKT-123'", "'TKT-12345'"))
    file.with_name("other.yaml").write_text(TICKET.replace("t/ticket", "t/other"))
    assert 1 == lint(file, "--rule", "*/ticket")
    assert 0 == lint(file, "--rule", "support/o*", "--json")
    capsys.readouterr()
    assert 2 == lint(file, "--rule", "nothing/*")
    assert "relay: no rule is like nothing/*\n" == capsys.readouterr().err


def test_mistakes_come_first(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A rule that does not load is told as everywhere."""
    file.write_text(TICKET.replace("pattern", "patern"))
    assert 1 == lint(file)
    assert f"{file}:5: unknown key 'patern' in match" in capsys.readouterr().err


def test_the_configuration_says_whether_pseudonyms_change(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With a key that never changes a rule that hashes is told; not where `--rules` are given."""
    file.write_text(
        TICKET.replace("replace, text: '[ticket]'", "hash")
        .replace("{in: 'see TKT-48213.', out: 'see [ticket].'}", "{in: TKT-48213, out: 'hash:*'}")
        .replace(
            "{in: 'TKT-00001 and TKT-00002', out: '[ticket] and [ticket]'}",
            "{in: TKT-00001, out: 'hash:*'}",
        )
    )
    monkeypatch.chdir(file.parent.parent)
    Path("relay.yaml").write_text("rules: [support/ticket.yaml]\nhash: {rotate: 0s}\n")
    file.write_text(file.read_text().replace("support/ticket", "ticket"))
    assert 1 == main(["rules", "lint", "--strict", "--json"])
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert "hash-for-ever" == finding["code"]
    assert 0 == main(["rules", "lint", "--strict", "--rules", str(file)])
    Path("relay.yaml").write_text("rules: [support/ticket.yaml]\n")
    assert 0 == main(["rules", "lint", "--strict"])
