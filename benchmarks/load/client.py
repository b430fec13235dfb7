"""The clients of a load: a process with so many connections that sends envelopes and times answers.

Closed loop: each connection sends its next envelope when the last one was answered. With a rate:
envelopes are due at even intervals, and their time runs from when they were due, not from when a
connection was free, so that a relay that stalls is charged with all that it kept waiting.

`python -m benchmarks.load.client SPEC` says when it is ready, starts on a line of standard input,
sends no more after a second one, waits no more after a third (the end of input counts as one), and
prints what came of it; each a line of JSON.
"""

import asyncio
import contextlib
import dataclasses
import json
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from benchmarks.load import http
from benchmarks.load.traffic import TARGET, Pool, event_id, load_pool
from relay import jsonio
from relay.server.loop import run_loop

_PAUSE = 0.05
"""Seconds until a connection that was refused is tried again."""


@dataclass(frozen=True, slots=True)
class Spec:
    """What is sent.

    Attributes:
        port: where to, on the loopback.
        pool: file of the variants.
        run: number that is in all ids of this load.
        first: number of the first envelope.
        connections: clients at one time.
        count: envelopes in all; 0 for no end.
        seconds: how long at most; 0 for no end.
        rate: envelopes a second in all; 0 for a closed loop.
        padding: bytes of an attachment of text beside each event.
        keep_on: whether a connection that breaks is opened again, and the next envelope sent.
        warm: envelopes that are sent, and answered, before it says that it is ready.
    """

    port: int
    pool: str
    run: int
    first: int = 0
    connections: int = 16
    count: int = 0
    seconds: float = 0.0
    rate: float = 0.0
    padding: int = 0
    keep_on: bool = False
    warm: int = 0


@dataclass(slots=True)
class Result:
    """What came of it.

    Attributes:
        seconds: from the start to the last answer.
        statuses: answers by status; "broken" for connections that broke or were refused,
            "unanswered" for what was under way when nobody waited any more.
        accepted: numbers of the envelopes that were answered with 200.
        latencies: seconds, of every answer of 200.
        started: on the monotonic clock.
    """

    started: float = 0.0
    seconds: float = 0.0
    statuses: dict[str, int] = field(default_factory=dict)
    accepted: list[int] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)

    def percentile(self, share: float) -> float:
        """Return the latency that so large a share of the answers stays under, in seconds."""
        ranked = sorted(self.latencies)
        return ranked[min(len(ranked) - 1, int(share * len(ranked)))] if ranked else 0.0

    @property
    def rate(self) -> float:
        """Return accepted envelopes a second."""
        return len(self.accepted) / self.seconds if self.seconds else 0.0


def result_of(document: dict[str, Any]) -> Result:
    """Return a result as the process printed it."""
    return Result(**document)


class Connection(asyncio.Protocol):
    """One client's connection: one request at a time."""

    def __init__(self) -> None:
        """Start with nothing under way."""
        self._messages = http.Messages()
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[tuple[int, bool]] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Hand over the answer."""
        for head, _ in self._messages.feed(data):
            if self._answer is not None and not self._answer.done():
                self._answer.set_result((http.status(head), http.closes(head)))

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell who waits."""
        del exc
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionResetError("no answer"))

    async def send(self, head: bytes, body: bytes) -> tuple[int, bool]:
        """Send a request; return the answer's status, and whether the connection ends with it.

        Raises:
            ConnectionError: it broke before there was an answer.
        """
        transport = self._transport
        if transport is None or transport.is_closing():
            raise ConnectionResetError("closed")
        self._answer = asyncio.get_running_loop().create_future()
        transport.writelines((head, body))
        return await self._answer

    def close(self) -> None:
        """End the connection."""
        if self._transport is not None:
            self._transport.close()


