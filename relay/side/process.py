"""Large bodies off this process: each is scrubbed in a process of its own, and comes back clean.

A long scrub in a thread holds up the event loop, for only one of the two has the interpreter.
Law of this file: the nursery is forked before there is a loop, a thread or a socket. A body goes
over in pieces and is let go of on the way. Other rules come with another nursery, and the change to
it is one step.
"""

import asyncio
import logging
import os
import pickle
import socket
import struct
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from typing import Final

from relay.errors import OverloadedError, RelayError, ScrubError
from relay.pipeline import FindProject, Processed
from relay.rulefiles import unpack as unpack_rules
from relay.scrub.hashing import HashKeys, period_keys
from relay.scrub.scrubber import Scrubber
from relay.scrub.verified import scrubber_of
from relay.side import nursery
from relay.side.body import Body
from relay.side.nursery import End
from relay.side.work import Job, do, pack, pack_error, unpack, unpack_error

log = logging.getLogger("relay.side")

AT_ONCE: Final = 2
"""Bodies in side processes at one time; others wait for their turn."""

HUGE: Final = 4 * 1024 * 1024
"""Bodies from this size on take turns with each other: one way stays free for those below."""

TURN_SECONDS: Final = 60.0
"""How long a body may wait for its turn; SDKs have given up before."""

WHOLE_SECONDS: Final = 300.0
"""How long a body may take in all: its bound of CPU time, where others have most of the machine."""

RENEW_SECONDS: Final = 60.0
"""How long other rules may take until a nursery has them; mostly it is a fifth of a second."""

_READ: Final = 256 * 1024
_JOIN: Final = 1024 * 1024
"""Longer bodies are put together in a thread; Python does that beside the loop."""

_TASK: Final = struct.Struct("!QQ")  # bytes of the job, bytes of the body
_RULES: Final = struct.Struct("!Q")  # bytes of packed rule files
_RENEWED: Final = b"r"
_RESULT: Final = struct.Struct("!?QQ")  # whether it is one, else an error; bytes of the two parts

Hold = Callable[[int], None]
"""Is told how many bytes come back."""


class GoneError(RelayError):
    """There are no side processes (any more); the body is as it was."""


class SideProcess:
    """The way to the nursery."""

    def __init__(self, control: socket.socket, pid: int) -> None:
        """Set up; `start` does it."""
        self._first = control
        self._control = control
        self._pid = pid
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._huge_turns = asyncio.Semaphore(1)

    @classmethod
    def start(
        cls, find_project: FindProject, scrubber: Scrubber, secret: bytes
    ) -> "SideProcess | None":
        """Fork the nursery; None where there is none. Call it before a loop or a thread runs.

        Args:
            find_project: looks up what holds for a client's project and key.
            scrubber: the rules.
            secret: from which the keys of each period are made.
        """
        if sys.platform != "linux":
            return None
        ours, theirs = socket.socketpair()
        pid = os.fork()
        if pid == 0:
            renew = partial(_renewed, find_project=find_project, secret=secret)
            nursery.run(theirs, partial(_serve, find_project, scrubber, secret), renew)
        theirs.close()
        ours.setblocking(False)
        return cls(ours, pid)

    @property
    def pid(self) -> int:
        """The nursery's."""
        return self._pid

    async def run(self, body: Body, job: Job, hold: Hold) -> Processed:
        """Decide about one body in a process of its own.

        Raises:
            GoneError: there is no nursery any more; nothing was taken from the body.
            OverloadedError: others were before it for too long.
            ScrubError: it took more time or memory than a body may.
            RelayError: as `pipeline.process`; or the process broke.
        """
        async with self._turn(body.size):
            own = self._begin()
            try:
                async with asyncio.timeout(WHOLE_SECONDS):
                    with suppress(ConnectionError):  # it has ended, and how comes below
                        await _send(own, body, job)
                    return await _receive(own, hold)
            except TimeoutError:
                raise _failure(End.OVER) from None
            finally:
                own.close()

    async def prepare(self, packed: bytes) -> socket.socket:
        """Have another nursery made, with other rules; nothing goes there before `switch`.

        Args:
            packed: the rule files, which load: `rulefiles.pack`.

        Returns:
            The way to it.

        Raises:
            GoneError: it cannot be made.
        """
        way = _hand_over(self._first, nursery.HEIR)
        try:
            async with asyncio.timeout(RENEW_SECONDS):
                loop = asyncio.get_running_loop()
                await loop.sock_sendall(way, _RULES.pack(len(packed)) + packed)
                if await _read(way, len(_RENEWED)) == _RENEWED:
                    return way
        except (OSError, TimeoutError):
            pass
        except BaseException:
            way.close()
            raise
        way.close()
        raise GoneError("there are no side processes with the new rules")

    def switch(self, way: socket.socket) -> None:
        """Send all bodies that begin from now on to another nursery, also those that wait."""
        before, self._control = self._control, way
        self._leave(before)

    def give_up(self) -> None:
        """Send no more bodies to any: those that are under way end."""
        nowhere, other = socket.socketpair()
        other.close()
        self.switch(nowhere)

    def _leave(self, way: socket.socket) -> None:
        if way is not self._first:  # which is needed for the next one
            with suppress(OSError):
                way.send(nursery.RETIRE)
            way.close()

    def close(self) -> None:
        """End all nurseries, and what is under way there."""
        self._control.close()
        self._first.close()
        with suppress(ChildProcessError):
            os.waitpid(self._pid, 0)

    @asynccontextmanager
    async def _turn(self, size: int) -> AsyncIterator[None]:
        ways = (self._turns,) if size < HUGE else (self._huge_turns, self._turns)
        async with AsyncExitStack() as stack:
            try:
                async with asyncio.timeout(TURN_SECONDS):
                    for way in ways:
                        await stack.enter_async_context(way)
            except TimeoutError:
                raise OverloadedError("too many reports at one time") from None
            yield

    def _begin(self) -> socket.socket:
        return _hand_over(self._control, nursery.BODY)


