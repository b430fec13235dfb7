"""The nursery: a process that was forked before there were threads, and forks one for each body.

Law of this file: no event loop, no thread, no log, no file. The nursery knows no body; a child
knows one, and what it took is given back when it ends. A child is held to its processor time and
its memory by the system, and one that breaks costs its own body only. Where the rules change, the
first nursery forks another one that loads them; it has a socket of its own, and forks from then on.
"""

import fcntl
import gc
import os
import resource
import select
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from enum import IntEnum
from typing import Final, NoReturn

CPU_SECONDS: Final = 60
"""Processor time that one body may take. 100 MB of text with hits take 30 s."""

MEMORY: Final = 2 * 1024**3
"""Bytes that one body may take. An envelope of 200 MiB takes 1 GiB."""

MEMORY_PART: Final = 4
"""Of the memory that the system gives all processes here together, one body takes one of so many
parts at most: to run out of it could end them all."""

NICENESS: Final = 5
"""Small bodies, which are scrubbed where they arrive, go first where processors are short."""

_OURS: Final = 64
"""Numbers of descriptors from here on are those of ways. Below, a library may close and open in
each child what it remembers from before a fork: libuv does so with a pipe of its own."""

_FIRST_VICTIM: Final = "500"
"""Where the machine runs out of memory, a child is to end, not the process that answers."""

BODY: Final = b"+"
"""What is said with the socket of a body."""

HEIR: Final = b"*"
"""What is said with the socket of another nursery, which is to have other rules."""

RETIRE: Final = b"."
"""What is said to a nursery that gets no more bodies: it ends after the last that it has."""

Work = Callable[[socket.socket], None]
"""Does all that is to be done with one body, over its own socket."""

Renew = Callable[[socket.socket], Work]
"""Makes the work of another nursery, of what comes over its socket; and says there when it can."""


class End(IntEnum):
    """How a child ended: one byte, after all that it wrote itself."""

    WELL = 0
    OVER = 1  # it has used up its time or memory
    BROKEN = 2


def forbid_core_dumps() -> None:
    """Let neither this process nor its children leave their memory on a disk, when they break.

    A limit of 1 is too small for a file, and Linux gives none to a program that collects them
    either, which a limit of 0 would not hold up. Source: core(5), and the kernel's fs/coredump.c.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    most = 0 if hard == 0 else 1
    resource.setrlimit(resource.RLIMIT_CORE, (most, most))


def run(control: socket.socket, work: Work, renew: Renew) -> NoReturn:
    """Fork a child for each socket that comes, until the other side of `control` is closed."""
    try:
        _settle(control)
        _Nursery(control, work, renew).run()
    finally:
        os._exit(0)


class _Nursery:
    """Keeps a child's socket until the child has ended, to write how."""

    def __init__(self, control: socket.socket, work: Work, renew: Renew) -> None:
        self._control = control
        self._work = work
        self._renew = renew
        self._children: dict[int, socket.socket] = {}
        self._heirs: set[int] = set()
        self._retired = False
        self._poll = select.poll()
        self._poll.register(control, select.POLLIN)
        self._ended, wake = socket.socketpair()
        self._ended.setblocking(False)
        wake.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # so that the next line is woken
        signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
        self._wake = wake
        self._poll.register(self._ended, select.POLLIN)

    def run(self) -> None:
        """See `nursery.run`."""
        while self._children or not self._retired:
            for number, _ in self._poll.poll():
                if number == self._control.fileno():
                    if not self._listen():
                        self._kill(list(self._children))
                        return
                elif number == self._ended.fileno():
                    self._reap()
                else:  # whoever waited for it has gone
                    self._kill([p for p, s in self._children.items() if s.fileno() == number])

    def _listen(self) -> bool:
        """Do what is said; return whether anybody is there who says anything."""
        said, numbers, _, _ = socket.recv_fds(self._control, 1, 1)
        if said == RETIRE:
            self._poll.unregister(self._control)
            self._retired = True
            return True
        if not numbers:
            return False
        own = socket.socket(fileno=fcntl.fcntl(numbers[0], fcntl.F_DUPFD_CLOEXEC, _OURS))
        os.close(numbers[0])
        pid = os.fork()
        if said == HEIR:
            if pid == 0:
                _heir(own, self._renew)
            self._heirs.add(pid)
            own.close()
            return True
        if pid == 0:
            _child(own, self._work)
        self._children[pid] = own
        self._poll.register(own, 0)
        return True

    def _reap(self) -> None:
        with suppress(BlockingIOError):
            while self._ended.recv(512):
                pass
        while self._children or self._heirs:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            if pid in self._heirs:
                self._heirs.remove(pid)
                continue
            own = self._children.pop(pid)
            with suppress(KeyError):  # it was killed
                self._poll.unregister(own)
            with suppress(OSError):
                own.settimeout(1.0)
                own.send(bytes((_end_of(status),)))
            own.close()

    def _kill(self, pids: list[int]) -> None:
        for pid in pids:
            self._poll.unregister(self._children[pid])
            os.kill(pid, signal.SIGKILL)


