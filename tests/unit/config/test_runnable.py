"""What `config check` and `serve` refuse alike."""

import os
from pathlib import Path

import pytest

from relay.config import check_runnable, load_settings, parse
from relay.errors import ConfigError


def refused(text: str | None, environment: dict[str, str] | None = None) -> list[str]:
    """Return the mistakes as they are shown."""
    with pytest.raises(ConfigError) as caught:
        check_runnable(parse(text, "r.yaml", environment or {}))
    return list(caught.value.causes)


def test_what_can_run() -> None:
    """The defaults can be run, and so can what the documentation shows."""
    check_runnable(parse(None, "(no file)", {}))
    check_runnable(parse("items: {attachment: text, minidump: drop, replay: drop}\n", "r", {}))


def test_everything_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each thing that cannot be done is told, at its line in the file."""
    monkeypatch.setattr("relay.config.runnable.find_spec", lambda _name: None)
    here = tmp_path.as_posix()
    text = f"""\
listen:
  workers: 2
  tls:
    cert: {here}/cert.pem
    key: {here}/key.pem
spool: {{backend: jetstream, servers: ['nats://a']}}
hash: {{secret_file: {here}/secret}}
usage:
  apps:
    - name: suite
  hash: {{secret_file: {here}/secret}}
  store: {{url: "s3://bucket/usage"}}
"""
    assert [
        (
            "r.yaml:6: spool.backend: needs what is not installed"
            " (pip install 'scrub-relay[jetstream]')"
        ),
        "r.yaml:4: listen.tls.cert: it cannot be read: No such file or directory",
        "r.yaml:5: listen.tls.key: it cannot be read: No such file or directory",
        (
            "r.yaml:12: usage.store.url: needs what is not installed"
            " (pip install 'scrub-relay[usage]')"
        ),
        "r.yaml:7: hash.secret_file: the hash secret cannot be read: No such file or directory",
        (
            "r.yaml:11: usage.hash.secret_file: the hash secret cannot be read: "
            "No such file or directory"
        ),
    ] == refused(text)


def test_usage_in_a_folder_needs_no_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """The libraries of the extra are for buckets, and for the export."""
    monkeypatch.setattr("relay.config.runnable.find_spec", lambda _name: None)
    check_runnable(parse("usage: {apps: [{name: suite}]}\n", "r.yaml", {}))


def test_credentials_need_their_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials of NATS cannot be read without the library that signs with them."""
    text = "spool: {backend: jetstream, servers: ['nats://a'], credentials_file: x.creds}\n"
    monkeypatch.setattr("relay.config.runnable.find_spec", lambda name: name != "nkeys" or None)
    wanted = "spool.credentials_file: needs what is not installed (pip install nkeys)"
    assert [f"r.yaml:1: {wanted}"] == refused(text)


def test_credentials_must_be_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are read when the spool is opened; a pipe would hold that up."""
    monkeypatch.setattr("relay.config.runnable.find_spec", lambda name: name)
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    Path("good").touch()
    line = "spool: {{backend: jetstream, servers: ['nats://a'], credentials_file: {}}}\n"
    for path, told in (("pipe", "it is no regular file"), ("gone", "No such file or directory")):
        assert [f"r.yaml:1: spool.credentials_file: it cannot be read: {told}"] == refused(
            line.format(path)
        )
    check_runnable(parse(line.format("good"), "r.yaml", {}))


def test_a_key_that_is_no_file(tmp_path: Path) -> None:
    """A pipe in the place of a certificate holds up nothing."""
    os.mkfifo(tmp_path / "pipe")
    text = f"listen: {{tls: {{cert: '{tmp_path}/pipe', key: /dev/zero}}}}\n"
    told = "it cannot be read: it is no regular file"
    assert [f"r.yaml:1: listen.tls.{name}: {told}" for name in ("cert", "key")] == refused(text)


def test_files_that_are_no_certificate(tmp_path: Path) -> None:
    """Files that are there and hold no PEM are told too; nothing of them is shown."""
    file = tmp_path / "x.pem"
    file.write_text("hidden")
    text = f"listen: {{tls: {{cert: '{file}', key: '{file}'}}}}\n"
    assert [
        "r.yaml:1: listen.tls.cert: certificate and key are not PEM, or do not belong"
    ] == refused(text)


def test_one_port_for_both() -> None:
    """Admin and ingest cannot share a port of one host; on two hosts, or both free, they can."""
    wanted = "admin.port: 3000 is listen.port too, on the same host (take another)"
    assert [f"r.yaml:1: {wanted}"] == refused("admin: {port: 3000}")
    wanted = "listen.port: 3001 is admin.port too, on the same host (take another)"
    assert [f"RELAY_LISTEN__PORT:1: {wanted}"] == refused(None, {"RELAY_LISTEN__PORT": "3001"})
    check_runnable(parse("admin: {port: 3000, host: 127.0.0.2}", "r.yaml", {}))
    check_runnable(parse("{admin: {port: 0}, listen: {port: 0}}", "r.yaml", {}))


def test_where_it_came_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a variable or an option asked for is told by its name."""
    wanted = "listen.workers: several workers need a spool that they share (sqlite)"
    memory = {"RELAY_SPOOL__BACKEND": "memory", "RELAY_LISTEN__WORKERS": "3"}
    assert [f"RELAY_LISTEN__WORKERS:1: {wanted}"] == refused(None, memory)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError) as caught:
        check_runnable(load_settings(None, {"RELAY_SPOOL__BACKEND": "memory"}, workers=2))
    assert (f"--workers:1: {wanted}",) == caught.value.causes


