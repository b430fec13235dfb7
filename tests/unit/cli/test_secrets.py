"""Secrets are planted in every setting that holds one, right and wrong: no command tells them."""

import itertools
import json
import logging
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from relay import logs
from relay.cli.main import main
from relay.cli.serve import welcome
from relay.config import load_settings
from relay.server.loaded import Loaded, load
from relay.server.running import Started

RULES = Path(__file__).parents[3] / "rules" / "network"
KEY = "6d91ca6e6a5d4de7b47989455858b5f6"
SHA = "5ec4e7" * 10 + "abcd"
WORD = "hunter2hunter2hunter2"
DIGITS = "73021930173021930173"

SETTINGS = {
    "hash.secret": "hash: {{secret: {}}}",
    "hash.secret_file": "hash: {{secret_file: {}}}",
    "errors.dsn": "errors: {{dsn: {}}}",
    "projects.upstream": "projects: [{{id: '1', key: " + "0" * 32 + ", upstream: {}}}]",
    "spool.servers": "spool: {{backend: jetstream, servers: [{}]}}",
    "spool.credentials_file": "spool: {{backend: jetstream, servers: ['n'], credentials_file: {}}}",
    "admin.tokens.sha256": "admin: {{tokens: [{{name: a, scopes: [spool], sha256: {}}}]}}",
    "usage.store.secret_access_key": (
        "usage: {{apps: [{{name: suite}}], store: {{access_key_id: a, secret_access_key: {}}}}}"
    ),
    "listen.tls.key": "listen: {{tls: {{cert: x.pem, key: {}}}}}",
}
"""A line of relay.yaml for each, with a place for the value."""

WRONG = (
    f"'{WORD}'",
    f"[{WORD}]",
    f"{{{WORD}: 1}}",
    f"{{a: {WORD}}}",
    f"&{WORD} x",
    f"!{WORD} x",
    f"*{WORD}",
    f"'{WORD}",
    f"{{nats://a:{WORD}@b: }}",
    f"'https://{KEY}:{WORD}@o1.ingest.sentry.io/x y'",
    f"'https://{WORD}@o1.ingest.sentry.io/5'",
    f"'nats://a:{WORD}#b@[c'",
    f'"-----BEGIN PRIVATE KEY-----\\n{WORD}"',
    DIGITS,
    f"-{DIGITS}",
    f"{DIGITS}.5",
    f"[{DIGITS}]",
    f"{{{DIGITS}: 1}}",
)
"""What an operator may write by mistake; most of it is wrong in most places."""


