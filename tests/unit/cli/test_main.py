"""The `relay` command: exit statuses, and what goes where."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from relay import __version__
from relay.cli import rules_list
from relay.cli.main import COMMANDS, main
from relay.errors import RelayError


@pytest.mark.parametrize("arguments", [[], ["nope"], ["rules"], ["rules", "nope"], ["--nope"]])
def test_wrong_use_is_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Wrong use ends with 2, and says so on stderr only."""
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert 2 == caught.value.code
    out, err = capsys.readouterr()
    assert ("", True) == (out, "usage: relay" in err)


@pytest.mark.parametrize(
    "arguments",
    [
        ["serve", "--config"], ["config", "check", "--config"], ["config", "show", "--config"],
        ["healthcheck", "--config"], ["rules", "test", "--rules"], ["rules", "list", "--rules"],
        ["scrub", "--rules"], ["scrub"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_a_path_that_is_not_there_is_2(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A path on the command line that does not exist is wrong use, for every command."""
    gone = str(tmp_path / "gone")
    assert 2 == main([*arguments, gone])
    out, err = capsys.readouterr()
    assert ("", True) == (out, err.lower().startswith(f"relay: {gone}: no such file or ".lower()))


def test_a_path_from_the_environment_is_a_mistake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A configuration that RELAY_CONFIG names and nobody has is found wrong: 1."""
    monkeypatch.setenv("RELAY_CONFIG", str(tmp_path / "gone"))
    assert 1 == main(["config", "check"])
    assert "1: cannot be read: No such file or directory" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["spool", "usage", "rules", "healthcheck"])
def test_a_command_loads_what_it_needs(command: str) -> None:
    """Only what serves loads the server, for that takes longer than most commands."""
    code = f"import sys; from relay.cli.main import build_parser; build_parser(['{command}'])"
    told = "print('relay.server' in sys.modules, 'aiohttp' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}; {told}"], capture_output=True, text=True, check=True
    )
    assert "False False" == done.stdout.strip()


def test_all_commands_are_told_where_none_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    """`--help` shows all, and so does what is no command."""
    for arguments in (["--help"], ["nope"]):
        with pytest.raises(SystemExit):
            main(arguments)
        out, err = capsys.readouterr()
        assert [] == [name for name in COMMANDS if name not in out + err]


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    """`--version` says the version."""
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert (0, f"scrub-relay {__version__}\n") == (caught.value.code, capsys.readouterr().out)


def test_mistakes_are_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All mistakes in files come on stderr, counted; the status is 1."""
    (tmp_path / "a.yaml").write_text("id: a\n")
    assert 1 == main(["rules", "list", "--rules", str(tmp_path)])
    out, err = capsys.readouterr()
    assert "" == out
    assert f"{tmp_path}/a.yaml:1: 'match' is missing" in err
    assert err.rstrip().endswith("mistakes")


@pytest.mark.parametrize(
    ("error", "status"),
    [(RelayError("away"), 1), (KeyboardInterrupt(), 130)],
    ids=["error", "interrupt"],
)
def test_other_ends(
    error: BaseException,
    status: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """An error of ours is one line, an interrupt none."""

    def fail(_: object) -> int:
        raise error

    monkeypatch.setattr(rules_list, "run", fail)
    assert status == main(["rules", "list"])
    out, err = capsys.readouterr()
    assert ("", "relay: away\n" if status == 1 else "") == (out, err)


def test_json_goes_to_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    """What a script reads is JSON on stdout, and nothing else."""
    assert 0 == main(["rules", "list", "--json"])
    out, err = capsys.readouterr()
    assert "" == err
    about = {"id", "status", "method", "description", "file", "line"}
    parts = {"where", "except", "keys", "scrubs", "leaves"}
    assert about | parts == set(json.loads(out)[0])
