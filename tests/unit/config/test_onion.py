"""What `config check` and `serve` refuse of the listener for an onion service."""

import socket
from pathlib import Path

import pytest

from relay.config import check_runnable, parse
from relay.config.onion import MAX_PATH
from relay.config.show import masked
from relay.errors import ConfigError


def mistakes(text: str) -> list[str]:
    """Return the mistakes as they are shown, without their place."""
    try:
        check_runnable(parse(text, "r.yaml", {}))
    except ConfigError as error:
        return [cause.removeprefix("r.yaml:1: ") for cause in error.causes]
    return []


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("listen", "more", "wrong"),
    [
        ("port: 3000, onion: {port: 3000}", "", ["3000 is listen.port too"]),
        ("port: 3000, host: 0.0.0.0, onion: {port: 3000}", "", ["3000 is listen.port too"]),
        ("port: 3000, host: '::', onion: {port: 3000}", "", []),
        ("port: 3000, onion: {host: 127.0.0.2, port: 3000}", "", []),
        ("onion: {port: 3005}", "admin: {port: 3005}", ["3005 is admin.port too"]),
        ("port: 0, onion: {port: 0}", "admin: {port: 0}", []),
    ],
)
def test_a_port_of_its_own(listen: str, more: str, wrong: list[str]) -> None:
    """A port that is another's already is told, at the listener for the onion service."""
    wanted = [f"listen.onion.port: {what}, on the same host (take another)" for what in wrong]
    assert wanted == mistakes(f"listen: {{{listen}}}\n{more}\n")


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        ("onion.sock", None),
        ("x" * MAX_PATH, None),
        ("x" * (MAX_PATH + 1), "is longer than the 107 bytes that a socket may have"),
        ("é" * 54, "is longer than the 107 bytes that a socket may have"),
        ("a\\0b", "is no path"),
        ("nowhere/onion.sock", "the folder of nowhere/onion.sock does not exist (make it)"),
        ("file", "file is there already, and is no socket (take another)"),
        ("link", "link is there already, and is no socket (take another)"),
        ("dead.sock", None),
        ("./spool.db", "is the file of spool.path too (take another)"),
        ("audit.log", "is the file of admin.audit too (take another)"),
        ("spool.db-wal", "is the file of spool.path too (take another)"),
    ],
)
def test_a_path_that_a_socket_can_have(path: str, wrong: str | None, here: Path) -> None:
    """Its folder is there, and nothing else is or will be in its place."""
    (here / "file").write_text("precious")
    (here / "link").symlink_to("dead.sock")
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind("dead.sock")
    others = "spool: {path: spool.db}\nadmin: {audit: audit.log}\n"
    found = mistakes(f'listen: {{onion: {{socket: "{path}"}}}}\n{others}')
    assert len(found) == (wrong is not None)
    assert all(one.startswith(f"listen.onion.socket: {wrong}") for one in found)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("{socket: run/onion.sock}", {"socket": "run/onion.sock"}),
        ("{port: 3002}", {"host": "127.0.0.1", "port": 3002}),
        ("{host: '::1', port: 0}", {"host": "::1", "port": 0}),
        ("{}", None),
    ],
)
def test_it_is_shown(given: str, shown: dict[str, object] | None) -> None:
    """`config show` tells what holds, and nothing where there is none."""
    assert shown == masked(parse(f"listen: {{onion: {given}}}", "r.yaml", {}))["listen"].get(
        "onion"
    )


def test_the_longest_path_can_be_listened_at(here: Path) -> None:
    """The bound is the system's: one byte more, and the socket cannot be made."""
    with socket.socket(socket.AF_UNIX) as one:
        with pytest.raises(OSError, match="too long"):
            one.bind("x" * (MAX_PATH + 1))
        one.bind("x" * MAX_PATH)
    assert (here / ("x" * MAX_PATH)).is_socket()


def test_a_system_without_unix_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told what there is instead."""
    monkeypatch.delattr(socket, "AF_UNIX")
    wanted = "listen.onion.socket: this system has no Unix sockets (give a port)"
    assert [wanted] == mistakes("listen: {onion: {socket: onion.sock}}\n")
