"""`relay rules new`, as somebody who found a leak uses it."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

import relay
from relay.cli import rules_new
from relay.cli.main import main

EVENT = {
    "message": "see TKT-48213 now",
    "extra": {"device_nick": "Jane's safe", "mail": "jane@example.com", "other": "TKT-48213"},
}


@pytest.fixture
def sample(tmp_path: Path) -> str:
    path = tmp_path / "event.json"
    path.write_text(json.dumps(EVENT))
    return str(path)


def new(*flags: str) -> int:
    return main(["rules", "new", "--id", "support/ticket", *flags])


def test_the_whole_circle(sample: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is drafted loads, passes its examples, and scrubs the sample."""
    out = tmp_path / "mine"
    assert 0 == new("--sample", sample, "--select", "TKT-48213", "--out", str(out))
    said = capsys.readouterr()
    file = out / "support" / "ticket.yaml"
    assert [f"wrote {file}", f"next: relay rules test --rules {out}"] == said.out.splitlines()
    assert "to fill in: why\n" == said.err
    assert "48213" not in file.read_text()
    assert 0 == main(["rules", "test", "--rules", str(out)])
    body = relay.load_scrubber(out).scrub_json(json.dumps(EVENT).encode()).body
    assert "see [ticket] now" == json.loads(body)["message"]