def test_a_system_that_cannot_fork(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several workers are made by forking; where that is not possible, it is said."""
    monkeypatch.delattr("os.fork")
    wanted = "listen.workers: several workers need a system that can fork (write 1)"
    assert [f"r.yaml:1: {wanted}"] == refused("listen: {workers: 2}")
    check_runnable(parse("listen: {workers: 1}", "r.yaml", {}))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.0.2.1", "relay.example"])
def test_an_admin_port_without_a_lock(host: str) -> None:
    """Beyond the loopback it needs tokens, unless what is open without them is said."""
    told = "admin.host: it listens beyond the loopback, and there are no tokens"
    hint = "set admin.tokens, or admin.open: [metrics] for numbers alone"
    text = f'admin: {{host: "{host}"}}'
    assert [f"r.yaml:1: {told} ({hint})"] == refused(text)
    check_runnable(parse(text.replace("}", ", open: [metrics]}"), "r.yaml", {}))
    token = f"{{name: ops, sha256: '{'ab' * 32}', scopes: [spool]}}"
    check_runnable(parse(text.replace("}", f", tokens: [{token}]}}"), "r.yaml", {}))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.0.1", "localhost", "::1"])
def test_an_admin_port_on_the_loopback(host: str) -> None:
    """Where only this machine reaches it, it needs no lock to start."""
    check_runnable(parse(f"admin: {{host: '{host}'}}", "r.yaml", {}))


def test_an_audit_log_that_cannot_be_written(tmp_path: Path) -> None:
    """What would refuse every action later is told before the start; nothing is made."""
    file = tmp_path / "audit.log"

    def text(path: Path) -> str:
        return f"admin: {{audit: '{path}'}}"

    check_runnable(parse(text(file), "r.yaml", {}))
    assert not file.exists()
    file.write_text("")
    check_runnable(parse(text(file), "r.yaml", {}))
    (tmp_path / "link.log").symlink_to(file)
    wrong = [
        (tmp_path / "gone" / "audit.log", "it is not there, and cannot be made"),
        (tmp_path, "it is no regular file"),
        (tmp_path / "link.log", "it is no regular file"),
        (file / "below", "it cannot be looked at"),
    ]
    for path, told in wrong:
        assert [f"r.yaml:1: admin.audit: {told}"] == refused(text(path))


PEM = "-----BEGIN PRIVATE KEY-----\nhunter2hunter2hunter2\n-----END PRIVATE KEY-----\n"


@pytest.mark.parametrize(
    "environment",
    [
        {"RELAY_HASH__SECRET_FILE": "hunter2hunter2hunter2"},
        {"RELAY_HASH__SECRET_FILE": "hunter2" * 1_000},
        {"RELAY_HASH__SECRET_FILE": "hunter2\0"},
        {"RELAY_LISTEN__TLS__KEY": PEM, "RELAY_LISTEN__TLS__CERT": PEM},
        {"RELAY_LISTEN__TLS__KEY": "hunter2\0", "RELAY_LISTEN__TLS__CERT": "hunter2\0"},
        {"RELAY_HASH__SECRET": "hunter2"},
    ],
)
def test_a_secret_in_the_place_of_its_path(environment: dict[str, str]) -> None:
    """Who mistakes the one for the other is told so, and the secret is not."""
    with pytest.raises(ConfigError) as caught:
        check_runnable(parse(None, "(no file)", environment))
    assert "hunter2" not in repr(caught.value) + "".join(caught.value.causes)
    assert any(name in str(caught.value) for name in environment)
