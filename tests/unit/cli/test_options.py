"""Options that commands share."""

import argparse
import io
import sys
from pathlib import Path

import pytest

from relay.cli.options import (
    add_config,
    add_json,
    add_rules,
    as_json,
    binary_stdout,
    missing_path,
    print_json,
    read_input,
    settings_of,
)
from relay.errors import Mistake


def test_options() -> None:
    """Rules may be named several times."""
    parser = argparse.ArgumentParser()
    for add in (add_config, add_rules, add_json):
        add(parser)
    options = parser.parse_args(["--rules", "a", "--rules", "b", "--json", "--config", "c"])
    assert (["a", "b"], True, "c") == (options.rules, options.json, options.config)
    options = parser.parse_args([])
    assert ([], False, None) == (options.rules, options.json, options.config)


def test_missing_path(tmp_path: Path) -> None:
    """The first path that is not there is returned; a command without paths has none missing."""
    here, gone = str(tmp_path), str(tmp_path / "gone")
    for config, rules, expected in (
        (None, [], None), (here, [here], None), (here, [here, gone], gone), (gone, [], gone),
    ):  # fmt: skip
        assert expected == missing_path(argparse.Namespace(config=config, rules=rules))
    assert missing_path(argparse.Namespace()) is None


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    """Mistakes are maps for scripts, and JSON is one line with letters as they are."""
    print_json(as_json([Mistake("é.yaml", 3, "a", "b")]))
    assert '[{"file":"é.yaml","line":3,"message":"a","hint":"b"}]\n' == capsys.readouterr().out


def test_settings_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line wins over the environment, and that over the defaults."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RELAY_LISTEN__PORT", "3005")
    options = argparse.Namespace(config=None)
    listen = settings_of(options, host="::1").listen
    assert ("::1", 3005) == (listen.host, listen.port)
    assert 3007 == settings_of(options, port=3007).listen.port


def test_input_and_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file or standard input is read as bytes, and bytes go out."""
    (tmp_path / "x").write_bytes(b"\xff")
    assert b"\xff" == read_input(str(tmp_path / "x"))
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"\xfe")))
    assert b"\xfe" == read_input("-")
    assert binary_stdout() is sys.stdout.buffer