class Load:
    """All clients of one process."""

    def __init__(self, spec: Spec, pool: Pool) -> None:
        """Set up; nothing is sent yet."""
        self._spec = spec
        self._pool = pool
        self._padding = text_of(pool, spec.padding) if spec.padding else b""
        self._tasks: list[asyncio.Task[None]] = []
        self._next = 0
        self._stopped = False
        self.result = Result()

    async def warm(self) -> None:
        """Send the first envelopes; they count as none, and have numbers that no others have."""
        connection = await self._open()
        for number in range(self._spec.warm):
            await connection.send(*self._request((1 << 40) + self._spec.first + number))
        connection.close()

    async def run(self) -> Result:
        """Send until the count or the time is reached, or it is stopped."""
        self.result.started = time.monotonic()
        self._tasks = [asyncio.create_task(self._client()) for _ in range(self._spec.connections)]
        for left in await asyncio.gather(*self._tasks, return_exceptions=True):
            if isinstance(left, asyncio.CancelledError):
                self._count("unanswered")
            elif left is not None:
                raise left
        self.result.seconds = time.monotonic() - self.result.started
        return self.result

    def stop(self) -> None:
        """Send no more; what is under way is waited for."""
        self._stopped = True

    def end(self) -> None:
        """Wait for nothing any more."""
        for task in self._tasks:
            task.cancel()

    async def _client(self) -> None:
        connection: Connection | None = None
        while (number := self._take()) is not None:
            due = await self._due(number)
            try:
                if connection is None:
                    connection = await self._open()
                status, closes = await connection.send(*self._request(self._spec.first + number))
            except OSError:
                self._count("broken")
                connection = None
                if not self._spec.keep_on:
                    raise
                await asyncio.sleep(_PAUSE)
                continue
            self._note(self._spec.first + number, status, due)
            if closes:
                connection.close()
                connection = None
        if connection is not None:
            connection.close()

    def _take(self) -> int | None:
        """Return the number of the next envelope; None when there is none."""
        spec = self._spec
        over = bool(spec.seconds) and time.monotonic() - self.result.started >= spec.seconds
        if self._stopped or over or (spec.count and self._next >= spec.count):
            return None
        self._next += 1
        return self._next - 1

    async def _due(self, number: int) -> float:
        """Wait until an envelope is due, and return when that was."""
        now = time.monotonic()
        if not self._spec.rate:
            return now
        due = self.result.started + number / self._spec.rate
        if due > now:
            await asyncio.sleep(due - now)
        return due

    def _note(self, number: int, status: int, due: float) -> None:
        self._count(str(status))
        if status == 200:
            self.result.accepted.append(number)
            self.result.latencies.append(time.monotonic() - due)

    def _count(self, status: str) -> None:
        self.result.statuses[status] = self.result.statuses.get(status, 0) + 1

    async def _open(self) -> Connection:
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(Connection, "127.0.0.1", self._spec.port)
        return connection

    def _request(self, number: int) -> tuple[bytes, bytes]:
        body = self._pool.envelope(event_id(self._spec.run, number), number, self._padding)
        return http.request(TARGET, len(body)), body


def text_of(pool: Pool, size: int) -> bytes:
    """Return a log of a size, with the breadcrumbs of all variants as its lines."""
    lines = []
    for event in pool.events(len(pool)):
        for crumb in jsonio.loads(event).get("breadcrumbs", []):
            about = crumb.get("message") or jsonio.dumps(crumb.get("data")).decode()
            lines.append(f"{crumb.get('timestamp')} {crumb.get('category')} {about}")
    text = "\n".join(lines).encode() + b"\n"
    return (text * (size // len(text) + 1))[:size].decode(errors="ignore").encode()


async def main(spec: Spec) -> None:
    """Run one load as the lines on standard input say."""
    load = Load(spec, load_pool(Path(spec.pool)))
    await load.warm()
    print(json.dumps({"ready": True}), flush=True)
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(None, sys.stdin.readline)

    def wait_for_stop() -> None:
        for do in (load.stop, load.end):
            sys.stdin.readline()
            with contextlib.suppress(RuntimeError):  # where it has ended by itself
                loop.call_soon_threadsafe(do)

    threading.Thread(target=wait_for_stop, daemon=True).start()
    print(json.dumps(dataclasses.asdict(await load.run())), flush=True)


if __name__ == "__main__":
    run_loop(main(Spec(**json.loads(sys.argv[1]))))
