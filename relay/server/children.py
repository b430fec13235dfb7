"""The processes of a relay: forked, heard, and asked to end.

Law of this file: only a process without an event loop and without threads may fork here. A child
closes what is its parent's, so that each can see the other's end.
"""

import logging
import os
import selectors
import signal
import socket
import sys
import time
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Final

from relay import metrics, own_errors
from relay.errors import RelayError, SpoolDamagedError
from relay.logs import describe
from relay.server.board import SEATS, Board, SeatState
from relay.server.handover import Channel, channel
from relay.server.loop import first_of, run_loop
from relay.server.worker import ADMIN_SEAT, Seat

DAMAGED: Final = 3
"""Exit status of a process whose spool turned out to be damaged."""

Main = Callable[[Seat], Coroutine[Any, Any, None]]
"""What a child runs, on an event loop of its own."""

Say = Callable[[RelayError], None]
"""Tells an operator of an error."""

DOUBTED: Final = 3
"""Looks at a worker in a row without a sign of life, after which it gets no new connection."""

_SIGNALS: Final = (signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD)

log = logging.getLogger("relay.server")


class Child:
    """One process: a worker, or the one with the admin port."""

    def __init__(self, seat: int, pid: int, channel: Channel, board: Board) -> None:
        self.seat = seat
        self.pid = pid
        self.channel = channel
        self.born = time.monotonic()
        self.ready = False
        self.stopping = False
        self.asked_at: float | None = None
        """Since when it should end."""
        self.predecessor: Child | None = None
        self.missed = 0
        """Looks in a row without a sign of life."""
        self._board = board
        self._beats = 0
        self._given = 0

    @property
    def admin(self) -> bool:
        """Whether it has the admin port, and no connections of clients."""
        return self.seat == ADMIN_SEAT

    @property
    def able(self) -> bool:
        """Whether it takes connections."""
        going_on = self.ready and self.missed < DOUBTED
        return going_on and not self.stopping and not self.admin

    @property
    def connections(self) -> int:
        """How many it has."""
        return self._given - self._board.closed(self.seat)

    def give(self, connection: socket.socket, *, onion: bool = False) -> bool:
        """Give it a connection, as `handover.Channel` does; return whether it had room."""
        given = self.channel.give(connection, onion=onion)
        self._given += given
        return given

    def end(self) -> None:
        """Ask it to finish and end."""
        if not self.stopping:
            self.stopping = True
            self.asked_at = time.monotonic()
            os.kill(self.pid, signal.SIGTERM)

    def look(self) -> None:
        """Note whether there was a sign of life since the last look."""
        beats = self._board.beats(self.seat)
        self.missed = self.missed + 1 if beats == self._beats else 0
        self._beats = beats

    def kill(self) -> None:
        """End it at once."""
        os.kill(self.pid, signal.SIGKILL)


class Children:
    """All processes of one relay, but for the one that has them."""

    def __init__(self, board: Board, selector: selectors.BaseSelector, say: Say) -> None:
        """Set up.

        Args:
            board: where they say what they do.
            selector: wakes whoever runs it; each key's data is what to call.
            say: tells an operator what ended one.
        """
        self._board = board
        self._selector = selector
        self._say = say
        self._all: list[Child] = []

    def __bool__(self) -> bool:
        return bool(self._all)

    def __len__(self) -> int:
        return len(self._all)

    @property
    def all(self) -> list[Child]:
        """A copy of the list of them."""
        return list(self._all)

    @property
    def workers(self) -> list[Child]:
        """Those that answer clients."""
        return [child for child in self._all if not child.admin]

    def takers(self) -> list[Child]:
        """The workers that take connections, the one with the fewest first."""
        able = [child for child in self._all if child.able]
        return sorted(able, key=lambda child: child.connections)

    def spawn(
        self,
        main: Main,
        on_ready: Callable[[Child], None],
        *,
        admin: bool,
        foreign: Iterable[socket.socket],
    ) -> Child:
        """Fork a child on a free seat; return it. In the child this does not return.

        Args:
            main: what it runs.
            on_ready: called when it says that it is ready.
            admin: whether it takes the seat of the admin port.
            foreign: sockets that it must not keep open.
        """
        taken = {child.seat for child in self._all}
        first = ADMIN_SEAT if admin else ADMIN_SEAT + 1
        number = next(n for n in range(first, SEATS) if n not in taken)
        ours, theirs = channel()
        self._board.set_state(number, SeatState.STARTING)
        sys.stderr.flush()
        # A signal that a child got before it lets go would be told to the parent, as its own.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        pid = os.fork()
        if pid == 0:
            ours.close()
            self._become(main, Seat(number, self._board, theirs), foreign, mask)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        theirs.close()
        child = Child(number, pid, ours, self._board)
        self._all.append(child)
        self._selector.register(
            ours.socket, selectors.EVENT_READ, lambda: self._hear(child, on_ready)
        )
        return child

    def reap(self) -> list[tuple[Child, int]]:
        """Return each child that has ended since, and its exit status; minus a signal's number."""
        ended: list[tuple[Child, int]] = []
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return ended
            if pid == 0:
                return ended
            for child in self.all:
                if child.pid == pid:
                    self._forget(child)
                    ended.append((child, os.waitstatus_to_exitcode(status)))

    def _hear(self, child: Child, on_ready: Callable[[Child], None]) -> None:
        said = child.channel.heard()
        if not said:
            self._selector.unregister(child.channel.socket)  # it ends; `reap` sees to it
        elif not child.ready and said.strip():
            child.ready = True
            on_ready(child)

    def _forget(self, child: Child) -> None:
        self._all.remove(child)
        if child.channel.socket in self._selector.get_map():
            self._selector.unregister(child.channel.socket)
        child.channel.close()
        self._board.set_state(child.seat, SeatState.EMPTY)
        for other in self._all:
            if other.predecessor is child:
                other.predecessor = None

    # --- in the child ---

    def _become(
        self, main: Main, seat: Seat, foreign: Iterable[socket.socket], mask: set[int]
    ) -> None:
        status = 1
        try:
            metrics.share_as(f"seat{seat.number}")
            self._let_go(foreign)
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            run_loop(main(seat))
            status = 0
        except BaseException as error:  # noqa: BLE001 - whatever it is, the process ends here
            status = self._told(first_of(error))
        finally:
            own_errors.stop()
            sys.stderr.flush()
            os._exit(status)

    def _let_go(self, foreign: Iterable[socket.socket]) -> None:
        signal.set_wakeup_fd(-1)
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which gets it too
        for key in list(self._selector.get_map().values()):
            if isinstance(key.fileobj, socket.socket):
                key.fileobj.close()
        self._selector.close()
        for one in foreign:
            one.close()

    def _told(self, error: BaseException) -> int:
        """Say what ended the child; return its exit status."""
        if isinstance(error, RelayError):
            self._say(error)
            return DAMAGED if isinstance(error, SpoolDamagedError) else 1
        log.error("worker_failed", extra={"error": " < ".join(describe(error))})
        return 1
