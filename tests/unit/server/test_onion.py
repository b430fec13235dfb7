"""The listener for an onion service: its socket's rights, and what is deleted for it."""

import fcntl
import os
import socket
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from relay.config import Onion
from relay.errors import ListenError
from relay.server import listening, onion
from relay.server.onion import OnionListener, open_onion


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A short path: that of a test's folder may be too long for a socket."""
    monkeypatch.chdir(tmp_path)
    return Path("onion.sock")


@pytest.fixture(params=[0o000, 0o022, 0o077])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def test_only_owner_and_group_may_connect(
    path: Path, umask: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From its first moment, whatever the mask of the process is; and that stays as it was."""
    first: list[int] = []
    chmod = Path.chmod

    def noted(self: Path, mode: int) -> None:
        first.append(stat.S_IMODE(self.lstat().st_mode))
        chmod(self, mode)

    monkeypatch.setattr(Path, "chmod", noted)
    listener = open_onion(Onion(str(path)))
    assert ([0o600], 0o660) == (first, stat.S_IMODE(path.lstat().st_mode))
    assert umask == os.umask(umask)
    listener.close()


def test_it_listens_until_it_is_closed(path: Path) -> None:
    """Who knows the path gets through; after the end nothing is left of it."""
    listener = open_onion(Onion(str(path)))
    assert f"unix:{path.absolute()}" == listener.target
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
    listener.close()
    listener.close()
    assert not path.exists()


def test_the_socket_of_a_dead_relay_is_replaced(path: Path) -> None:
    """What a relay that was killed left behind does not keep the next one from starting."""
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    listener = open_onion(Onion(str(path)))
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
    listener.close()


@pytest.mark.parametrize("backlog", [1, 0])
def test_a_socket_that_somebody_listens_on_is_left_alone(path: Path, backlog: int) -> None:
    """The error says so in words, also where so many wait that there is no room for one more."""
    waiting = [socket.socket(socket.AF_UNIX) for _ in range(3)]
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
        other.listen(backlog)
        for one in waiting if backlog == 0 else ():
            one.setblocking(False)
            one.connect_ex(str(path))
        with pytest.raises(ListenError) as caught:
            open_onion(Onion(str(path)))
    assert (
        "cannot listen: onion socket onion.sock: Address already in use"
        " (set listen.onion.socket, or RELAY_LISTEN__ONION__SOCKET)"
    ) == caught.value.detail
    assert path.exists()
    for one in waiting:
        one.close()


def test_of_two_that_start_at_once_one_listens(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is bound and does not listen yet looks dead: the other one waits until it does."""
    chmod, errors = Path.chmod, list[str]()
    looked, listens = threading.Event(), threading.Event()

    def wait(_: float) -> None:
        looked.set()
        listens.wait()

    def start_the_other() -> None:
        try:
            open_onion(Onion(str(path))).close()
        except ListenError as error:
            errors.append(error.detail)
        finally:
            looked.set()

    other = threading.Thread(target=start_the_other)

    def between_bind_and_listen(self: Path, mode: int) -> None:
        monkeypatch.setattr(Path, "chmod", chmod)
        other.start()
        looked.wait()
        chmod(self, mode)

    monkeypatch.setattr(Path, "chmod", between_bind_and_listen)
    monkeypatch.setattr(onion.time, "sleep", wait)
    listener = open_onion(Onion(str(path)))
    listens.set()
    other.join()
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
    assert ["Address already in use"] == [text.split(": ")[2].split(" (")[0] for text in errors]
    listener.close()


def test_a_folder_that_somebody_keeps_locked_is_used_all_the_same(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lock is no way to keep a relay from starting."""
    pauses: list[float] = []
    monkeypatch.setattr(onion.time, "sleep", pauses.append)
    lock = os.open(".", os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_SH)
    open_onion(Onion(str(path))).close()
    os.close(lock)
    assert 0 < len(pauses) < 1_000


@pytest.mark.parametrize("kind", ["file", "folder", "link", "link to a dead socket", "fifo"])
def test_what_is_no_socket_is_never_deleted(path: Path, kind: str) -> None:
    """A path that was written wrongly costs no file."""
    match kind:
        case "file":
            path.write_text("precious")
        case "folder":
            path.mkdir()
        case "link":
            path.symlink_to("nowhere")
        case "link to a dead socket":
            with socket.socket(socket.AF_UNIX) as dead:
                dead.bind("dead.sock")
            path.symlink_to("dead.sock")
        case _:
            os.mkfifo(path)
    before = path.lstat()
    with pytest.raises(ListenError) as caught:
        open_onion(Onion(str(path)))
    wanted = "cannot listen: onion socket onion.sock: there is a file that is no socket"
    assert (wanted, before) == (caught.value.detail, path.lstat())


def test_a_folder_that_is_missing_is_not_made(path: Path) -> None:
    """Its rights would be ours to guess."""
    with pytest.raises(ListenError) as caught:
        open_onion(Onion(f"nowhere/{path}"))
    wanted = "cannot listen: onion socket nowhere/onion.sock: No such file or directory"
    assert wanted == caught.value.detail


def test_what_another_has_put_in_its_place_stays(path: Path) -> None:
    """At its end a relay does not take its successor's socket away."""
    listener = open_onion(Onion(str(path)))
    path.unlink()
    successor = open_onion(Onion(str(path)))
    listener.close()
    assert path.exists()
    successor.close()


@pytest.mark.parametrize(("host", "shown"), [("127.0.0.1", "127.0.0.1"), ("::1", "[::1]")])
def test_a_port_instead(host: str, shown: str) -> None:
    """It is named as `torrc` wants it, with the number that was free."""
    listener = open_onion(Onion(host=host))
    assert f"{shown}:{listening.port_of(listener.sockets)}" == listener.target
    listener.close()


def test_a_port_that_is_taken() -> None:
    """The error says which setting it is."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(ListenError) as caught:
            open_onion(Onion(port=taken.getsockname()[1]))
    assert "(set listen.onion.port, or RELAY_LISTEN__ONION__PORT)" in caught.value.detail


def test_without_a_setting_there_is_none() -> None:
    """Nothing is opened, and nothing has to be closed."""
    listener = open_onion(None)
    listener.close()
    assert OnionListener() == listener
    assert onion.MODE == 0o660
