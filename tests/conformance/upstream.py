"""The suite's own upstream: it keeps what a relay sends on, and answers what a test told it to.

Law of this file: the standard library and two decompressors; nothing is known of any relay.
"""

import gzip
import json
import threading
import zlib
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import brotli
import zstandard

from tests.system.running import until


@dataclass(frozen=True)
class Item:
    """An item as it arrived."""

    header: dict[str, Any]
    payload: bytes

    @property
    def kind(self) -> str:
        return str(self.header["type"])

    def json(self) -> Any:
        return json.loads(self.payload)


@dataclass(frozen=True)
class Arrival:
    """A request to the upstream: its path, its headers by name in lower case, its open body."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def project(self) -> str:
        return self.path.split("/")[2]

    @cached_property
    def head(self) -> dict[str, Any]:
        """The envelope's header."""
        return json.loads(self.body.partition(b"\n")[0])

    @cached_property
    def items(self) -> tuple[Item, ...]:
        """The envelope's items, without reports that a relay has added by itself."""
        return tuple(item for item in self.all_items if item.kind != "client_report")

    @cached_property
    def all_items(self) -> tuple[Item, ...]:
        return tuple(_items(self.body))

    def one(self, kind: str) -> Item:
        """The one item of a kind."""
        [found] = [item for item in self.all_items if item.kind == kind]
        return found


def _items(body: bytes) -> Iterator[Item]:
    at = _line_end(body, 0) + 1
    while at < len(body):
        end = _line_end(body, at)
        header = json.loads(body[at:end])
        at = end + 1
        end = at + header["length"] if "length" in header else _line_end(body, at)
        yield Item(header, body[at:end])
        at = end + 1


def _line_end(body: bytes, start: int) -> int:
    end = body.find(b"\n", start)
    return len(body) if end < 0 else end


@dataclass(frozen=True)
class Answer:
    """What to answer one request with."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Upstream:
    """What arrived, in its order; and by project, how the next requests are answered."""

    port: int = 0
    arrivals: list[Arrival] = field(default_factory=list)
    answers: dict[str, deque[Answer]] = field(default_factory=lambda: defaultdict(deque))

    def envelopes(self) -> list[Arrival]:
        """The envelopes, without those that hold only reports of a relay's own."""
        found = [one for one in list(self.arrivals) if "/envelope" in one.path]
        return [one for one in found if one.items or "event_id" in one.head]

    def of(self, event_id: str) -> Arrival:
        """Wait for the envelope with this id, and return it."""

        def look() -> Arrival | None:
            found = (one for one in self.envelopes() if one.head.get("event_id") == event_id)
            return next(found, None)

        return until(look, f"the envelope {event_id} to arrive", 15)

    def holds(self, data: bytes) -> bool:
        """Whether anything that arrived holds these bytes, in body, path or headers."""
        return any(
            data in one.body or data in f"{one.path}\n{one.headers}".encode()
            for one in list(self.arrivals)
        )


@contextmanager
def listening(port: int) -> Iterator[Upstream]:
    """Listen on a port of the loopback (0 for a free one) inside a `with`."""
    upstream = Upstream()

    class Handler(_Handler):
        owner = upstream

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        server.daemon_threads = True
        upstream.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield upstream
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    owner: Upstream

    def do_POST(self) -> None:
        body = opened(self._body(), self.headers.get("Content-Encoding", ""))
        headers = {name.lower(): value for name, value in self.headers.items()}
        arrival = Arrival(self.path, headers, body)
        script = self.owner.answers[arrival.project]
        answer = script.popleft() if script else Answer()
        self.owner.arrivals.append(arrival)
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    do_GET = do_POST  # noqa: N815 - the name is of http.server

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        pieces = []
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(pieces)


def opened(body: bytes, encoding: str) -> bytes:
    """Return a body without its compression."""
    match encoding:
        case "gzip":
            return gzip.decompress(body)
        case "deflate":
            return zlib.decompress(body)
        case "br":
            return brotli.decompress(body)
        case "zstd":
            return zstandard.ZstdDecompressor().decompressobj().decompress(body)
        case _:
            return body
