"""`relay config`."""

import json
from pathlib import Path

import pytest

from relay.cli.main import main
from relay.rulefiles import shipped_folder

KEY = "6d91ca6e6a5d4de7b47989455858b5f6"
SECRET = "ab" * 16
GOOD = f"""\
projects:
  - {{id: "1", key: {KEY}, upstream: 'https://{SECRET}@o1.ingest.sentry.io/5'}}
"""
FEW = f"rules: ['{shipped_folder() / 'network'}']\n"
"""For tests that ask nothing of the rules: all of them take a second to load."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A configuration."""
    path = tmp_path / "relay.yaml"
    path.write_text(GOOD)
    return path


def test_check(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A good configuration is said to be fine, its rules too."""
    assert 0 == main(["config", "check", "--config", str(file)])
    out, err = capsys.readouterr()
    assert (True, "") == (out.startswith(f"{file}: 1 project(s), "), err)
    assert out.endswith(" rules: fine\n")


def test_check_finds_mistakes(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each mistake is told with its line; the status is 1."""
    file.write_text(GOOD + "listn: {}\n")
    assert 1 == main(["config", "check", "--config", str(file)])
    out, err = capsys.readouterr()
    assert ("", True) == (out, f"{file}:3: " in err)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (
            "listen: {workers: 2}\nspool: {backend: memory}\n",
            "listen.workers: several workers need",
        ),
        ("listen: {tls: {cert: gone.pem, key: gone.pem}}\n", "listen.tls.key: it cannot be read"),
        ("hash: {secret_file: gone}\n", "the hash secret cannot be read"),
        ("items: {statsd: scrub}\n", "items.statsd: scrub is not available"),
        (
            "usage: {apps: [{name: suite}], events: [gone]}\n" + FEW,
            "gone:1: no such file or folder",
        ),
    ],
)
def test_check_refuses_what_serve_refuses(
    more: str, expected: str, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What cannot be served is no fine configuration; both commands say the same."""
    file.write_text(GOOD + more)
    said = []
    for command in (["config", "check"], ["serve"]):
        assert 1 == main([*command, "--config", str(file)])
        out, err = capsys.readouterr()
        said.append(err)
        assert ("", True) == (out, expected in err)
    assert said[0] == said[1]


def test_check_looks_for_the_account_of_the_store(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the store needs of the environment is missed here already, not only by `serve`."""
    monkeypatch.delenv("AZURE_STORAGE_ACCOUNT_NAME", raising=False)
    usage = "usage: {apps: [{name: suite}], store: {url: 'az://box/usage'}}\n"
    file.write_text(GOOD + usage + FEW)
    assert 1 == main(["config", "check", "--config", str(file)])
    assert "usage.store: AZURE_STORAGE_ACCOUNT_NAME is not set" in capsys.readouterr().err
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "some-account")
    assert 0 == main(["config", "check", "--config", str(file)])


