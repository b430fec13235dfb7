"""Files with secrets that everybody may read."""

from pathlib import Path

import pytest

from relay.config import exposed_secrets, load_settings


def warnings(folder: Path, text: str, environment: dict[str, str]) -> list[str]:
    """Return the warnings for a configuration in a file that everybody may read."""
    file = folder / "relay.yaml"
    file.write_text(text)
    file.chmod(0o644)
    found = exposed_secrets(load_settings(str(file), environment), environment)
    return [warning.replace(str(folder), "") for warning in found]


@pytest.mark.parametrize(
    ("mode", "told"),
    [
        (0o600, []),
        (0o640, []),
        (0o604, ["read"]),
        (0o606, ["read", "written"]),
    ],
)
def test_a_secret_that_everybody_may_read(tmp_path: Path, mode: int, told: list[str]) -> None:
    """Each file that holds a secret is looked at, by its mode; a group is whom one trusts."""
    file = tmp_path / "secret"
    file.write_text("https://" + "ab" * 16 + "@o1.ingest.sentry.io/5\n")
    file.chmod(mode)
    tls = f"listen: {{tls: {{cert: '{file}', key: '{file}'}}}}\n"
    environment = {
        "RELAY_ERRORS__DSN_FILE": str(file),
        "RELAY_HASH__SECRET_FILE": str(file),
        "RELAY_USAGE__HASH__SECRET_FILE": str(file),
        "RELAY_USAGE__STORE__ACCESS_KEY_ID": "a",
        "RELAY_USAGE__STORE__SECRET_ACCESS_KEY_FILE": str(file),
    }
    names = (
        "RELAY_ERRORS__DSN_FILE", "RELAY_USAGE__STORE__SECRET_ACCESS_KEY_FILE",
        "hash.secret_file", "usage.hash.secret_file", "listen.tls.key",
    )  # fmt: skip
    assert [
        f"{name}: the file can be {does} by everybody on this machine"
        for name in names
        for does in told
    ] == warnings(tmp_path, tls, environment)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("hash: {secret: hunter2-hunter2-hunter2}", "hash.secret"),
        ("usage: {hash: {secret: hunter2-hunter2-hunter2}}", "usage.hash.secret"),
        (
            "usage: {store: {access_key_id: a, secret_access_key: hunter2}}",
            "usage.store.secret_access_key",
        ),
        (
            "spool: {backend: jetstream, servers: ['nats://a:hunter2@b']}",
            "a password in spool.servers",
        ),
    ],
)
def test_a_secret_in_the_configuration_itself(tmp_path: Path, text: str, what: str) -> None:
    """The file is named, and what it has; never the secret."""
    told = f"/relay.yaml (it has {what}): the file can be read by everybody on this machine"
    assert [told] == warnings(tmp_path, text, {})


def test_a_token_of_the_admin_port(tmp_path: Path) -> None:
    """Whoever may write the file of its SHA-256 has a token of their own."""
    file = tmp_path / "ops-sha256"
    file.write_text("5d3c5af0c2b5e35c" * 4)
    file.chmod(0o602)
    name = "RELAY_ADMIN__TOKENS__0__SHA256_FILE"
    text = "admin: {tokens: [{name: ops, scopes: [spool]}]}"
    told = [f"{name}: the file can be written by everybody on this machine"]
    assert told == warnings(tmp_path, text, {name: str(file)})


def test_nothing_to_warn_of(tmp_path: Path) -> None:
    """A file without secrets may be read; what is not there, and no secret, is passed over."""
    (tmp_path / "port").write_text("3005")
    (tmp_path / "port").chmod(0o644)
    environment = {
        "RELAY_LISTEN__PORT_FILE": str(tmp_path / "port"),
        "RELAY_HASH__SECRET_FILE": "gone",
    }
    text = "spool: {backend: jetstream, servers: ['nats://b']}"
    assert [] == warnings(tmp_path, text, environment)