def _settle(control: socket.socket) -> None:
    """Leave behind what belongs to the process that this one was forked from."""
    # A signal to all of a terminal or a container stops the parent, which ends this process.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    _keep_only(control)
    forbid_core_dumps()
    os.nice(NICENESS)
    _keep_pages()


def _keep_pages() -> None:
    """Nothing that stands now is to be looked at again: to write a mark would copy its page."""
    gc.disable()
    gc.freeze()


def _keep_only(one: socket.socket) -> None:
    """Close all but a socket and the standard streams."""
    most = os.sysconf("SC_OPEN_MAX")
    os.closerange(3, one.fileno())
    os.closerange(one.fileno() + 1, most)


def _heir(own: socket.socket, renew: Renew) -> NoReturn:
    """Become another nursery; what was inherited of the first is not used, and never closed."""
    try:
        _forget_wakes()
        _keep_only(own)
        work = renew(own)
        _keep_pages()
        _Nursery(own, work, renew).run()
    finally:
        os._exit(0)


def _forget_wakes() -> None:
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)


def _child(own: socket.socket, work: Work) -> NoReturn:
    end = End.BROKEN
    try:
        _forget_wakes()
        _keep_only(own)
        with suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:  # noqa: PTH123
            file.write(_FIRST_VICTIM)
        _limit(resource.RLIMIT_CPU, CPU_SECONDS)
        _limit(resource.RLIMIT_AS, _mapped() + min(MEMORY, given_memory() // MEMORY_PART))
        work(own)
        end = End.WELL
    except MemoryError:
        end = End.OVER
    finally:
        os._exit(end)


def _limit(kind: int, most: int) -> None:
    _, hard = resource.getrlimit(kind)
    resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def given_memory(groups: str = "/proc/self/cgroup", root: str = "/sys/fs/cgroup") -> int:
    """Return the bytes that this process's control group may have; very many if it says none."""
    try:
        with open(groups) as file:  # noqa: PTH123 - no import while a child begins
            paths = [line.split(":", 2)[2].strip() for line in file if line.startswith("0::")]
    except OSError:
        return sys.maxsize
    for path in paths:
        with suppress(OSError, ValueError), open(f"{root}{path}/memory.max") as file:  # noqa: PTH123
            return int(file.read())
    return sys.maxsize


def _mapped() -> int:
    """Return the bytes of addresses that this process uses already."""
    with open("/proc/self/statm") as file:  # noqa: PTH123 - no import while a child begins
        return int(file.read().split()[0]) * resource.getpagesize()


def _end_of(status: int) -> End:
    if os.WIFEXITED(status):
        return End(os.WEXITSTATUS(status)) if os.WEXITSTATUS(status) in (0, 1) else End.BROKEN
    # The system ends with SIGKILL what takes the last of the memory; a library in C that was given
    # none mostly ends with SIGSEGV: a text of 150 MB did. Sent again it would do the same.
    over = os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGKILL, signal.SIGSEGV)
    return End.OVER if over else End.BROKEN
