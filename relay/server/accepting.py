"""Accepting connections, and giving each to the worker that has the fewest.

Law of this file: whoever connects stays unknown; no address is looked at. What cannot be given
away now waits in the system's queue, where it is not lost.
"""

import selectors
import socket
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from relay.server.listening import BACKLOG

MANY: Final = 64
"""Connections that are taken at once, before anything else is looked at."""

PAUSE: Final = 0.02
"""Seconds for which nothing is accepted, when no worker has room or no descriptor is left."""


class Taker(Protocol):
    """A worker, as far as it takes connections."""

    def give(self, connection: socket.socket, *, onion: bool) -> bool:
        """Take a connection, or return False when there is no room; see `handover.Channel`."""
        ...


class Acceptor:
    """Listens while there is a taker."""

    def __init__(
        self,
        listeners: Sequence[socket.socket],
        selector: selectors.BaseSelector,
        takers: Callable[[], Sequence[Taker]],
        onion: Sequence[socket.socket] = (),
    ) -> None:
        """Set up; nothing is accepted yet.

        Args:
            listeners: from `listening.bind`.
            selector: wakes whoever runs it; each key's data is what to call.
            takers: those that can take one now, the one to ask first in front.
            onion: from `onion.open_onion`.
        """
        self.listeners = (*listeners, *onion)
        self.blocked = False
        self._selector = selector
        self._takers = takers
        self._onion = frozenset(onion)
        self._held: tuple[socket.socket, bool] | None = None

    @property
    def sockets(self) -> tuple[socket.socket, ...]:
        """All that is open here: the listeners, and the connection that nobody had room for."""
        return (*self.listeners, *([self._held[0]] if self._held is not None else []))

    def resume(self) -> None:
        """Listen again."""
        self.blocked = False
        if self._held is not None:
            self._deliver(*self._held)
        if self.blocked:
            return
        for listener in self.listeners:
            if listener not in self._selector.get_map():
                self._selector.register(
                    listener, selectors.EVENT_READ, lambda one=listener: self.accept(one)
                )

    def pause(self) -> None:
        """Leave what comes in the system's queue."""
        for listener in self.listeners:
            if listener in self._selector.get_map():
                self._selector.unregister(listener)

    def accept(self, listener: socket.socket, most: int = MANY) -> None:
        """Take what is in the queue of one listener, as long as somebody takes it."""
        for _ in range(most):
            if not self._takers():
                self.pause()
                return
            try:
                connection, _address = listener.accept()
            except (BlockingIOError, ConnectionError):
                return
            except OSError:  # no descriptor is left
                self.blocked = True
                self.pause()
                return
            self._deliver(connection, listener in self._onion)
            if self.blocked:
                return

    def close(self) -> None:
        """Take what is in the queues, since who is there was told that we listen, and end."""
        for listener in self.listeners:
            self.accept(listener, BACKLOG)
        self.pause()
        if self._held is not None:
            self._held[0].close()
        self.close_listeners()

    def close_listeners(self) -> None:
        """Close the listeners of this process; those of others stay open."""
        for listener in self.listeners:
            listener.close()

    def _deliver(self, connection: socket.socket, onion: bool) -> None:
        """Give a connection away; one that nobody has room for is held, and blocks the others."""
        if any(taker.give(connection, onion=onion) for taker in self._takers()):
            self._held = None
            connection.close()
        else:
            self._held = (connection, onion)
            self.blocked = True
            self.pause()
