"""`relay rules bench`: what it says, not how long anything takes."""

import json
from pathlib import Path

import pytest

from relay.cli.main import main
from relay.cli.rules_bench import kind_of
from relay.workbench.trying import Kind
from tests.inline_rules import NUMBER, rule_text

EVENT = b'{"message": "see 12345"}'
ENVELOPE = b'{}\n{"type":"event"}\n{"message":"see 12345"}\n'


@pytest.fixture
def rule(tmp_path: Path) -> str:
    """The file of a rule."""
    file = tmp_path / "number.yaml"
    file.write_text(rule_text(NUMBER))
    return str(file)


def bench(*options: str) -> int:
    return main(["rules", "bench", "--rounds", "1", *options])


def test_a_folder(rule: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Events, envelopes and texts, in folders below too."""
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "a.json").write_bytes(EVENT)
    (tmp_path / "in" / "deep" / "b.bin").write_bytes(ENVELOPE)
    (tmp_path / "c.txt").write_text("log: 12345 and 6789")
    files = [str(tmp_path / "in"), str(tmp_path / "c.txt")]
    assert 0 == bench(*files, "--rules", rule, "--json")
    shown = json.loads(capsys.readouterr().out)
    assert (3, 0) == (shown["documents"], shown["dropped"])
    assert [("t/number", 4)] == [(r["rule"], r["hits"]) for r in shown["rules"]]
    assert 0 == bench(*files, "--rules", rule)
    out = capsys.readouterr().out
    assert "t/number     4" in out
    assert "3 documents, 87 bytes, 0 dropped" in out
    assert "12345" not in out


def test_a_shadow_rule(rule: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is measured as if it were enforced, for that is what one wants to know before it is."""
    Path(rule).write_text(rule_text(f"{NUMBER}\nstatus: shadow"))
    (tmp_path / "a.json").write_bytes(EVENT)
    assert 0 == bench(str(tmp_path / "a.json"), "--rules", rule, "--json")
    shown = json.loads(capsys.readouterr().out)
    assert [("t/number", 1)] == [(r["rule"], r["hits"]) for r in shown["rules"]]


def test_made_up_events(rule: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Without files."""
    assert 0 == bench("--rules", rule, "--json")
    assert 12 == json.loads(capsys.readouterr().out)["documents"]


def test_wrong_use(rule: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No such file, no file at all, no round."""
    (tmp_path / "empty").mkdir()
    missing = str(tmp_path / "missing")
    assert 2 == bench(missing, "--rules", rule)
    assert 2 == bench(str(tmp_path / "empty"), "--rules", rule)
    assert 2 == bench("--rounds", "0", "--rules", rule)
    assert (
        f"relay: {missing}: No such file or directory\n"
        "relay: no files in these folders\n"
        "relay: --rounds must be 1 or more\n"
    ) == capsys.readouterr().err


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (EVENT, Kind.EVENT),
        (ENVELOPE, Kind.ENVELOPE),
        (b"a line\nand another", Kind.TEXT),
        (b"", Kind.TEXT),
        (b"{}\n", Kind.EVENT),
        (b"{}\nlog", Kind.TEXT),
    ],
)
def test_what_a_file_holds(data: bytes, kind: Kind) -> None:
    """What is no JSON and no envelope is text."""
    assert kind is kind_of(data)
