"""The shipped fakes: a clock that tests move, and a small Sentry on the loopback."""

import asyncio
import gzip
import heapq
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import zstandard
from aiohttp import web

from relay.scrub.permit import ScrubbedEnvelope, grant

KEY = "6d91ca6e6a5d4de7b47989455858b5f6"


def envelope(
    number: int = 1,
    *,
    project: str = "1",
    key: str = KEY,
    payload: bytes | None = None,
    client: str = "sentry.javascript.electron/5.0.0",
    categories: tuple[str, ...] = ("error",),
) -> ScrubbedEnvelope:
    """Make a scrubbed envelope with one event; other numbers give other envelopes."""
    envelope_id = f"{number:032x}"
    payload = b'{"event_id":"%s"}' % envelope_id.encode() if payload is None else payload
    body = b'{"event_id":"%s"}\n{"type":"event","length":%d}\n%s\n' % (
        envelope_id.encode(),
        len(payload),
        payload,
    )
    return grant(
        body=body,
        envelope_id=envelope_id,
        project=project,
        key=key,
        client=client,
        categories=categories,
    )


class FakeClock:
    """A `ports.Clock` that stands still until a test moves it."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self._now = now
        self._turn = 0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._slept = asyncio.Event()

    def now(self) -> float:
        """Return the time that the test has set."""
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Return when the test has moved the time so far."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._turn += 1
        heapq.heappush(self._sleepers, (self._now + seconds, self._turn, future))
        self._slept.set()
        await future

    async def until_sleeping(self) -> None:
        """Return when somebody sleeps on this clock."""
        async with asyncio.timeout(10):
            while all(future.done() for _, _, future in self._sleepers):
                self._slept.clear()
                await self._slept.wait()

    def advance(self, seconds: float) -> None:
        """Move the time, back too, and wake those whose time has come."""
        self._now += seconds
        while self._sleepers and self._sleepers[0][0] <= self._now:
            _, _, future = heapq.heappop(self._sleepers)
            if not future.done():
                future.set_result(None)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the small Sentry does with one request.

    `drop` breaks the connection with no answer; `hang` answers only after `MiniSentry.release`.
    """

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b'{"id":"00000000000000000000000000000000"}'
    drop: bool = False
    hang: bool = False


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it came; `body` is decompressed, header names are in lower case.

    `peer` is the port that it came from: the same for all of one connection.
    """

    path: str
    headers: dict[str, str]
    body: bytes
    answer: Answer
    peer: int = 0


class MiniSentry:
    """A Sentry in the small: takes envelopes on the loopback, and can be told to misbehave.

    `script` holds the answers to the next requests; when it is empty, the answer is 200.
    """

    def __init__(self) -> None:
        self.script: deque[Answer] = deque()
        self.received: list[Received] = []
        self.port = 0
        self._arrivals: asyncio.Queue[Received] = asyncio.Queue()
        self._released = asyncio.Event()

    @property
    def base(self) -> str:
        """Where it lives."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def delivered(self) -> list[bytes]:
        """The bodies that it answered with 2xx, in the order in which they came."""
        return [r.body for r in self.received if not r.answer.drop and r.answer.status < 300]

    async def arrival(self) -> Received:
        """Return the next request that a test has not asked for yet."""
        async with asyncio.timeout(10):
            return await self._arrivals.get()

    def release(self) -> None:
        """Answer what hangs."""
        self._released.set()

    @asynccontextmanager
    async def serve(self) -> AsyncIterator["MiniSentry"]:
        """Listen on a free port of the loopback."""
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/{path:.*}", self._handle)
        runner = web.AppRunner(app, auto_decompress=False, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.port = runner.addresses[0][1]
        try:
            yield self
        finally:
            self.release()
            await runner.cleanup()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        match request.headers.get("Content-Encoding", ""):
            case "gzip":
                body = gzip.decompress(raw)
            case "zstd":
                body = zstandard.ZstdDecompressor().decompress(raw)
            case _:
                body = raw
        answer = self.script.popleft() if self.script else Answer()
        headers = {name.lower(): value for name, value in request.headers.items()}
        peer = request.transport.get_extra_info("peername")[1] if request.transport else 0
        received = Received(request.path_qs, headers, body, answer, peer)
        self.received.append(received)
        self._arrivals.put_nowait(received)
        if answer.hang:
            await self._released.wait()
        if answer.drop and request.transport is not None:
            request.transport.abort()
        return web.Response(status=answer.status, headers=answer.headers, body=answer.body)
