"""The arbiter: keeps the workers of one relay running, and hands them connections.

Law of this file: no event loop, no thread, and nothing of a request: only so can it fork at any
time. It loads everything once before the first fork, so that the workers share those pages.
"""

import gc
import logging
import selectors
import signal
import socket
import time
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final

from relay import jsonio, metrics
from relay.audit import Outcome
from relay.errors import RelayError, RuleError
from relay.server.accepting import PAUSE, Acceptor
from relay.server.board import Board
from relay.server.children import DAMAGED, Child, Children, Say
from relay.server.listening import bind, port_of
from relay.server.loaded import Loaded, start_side, tell
from relay.server.metrics_folder import metrics_folder
from relay.server.onion import OnionListener, open_onion
from relay.server.parts import prepare_all
from relay.server.rules_parts import newest
from relay.server.rules_sheet import Sheets
from relay.server.running import Started
from relay.server.shadow_post import ShadowChannel
from relay.server.signals import waking
from relay.server.worker import Seat, serve_admin, serve_worker

YOUNG: Final = 5.0
"""A worker that dies within so many seconds is replaced later each time."""

MAX_DELAY: Final = 10.0

LOOK: Final = 1.0
"""Seconds between two looks at the processes."""

ANSWER: Final = 0.1
"""Seconds between two looks whether rules that were asked for are good."""

HUNG: Final = 30
"""Looks in a row without a sign of life, after which a process is killed, and replaced."""

START_SECONDS: Final = 60.0
"""A process that takes the place of another has so long to be ready."""

log = logging.getLogger("relay.server")


