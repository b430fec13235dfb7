"""relay.yaml, environment and command line: what they give, and every mistake at once."""

import os
from pathlib import Path

import pytest

from relay import config
from relay.config import Folder, Host, parse
from relay.consent import Missing
from relay.errors import ConfigError
from relay.protocol.dsn import parse_dsn
from relay.protocol.item_kinds import Policy

KEY = "6d91ca6e6a5d4de7b47989455858b5f6"
UPSTREAM = f"https://{'ab' * 16}@o1.ingest.sentry.io/5193825"

DESIGN = f"""\
listen:   {{host: 127.0.0.1, port: 3000, workers: 1}}
admin:    {{host: 127.0.0.1, port: 3001}}
projects:
  - id: "5193825"
    key: {KEY}
    upstream: {UPSTREAM}
  - {{id: "*", key: "*", upstream: https://o1.ingest.sentry.io}}
rules:    [rules]
consent:
  required: true
  flag: allowReport
  missing: reject
  answer: 403
  explicit: [feedback, user_report]
items:    {{attachment: text, minidump: drop, replay: drop}}
limits:   {{}}
spool:    {{backend: sqlite, path: spool.db, max_bytes: 500MB, max_age: 24h}}
hash:     {{secret_file: secret.txt, rotate: 24h}}
usage:    {{}}
"""


def mistakes_of(text: str | None, environment: dict[str, str] | None = None) -> list[str]:
    """Return the mistakes as they are shown."""
    with pytest.raises(ConfigError) as caught:
        parse(text, "r.yaml", environment or {})
    return list(caught.value.causes)


def project(more: str = "", identity: str = "'1'", key: str = KEY) -> str:
    """Return one entry of `projects`."""
    return f"  - {{id: {identity}, key: {key}, upstream: '{UPSTREAM}'{more}}}\n"


def test_the_whole_file() -> None:
    """The file of the documentation loads, and says what it seems to say."""
    settings = parse(DESIGN, "r.yaml", {})
    assert ("5193825", KEY, parse_dsn(UPSTREAM)) == (
        settings.projects[0].project,
        settings.projects[0].key,
        settings.projects[0].upstream,
    )
    assert Host("https", "o1.ingest.sentry.io", None, "") == settings.projects[1].upstream
    assert (("rules",), 500_000_000, 86_400.0) == (
        settings.rules,
        settings.spool.max_bytes,
        settings.spool.max_age,
    )
    assert "secret.txt" == settings.hash.secret_file


def test_nothing_at_all() -> None:
    """With no file and no environment there is one project that writes into a folder."""
    settings = parse(None, "(no file)", {})
    (only,) = settings.projects
    assert ("1", "0" * 32, Folder("./inbox")) == (only.project, only.key, only.upstream)
    assert ("127.0.0.1", 3000, "127.0.0.1", 3001) == (
        settings.listen.host, settings.listen.port, settings.admin.host, settings.admin.port,
    )  # fmt: skip
    assert (True, Missing.REJECT, "spool.db", ()) == (
        only.consent.required, only.consent.missing, settings.spool.path, settings.rules,
    )  # fmt: skip


