"""The upstream of a load: a process that answers at once, and notes what came and in which order.

It can be told to be away, to be slow, or to answer something else, over a second port: one JSON
object a line, each answered with one. `python -m benchmarks.load.sink` prints both ports.
"""

import asyncio
import io
import json
import sys
import time
import zlib
from dataclasses import dataclass, field
from typing import Any, cast

import zstandard

from benchmarks.load import http
from relay.server.loop import run_loop

_OK = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 41\r\n\r\n"
    b'{"id":"00000000000000000000000000000000"}'
)
_OTHER = b"HTTP/1.1 %d Other\r\nContent-Length: 0\r\n\r\n"
_HEAD = 400
"""Of a body only so much is decompressed: the envelope's header."""


@dataclass(slots=True)
class State:
    """What came, and how it is answered.

    Attributes:
        ids: of the envelopes with an event, in the order in which they came, repeats included.
        times: when, on the monotonic clock.
        sizes: bytes of bodies as they came.
        status: what is answered; only 200 counts as arrived.
        delay: seconds before an answer.
    """

    ids: list[str] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    sizes: int = 0
    status: int = 200
    delay: float = 0.0
    connections: set["Upstream"] = field(default_factory=set)
    server: asyncio.Server | None = None
    port: int = 0

    def note(self, head: bytes, body: bytes) -> None:
        """Note an envelope, if it has an event."""
        event_id = json.loads(_first_line(head, body)).get("event_id")
        if event_id:
            self.ids.append(event_id)
            self.times.append(time.monotonic())
            self.sizes += len(body)


class Upstream(asyncio.Protocol):
    """One connection of the relay."""

    def __init__(self, state: State) -> None:
        """Note what comes in `state`."""
        self.state = state
        self.messages = http.Messages()
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the connection, to break it when the upstream is to be away."""
        self.transport = cast("asyncio.Transport", transport)
        self.state.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        del exc
        self.state.connections.discard(self)

    def data_received(self, data: bytes) -> None:
        """Note and answer each whole request; it has come, even if the answer gets nowhere."""
        for head, body in self.messages.feed(data):
            if self.state.status == 200:
                self.state.note(head, body)
            if self.state.delay:
                asyncio.get_running_loop().call_later(self.state.delay, self._answer)
            else:
                self._answer()

    def _answer(self) -> None:
        if self.transport is not None and not self.transport.is_closing():
            status = self.state.status
            self.transport.write(_OK if status == 200 else _OTHER % status)


def _first_line(head: bytes, body: bytes) -> bytes:
    match http.encoding(head):
        case b"gzip":
            body = zlib.decompressobj(31).decompress(body, _HEAD)
        case b"zstd":
            body = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(body)).read(_HEAD)
        case _:
            pass
    return body.partition(b"\n")[0]


async def _open(state: State) -> None:
    loop = asyncio.get_running_loop()
    state.server = await loop.create_server(lambda: Upstream(state), "127.0.0.1", state.port)
    state.port = state.server.sockets[0].getsockname()[1]


async def _close(state: State) -> None:
    if state.server is not None:
        state.server.close()
        state.server = None
    for one in list(state.connections):
        if one.transport is not None:
            one.transport.abort()


async def _do(state: State, order: dict[str, Any]) -> dict[str, Any]:
    """Do what is ordered, and return the answer."""
    match order["do"]:
        case "count":
            return {"count": len(state.ids), "bytes": state.sizes}
        case "arrived":
            start = order.get("start", 0)
            return {"ids": state.ids[start:], "times": state.times[start:]}
        case "forget":
            state.ids, state.times, state.sizes = [], [], 0
        case "away":
            await _close(state)
        case "back":
            await _open(state)
            return {"now": time.monotonic()}
        case "answer":
            state.status, state.delay = order.get("status", 200), order.get("delay", 0.0)
        case other:
            raise ValueError(f"no such order: {other}")
    return {}


async def main() -> None:
    """Serve until the standard input ends."""
    state = State()
    await _open(state)

    async def orders(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(json.dumps(await _do(state, json.loads(line))).encode() + b"\n")
            await writer.drain()
        writer.close()

    control = await asyncio.start_server(orders, "127.0.0.1", 0)
    ports = {"port": state.port, "control": control.sockets[0].getsockname()[1]}
    print(json.dumps(ports), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await _close(state)
    control.close()


if __name__ == "__main__":
    run_loop(main())
