"""`relay usage check`: what would become of a request."""

import io
import json
from pathlib import Path

import pytest

from relay.cli.main import main

PATH = "/suite/log/web/stable.log"
COMMON = (
    "c_v=1.50&c_commit=0123456789abcdef&c_instance_id=qz8YrW2mTq&c_session_id=Kp3vNx7LsB"
    "&c_timestamp=1785000000000&c_message_id=Wd5hJc9GfR&c_type=transport-type"
)
URL = f"https://data.example{PATH}?{COMMON}&type=bridge&version=2.0.30&path=hunter2"


@pytest.fixture(autouse=True)
def few_rules(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Go where no configuration is, and take a few rules."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(
        "RELAY_RULES__0", str(Path(__file__).parents[3] / "rules" / "network" / "ip-address.yaml")
    )


def test_a_request(capsys: pytest.CaptureFixture[str]) -> None:
    """The record is shown, and why the rest is dropped; no value of the rest."""
    assert 0 == main(["usage", "check", f"{URL}&c_consent=true"])
    out, err = capsys.readouterr()
    assert out.startswith('204, and this is kept:\n{\n  "type": "transport-type",\n')
    assert out.endswith(
        "pseudonyms, made with a key of this run: instance, session, message\n"
        "dropped:\n  path: not in the allow-list\n"
    )
    assert [] == [word for word in ("hunter2", "qz8YrW2mTq", "Kp3vNx7LsB") if word in out + err]
    assert "no app is configured" in err


def test_a_request_of_a_configured_app(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is configured holds; the request may come from standard input, consent from a header."""
    Path("relay.yaml").write_text("usage: {apps: [{name: suite}]}\n")
    standard_input = io.TextIOWrapper(io.BytesIO(f"{PATH}?{COMMON}\n".encode()))
    monkeypatch.setattr("sys.stdin", standard_input)
    assert 0 == main(["usage", "check", "-", "--consent", "true", "--json"])
    out, err = capsys.readouterr()
    done = json.loads(out)
    assert (204, "accepted", {}, [], "") == (
        done["status"], done["reason"], done["record"]["attributes"], done["dropped"], err,
    )  # fmt: skip
    assert 1 == main(["usage", "check", f"/connect/log/web/stable.log?{COMMON}"])
    out, err = capsys.readouterr()
    assert out.startswith("404 unknown_route: no path of an app")
    assert "relay: configured is /suite/log/{desktop|web|mobile}/{stable|develop}.log\n" == err


def test_a_path_of_an_app_without_environments(capsys: pytest.CaptureFixture[str]) -> None:
    """What is configured is shown, of each app; nothing of the request is."""
    Path("relay.yaml").write_text(
        "usage: {apps: [{name: suite, environments: []}, {name: connect, environments: [web]}]}\n"
    )
    assert 1 == main(["usage", "check", f"/suite/log/hunter2/stable.log?{COMMON}"])
    out, err = capsys.readouterr()
    assert "hunter2" not in out + err
    assert (
        "relay: configured is /suite/log/{stable|develop}.log,"
        " /connect/log/{web}/{stable|develop}.log\n"
    ) == err


def test_nothing_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    """The answer and the reason are shown; a script gets them too."""
    assert 1 == main(["usage", "check", URL])
    shown = "403 consent_missing: nothing says that the user agreed\n"
    assert shown == capsys.readouterr().out
    assert 1 == main(["usage", "check", "--json", URL])
    assert ("consent_missing", None) == (
        (done := json.loads(capsys.readouterr().out))["reason"],
        done["record"],
    )


@pytest.mark.parametrize(
    ("path", "kind", "hint"),
    [
        (PATH, "transport-tpye", "relay: did you mean 'transport-type'?\n"),
        ("/other/log/web/stable.log", "transport-type", "relay: the list has it for suite\n"),
        (PATH, "hunter2", ""),
    ],
)
def test_a_type_that_is_not_on_the_list(
    capsys: pytest.CaptureFixture[str], path: str, kind: str, hint: str
) -> None:
    """Whoever has mistaken the name, or the app, is told so."""
    Path("relay.yaml").write_text("usage: {apps: [{name: suite}, {name: other}]}\n")
    url = f"{path}?{COMMON.replace('transport-type', kind)}&c_consent=true"
    assert 1 == main(["usage", "check", url])
    out, err = capsys.readouterr()
    assert out.startswith("204 unknown_item: ")
    assert hint == err