class Arbiter:
    """Runs the workers of one relay. `run` returns when all of them have ended."""

    def __init__(
        self,
        loaded: Loaded,
        *,
        on_start: Callable[[Started], None],
        reload: Callable[[], Loaded],
        say: Say,
        on_stop: Callable[[], None] = lambda: None,
        on_reloaded: Callable[[Outcome], None] = lambda _: None,
    ) -> None:
        """Set up; nothing is opened yet.

        Args:
            loaded: what the workers serve.
            on_start: called once, when all workers are ready.
            reload: reads settings, secret and certificate anew; raises `RelayError` to refuse it.
            say: tells an operator of an error.
            on_stop: called when stopping begins.
            on_reloaded: told what became of what `reload` gave.
        """
        self._loaded = loaded
        self._before = loaded
        self._next: Loaded | None = None
        self._asked = 0
        self._sheets = Sheets()
        self._shadow: ShadowChannel | None = None
        self._on_reloaded = on_reloaded
        self._on_start = on_start
        self._on_stop = on_stop
        self._reload = reload
        self._say = say
        self._board = Board()
        self._selector = selectors.DefaultSelector()
        self._children = Children(self._board, self._selector, say)
        self._admin: list[socket.socket] = []
        self._onion = OnionListener()
        self._acceptor = Acceptor((), self._selector, self._children.takers)
        self._rolling: deque[Child] = deque()
        self._again = False
        self._look_at = 0.0
        self._spawn_at: float | None = None
        self._kill_at: float | None = None
        self._early_deaths = 0
        self._begun = False
        self._status = 0

    def run(self) -> int:
        """Serve until SIGTERM or SIGINT; SIGHUP takes up what has changed.

        Returns:
            The exit status.

        Raises:
            SpoolUnavailableError: the spool cannot be prepared.
            ListenError: a port cannot be opened.
        """
        self._prepare()
        with self._ports(), waking(self._selector, self._signalled), metrics_folder() as folder:
            metrics.share(folder)
            tell(self._loaded)
            gc.collect()
            gc.freeze()
            try:
                self._spawn_missing()
                while self._children or self._spawn_at is not None:
                    self._turn()
            finally:
                for child in self._children.all:  # only after a mistake of ours
                    child.kill()
        log.info("stopped")
        return self._status

    def _prepare(self) -> None:
        for _ in range(prepare_all(self._loaded.settings)):
            self._board.add_damage()

    @contextmanager
    def _ports(self) -> Iterator[None]:
        """Have all ports open inside the block, or none."""
        self._open()
        try:
            yield
        finally:
            self._selector.close()
            self._onion.remove()
            self._acceptor.close_listeners()
            for one in self._admin:
                one.close()
            if self._shadow is not None:
                self._shadow.close()

    def _open(self) -> None:
        listen, admin = self._loaded.settings.listen, self._loaded.settings.admin
        with ExitStack() as opened:
            self._admin = bind("admin", admin.host, admin.port)
            for one in self._admin:
                opened.callback(one.close)
            listeners = bind("ingest", listen.host, listen.port)
            for one in listeners:
                opened.callback(one.close)
            self._onion = open_onion(listen.onion)
            opened.pop_all()
        self._shadow = ShadowChannel()
        takers = self._children.takers
        self._acceptor = Acceptor(listeners, self._selector, takers, self._onion.sockets)

    def _turn(self) -> None:
        """Wait for something to happen, and see to it."""
        now = time.monotonic()
        times = [at for at in (self._spawn_at, self._kill_at, self._look_at) if at is not None]
        if self._acceptor.blocked:
            times.append(now + PAUSE)
        if self._next is not None:
            times.append(now + ANSWER)
        for key, _ in self._selector.select(max(0.0, min(times) - now)):
            key.data()
        for child, status in self._children.reap():
            metrics.forget_process(f"seat{child.seat}")
            self._see_to(child, status)
        now = time.monotonic()
        if self._spawn_at is not None and self._spawn_at <= now:
            self._spawn_at = None
            self._spawn_missing()
        if self._acceptor.blocked and self._kill_at is None:
            self._acceptor.resume()
        if self._next is not None and self._board.answer[0] >= self._asked:
            self._answered(taken=self._board.answer[1])
        if self._look_at <= now:
            self._look_at = now + LOOK
            self._look(now)
        if self._kill_at is not None and self._kill_at <= now:
            self._kill_late(now)

    # --- children ---

    def _spawn_missing(self) -> None:
        """Start the admin port's process and workers, as many as are missing."""
        if self._kill_at is not None:
            return
        if all(not child.admin for child in self._children.all):
            self._children.spawn(
                self._admin_main,
                self._on_ready,
                admin=True,
                foreign=self._acceptor.sockets,
            )
        replaced = {child.predecessor for child in self._children.all}
        living = sum(
            not child.stopping and child not in replaced for child in self._children.workers
        )
        for _ in range(self._loaded.settings.listen.workers - living):
            self._spawn_worker()

    def _admin_main(self, seat: Seat) -> Coroutine[Any, Any, None]:
        """Make what the process with the admin port runs; in that process."""
        loaded, number = newest(self._loaded, self._sheets)
        return serve_admin(
            loaded,
            seat,
            self._admin,
            sheets=self._sheets,
            rules=number,
            say=self._say,
            shadow=self._shadow,
        )

    def _worker_main(self, seat: Seat) -> Coroutine[Any, Any, None]:
        """Make what a worker runs, with the newest rules from its beginning; in the worker."""
        loaded, number = newest(self._loaded, self._sheets)
        side = start_side(loaded)
        return serve_worker(
            loaded, seat, side, sheets=self._sheets, rules=number, shadow=self._shadow
        )

    def _spawn_worker(self) -> Child:
        return self._children.spawn(
            self._worker_main,
            self._on_ready,
            admin=False,
            foreign=(*self._acceptor.sockets, *self._admin),
        )

    def _on_ready(self, child: Child) -> None:
        if not child.admin and self._kill_at is None:
            self._acceptor.resume()
        if child.predecessor is not None:
            child.predecessor.end()
            child.predecessor = None
        wanted = self._loaded.settings.listen.workers + 1
        everybody = self._children.all
        if self._begun or len(everybody) < wanted or not all(one.ready for one in everybody):
            return
        self._begun = True
        listen, admin = self._loaded.settings.listen, self._loaded.settings.admin
        port, admin_port = port_of(self._acceptor.listeners), port_of(self._admin)
        started = Started(listen.host, port, admin.host, admin_port, self._onion.target)
        self._on_start(started)
        log.info("started", extra=started.fields() | {"workers": listen.workers})
        self._restart_again()

    def _see_to(self, child: Child, status: int) -> None:
        """Go on after the end of a child."""
        if child.stopping or self._kill_at is not None:
            self._after_asked(child)
            return
        if not self._begun:  # what the start is refused for was said by the child
            self._status = 1
            self._stop()
            return
        log.error("worker_died", extra={"worker": child.seat, "status": status})
        self._board.add_restart()
        if status == DAMAGED:
            # Nobody may have a damaged spool open when it is set aside.
            if self._rolling:
                self._rolling.clear()
                self._on_reloaded(Outcome.DONE)  # for all of them are replaced now
            self._spawn_at = None
            for one in self._children.all:
                one.end()
            self._after_asked(child)
        elif child in self._rolling:
            self._rolling.remove(child)
            self._roll()
        elif child.predecessor is not None:  # what a successor dies of would kill the next one
            log.error("restart_failed", extra={"worker": child.seat})
            self._rolling.clear()
            self._loaded = self._before
            self._on_reloaded(Outcome.FAILED)
            self._spawn_later(child)
            self._restart_again()
        else:
            self._spawn_later(child)

    def _after_asked(self, child: Child) -> None:
        """Go on after a child that was asked to end, or with all others was."""
        if self._kill_at is not None:
            if not self._children.workers:
                for admin in self._children.all:
                    admin.end()
        elif child in self._rolling:
            self._rolling.remove(child)
            self._roll()
        elif not self._children:
            self._prepare()
            self._spawn_later(child)

    def _spawn_later(self, child: Child) -> None:
        now = time.monotonic()
        self._early_deaths = self._early_deaths + 1 if now - child.born < YOUNG else 0
        delay = min(MAX_DELAY, 0.1 * 2**self._early_deaths) if self._early_deaths else 0.0
        self._spawn_at = now + delay

    def _look(self, now: float) -> None:
        """Look whether all go on: who hangs gets no connection, and is killed after a while."""
        for child in self._children.all:
            child.look()
            late = child.asked_at is not None and (
                now - child.asked_at >= self._loaded.settings.listen.shutdown
            )
            unborn = self._begun and not child.ready and now - child.born >= START_SECONDS
            if late or unborn or (child.ready and child.missed >= HUNG):
                self._kill(child)
        if self._kill_at is None and any(child.able for child in self._children.all):
            self._acceptor.resume()

    def _kill(self, child: Child) -> None:
        log.error("worker_killed", extra={"worker": child.seat})
        child.kill()

    # --- signals ---

    def _signalled(self, numbers: set[int]) -> None:
        if numbers & {signal.SIGTERM, signal.SIGINT}:
            self._stop()
        elif signal.SIGHUP in numbers:
            self._restart()

    def _stop(self) -> None:
        """Take no more connections, and let every worker finish; the admin port ends last."""
        if self._kill_at is not None:
            return
        self._on_stop()
        log.info("stopping")
        self._onion.remove()
        self._acceptor.close()
        self._spawn_at = None
        self._rolling.clear()
        self._kill_at = time.monotonic() + self._loaded.settings.listen.shutdown
        for child in self._children.workers or self._children.all:
            child.end()

    def _kill_late(self, now: float) -> None:
        for child in self._children.all:
            self._kill(child)
        self._kill_at = now + 1.0

    def _restart(self) -> None:
        """Read settings anew, and ask for the rules; what cannot be loaded changes nothing."""
        if self._kill_at is not None:
            return
        if self._rolling or self._next is not None or not self._begun:
            self._again = True  # what is read then may be newer than what was read for this one
            return
        try:
            self._next = self._reload()
        except RelayError as error:
            self._say(error)
            log.warning("reload_refused", extra={"reason": error.reason})
            return
        # The process with the admin port reads and verifies them: here nobody may wait for that.
        self._asked = self._sheets.paths.write(jsonio.dumps(list(self._next.settings.rules)))

    def _answered(self, *, taken: bool) -> None:
        """Go on when it is known whether the rules are good: replace the workers one by one.

        Where nothing but rules may differ, they have been taken up already.
        """
        loaded, self._next = self._next, None
        if self._kill_at is not None or loaded is None:
            return
        if not taken:
            log.warning("reload_refused", extra={"reason": RuleError.reason})
            self._on_reloaded(Outcome.REFUSED)
            self._restart_again()
            return
        self._before, self._loaded = self._loaded, loaded
        if loaded.same_but_rules(self._before):
            self._on_reloaded(Outcome.DONE)
            self._restart_again()
            return
        gc.collect()
        gc.freeze()
        log.info("restarting_workers", extra={"workers": len(self._children.workers)})
        self._rolling.extend(child for child in self._children.workers if not child.stopping)
        self._roll()

    def _restart_again(self) -> None:
        """Do what SIGHUP asked for when it could not be done."""
        again, self._again = self._again, False
        if again:
            self._restart()

    def _roll(self) -> None:
        """Start the successor of the next one; that is told to end when the successor is ready."""
        if self._rolling:
            self._spawn_worker().predecessor = self._rolling[0]
        else:
            log.info("restarted_workers")
            self._on_reloaded(Outcome.DONE)
            self._restart_again()