def test_check_warns_of_what_is_hardly_meant(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Sets that hide nobody, and a misspelt app in a list of one's own, whose events never come."""
    events = tmp_path / "events.yaml"
    examples = "[{query: '', keeps: {}}]"
    events.write_text(
        f"events:\n  a: {{description: d, apps: [suite, siute], examples: {examples}}}\n"
    )
    secret = tmp_path / "usage.key"
    secret.write_text("0123456789abcdef0123456789abcdef")
    secret.chmod(0o600)
    usage = f"usage: {{apps: [{{name: suite}}], hash: {{secret_file: '{secret}'}}%s}}\n" + FEW
    for more, told in (
        ("", []),
        (", min_group: 2", []),
        (", min_group: 1", ["usage.min_group is 1: the sets for analysis hide nobody"]),
        (
            f", events: ['{events}']",
            ["the allow-list names the app siute, which is not in usage.apps"],
        ),
    ):
        file.write_text(GOOD + usage % more)
        assert 0 == main(["config", "check", "--json", "--config", str(file)])
        assert told == json.loads(capsys.readouterr().out)["warnings"]


def test_check_of_usage_events(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The allow-list is looked at where an app sends, and each mistake in it told."""
    usage = "usage: {apps: [{name: suite, without_consent: [%s]}]%s}\n" + FEW
    file.write_text(GOOD + usage % ("menu/guide", ""))
    assert 0 == main(["config", "check", "--config", str(file)])
    assert " types of usage events: fine\n" in capsys.readouterr().out
    assert 0 == main(["config", "check", "--json", "--config", str(file)])
    assert json.loads(capsys.readouterr().out)["usage_events"] > 150
    file.write_text(GOOD + usage % ("menu/guid", ""))
    assert 1 == main(["config", "check", "--config", str(file)])
    told = (
        "usage.apps.0.without_consent: no type of events 'menu/guid' (did you mean 'menu/guide'?)"
    )
    assert f"{file}:3: {told}" in capsys.readouterr().err
    events = tmp_path / "events.yaml"
    events.write_text("events:\n  a: {descripton: d}\n")
    file.write_text(GOOD + usage % ("", f", events: ['{events}']"))
    assert 1 == main(["config", "check", "--config", str(file)])
    assert f"{events}:2: unknown key 'descripton'" in capsys.readouterr().err


def test_check_for_scripts(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A script gets counts, and each mistake with file, line and hint."""
    file.write_text(GOOD + FEW)
    assert 0 == main(["config", "check", "--json", "--config", str(file)])
    fine = json.loads(capsys.readouterr().out)
    assert (str(file), 1, []) == (fine["file"], fine["projects"], fine["mistakes"])
    file.write_text(GOOD + "listn: {}\n")
    assert 1 == main(["config", "check", "--json", "--config", str(file)])
    out, err = capsys.readouterr()
    wrong = {
        "file": str(file),
        "line": 3,
        "message": "unknown key 'listn'",
        "hint": "did you mean 'listen'?",
    }
    assert ({"mistakes": [wrong]}, True) == (json.loads(out), "1 mistake" in err)


@pytest.mark.parametrize("more", [[], ["--json"]])
def test_show(more: list[str], file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What holds is shown, the upstream's key masked."""
    assert 0 == main(["config", "show", "--config", str(file), *more])
    out = capsys.readouterr().out
    assert SECRET not in out
    assert "o1.ingest.sentry.io" in out
    if more:
        json.loads(out)


def test_rules_of_ones_own_alone(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who names folders of rules has these alone: that those that ship are left out is said."""
    shipped = sorted((shipped_folder() / "network").glob("*.yaml"))
    (tmp_path / "mine").mkdir()
    for rule in shipped:
        (tmp_path / "mine" / rule.name).write_bytes(rule.read_bytes())
    file.write_text(GOOD + f"rules: ['{tmp_path / 'mine'}']\n")
    assert 0 == main(["config", "check", "--config", str(file)])
    out, err = capsys.readouterr()
    assert f"{len(shipped)} rules: fine" in out
    assert "of the rules that ship are not among them" in err
    assert 0 == main(["config", "check", "--config", str(file), "--json"])
    assert json.loads(capsys.readouterr().out)["shipped_rules_left_out"] > 50


def test_secrets_that_everybody_may_read(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """They are told, and are no mistake."""
    secret = tmp_path / "secret"
    secret.write_text("hunter2-hunter2-hunter2")
    secret.chmod(0o644)
    file.write_text(GOOD + FEW + f"hash: {{secret_file: '{secret}'}}\n")
    told = "hash.secret_file: the file can be read by everybody on this machine"
    assert 0 == main(["config", "check", "--config", str(file)])
    assert f"relay: {told}\n" in capsys.readouterr().err
    assert 0 == main(["config", "check", "--json", "--config", str(file)])
    assert [told] == json.loads(capsys.readouterr().out)["warnings"]


def test_pseudonyms_that_end_with_the_process(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A key of usage events that is made at each start is told, and is no mistake."""
    told = (
        "usage.hash.secret_file is not set: pseudonyms, and what is known of repeats, "
        "end with the process"
    )
    usage = GOOD + FEW + "usage: {apps: [{name: suite}]}\n"
    file.write_text(usage)
    assert 0 == main(["config", "check", "--config", str(file)])
    assert f"relay: {told}\n" in capsys.readouterr().err
    secret = tmp_path / "secret"
    secret.write_text("hunter2-hunter2-hunter2")
    secret.chmod(0o600)
    given = f"hash: {{secret_file: '{secret}'}}, apps:"
    for text, warnings in ((usage, [told]), (usage.replace("apps:", given), [])):
        file.write_text(text)
        assert 0 == main(["config", "check", "--json", "--config", str(file)])
        assert warnings == json.loads(capsys.readouterr().out)["warnings"]
