"""The listener for an onion service: a Unix socket that Tor connects to, or a port.

Law of this file: nobody but its owner and its group may ever connect to the socket, and no file is
deleted but a socket on which nobody listens. Source: unix(7), and `HiddenServicePort` in tor(1).
"""

import os
import socket
import stat
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from errno import EADDRINUSE
from pathlib import Path
from typing import Final

from relay.config import Onion
from relay.errors import ListenError
from relay.server.listening import BACKLOG, bind, port_of, remedy, words

MODE: Final = 0o660
"""Of the socket: its group is Tor's, or Tor is in its group."""

_MASK: Final = 0o177
"""What is left of any mode is for the owner alone."""

_KIND: Final = "onion socket"

_LOOKS: Final = 100
"""How often the lock of a folder is tried: whoever keeps it that long opens no socket."""

_PAUSE: Final = 0.02
"""Seconds in between."""


@dataclass(frozen=True, slots=True)
class OnionListener:
    """What listens for Tor; nothing, where none is configured.

    Attributes:
        sockets: that listen.
        target: where that is, as `HiddenServicePort` in `torrc` names it.
        path: of the Unix socket.
        file: its device and inode.
    """

    sockets: Sequence[socket.socket] = ()
    target: str = ""
    path: Path = Path()
    file: tuple[int, int] | None = None

    def remove(self) -> None:
        """Take the socket's file away, if it is ours still; may be repeated."""
        if self.file is not None and self.sockets[0].fileno() != -1:
            with suppress(OSError):  # it is gone, or the folder is not ours any more
                if _identity(self.path) == self.file:
                    self.path.unlink()

    def close(self) -> None:
        """Remove the file, and close the sockets of this process."""
        self.remove()
        for one in self.sockets:
            one.close()


def open_onion(onion: Onion | None) -> OnionListener:
    """Listen where Tor is to connect to.

    Args:
        onion: what is configured.

    Raises:
        ListenError: it cannot be opened, or somebody listens there already.
    """
    if onion is None:
        return OnionListener()
    if onion.socket is None:
        sockets = bind("onion", onion.host, onion.port)
        host = f"[{onion.host}]" if ":" in onion.host else onion.host
        return OnionListener(sockets, f"{host}:{port_of(sockets)}")
    path = Path(onion.socket)
    try:
        with _alone(path.parent):
            one = _bound(path)
    except OSError as error:
        hint = remedy(_KIND) if error.errno == EADDRINUSE else ""
        raise ListenError(f"cannot listen: {_KIND} {path}: {words(error)}{hint}") from None
    return OnionListener((one,), f"unix:{path.absolute()}", path, _identity(path))


def _bound(path: Path) -> socket.socket:
    """Make the socket; until it has its mode, only the owner may connect."""
    _make_way(path)
    one = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        one.setblocking(False)
        before = os.umask(_MASK)
        try:
            one.bind(str(path))
        finally:
            os.umask(before)
        path.chmod(MODE)
        one.listen(BACKLOG)
    except OSError:
        one.close()
        raise
    return one


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder, so that two relays that start at once do not take turns in here.

    One would find a dead socket, and delete the one that the other has bound meanwhile, or that
    does not listen yet. A folder that cannot be locked is used without: its rights say who may
    bind there.
    """
    import fcntl  # noqa: PLC0415 - it is not everywhere

    try:
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        yield
        return
    try:
        for _ in range(_LOOKS):
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(_PAUSE)
            except OSError:  # no locks on this file system
                break
            else:
                break
        yield
    finally:
        os.close(lock)


def _make_way(path: Path) -> None:
    """Remove the socket of a relay that is dead; leave everything else as it is.

    Raises:
        ListenError: what is there is no socket.
        OSError: somebody listens there, or that cannot be told.
    """
    try:
        kind = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(kind):
        raise ListenError(f"cannot listen: {_KIND} {path}: there is a file that is no socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
        except BlockingIOError:  # so many wait there already that there is no room
            pass
    raise OSError(EADDRINUSE, os.strerror(EADDRINUSE))


def _identity(path: Path) -> tuple[int, int]:
    """Return device and inode: a file of the same name may be another one."""
    found = path.lstat()
    return found.st_dev, found.st_ino