@pytest.fixture(autouse=True)
def restored(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Go where nothing is, and put logging back as it was."""
    monkeypatch.chdir(tmp_path)
    root, ours = logging.getLogger(), logging.getLogger("relay")
    before = (root.handlers[:], root.level, ours.level)
    yield
    root.handlers[:], root.level, ours.level = before  # type: ignore[assignment]


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """All that a command says."""
    with suppress(SystemExit):
        main(arguments)
    return "".join(capsys.readouterr())


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        (setting, value)
        for setting, value in itertools.product(SETTINGS, WRONG)
        if (setting, value) != ("spool.servers", f"'{WORD}'")  # that is a host's name
    ],
)
def test_in_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], setting: str, value: str
) -> None:
    """Whether it is taken or refused, for people and for scripts."""
    (tmp_path / "relay.yaml").write_text(SETTINGS[setting].format(value) + "\nrules: [gone]\n")
    told = said(capsys, "config", "check", "--json") + said(capsys, "config", "show")
    assert "mistake" in told
    assert WORD not in told
    assert DIGITS not in told


@pytest.mark.parametrize("section", sorted({name.partition(".")[0] for name in SETTINGS}))
def test_in_the_place_of_a_section(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], section: str
) -> None:
    """Who forgets the key has the secret as a key, or alone."""
    for value in WRONG:
        (tmp_path / "relay.yaml").write_text(f"{section}: {value}\n")
        told = said(capsys, "config", "check", "--json")
        assert "mistake" in told
        assert WORD not in told
        assert DIGITS not in told


@pytest.mark.parametrize("value", [WORD, DIGITS, "x\n" + WORD, f"https://a:{WORD}@b/1"])
@pytest.mark.parametrize("form", ["value", "file", "path"])
@pytest.mark.parametrize("setting", SETTINGS)
def test_in_the_environment(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    setting: str,
    form: str,
    value: str,
) -> None:
    """As a variable, in a file that one names, and in the place of that file's name."""
    name = "RELAY_" + setting.upper().replace(".", "__").replace("PROJECTS__", "PROJECTS__0__")
    name = name.replace("TOKENS__", "TOKENS__0__").replace("SERVERS", "SERVERS__0")
    if form == "file":
        (tmp_path / "value").write_text(value)
    monkeypatch.setenv(
        name if form == "value" else f"{name}_FILE",
        str(tmp_path / "value") if form == "file" else value,
    )
    monkeypatch.setenv("RELAY_RULES__0", "gone")
    told = said(capsys, "serve", "--port", "0") + said(capsys, "config", "show", "--json")
    assert told
    assert WORD not in told
    assert DIGITS not in told


def whole(tmp_path: Path) -> Path:
    """A configuration with every secret in it, and nothing wrong."""
    (tmp_path / "hash").write_text(WORD)
    file = tmp_path / "all.yaml"
    file.write_text(
        f"rules: ['{RULES}']\n"
        f"hash: {{secret_file: '{tmp_path / 'hash'}'}}\n"
        f"errors: {{dsn: 'https://{KEY}:{WORD}@o1.ingest.sentry.io/5'}}\n"
        f"projects: [{{id: '1', key: {'0' * 32}, upstream: 'https://{KEY}:{WORD}@o1.example/5'}}]\n"
        f"spool: {{backend: jetstream, servers: ['nats://{WORD}:{WORD}@127.0.0.1:1']}}\n"
        f"admin: {{tokens: [{{name: a, sha256: {SHA}, scopes: [spool]}}]}}\n"
    )
    return file


def test_when_all_is_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is shown, checked and said at the start has none of them; no repr has."""
    file = str(whole(tmp_path))
    settings = load_settings(file, {})
    loaded = load(settings)
    assert isinstance(loaded, Loaded)
    told = "".join(
        [
            *(said(capsys, "config", command, "--config", file) for command in ("check", "show")),
            said(capsys, "config", "show", "--json", "--config", file),
            welcome(settings, Started("127.0.0.1", 1, "127.0.0.1", 2)),
            repr(settings),
            repr(loaded),
            repr(settings.errors.dsn),
            str(settings),
        ]
    )
    assert "6d91…@o1.example" in told
    assert [] == [secret for secret in (WORD, KEY, SHA) if secret in told]


def test_in_what_a_broken_program_says(tmp_path: Path) -> None:
    """An error that nobody caught, with the settings in its frames and text."""
    settings = load_settings(str(whole(tmp_path)), {})
    try:
        raise RuntimeError(settings, settings.spool.servers, WORD)  # noqa: TRY301
    except RuntimeError as error:
        info = (type(error), error, error.__traceback__)
    record = logging.LogRecord("relay.x", logging.ERROR, "x.py", 1, "failed", (), info)
    record.secret = WORD
    for formatter in (logs.JsonFormatter(), logs.TextFormatter(colour=False)):
        line = formatter.format(record)
        assert "RuntimeError" in line
        assert WORD not in line


@pytest.mark.parametrize(
    "server",
    [
        f"nats://a:{WORD}@127.0.0.1:1",
        f"{WORD}:x@127.0.0.1:1",
        f"nats://a:{WORD}#x@127.0.0.1:1",
        f"nats://a:{WORD}@[",
        f"nats://a:x@127.0.0.1:{WORD}",
        f"{WORD}://a",
    ],
)
def test_a_server_that_is_not_there(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    server: str,
) -> None:
    """Neither who is asked, nor with which password, is told."""
    monkeypatch.setattr("relay.spool.jetstream_streams.CONNECT_SECONDS", 0.2)
    (tmp_path / "relay.yaml").write_text(f"spool: {{backend: jetstream, servers: ['{server}']}}\n")
    told = said(capsys, "spool", "status", "--json")
    assert told.startswith("relay: ")
    assert WORD not in told
    assert WORD not in said(capsys, "config", "show")


def test_what_is_shown_is_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The masks are words, so that a script can go on."""
    shown = json.loads(said(capsys, "config", "show", "--json", "--config", str(whole(tmp_path))))
    assert "(set)" == shown["admin"]["tokens"][0]["sha256"]
    assert ["nats://127.0.0.1:1"] == shown["spool"]["servers"]
