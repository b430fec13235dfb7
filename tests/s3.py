"""A real server of S3's protocol, moto's, on the loopback; a proxy before it that loses answers.

Law of this file: each server is a process of its own, and ends by its own process id.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread
from typing import Any, Protocol
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from xml.etree import ElementTree as ET

from tests.nats import free_ports

DEADLINE = 60.0
PAGE = 20
"""So many objects the server lists at one time."""

_XML = "{http://s3.amazonaws.com/doc/2006-03-01/}"
KEY_ID = "AKIAIOSFODNN7EXAMPLE"  # the made-up pair of Amazon's own pages
KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


class Server(Protocol):
    """A server of the tests that holds buckets: one of `tests.s3`, `tests.azure`, `tests.google`.

    Attributes:
        port: of the loopback.
        environment: variables by which the library finds the account.
    """

    port: int
    environment: dict[str, str]

    def bucket(self, name: str = "") -> str:
        """Make a bucket that is empty; return its name."""
        ...

    def put(self, bucket: str, name: str, data: bytes) -> None:
        """Write an object."""
        ...

    def store(self, bucket: str, prefix: str = "usage", port: int | None = None) -> dict[str, Any]:
        """Return `usage.store` of relay.yaml; the port is that of a proxy before the server."""
        ...

    def objects(self, bucket: str) -> Iterator[tuple[str, bytes]]:
        """Yield names and contents of all objects, without the library."""
        ...


class S3Server:
    """Moto's server; all that it holds ends with it. The fixture `s3` of all tests is one.

    Attributes:
        environment: where the library finds an account; here it is in the configuration.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.environment: dict[str, str] = {}
        self._buckets = 0

    def bucket(self, name: str = "") -> str:
        """Make a bucket that is empty; return its name."""
        self._buckets += 1
        name = name or f"bucket-{self._buckets}"
        self._ask("PUT", name)
        return name

    def put(self, bucket: str, name: str, data: bytes) -> None:
        """Write an object."""
        self._ask("PUT", f"{bucket}/{name}", data)

    def store(self, bucket: str, prefix: str = "usage", port: int | None = None) -> dict[str, Any]:
        """Return `usage.store` of relay.yaml; the port is that of a proxy before the server."""
        return {
            "url": f"s3://{bucket}/{prefix}",
            "endpoint": f"http://127.0.0.1:{port or self.port}",
            "region": "us-east-1",
            "access_key_id": KEY_ID,
            "secret_access_key": KEY,
            "allow_http": True,
        }

    def objects(self, bucket: str) -> Iterator[tuple[str, bytes]]:
        """Yield names and contents of all objects, by S3's own protocol."""
        token = ""
        while True:
            more = f"&continuation-token={token}" if token else ""
            page = ET.fromstring(self._ask("GET", f"{bucket}?list-type=2{more}"))
            for key in page.iterfind(f"{_XML}Contents/{_XML}Key"):
                assert key.text is not None
                with gone_meanwhile():
                    yield key.text, self._ask("GET", f"{bucket}/{key.text}")
            token = page.findtext(f"{_XML}NextContinuationToken") or ""
            if not token:
                return

    def _ask(self, method: str, path: str, data: bytes | None = None) -> bytes:
        # Without such a header moto takes a request for a stranger's; it checks no signature.
        signed = f"AWS4-HMAC-SHA256 Credential={KEY_ID}/20260101/us-east-1/s3/aws4_request"
        headers = {"Authorization": f"{signed}, SignedHeaders=host, Signature=0"}
        request = Request(f"{self.url}/{path}", data, headers, method=method)
        with urlopen(request, timeout=DEADLINE) as answer:
            content: bytes = answer.read()
        return content


@contextmanager
def s3_server(folder: Path) -> Iterator[S3Server]:
    """Run one server."""
    (port,) = free_ports(1)
    command = [sys.executable, str(Path(__file__).with_name("s3_program.py")), str(port)]
    with (folder / "moto.log").open("ab") as log:
        # Small pages, so that few objects need several; and nothing of the developer's account.
        environment = clean_environment() | {"MOTO_S3_DEFAULT_MAX_KEYS": str(PAGE)}
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
    try:
        server = S3Server(port)
        end = time.monotonic() + DEADLINE
        while not takes_connections(port):
            assert process.poll() is None, "moto's server has ended"
            assert time.monotonic() < end, "moto's server did not start"
            time.sleep(0.02)
        yield server
    finally:
        process.kill()
        process.wait()


class LossyProxy:
    """Passes connections on to a server, in threads, and misbehaves as it is told.

    Attributes:
        lose: how many answers to requests that begin with `only` are to be lost: each request
            arrives, then its client is cut off.
        lost: how many were.
        refuse: whether connections are closed at once.
    """

    def __init__(self, only: bytes | tuple[bytes, ...] = b"PUT ") -> None:
        self.port = 0
        self.lose = 0
        self.lost = 0
        self.refuse = False
        self.only = only
        self._open: set[socket.socket] = set()

    @contextmanager
    def before(self, port: int) -> Iterator["LossyProxy"]:
        """Listen, and pass on to a port of the loopback."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port = listener.getsockname()[1]
            threads = [Thread(target=self._accept, args=(listener, port))]
            threads[0].start()
            try:
                yield self
            finally:
                self.refuse = True
                listener.shutdown(socket.SHUT_RDWR)
                self.cut()
                threads[0].join(10)

    def cut(self) -> None:
        """Break all connections."""
        for one in list(self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _accept(self, listener: socket.socket, port: int) -> None:
        serving: list[Thread] = []
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                if self.refuse:
                    client.close()
                    continue
                serving.append(Thread(target=self._serve, args=(client, port)))
                serving[-1].start()
        for thread in serving:
            thread.join(10)

    def _serve(self, client: socket.socket, port: int) -> None:
        with client:
            try:
                server = socket.create_connection(("127.0.0.1", port), timeout=10)
            except OSError:
                return
            server.settimeout(None)
            with server:
                self._open |= {client, server}
                losing = Event()
                back = Thread(target=self._back, args=(server, client, losing))
                back.start()
                with suppress(OSError):
                    while data := client.recv(65536):
                        if self.lose and data.startswith(self.only):
                            self.lose -= 1
                            losing.set()
                        server.sendall(data)
                for one in (server, client):
                    with suppress(OSError):
                        one.shutdown(socket.SHUT_RDWR)
                back.join(10)
                self._open -= {client, server}

    def _back(self, server: socket.socket, client: socket.socket, losing: Event) -> None:
        with suppress(OSError):
            while data := server.recv(65536):
                if losing.is_set():
                    self.lost += 1
                    break
                client.sendall(data)
        for one in (server, client):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


@contextmanager
def gone_meanwhile() -> Iterator[None]:
    """Pass over an object that a relay has deleted between a list and a look."""
    try:
        yield
    except HTTPError as error:
        if error.code != 404:
            raise
        error.close()


def takes_connections(port: int) -> bool:
    """Whether somebody listens on a port of the loopback."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def closed_port() -> int:
    """Return a port of the loopback on which nobody listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def clean_environment() -> dict[str, str]:
    """Return the environment without what tells of a provider's account."""
    names = ("AWS_", "GOOGLE_", "AZURE_")
    return {name: value for name, value in os.environ.items() if not name.startswith(names)}
