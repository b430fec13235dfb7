"""Connections on their way from the process that accepts them to the one that answers.

Law of this file: a connection's file descriptor and single bytes go through; nothing of a request
does. The byte that a connection brings says by which listener it came. Source: unix(7), SCM_RIGHTS.
"""

import socket
from asyncio import AbstractEventLoop
from collections.abc import Callable
from typing import Final

READY: Final = b"r"
"""What a worker says when it can answer."""

Take = Callable[[socket.socket | None, bool], None]
"""Gets a connection, and whether it came by the listener for an onion service.

None is one that is lost: the system let this process open no more."""

_PUBLIC: Final = b"c"
_ONION: Final = b"o"


class Channel:
    """The accepting process's end: gives connections away, hears of readiness and of the end."""

    def __init__(self, end: socket.socket) -> None:
        end.setblocking(False)
        self.socket = end

    def give(self, connection: socket.socket, *, onion: bool = False) -> bool:
        """Give a connection away; return whether there was room for it.

        The caller closes its own copy in any case. `onion` is as for `Take`.
        """
        try:
            socket.send_fds(self.socket, [_ONION if onion else _PUBLIC], [connection.fileno()])
        except OSError:  # full, or nobody is there any more
            return False
        return True

    def heard(self) -> bytes:
        """Return what was said since; empty when the other end is closed."""
        try:
            return self.socket.recv(64)
        except BlockingIOError:
            return b" "
        except OSError:
            return b""

    def close(self) -> None:
        """Close it: the worker sees that and stops."""
        self.socket.close()


class Receiver:
    """The worker's end."""

    def __init__(self, end: socket.socket) -> None:
        end.setblocking(False)
        self._socket = end

    def start(
        self,
        loop: AbstractEventLoop,
        take: Take,
        orphaned: Callable[[], None],
    ) -> None:
        """Begin to take connections, and say so.

        Args:
            loop: the running loop.
            take: gets every connection.
            orphaned: called when the other end is closed: the accepting process is gone.
        """
        loop.add_reader(self._socket, self._read, loop, take, orphaned)
        self._socket.send(READY)

    def stop(self, loop: AbstractEventLoop, take: Take) -> None:
        """Take what is on its way already, and then nothing more."""
        loop.remove_reader(self._socket)
        while self._receive(take):
            pass
        self._socket.close()

    def close(self) -> None:
        """Close it unused: it is another process's."""
        self._socket.close()

    def _read(self, loop: AbstractEventLoop, take: Take, orphaned: Callable[[], None]) -> None:
        if self._receive(take) is None:
            loop.remove_reader(self._socket)
            orphaned()

    def _receive(self, take: Take) -> int | None:
        """Take one connection; return how many there were, and None when there will be no more."""
        try:
            said, descriptors, _, _ = socket.recv_fds(self._socket, 1, 1)
        except BlockingIOError:
            return 0
        except OSError:
            return None
        if not said:
            return None
        take(socket.socket(fileno=descriptors[0]) if descriptors else None, said == _ONION)
        return 1


def channel() -> tuple[Channel, Receiver]:
    """Make both ends; after a fork each process closes the one that is not its own."""
    ours, theirs = socket.socketpair()
    return Channel(ours), Receiver(theirs)
