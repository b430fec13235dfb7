"""Variables that name a file with the value, as secrets of Docker and Kubernetes do."""

import os
from pathlib import Path

import pytest

from relay.config import Folder, Settings, parse
from relay.config.environment import MAX_VALUE
from relay.errors import ConfigError

SECRET = "hunter2-hunter2-hunter2"


def settings(environment: dict[str, str]) -> Settings:
    return parse(None, "(no file)", environment)


def mistakes(environment: dict[str, str]) -> list[str]:
    """Return the mistakes as they are shown."""
    with pytest.raises(ConfigError) as caught:
        settings(environment)
    return list(caught.value.causes)


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_any_setting_from_a_file(tmp_path: Path, end: str) -> None:
    """The value is what stands in the file, without the line break at its end."""
    files = {"secret": SECRET, "port": "4000", "upstream": "file:./x", "sha": "ab" * 32}
    for name, text in files.items():
        (tmp_path / name).write_bytes((text + end).encode())
    found = settings(
        {
            "RELAY_HASH__SECRET_FILE": str(tmp_path / "secret"),
            "RELAY_LISTEN__PORT_FILE": str(tmp_path / "port"),
            "RELAY_PROJECTS__0__ID": "1",
            "RELAY_PROJECTS__0__KEY": "0" * 32,
            "RELAY_PROJECTS__0__UPSTREAM_FILE": str(tmp_path / "upstream"),
            "RELAY_ADMIN__TOKENS__0__NAME": "ops",
            "RELAY_ADMIN__TOKENS__0__SHA256_FILE": str(tmp_path / "sha"),
            "RELAY_ADMIN__TOKENS__0__SCOPES__0": "spool",
        }
    )
    assert (4000, "ab" * 32, Folder("./x")) == (
        found.listen.port, found.admin.tokens[0].sha256, found.projects[0].upstream,
    )  # fmt: skip
    assert ("RELAY_LISTEN__PORT_FILE", 1) == found.places["listen.port"]


def test_usage_events_from_the_environment(tmp_path: Path) -> None:
    """Apps by their index, the keys of the store from files; digits alone are a key too."""
    (tmp_path / "key").write_text("00112233\n")
    found = settings(
        {
            "RELAY_USAGE__APPS__0__NAME": "suite",
            "RELAY_USAGE__APPS__0__WITHOUT_CONSENT__0": "menu/guide",
            "RELAY_USAGE__STORE__URL": "s3://bucket/usage",
            "RELAY_USAGE__STORE__ACCESS_KEY_ID": "1234",
            "RELAY_USAGE__STORE__SECRET_ACCESS_KEY_FILE": str(tmp_path / "key"),
            "RELAY_USAGE__MIN_GROUP": "20",
        }
    ).usage
    assert ("suite", {"menu/guide"}) == (found.apps[0].name, found.apps[0].without_consent)
    assert ("s3://bucket/usage", "1234", "00112233", 20) == (
        found.store.url, found.store.access_key_id, found.store.secret_access_key, found.min_group,
    )  # fmt: skip


def test_settings_that_are_paths_stay_paths() -> None:
    """`hash.secret_file` and `spool.credentials_file` end so themselves, and mean the same."""
    found = settings(
        {
            "RELAY_HASH__SECRET_FILE": "a",
            "RELAY_SPOOL__BACKEND": "jetstream",
            "RELAY_SPOOL__SERVERS__0": "nats://a",
            "RELAY_SPOOL__CREDENTIALS_FILE": "b",
            "RELAY_USAGE__HASH__SECRET_FILE": "c",
        }
    )
    assert ("a", None, "b", "c") == (
        found.hash.secret_file, found.hash.secret, found.spool.credentials_file,
        found.usage.hash.secret_file,
    )  # fmt: skip


def test_only_one_line_break_is_taken_off(tmp_path: Path) -> None:
    """All else in the file belongs to the value."""
    (tmp_path / "x").write_text(" a \n\n")
    assert " a \n" == settings({"RELAY_SPOOL__PATH_FILE": str(tmp_path / "x")}).spool.path


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (None, "its file cannot be read: No such file or directory"),
        (b"", "its file is empty"),
        (b"\n", "its file is empty"),
        (b"\xff", "its file is not UTF-8"),
        (b"a" * (MAX_VALUE + 1), f"its file cannot be read: it is larger than {MAX_VALUE} bytes"),
    ],
)
def test_a_file_that_is_none(tmp_path: Path, data: bytes | None, told: str) -> None:
    """It is a mistake, never the default; the path is not shown, for it may be the secret."""
    file = tmp_path / SECRET
    if data is not None:
        file.write_bytes(data)
    found = mistakes({"RELAY_ERRORS__DSN_FILE": str(file)})
    assert f"RELAY_ERRORS__DSN_FILE:1: {told}" in found
    assert SECRET not in "".join(found)


def test_a_file_that_would_never_be_read(tmp_path: Path) -> None:
    """A pipe that nobody writes into holds up nothing; a device has no end."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("pipe")
    for path in (tmp_path / "pipe", tmp_path / "link", tmp_path, Path("/dev/zero")):
        told = "RELAY_ERRORS__DSN_FILE:1: its file cannot be read: it is no regular file"
        assert told in mistakes({"RELAY_ERRORS__DSN_FILE": str(path)})


def test_secrets_as_kubernetes_mounts_them(tmp_path: Path) -> None:
    """A link to a link in a folder that is one."""
    (tmp_path / "..2026").mkdir()
    (tmp_path / "..2026" / "port").write_text("4000\n")
    (tmp_path / "..data").symlink_to("..2026")
    (tmp_path / "port").symlink_to("..data/port")
    assert 4000 == settings({"RELAY_LISTEN__PORT_FILE": str(tmp_path / "port")}).listen.port


def test_what_is_no_path() -> None:
    """A secret with a zero byte in the place of a path is no fault of ours, and not shown."""
    assert ["RELAY_SPOOL__PATH_FILE:1: its file cannot be read: it is no path"] == mistakes(
        {"RELAY_SPOOL__PATH_FILE": "hunter2\0"}
    )


def test_both_are_a_mistake(tmp_path: Path) -> None:
    """Which of the two would hold nobody should have to know."""
    (tmp_path / "x").write_text("a")
    both = {"RELAY_SPOOL__PATH": "b", "RELAY_SPOOL__PATH_FILE": str(tmp_path / "x")}
    assert ["RELAY_SPOOL__PATH_FILE:1: RELAY_SPOOL__PATH is given too (give one)"] == mistakes(both)


def test_an_unknown_one_is_named_as_it_was_written(tmp_path: Path) -> None:
    """A variable that names no setting is a mistake with its own name."""
    (tmp_path / "x").write_text("a")
    told = "unknown key 'pth' in spool (did you mean 'path'?)"
    assert [f"RELAY_SPOOL__PTH_FILE:1: {told}"] == mistakes(
        {"RELAY_SPOOL__PTH_FILE": str(tmp_path / "x")}
    )


def test_what_kubernetes_sets_is_no_file() -> None:
    """A service's port may be named `file`."""
    assert 3000 == settings({"RELAY_SERVICE_PORT_FILE": "3005"}).listen.port