def test_all_mistakes_at_once() -> None:
    """Every mistake of every section is reported, with its line and what may have been meant."""
    text = """\
listen: {prot: 3000, port: 70000}
projets: []
projects:
  - {id: '1', key: xyz, upstream: 'ftp://nowhere'}
  - {id: no, upstream: 12}
consent: {required: no, missing: later, answer: 300, explicit: [feedbak]}
items: {attachment: scrub, minidum: drop}
limits: {event: 500, items: many}
spool: {max_age: 24, max_bytes: 5 GiB, backend: jetstream}
usage: {sync: x}
listen: {}
"""
    assert [
        "r.yaml:1: unknown key 'prot' in listen (did you mean 'port'?)",
        "r.yaml:1: listen.port must be a whole number from 0 to 65535, not the number 70000",
        "r.yaml:2: unknown key 'projets' (did you mean 'projects'?)",
        "r.yaml:4: projects.0.key must be 32 hex digits, as in the clients' DSN",
        "r.yaml:4: projects.0.upstream: the DSN is not http or https (a DSN, https://host, or file:./folder)",  # noqa: E501
        "r.yaml:5: projects.1.key is missing",
        "r.yaml:5: projects.1.upstream must be text, not a number (quote it)",
        "r.yaml:6: consent.explicit.0 is no kind of item (did you mean 'feedback'?)",
        "r.yaml:6: consent.answer must be 403 or 200",
        "r.yaml:6: consent.required must be true or false, not the text 'no'",
        "r.yaml:6: consent.missing must be one of reject, minimal, not text",
        "r.yaml:7: unknown key 'minidum' in items (did you mean 'minidump'?)",
        "r.yaml:7: items.attachment must be one of text, drop, not scrub",
        "r.yaml:8: limits.items must be a whole number from 0 to 1000000, not text (digits alone)",
        "r.yaml:8: limits.event must be a size such as 500MB or 1GiB, not the number 500",
        "r.yaml:9: spool.servers belongs to backend jetstream, and that needs it",
        "r.yaml:9: spool.max_age must be a duration such as 30s, 10m, 24h or 90d, not the number 24",  # noqa: E501
        "r.yaml:10: unknown key 'sync' in usage (known: apps, batch, events, hash, header, keep, min_group, query, round, spool, store)",  # noqa: E501
        "r.yaml:11: duplicate key 'listen' (first on line 1)",
    ] == mistakes_of(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("listen: {port: 0o17}", "must be a whole number"),
        ("listen: {port: 12:30:45}", "must be a whole number"),
        ("listen: {port: '3000'}", "not text (digits alone)"),
        ("listen: {port: true}", "not the boolean true"),
        ("listen: {host: 1.5}", "listen.host must be text, not the number 1.5 (quote it)"),
        ("listen: {workers: 61}", "listen.workers must be"),
        ("listen: 3", "listen must be a map of settings, not the number 3"),
        ("rules: rules", "rules must be a list, not text"),
        ("rules: [1]", "rules.0 must be text, not the number 1 (quote it)"),
        ("consent: {flag: ''}", "consent.flag is empty"),
        ("- a", "must be a map of settings, not a list"),
        ("hash: {secret: short}", "hash.secret must have 16 characters or more"),
        ("hash: {secret: 0123456789abcdef, secret_file: x}", "are both given"),
        ("listen: {tls: {cert: a.pem}}", "listen.tls needs both cert and key"),
        ("listen: {onion: {socket: a, port: 1}}", "either a socket, or a port and perhaps a host"),
        ("listen: {onion: {host: a}}", "either a socket, or a port and perhaps a host"),
        ("listen: {onion: {sockt: a}}", "unknown key 'sockt'"),
        ("admin: {tokens: [{name: a, sha256: b, scopes: [all]}]}", "must be 64 hex digits"),
        ("projects: [{id: '*', key: '*', upstream: 'file:'}]", "the folder is missing"),
        (f"projects: [{{id: '*', key: {KEY}, upstream: 'file:x'}}]", "together or not at all"),
        ("items: {statsd: scrub}", "items.statsd: scrub is not available in this version"),
        ("items: {attachment: 0123abcd}", "items.attachment must be one of text, drop, not text"),
        ("projects: []", "r.yaml:1: projects is empty: name one, or leave the key out for the"),
        (
            f"projects: [{{id: '1', key: {KEY}, upstream: 'https://sentry.example/7'}}]",
            "upstream: a project but no key: write the whole DSN, or the host alone",
        ),
        (
            f"projects: [{{id: '1', key: {KEY}, upstream: './inbox'}}]",
            "upstream: the DSN is not http or https",
        ),
        ("items: {replay: text}", "items.replay must be one of drop, scrub, not text"),
        ("projects:\n" + project() + project(), "the same id and key again (first on line 2)"),
        ("listen: {host: a, host: b}", "duplicate key 'host'"),
    ],
)
def test_a_mistake_says_what_is_wrong(text: str, expected: str) -> None:
    """Each wrong type, trap and contradiction has a text that says what to write."""
    assert expected in mistakes_of(text)[0]


def test_a_project_inherits_and_differs() -> None:
    """A project has the top level's consent, items and limits, but for what it says itself."""
    text = (
        "consent: {flags: [coinjoinReport]}\nlimits: {event: 2MiB}\nitems: {log: drop}\nprojects:\n"
        + project(", consent: {required: false}, items: {replay_event: drop}, limits: {items: 9}")
    )
    settings = parse(text, "r.yaml", {})
    found = settings.find_project("1", KEY)
    assert found is not None
    assert (False, ("coinjoinReport",)) == (found.consent.required, found.consent.flags)
    assert (2 * 1024**2, 9) == (found.limits.event, found.limits.items)
    assert {"replay_event": Policy.DROP, "log": Policy.DROP} == found.items
    assert settings.consent.required


