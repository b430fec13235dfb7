"""`relay rules import`, as an operator uses it."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

import relay
from relay.cli.main import main

CONFIG: dict[str, Any] = {
    "rules": {
        "ticket": {
            "type": "pattern",
            "pattern": "TKT-[0-9]{5}",
            "redaction": {"method": "replace", "text": "[ticket]"},
        }
    },
    "applications": {"$string": ["ticket", "@ip:replace"], "$user.email": ["@anything:remove"]},
}
LOSSY = {**CONFIG, "vars": {"hashKey": "s3cret"}}
UNFINISHED = {
    "rules": {"greek": {"type": "pattern", "pattern": r"\p{Greek}{5}"}},
    "applications": {"$string": ["greek", "@ip"]},
}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A file with a configuration of which all can be carried over."""
    return written(tmp_path, CONFIG)


def written(folder: Path, document: Any) -> Path:
    path = folder / "pii-config.json"
    path.write_text(json.dumps(document))
    return path


def test_the_whole_circle(source: Path, tmp_path: Path) -> None:
    """What is imported loads as it is, and scrubs what the configuration said."""
    out = tmp_path / "out"
    assert 0 == main(["rules", "import", str(source), "--out", str(out)])
    assert ["anything-remove.yaml", "ip-replace.yaml", "ticket.yaml"] == sorted(
        path.name for path in (out / "sentry").iterdir()
    )
    event = {"message": "TKT-48213 from 203.0.113.42", "user": {"email": "x", "id": "1"}}
    body = relay.load_scrubber(out).scrub_json(json.dumps(event).encode()).body
    clean = json.loads(body)
    assert "[ticket] from [ip]" == clean["message"]
    assert {"id": "1"} == clean["user"]
    assert 0 == main(["rules", "test", "--rules", str(out)])


def test_beside_the_rules_that_ship(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Sentry's defaults, imported, pass their examples together with the rules that ship."""
    source = written(tmp_path, {"applications": {"$string": ["@common"]}})
    main(["rules", "import", str(source), "--out", str(tmp_path / "out")])
    capsys.readouterr()
    shipped = str(relay.rulefiles.shipped_folder())
    assert 0 == main(["rules", "test", "--rules", shipped, "--rules", str(tmp_path / "out")])


def test_a_second_time(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same import gives the same bytes; a file that was changed is not written over."""
    call = ["rules", "import", str(source), "--out", str(tmp_path / "out")]
    assert 0 == main(call)
    files = sorted((tmp_path / "out" / "sentry").iterdir())
    before = [file.read_bytes() for file in files]
    assert 0 == main(call)
    assert before == [file.read_bytes() for file in files]
    files[0].write_text("changed")
    files[1].unlink()
    capsys.readouterr()
    assert 2 == main(call)
    out, err = capsys.readouterr()
    assert ("", True, False) == (out, f"{files[0]}: is there and differs" in err, files[1].exists())
    assert "changed" == files[0].read_text()
    assert 0 == main([*call, "--force"])
    assert before == [file.read_bytes() for file in files]


def test_a_preview(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a folder the files are shown, one after the other, and nothing is written."""
    assert 0 == main(["rules", "import", str(source)])
    out, err = capsys.readouterr()
    documents = out.split("---\n")
    assert 3 == len(documents)
    assert documents[0].startswith("# sentry/ticket.yaml\nid: sentry/ticket\n")
    assert "3 rules, 0 to fill in, 0 not carried over\n" == err
    assert [source] == list(source.parent.iterdir())


def test_what_is_lost(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It ends with 1, names the place, tells no secret, and writes the files all the same."""
    source = written(tmp_path, LOSSY)
    assert 1 == main(["rules", "import", str(source), "--out", str(tmp_path / "out")])
    out, err = capsys.readouterr()
    assert "3 rules, 0 to fill in, 1 not carried over\n" == out
    assert err.startswith("not carried over: vars.hashKey: ")
    assert "s3cret" not in err
    assert 3 == len(list((tmp_path / "out").rglob("*.yaml")))


def test_examples_to_fill_in(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A rule without proof is named here, and by `relay rules test`, and no other is."""
    out = tmp_path / "out"
    assert 0 == main(["rules", "import", str(written(tmp_path, UNFINISHED)), "--out", str(out)])
    file = out / "sentry" / "greek.yaml"
    assert f"examples to fill in: {file}\n" == capsys.readouterr().err
    assert "# TODO" in file.read_text()
    assert 1 == main(["rules", "test", "--rules", str(out)])
    lines = capsys.readouterr().err.splitlines()[:-1]
    assert {str(file)} == {line.partition(":")[0] for line in lines}
    with pytest.raises(relay.RuleError):
        relay.load_scrubber(out)


def test_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A script reads all of it on stdout; the document may come on stdin."""
    stdin = io.TextIOWrapper(io.BytesIO(json.dumps(LOSSY).encode()))
    monkeypatch.setattr("sys.stdin", stdin)
    assert 1 == main(["rules", "import", "-", "--json", "--out", str(tmp_path / "out")])
    out, err = capsys.readouterr()
    shown = json.loads(out)
    assert ["vars.hashKey"] == [loss["path"] for loss in shown["lost"]]
    assert {"id", "file", "finished", "text"} == set(shown["rules"][0])
    assert "sentry/ticket.yaml" == shown["rules"][0]["file"]
    assert "" == err


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b'{"a": 1,\n  "hunter2" }', ":2:13: not JSON"),
        (b'{"rules":\n "\xff"}', ":2:3: not UTF-8"),
        (b"", ":1:1: not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"{}", "no PII configuration"),
        (b"[1]", "no PII configuration"),
    ],
)
def test_unusable_input(
    data: bytes, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It ends with 2 and says where, without a word of the document."""
    path = tmp_path / "in.json"
    path.write_bytes(data)
    assert 2 == main(["rules", "import", str(path), "--out", str(tmp_path / "out")])
    out, err = capsys.readouterr()
    assert ("", False) == (out, (tmp_path / "out").exists())
    assert said in err
    assert "hunter2" not in err


def test_wrong_use(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is not there, or a folder that is a file, ends with 2."""
    assert 2 == main(["rules", "import", str(tmp_path / "none.json")])
    assert "none.json: No such file" in capsys.readouterr().err
    assert 2 == main(["rules", "import", str(tmp_path)])
    assert 2 == main(["rules", "import", str(source), "--out", str(source)])
    assert "Not a directory" in capsys.readouterr().err
