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
    binary_stdout,
    read_input,
    settings_of,
)


def test_options() -> None:
    """Rules may be named several times."""
    parser = argparse.ArgumentParser()
    for add in (add_config, add_rules, add_json):
        add(parser)
    options = parser.parse_args(["--rules", "a", "--rules", "b", "--json", "--config", "c"])
    assert (["a", "b"], True, "c") == (options.rules, options.json, options.config)
    options = parser.parse_args([])
    assert ([], False, None) == (options.rules, options.json, options.config)


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