def test_find_project() -> None:
    """A listed project takes its own keys only; the catch-all takes what is not listed."""
    listed = parse("projects:\n" + project(identity="7"), "r.yaml", {})
    assert listed.find_project("8", KEY) is None
    both = parse(DESIGN, "r.yaml", {})
    other = "f" * 32
    assert both.projects[0] == both.find_project("5193825", KEY)
    assert both.find_project("5193825", other) is None
    catch_all = both.find_project("9", other)
    assert both.projects[1] == catch_all


def test_environment_over_file() -> None:
    """A variable changes one key, adds entries to lists, and is text where text is wanted."""
    settings = parse(
        DESIGN,
        "r.yaml",
        {
            "RELAY_LISTEN__PORT": "4000",
            "RELAY_PROJECTS__0__CONSENT__REQUIRED": "false",
            "RELAY_PROJECTS__2__ID": "42",
            "RELAY_PROJECTS__2__KEY": "0" * 32,
            "RELAY_PROJECTS__2__UPSTREAM": "file:./x",
            "RELAY_SPOOL__PATH": "12",
            "HOME": "/root",
        },
    )
    assert (4000, "127.0.0.1", "12") == (
        settings.listen.port, settings.listen.host, settings.spool.path,
    )  # fmt: skip
    assert [False, True, True] == [p.consent.required for p in settings.projects]
    assert ("42", "0" * 32) == (settings.projects[2].project, settings.projects[2].key)


def test_environment_alone() -> None:
    """A project can be configured with no file at all."""
    settings = parse(
        None,
        "(no file)",
        {
            "RELAY_PROJECTS__0__ID": "42",
            "RELAY_PROJECTS__0__KEY": KEY,
            "RELAY_PROJECTS__0__UPSTREAM": UPSTREAM,
            "RELAY_RULES__0": "rules",
        },
    )
    assert (("rules",), "42") == (settings.rules, settings.projects[0].project)


def test_mistakes_in_the_environment() -> None:
    """A variable that names no setting, or has a wrong value, is a mistake with its name."""
    environment = {
        "RELAY_LISTN__PORT": "1",
        "RELAY_LISTEN__PROT": "1",
        "RELAY_LISTEN__PORT": "x",
        "RELAY_LISTEN__": "x",
        "RELAY_RULES__1": "x",
    }
    assert [
        "RELAY_LISTEN__:1: an empty name between underscores",
        "RELAY_LISTEN__PORT:1: listen.port must be a whole number from 0 to 65535, not text (digits alone)",  # noqa: E501
        "RELAY_LISTEN__PROT:1: unknown key 'prot' in listen (did you mean 'port'?)",
        "RELAY_LISTN__PORT:1: unknown key 'listn' (did you mean 'listen'?)",
        "RELAY_RULES__1:1: no such entry of a list: 1 (the next index is 0)",
    ] == mistakes_of("rules: []\n", environment)


def test_what_kubernetes_sets_is_passed_over() -> None:
    """The variables that Kubernetes makes for a service named `relay` are not settings."""
    environment = {
        "RELAY_SERVICE_HOST": "10.0.0.1",
        "RELAY_SERVICE_PORT": "3000",
        "RELAY_SERVICE_PORT_HTTP": "3000",
        "RELAY_PORT": "tcp://10.0.0.1:3000",
        "RELAY_PORT_3000_TCP_ADDR": "10.0.0.1",
    }
    assert parse(None, "(no file)", {}) == parse(None, "(no file)", environment)


def test_command_line_over_everything(tmp_path: Path) -> None:
    """What the command line says wins over environment and file; a mistake in it is named."""
    file = tmp_path / "r.yaml"
    file.write_text("listen: {port: 1, host: a}\n")
    settings = config.load_settings(
        str(file), {"RELAY_LISTEN__PORT": "2"}, host="0.0.0.0", port=3, workers=2
    )
    assert ("0.0.0.0", 3, 2) == (
        settings.listen.host, settings.listen.port, settings.listen.workers,
    )  # fmt: skip
    with pytest.raises(ConfigError) as caught:
        config.load_settings(str(file), {}, port=99_999)
    assert caught.value.causes[0].startswith("--port:1: listen.port must be a whole number")