def test_on_stdout(sample: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a folder the rule is shown, and nothing else on standard output."""
    assert 0 == new("--sample", sample, "--key", "deviceNick", "--why", "w")
    said = capsys.readouterr()
    assert said.out.startswith("id: support/ticket\n")
    assert "key: ['deviceNick']" in said.out
    assert "" == said.err


def test_from_stdin(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A dash is standard input."""
    stdin = io.TextIOWrapper(io.BytesIO(b"see TKT-48213 now"))
    monkeypatch.setattr("sys.stdin", stdin)
    assert 0 == new("--sample", "-", "--select", "TKT-48213", "--kind", "text")
    assert "TKT-[0-9]{5}" in capsys.readouterr().out


def test_a_place(sample: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A selector names the value, and becomes the rule's."""
    assert 0 == new("--sample", sample, "--path", "extra.other", "--method", "remove")
    shown = capsys.readouterr().out
    assert "where: ['extra.other']" in shown
    assert "redact: {method: remove}" in shown


def test_flags_narrow_each_other(sample: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The first value that all of them hold for."""
    assert 0 == new("--sample", sample, "--path", "extra.*", "--select", "48213")
    shown = capsys.readouterr().out
    assert r"pattern: '\b[0-9]{5}\b'" in shown
    assert "where: ['extra.*']" in shown


def test_what_stays(sample: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A rule for one place leaves the same text at another: it says so, also of a shadow rule."""
    place = ("--sample", sample, "--path", "extra.other", "--why", "w")
    assert 0 == new(*place)
    assert "the same text stays at message\n" == capsys.readouterr().err
    assert 0 == new(*place, "--status", "shadow", "--json")
    assert ["message"] == json.loads(capsys.readouterr().out)["left"]
    everywhere = ("--sample", sample, "--select", "TKT-48213", "--why", "w")
    assert 0 == new(*everywhere, "--status", "shadow")
    assert "" == capsys.readouterr().err


def test_a_value_that_is_redacted_already(
    sample: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says by which rule, and writes nothing; --force writes all the same."""
    flags = ("--sample", sample, "--path", "extra.mail", "--out", str(tmp_path / "mine"))
    assert 1 == new(*flags)
    said = capsys.readouterr()
    assert "" == said.out
    assert "redacted already by people/email" in said.err
    assert not (tmp_path / "mine").exists()
    assert 0 == new(*flags, "--force")
    assert (tmp_path / "mine/support/ticket.yaml").is_file()


def test_a_value_that_the_given_rules_redact(
    sample: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The rules that are looked at are those that are named."""
    out = str(tmp_path / "mine")
    assert 0 == new("--sample", sample, "--select", "TKT-48213", "--out", out)
    again = ["rules", "new", "--id", "a/b", "--sample", sample, "--select", "TKT-48213"]
    assert 1 == main([*again, "--rules", out])
    assert "redacted already by support/ticket" in capsys.readouterr().err


def test_json(sample: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Scripts get the text, where it went, the selectors, and who redacts it already."""
    assert 0 == new("--sample", sample, "--key", "device_nick", "--json")
    shown: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert ["caught_by", "file", "id", "left", "selectors", "text"] == sorted(shown)
    assert ("support/ticket", None, []) == (shown["id"], shown["file"], shown["caught_by"])
    assert {"selector": "extra.device_nick", "note": "exactly this place", "way": "place"} == (
        shown["selectors"][0]
    )
    assert 1 == new("--sample", sample, "--path", "extra.mail", "--json")
    assert {"caught_by": ["people/email"], "text": None} == json.loads(capsys.readouterr().out)


def test_a_file_that_is_there(
    sample: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same again is fine; another is not written over without --force."""
    flags = ("--sample", sample, "--select", "TKT-48213", "--out", str(tmp_path))
    assert [0, 0] == [new(*flags), new(*flags)]
    assert 2 == new(*flags, "--why", "another")
    assert "is there and differs" in capsys.readouterr().err
    assert 0 == new(*flags, "--why", "another", "--force")
    assert "another" in (tmp_path / "support/ticket.yaml").read_text()


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--select", "TKT"], "--sample is missing, and there is no terminal"),
        (["--sample", "EVENT"], "--select, --path or --key is missing"),
        (["--sample", "absent.json", "--select", "x"], "absent.json: No such file"),
        (["--sample", "EVENT", "--select", "absent"], "no value for --select"),
        (["--sample", "EVENT", "--path", "extra..x"], "--path: "),
        (["--sample", "EVENT", "--path", "user.name", "--key", "x"], "for --path and --key"),
        (["--sample", "EVENT", "--select", "TKT", "--out", "EVENT"], "event.json"),
    ],
)
def test_wrong_use(
    sample: str, flags: list[str], words: str, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """Each is told in words that hold nothing of the sample; 2."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO()))
    assert 2 == new(*(sample if flag == "EVENT" else flag for flag in flags))
    said = capsys.readouterr().err
    assert words in said
    assert "48213" not in said


@pytest.mark.parametrize("rule_id", ["../../x", "A B", "/etc/x"])
def test_an_id_that_is_none(rule_id: str, sample: str, tmp_path: Path) -> None:
    """Nothing is written anywhere."""
    out = tmp_path / "deep" / "mine"
    flags = ["--sample", sample, "--select", "TKT-48213", "--out", str(out)]
    assert 1 == main(["rules", "new", "--id", rule_id, *flags])
    assert ["event.json"] == [path.name for path in tmp_path.iterdir()]


def test_a_value_that_no_rule_changes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It says why; 1."""
    path = tmp_path / "event.json"
    path.write_text('{"extra": {"ok": true}}')
    assert 1 == new("--sample", str(path), "--path", "extra.ok")
    assert "tell nothing" in capsys.readouterr().err


def test_it_asks_on_a_terminal(
    sample: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What no flag says is asked for, in order."""
    answers = {
        "Id of the rule, folder/name": "support/ticket",
        "File with the sample": sample,
        "Text of it that is to go": "TKT-48213",
        "Why may nobody upstream see it": "It leads to a person.",
    }
    asked: list[str] = []

    def ask(question: str, **_: str) -> str:
        asked.append(question)
        return answers[question]

    monkeypatch.setattr(rules_new, "_at_terminal", lambda: True)
    monkeypatch.setattr(rules_new.Prompt, "ask", ask)
    assert 0 == main(["rules", "new"])
    assert list(answers) == asked
    assert "why: 'It leads to a person.'" in capsys.readouterr().out


def test_no_answer_is_wrong_use(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Enter alone says nothing."""
    monkeypatch.setattr(rules_new, "_at_terminal", lambda: True)
    monkeypatch.setattr(rules_new.Prompt, "ask", lambda _question, **_: "")
    assert 2 == main(["rules", "new"])
    assert "--id is missing" in capsys.readouterr().err
