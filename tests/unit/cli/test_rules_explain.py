"""`relay rules explain`."""

import json
from pathlib import Path
from typing import Any

import pytest

from relay.cli import rules_explain
from relay.cli.main import main
from tests.inline_rules import DEVICE, EMAIL, NUMBER, rule_text

EVENT = {"message": "at 12345", "extra": {"janeroe@example.org": {"label": "Jo", "labell": "hush"}}}
SECRETS = ("janeroe", "12345", "hush")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three rules, and an event."""
    for number, body in enumerate((NUMBER, DEVICE, EMAIL)):
        (tmp_path / f"{number}.yaml").write_text(rule_text(body))
    monkeypatch.chdir(tmp_path)
    Path("event.json").write_text(json.dumps(EVENT))
    return tmp_path


def explain(*arguments: str) -> int:
    return main(["rules", "explain", "event.json", "--rules", ".", *arguments])


def test_for_people(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each redaction in a line, no value, no colours."""
    assert 0 == explain()
    out = capsys.readouterr().out
    rows = {tuple(line.split()) for line in out.splitlines()}
    assert ("message", "t/number", "replace", "3-8", "3-6") in rows
    assert ("extra.''.label", "t/device", "replace", "value", "value") in rows
    assert "3 redactions by 3 rules, 0 items dropped" in out
    assert not [word for word in (*SECRETS, "\x1b") if word in out]


def test_for_scripts(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same as JSON, and no value."""
    assert 0 == explain("--json", "--path", "message")
    out = capsys.readouterr().out
    shown = json.loads(out)
    (part,) = shown["parts"]
    assert {"t/number", "t/device", "t/email"} == {r["rule"] for r in part["redactions"]}
    fired = [why for why in shown["why"] if why["cause"] == "fired"]
    assert [("t/number", "message", "event")] == [(w["rule"], w["path"], w["part"]) for w in fired]
    assert not [word for word in SECRETS if word in out]


def test_why_not(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A rule that came close is shown with its reason; the others are counted."""
    assert 0 == explain("--path", "extra.*.labell")
    out = capsys.readouterr().out
    assert "the nearest of its keys is label" in out
    assert "2 more rules, pattern: its pattern finds nothing in the value" in out
    assert not [word for word in SECRETS if word in out]
    assert 0 == explain("--path", "extra.*.labell", "--rule", "t/number")
    assert "t/number" in capsys.readouterr().out


def test_a_path_that_is_not_there(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It ends with 1, and the nearest one is told."""
    assert 1 == explain("--path", "mesage")
    assert "the nearest place is message" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [("--reveal",), ("--reveal", "--json"), ("--path", "12345..x"), ("--rule", "none/*")],
)
def test_wrong_use(
    arguments: tuple[str, ...], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Values are for terminals, and a path is a selector; what was typed is not repeated."""
    assert 2 == explain(*arguments)
    out, err = capsys.readouterr()
    assert "" == out
    assert err.startswith("relay: ")
    assert "12345" not in err


def test_reveal_on_a_terminal(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person at a terminal may see what was redacted; control characters do nothing."""
    monkeypatch.setattr(rules_explain.sys.stdout, "isatty", lambda: True, raising=False)
    Path("event.json").write_text(json.dumps({"label": "a\x1b[2Jb"}))
    assert 2 == explain("--reveal", "--json")
    assert 0 == explain("--reveal")
    out = capsys.readouterr().out
    assert "a·[2Jb" in out


@pytest.mark.parametrize(
    ("data", "problem"),
    [(b'{"a', "no JSON"), (b'{}\n{"type":"event"}\n{"a":\n', "item 1, event: dropped, invalid")],
)
def test_what_is_broken(
    data: bytes, problem: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A sample or an item that is broken ends with 1."""
    Path("event.json").write_bytes(data)
    kind = ("--kind", "event") if data.startswith(b'{"a') else ()
    assert 1 == explain(*kind)
    assert problem in "".join(capsys.readouterr())


def test_an_event_of_sentry(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An answer of Sentry's API is read as an event, and that is said."""
    event: dict[str, Any] = {"entries": [{"type": "message", "data": {"formatted": "at 12345"}}]}
    Path("event.json").write_text(json.dumps(event))
    assert 0 == explain()
    out = capsys.readouterr().out
    assert "as Sentry's API shows it" in out
    assert "logentry.formatted" in out


def test_a_file_that_is_not_there(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """That is wrong use."""
    assert 2 == main(["rules", "explain", "none.json", "--rules", "."])
    assert "none.json: No such file" in capsys.readouterr().err


def test_many_places_and_shadow_rules(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What shadow rules would do is told; of many places it is said how many more there are."""
    Path("3.yaml").write_text(rule_text(f"{NUMBER}\nstatus: shadow".replace("number", "tried")))
    Path("event.json").write_text(json.dumps({"a": ["x"] * 30, "b": "12345"}))
    assert 0 == explain("--path", "a.*")
    assert "10 more places are like this path" in capsys.readouterr().out
    assert 0 == explain()
    assert "would redact (shadow): t/tried event/b, once" in capsys.readouterr().out
