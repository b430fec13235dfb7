"""`relay scrub`."""

import io
import json
from pathlib import Path

import pytest

from relay.cli import scrub
from relay.cli.main import main
from relay.protocol.envelope import parse
from tests.inline_rules import IP, rule_text

ADDRESS = "203.0.113.77"
EVENT = json.dumps({"a": ADDRESS, "b": "é"}).encode()
ENVELOPE = b'{"dsn":"x"}\n{"type":"event"}\n' + EVENT + b"\n"


@pytest.fixture
def rules(tmp_path: Path) -> str:
    """A rule file."""
    file = tmp_path / "ip.yaml"
    text = rule_text(IP.replace("t/ip", "ip"))
    file.write_text(text.replace("{in: a, out: a}", f"{{in: '{ADDRESS}', out: '[ip]'}}"))
    return str(file)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"{}", "event"), (b" [1]", "event"), (b'"x"', "text"), (b"5", "text"), (b"", "text"),
        (b"some text", "text"), (ENVELOPE, "envelope"), (b'{}\n{"a":1}', "text"),
        (b"{}\n[1]\n", "text"),
        (b"{}\n5", "text"), (b"\xff", "text"), (b'[]\n{"type":"x"}', "text"),
    ],
)  # fmt: skip
def test_guess(data: bytes, expected: str) -> None:
    """What bytes are is seen from their start; in doubt they are text."""
    assert expected == scrub.guess(data)


@pytest.mark.parametrize(
    ("data", "place"),
    [(b'{"a": "x",\n "b": "y', "line 2, column 7"), (b"{}\n[1]\n", "line 2, column 1"),
     (b"some text", ""), (EVENT, ""), (ENVELOPE, "")],
)  # fmt: skip
def test_half_of_an_event_is_told(
    data: bytes, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was copied but in part is read as text, and so looks cleaner than it is."""
    assert scrub.guess(data) == scrub.guessed(data)
    told = f"relay: no JSON from {place} on, so read as text" if place else ""
    assert told == capsys.readouterr().err.partition(" (")[0]


def test_an_event(tmp_path: Path, rules: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """Clean bytes go to stdout, nothing else."""
    file = tmp_path / "e.json"
    file.write_bytes(EVENT)
    assert 0 == main(["scrub", str(file), "--rules", rules])
    out, err = capfdbinary.readouterr()
    assert (b"", "[ip]") == (err, json.loads(out)["a"])


@pytest.mark.parametrize("kind", [[], ["--kind", "envelope"]])
def test_an_envelope_from_stdin(
    kind: list[str],
    rules: str,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    """Standard input is read where no file is named."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(ENVELOPE)))
    assert 0 == main(["scrub", *kind, "--rules", rules])
    clean = parse(capfdbinary.readouterr().out)
    assert {} == clean.headers
    assert ADDRESS.encode() not in clean.items[0].payload


@pytest.mark.parametrize("more", [[], ["--diff"]])
def test_what_is_lost_is_told(
    more: list[str], tmp_path: Path, rules: str, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Each item that does not come out has a line on stderr; the clean rest is on stdout."""
    file = tmp_path / "e"
    file.write_bytes(
        ENVELOPE + b'{"type":"203.0.113.77"}\n{}\n{"type":"statsd"}\na:1|c\n'
        b'{"type":"session"}\n{broken\n{"type":"attachment"}\nat 203.0.113.77\n'
    )
    assert 1 == main(["scrub", str(file), "--kind", "envelope", "--rules", rules, *more])
    out, err = capfdbinary.readouterr()
    assert [
        b"relay: item 2, unknown: unknown_item",
        b"relay: item 3, statsd: item_policy",
        b"relay: item 4, session: invalid",
    ] == err.splitlines()
    if not more:
        items = parse(out).items
        assert ["event", "attachment"] == [item.kind for item in items]
        assert b"at [ip]" == items[1].payload


def test_text(tmp_path: Path, rules: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """Text is scrubbed as text, whatever bytes are in it."""
    file = tmp_path / "e.txt"
    file.write_bytes(b"\xff at 203.0.113.77\r\n")
    assert 0 == main(["scrub", str(file), "--kind", "text", "--rules", rules])
    assert "\ufffd at [ip]\r\n".encode() == capfdbinary.readouterr().out


@pytest.mark.parametrize(
    ("data", "kind", "before", "after"),
    [
        (EVENT, "event", '-  "a": "203.0.113.77",', '+  "a": "[ip]",'),
        (ENVELOPE, "envelope", '-  "a": "203.0.113.77",', '+  "a": "[ip]",'),
        (b"at 203.0.113.77", "text", "-at 203.0.113.77", "+at [ip]"),
    ],
)
def test_diff(
    data: bytes, kind: str, before: str, after: str,
    tmp_path: Path, rules: str, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """A diff shows what would change, line by line, without `_meta`."""
    file = tmp_path / "x"
    file.write_bytes(data)
    assert 0 == main(["scrub", str(file), "--kind", kind, "--diff", "--rules", rules])
    lines = capsys.readouterr().out.splitlines()
    assert before in lines
    assert after in lines
    assert not any("_meta" in line for line in lines)


@pytest.mark.parametrize(
    ("kind", "data"), [("event", b"{broken 203.0.113.77"), ("envelope", b"203.0.113.77")]
)
def test_what_it_is_not(
    kind: str, data: bytes, tmp_path: Path, rules: str, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Input that is not what it is said to be ends with 1: nothing comes out, nothing is shown."""
    file = tmp_path / "x"
    file.write_bytes(data)
    assert 1 == main(["scrub", str(file), "--kind", kind, "--rules", rules])
    out, err = capfdbinary.readouterr()
    assert b"" == out
    assert err.startswith(b"relay: ")
    assert ADDRESS.encode() not in err


def test_a_diff_is_no_clean_text(capsys: pytest.CaptureFixture[str]) -> None:
    """The help says that a diff holds what was scrubbed."""
    with pytest.raises(SystemExit):
        main(["scrub", "--help"])
    assert "the old lines hold the secrets" in " ".join(capsys.readouterr().out.split())


def test_the_configured_rules(
    tmp_path: Path,
    rules: str,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    """Without `--rules` the configured ones are used, and standard error says so."""
    monkeypatch.chdir(tmp_path)
    Path("relay.yaml").write_text("rules: [ip.yaml]\n")
    Path("text").write_text(f"{ADDRESS} jo@example.org")
    assert 0 == main(["scrub", "text"])
    assert (b"[ip] jo@example.org", b"rules: ip.yaml (from relay.yaml)\n") == (
        capfdbinary.readouterr()
    )
    assert 0 == main(["scrub", "text", "--rules", rules])
    assert b"" == capfdbinary.readouterr().err


def test_a_file_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that cannot be read is wrong use."""
    assert 2 == main(["scrub", str(tmp_path / "nothing")])
    assert "No such file or directory" in capsys.readouterr().err
