"""An upstream that keeps all that it gets, byte by byte, and repeats it in its answers.

Law of this file: what a client sent comes here clean, so an answer has secrets of its own, in its
status line, its headers and its body: they must come no further than the relay.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.conformance.upstream import opened
from tests.system.running import PROJECT, UPSTREAM_KEY

Answer = Callable[[bytes], bytes]
"""What is written for a request, which is repeated; nothing, and the connection breaks."""

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


def echo(status: str, *headers: str) -> Answer:
    """Answer with this status, these headers, and the request as body."""

    def answer(request: bytes) -> bytes:
        lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(request)}", "", ""]
        return "\r\n".join(lines).encode("utf-8") + request

    return answer


class Upstream:
    """The server; `script` holds the next answers, `usual` what comes after."""

    def __init__(self) -> None:
        self.script: deque[Answer] = deque()
        self.usual: Answer = lambda _: OK
        self.received: list[bytes] = []
        """Each request: its line and header, its body as it came, its body in the open."""
        self.port = 0
        self._lock = threading.Lock()

    @property
    def dsn(self) -> str:
        return f"http://{UPSTREAM_KEY}@127.0.0.1:{self.port}/{PROJECT}"

    def take(self, head: bytes, body: bytes, encoding: str) -> bytes:
        whole = b"\n".join((head, body, opened(body, encoding)))
        with self._lock:
            self.received.append(whole)
            answer = self.script.popleft() if self.script else self.usual
        return answer(whole)


@contextmanager
def upstream() -> Iterator[Upstream]:
    """Run one on a free port of the loopback."""
    own = Upstream()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            head = f"{self.requestline}\n{self.headers}".encode("utf-8", "replace")
            answer = own.take(head, body, self.headers.get("Content-Encoding", ""))
            self.wfile.write(answer)
            self.close_connection = answer is not OK

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """A relay that was killed has left its connections."""

    server = Server(("127.0.0.1", 0), Handler)
    own.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield own
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
