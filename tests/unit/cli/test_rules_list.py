"""`relay rules list`: a choice of rules, in a table or as JSON."""

import json
from pathlib import Path

import pytest

from relay.cli.main import main
from tests.inline_rules import DEVICE, NUMBER, rule_text


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two rules, one of them off."""
    (tmp_path / "a.yaml").write_text(rule_text(f"{NUMBER}\nstatus: off\nwhere: extra.**"))
    (tmp_path / "b.yaml").write_text(rule_text(f"{DEVICE}\nexcept: [user.label, tags.*]"))
    return tmp_path


def listed(folder: Path, capsys: pytest.CaptureFixture[str], *more: str) -> str:
    assert 0 == main(["rules", "list", "--rules", str(folder), *more])
    return capsys.readouterr().out


def test_a_choice(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By status, by words, by id; and none is left is told by the status of the command."""
    for arguments in (("--status", "off"), ("EXTRA", "number"), ("--rule", "*/num*")):
        (rule,) = json.loads(listed(folder, capsys, "--json", *arguments))
        assert "t/number" == rule["id"]
    assert 1 == main(["rules", "list", "--rules", str(folder), "nothing"])
    assert "0 of 2 rules\n" == capsys.readouterr().err


def test_what_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where a rule holds, what it does, how many examples it has, and its file."""
    number, device = json.loads(listed(folder, capsys, "--json"))
    assert (["extra.**"], [], 2, 2, "off") == (
        number["where"], number["except"], number["scrubs"], number["leaves"], number["status"],
    )  # fmt: skip
    assert (["user.label", "tags.*"], ["device_id", "label"], 3) == (
        device["except"], device["keys"], device["line"],
    )  # fmt: skip
    rows = [line.split() for line in listed(folder, capsys).splitlines()]
    assert ["t/number", "off", "replace", "extra.**", "4"] == rows[1][:5]
    assert ["t/device", "enforce", "replace", "2", "selectors", "4"] == rows[2][:6]
    assert rows[2][6].endswith("b.yaml:3")
