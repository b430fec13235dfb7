"""The way to the playground's own process: begun at first use, ended when idle.

Law of this file: who takes envelopes is not held up. Bytes are handed over and read, never looked
at; all work is done on the other side, one request at a time. Nothing of one is kept or logged.
"""

import asyncio
import logging
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process, SubprocessStreamProtocol
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final

import relay
from relay import jsonio
from relay.errors import OverloadedError, RelayError
from relay.playground.child import ANSWER, CPU_SECONDS, REQUEST
from relay.playground.work import Answer, Op, refusal
from relay.rules.loading import RuleText

log = logging.getLogger("relay.playground")

WAITING: Final = 8
"""Requests that may wait for their turn."""

SECONDS: Final = 20.0
"""How long a request may take in all: its bound of processor time, where others have most of it."""

START_SECONDS: Final = 60.0
IDLE_SECONDS: Final = 600.0
"""After so long without a request the process is ended; it has 40 to 80 MB."""

_OVER: Final = frozenset({signal.SIGXCPU, signal.SIGKILL, signal.SIGSEGV})
"""How it ends that has used up its time or memory; see `relay.side.nursery`."""

_TOO_MUCH: Final = (
    f"it took more than {CPU_SECONDS} seconds, or too much memory, and was ended: "
    "the rules stand as they are, make the sample smaller or the rule simpler"
)

_BUFFER: Final = 262_144
"""Bytes of an answer that are read ahead."""

Texts = Callable[[], Sequence[RuleText]]
"""Gives the files of the rules that the service has loaded; the same object while they are."""


@dataclass(frozen=True, slots=True)
class _Child:
    """A process, and what it is held by."""

    process: Process
    transport: asyncio.SubprocessTransport

    @property
    def runs(self) -> bool:
        """Whether it has not ended: the loop may hear of that later than the next request."""
        if self.process.returncode is not None:
            return False
        if sys.platform != "linux":
            return True
        look = os.WEXITED | os.WNOHANG | os.WNOWAIT
        try:
            return os.waitid(os.P_PID, self.process.pid, look) is None
        except ChildProcessError:
            return False

    def end(self) -> None:
        """Kill it without waiting; the loop takes note of its end."""
        self.transport.close()


class TryingProcess:
    """A process that tries rules, while somebody asks for it."""

    def __init__(
        self, texts: Texts, *, seconds: float = SECONDS, idle: float = IDLE_SECONDS
    ) -> None:
        """Set up; nothing runs yet.

        Args:
            texts: gives the loaded rules.
            seconds: how long a request may take.
            idle: after how many seconds without a request it is ended.
        """
        self._texts = texts
        self._seconds = seconds
        self._idle = idle
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._child: _Child | None = None
        self._killed: list[_Child] = []
        self._given: Sequence[RuleText] = ()
        self._end: asyncio.TimerHandle | None = None

    @property
    def pid(self) -> int | None:
        """Of the process, if it runs."""
        child = self._child
        return child.process.pid if child is not None and child.runs else None

    async def ask(self, op: Op, body: bytes = b"") -> Answer:
        """Hand a request over, and return its answer.

        Raises:
            OverloadedError: too many wait already.
        """
        if self._waiting >= WAITING:
            raise OverloadedError("too many requests at one time")
        self._waiting += 1
        try:
            async with self._turn:
                return await self._ask(op, body)
        finally:
            self._waiting -= 1

    async def close(self) -> None:
        """End the process."""
        if self._end is not None:
            self._end.cancel()
        await self._kill()

    async def _ask(self, op: Op, body: bytes) -> Answer:
        try:
            async with asyncio.timeout(START_SECONDS):
                child = await self._started()
            async with asyncio.timeout(self._seconds):
                answer = await _exchange(child, op, body)
        except TimeoutError:
            await self._kill()
            return refusal(HTTPStatus.UNPROCESSABLE_ENTITY, _TOO_MUCH)
        except (ConnectionError, asyncio.IncompleteReadError):
            return await self._ended()
        except BaseException:
            # Whoever asked has gone: what comes now would be taken for the answer to the next.
            self._forget()
            raise
        self._rest()
        return answer

    async def _started(self) -> _Child:
        """Return the process, with the rules that are loaded now."""
        texts = self._texts()
        if self._child is None or not self._child.runs or texts is not self._given:
            # It had no memory left, or has other rules; once it is closed to files it stays so.
            await self._kill()
            self._child = await _start()
            self._given = texts
            files = jsonio.dumps([[text.name, text.file, text.text] for text in texts])
            if (await _exchange(self._child, Op.LOAD, files)).status != HTTPStatus.OK:
                raise RelayError("the playground cannot load the rules of the service")
        return self._child

    async def _ended(self) -> Answer:
        """Say of a process that has gone why."""
        child, self._child = self._child, None
        status = 0
        if child is not None:
            status = await child.process.wait()
            child.end()
        if -status in _OVER:
            return refusal(HTTPStatus.UNPROCESSABLE_ENTITY, _TOO_MUCH)
        log.error("playground_process_failed")
        return refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "internal error")

    def _rest(self) -> None:
        """Let it end after a while, unless it is asked again."""
        if self._end is not None:
            self._end.cancel()
        self._end = asyncio.get_running_loop().call_later(self._idle, self._forget_idle)

    def _forget_idle(self) -> None:
        if self._waiting == 0:
            self._forget()

    def _forget(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.end()
            self._killed.append(child)

    async def _kill(self) -> None:
        self._forget()
        while self._killed:
            await self._killed[-1].process.wait()
            self._killed.pop()


async def _start() -> _Child:
    loop = asyncio.get_running_loop()
    # As `create_subprocess_exec` does, which keeps the transport to itself.
    transport, protocol = await loop.subprocess_exec(
        lambda: SubprocessStreamProtocol(_BUFFER, loop),
        sys.executable,
        *("-B", "-P", "-m", "relay.playground.child"),
        stdin=PIPE,
        stdout=PIPE,
        stderr=DEVNULL,
        cwd="/",
        env=_environment(),
    )
    return _Child(Process(transport, protocol, loop), transport)


async def _exchange(child: _Child, op: Op, body: bytes) -> Answer:
    sink, source = child.process.stdin, child.process.stdout
    assert sink is not None
    assert source is not None
    sink.write(REQUEST.pack(op, len(body)))
    sink.write(body)
    await sink.drain()
    status, size = ANSWER.unpack(await source.readexactly(ANSWER.size))
    return Answer(status, await source.readexactly(size))


def _environment() -> dict[str, str]:
    """Return what the process needs to find this package: no setting, and so no secret of ours."""
    home = str(Path(relay.__file__).parents[1])
    known = os.environ.get("PYTHONPATH")
    passed = {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "LANG") if name in os.environ}
    return {**passed, "PYTHONPATH": f"{home}{os.pathsep}{known}" if known else home}