def _hand_over(control: socket.socket, what: bytes) -> socket.socket:
    """Give a nursery one end of a new pair; return the other.

    Raises:
        GoneError: there is none.
    """
    ours, theirs = socket.socketpair()
    with theirs:
        try:
            socket.send_fds(control, [what], [theirs.fileno()])
        except OSError:
            ours.close()
            raise GoneError("there are no side processes") from None
    ours.setblocking(False)
    return ours


async def _send(own: socket.socket, body: Body, job: Job) -> None:
    loop = asyncio.get_running_loop()
    packed = pickle.dumps(job, pickle.HIGHEST_PROTOCOL)
    await loop.sock_sendall(own, _TASK.pack(len(packed), body.size) + packed)
    for piece in body.pieces():
        await loop.sock_sendall(own, piece)


async def _receive(own: socket.socket, hold: Hold) -> Processed:
    """Read a result, and the end that the nursery writes after it."""
    head = await _read(own, _RESULT.size)
    if len(head) < _RESULT.size:  # nothing but how it ended, or not even that
        raise _failure(End(head[0]) if head else End.BROKEN)
    good, about_size, body_size = _RESULT.unpack(head)
    hold(body_size)
    about, body = await _read(own, about_size), await _read(own, body_size)
    # A child that was ended in the middle has written too little, and its end stands in for more.
    ended = await _read(own, 2)
    if ended != bytes((End.WELL,)):
        raise _failure(End.BROKEN)
    try:
        if not good:
            raise unpack_error(about)
        return unpack(about, body)
    except (pickle.UnpicklingError, TypeError, ValueError):
        raise _failure(End.BROKEN) from None


async def _read(own: socket.socket, size: int) -> bytes:
    """Read so many bytes; fewer where they end."""
    loop = asyncio.get_running_loop()
    pieces: list[bytes] = []
    left = size
    while left:
        try:
            piece = await loop.sock_recv(own, min(left, _READ))
        except ConnectionError:
            break
        if not piece:
            break
        pieces.append(piece)
        left -= len(piece)
    if size > _JOIN:
        return await asyncio.to_thread(b"".join, pieces)
    return b"".join(pieces)


def _failure(end: End) -> RelayError:
    if end is End.OVER:
        return ScrubError("it needs more time or memory than an envelope may take")
    log.error("side_process_failed")
    return RelayError("internal error")


# --- in the child ---------------------------------------------------------------------------------


def _renewed(own: socket.socket, *, find_project: FindProject, secret: bytes) -> nursery.Work:
    """Read rules, and return the work with them; they were verified before."""
    with own.makefile("rb") as source:
        (size,) = _RULES.unpack(source.read(_RULES.size))
        packed = source.read(size)
    made = scrubber_of(unpack_rules(packed), HashKeys(secret), verify=False)
    own.sendall(_RENEWED)
    return partial(_serve, find_project, made, secret)


def _serve(
    find_project: FindProject, scrubber: Scrubber, secret: bytes, own: socket.socket
) -> None:
    """Read a job and its body, do it, and write what came out."""
    with own.makefile("rb") as source:
        job_size, size = _TASK.unpack(source.read(_TASK.size))
        job: Job = pickle.loads(source.read(job_size))  # noqa: S301 - from the process above
        data = source.read(size)
    if len(data) < size:
        raise EOFError  # whoever sent it has gone
    keyed = scrubber.with_keys(period_keys(secret, job.period))
    good = True
    try:
        about, body = pack(do(data, job, find_project, keyed))
    except RelayError as error:
        good, about, body = False, pack_error(error), b""
    own.sendall(_RESULT.pack(good, len(about), len(body)))
    own.sendall(about)
    own.sendall(body)