def test_which_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is the one that is named, else RELAY_CONFIG's, else ./relay.yaml if it is there."""
    monkeypatch.chdir(tmp_path)
    assert "" == config.load_settings(None, {}).source
    (tmp_path / "relay.yaml").write_text("listen: {port: 1}\n")
    (tmp_path / "b.yaml").write_text("listen: {port: 2}\n")
    (tmp_path / "c.yaml").write_text("listen: {port: 3}\n")
    environment = {"RELAY_CONFIG": "b.yaml"}
    assert [1, 2, 3] == [
        config.load_settings(None, {}).listen.port,
        config.load_settings(None, environment).listen.port,
        config.load_settings("c.yaml", environment).listen.port,
    ]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (None, "1: cannot be read: No such file or directory"),
        (b"a: 1\nb: \xff", "2: not UTF-8"),
        (b"#" * 1_048_577, "1: larger than 1048576 bytes"),
        (b"", "1: the file is empty"),
    ],
)
def test_a_file_that_cannot_be_read(tmp_path: Path, data: bytes | None, expected: str) -> None:
    """A missing, broken, huge or empty file is a mistake, never the defaults."""
    file = tmp_path / "r.yaml"
    if data is not None:
        file.write_bytes(data)
    with pytest.raises(ConfigError) as caught:
        config.load_settings(str(file), {})
    assert (f"{file}:{expected}",) == caught.value.causes


def test_read_secret(tmp_path: Path) -> None:
    """The hash secret comes from the setting or its file; a short or missing file is a mistake."""
    file = tmp_path / "secret"
    assert config.read_secret(config.HashSettings()) is None
    assert b"s" * 16 == config.read_secret(config.HashSettings(secret="s" * 16))
    settings = config.HashSettings(secret_file=str(file))
    with pytest.raises(ConfigError, match="cannot be read"):
        config.read_secret(settings)
    file.write_bytes(b"short\n")
    with pytest.raises(ConfigError, match="16 bytes or more"):
        config.read_secret(settings)
    file.write_bytes(b"0123456789abcdef\n")
    assert b"0123456789abcdef" == config.read_secret(settings)


@pytest.mark.parametrize("path", ["pipe", ".", "/dev/zero"])
def test_a_secret_that_would_never_be_read(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is no regular file is a mistake, and holds up nothing."""
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    with pytest.raises(ConfigError, match="cannot be read: it is no regular file"):
        config.read_secret(config.HashSettings(secret_file=path))


def test_client_reports() -> None:
    """They are on, once a minute, unless the file or the environment says otherwise."""
    default = parse(None, "(no file)", {}).client_reports
    assert (True, 60.0) == (default.enabled, default.interval)
    said = parse("client_reports: {enabled: false, interval: 5m}", "r.yaml", {}).client_reports
    assert (False, 300.0) == (said.enabled, said.interval)
    assert not parse(None, "", {"RELAY_CLIENT_REPORTS__ENABLED": "false"}).client_reports.enabled
    assert [
        "r.yaml:1: unknown key 'intervall' in client_reports (did you mean 'interval'?)",
        "r.yaml:1: client_reports.enabled must be true or false, not the text 'no'",
    ] == mistakes_of("client_reports: {enabled: no, intervall: 5m}")
    assert ["r.yaml:1: client_reports.interval must be 1s or more"] == mistakes_of(
        "client_reports: {interval: 250ms}"
    )


@pytest.mark.parametrize(
    ("spool", "copies"),
    [
        ("servers: ['nats://a']", 1),
        ("servers: ['nats://a', 'nats://b']", 1),
        ("servers: ['nats://a', 'nats://b', 'nats://c']", 3),
        ("servers: ['nats://a', 'nats://b', 'nats://c', 'nats://d', 'nats://e']", 3),
        ("servers: ['nats://a', 'nats://b', 'nats://c'], replicas: 1", 1),
    ],
)
def test_a_cluster_keeps_copies(spool: str, copies: int) -> None:
    """Where there are servers for it nobody has to ask that one of them may fail."""
    text = f"spool: {{backend: jetstream, {spool}}}"
    assert copies == parse(text, "r.yaml", {}).spool.replicas


def test_reload() -> None:
    """Seconds between two looks at the rules; nothing is never, and very little is a mistake."""
    assert 2.0 == parse(None, "(no file)", {}).reload.every
    assert 0.5 == parse("reload: {every: 500ms}", "r.yaml", {}).reload.every
    assert 0.0 == parse("reload: {every: 0s}", "r.yaml", {}).reload.every
    assert [
        "r.yaml:1: unknown key 'evry' in reload (did you mean 'every'?)",
        "r.yaml:1: reload.every must be 100ms or more, or 0s for never",
    ] == mistakes_of("reload: {every: 99ms, evry: 1s}")
