"""Showing the settings: complete, loadable, and without secrets."""

from pathlib import Path

import pytest

from relay.config import mask_upstream, masked, parse, parse_upstream, show
from relay.errors import ConfigError

SECRET = "hunter2-hunter2-hunter2"
KEY = "6d91ca6e6a5d4de7b47989455858b5f6"
WITH_SECRETS = f"""\
admin: {{tokens: [{{name: ops, sha256: '{"ab" * 32}', scopes: [metrics]}}]}}
projects:
  - {{id: '1', key: {"0" * 32}, upstream: 'https://{KEY}:{SECRET}@o1.ingest.sentry.io/7'}}
spool: {{backend: jetstream, servers: ['nats://user:{SECRET}@nats:4222']}}
hash: {{secret: {SECRET}}}
"""


def test_what_is_shown_can_be_loaded() -> None:
    """The defaults, shown and loaded again, are the defaults."""
    shown = parse(show(parse(None, "", {})), "", {})
    assert parse(None, "", {}) == shown


def test_no_secret_is_shown() -> None:
    """Neither `config show` nor a repr holds the hash secret, a password, a token or a key."""
    settings = parse(WITH_SECRETS, "r.yaml", {})
    for text in (show(settings), repr(settings)):
        assert SECRET not in text
        assert KEY not in text
        assert "ab" * 32 not in text
    assert "secret: (set)" in show(settings)
    assert "nats://nats:4222" in show(settings)


def test_no_secret_in_a_mistake() -> None:
    """A mistake in a file never repeats a value of it."""
    text = (
        f"hash: {{secret: [{SECRET}]}}\nspool: {{max_age: {SECRET}}}\n"
        f"projects: [{{id: '{SECRET}!', key: x, upstream: 'ftp://{SECRET}'}}]"
    )
    with pytest.raises(ConfigError) as caught:
        parse(text, "r.yaml", {})
    assert 5 == len(caught.value.mistakes)
    assert SECRET not in str(caught.value) + repr(caught.value)


def test_upstreams_keep_their_form() -> None:
    """A DSN keeps the first digits of its key, a host and a folder stay whole."""
    assert [
        "https://6d91…@o1.ingest.sentry.io/7",
        "http://localhost:8000",
        "file:./inbox",
        "file:/var/inbox",
    ] == [
        mask_upstream(parse_upstream(text))
        for text in (
            f"https://{KEY}@o1.ingest.sentry.io/7",
            "http://localhost:8000/",
            "file:./inbox",
            "file:///var/inbox",
        )
    ]


def test_client_reports_are_shown() -> None:
    """Whether they are sent, and how often."""
    assert "client_reports:\n  enabled: true\n  interval: 1m\n" in show(parse(None, "", {}))
    other = parse("client_reports: {enabled: false, interval: 90s}", "r.yaml", {})
    assert "client_reports:\n  enabled: false\n  interval: 90s\n" in show(other)
    assert other.client_reports == parse(show(other), "", {}).client_reports


@pytest.mark.parametrize(
    ("server", "shown"),
    [
        ("nats://nats:4222", "nats://nats:4222"),
        ("tls://[::1]:4222/", "tls://[::1]:4222"),
        ("nats-0.nats", "nats-0.nats"),
        ("nats://user:word@nats", "nats://nats"),
        ("user:word@nats:4222", "nats:4222"),
        ("token@nats", "nats"),
        ("nats://user:wo#rd@nats", "nats://nats"),
        ("nats://user:wo/rd?@nats", "nats://nats"),
        ("nats://user:word", "(set)"),
        ("nats://user:wo#rd", "(set)"),
        ("word://nats", "(set)"),
        ("nats://nats/word", "(set)"),
        ("nats://nats:4222?auth=word", "(set)"),
        ("user:word", "(set)"),
        ("", "(set)"),
    ],
)
def test_of_a_server_the_host_is_shown(server: str, shown: str) -> None:
    """With its port; what may be a password is not, however it is written."""
    text = f"spool: {{backend: jetstream, servers: ['{server}']}}"
    assert [shown] == masked(parse(text, "r.yaml", {}))["spool"]["servers"]


def test_a_path_is_shown_if_it_is_one(tmp_path: Path) -> None:
    """What is no file may be the secret that the file should hold."""
    file = tmp_path / "secret"
    file.write_text("x")
    text = (
        "hash: {{secret_file: '{0}'}}\nlisten: {{tls: {{cert: '{0}', key: '{0}'}}}}\n"
        "spool: {{backend: jetstream, servers: [n], credentials_file: '{0}'}}\n"
    )
    for path, expected in ((file, str(file)), (tmp_path / "gone", "(no such file)")):
        shown = masked(parse(text.format(path), "r.yaml", {}))
        assert [expected] * 4 == [
            shown["hash"]["secret_file"],
            shown["listen"]["tls"]["cert"],
            shown["listen"]["tls"]["key"],
            shown["spool"]["credentials_file"],
        ]


def test_the_admin_port_is_shown() -> None:
    """What is open, its names, and the audit log."""
    text = "admin: {open: [metrics], hosts: [a.b], audit: audit.log}"
    shown = masked(parse(text, "r.yaml", {}))["admin"]
    assert (["metrics"], ["a.b"], "audit.log") == (shown["open"], shown["hosts"], shown["audit"])


def test_reload_is_shown() -> None:
    """So that what is shown loads to the same settings."""
    other = parse("reload: {every: 90s}", "r.yaml", {})
    assert "reload:\n  every: 90s\n" in show(other)
    assert other.reload == parse(show(other), "", {}).reload
