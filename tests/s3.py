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
from urllib.request import Request, urlopen
from xml.etree import ElementTree as ET

from tests.nats import free_ports

DEADLINE = 60.0
PAGE = 20
"""So many objects the server lists at one time."""

_XML = "{http://s3.amazonaws.com/doc/2006-03-01/}"
KEY_ID = "AKIAIOSFODNN7EXAMPLE"  # the made-up pair of Amazon's own pages
KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


class S3Server:
    """Moto's server; all that it holds ends with it. The fixture `s3` of all tests is one."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self._buckets = 0

    def bucket(self) -> str:
        """Make a bucket that is empty; return its name."""
        self._buckets += 1
        name = f"bucket-{self._buckets}"
        with urlopen(Request(f"{self.url}/{name}", method="PUT"), timeout=DEADLINE) as answer:
            assert 200 == answer.status
        return name

    def objects(self, bucket: str) -> Iterator[tuple[str, bytes]]:
        """Yield names and contents of all objects, by S3's own protocol."""
        token = ""
        while True:
            more = f"&continuation-token={token}" if token else ""
            page = ET.fromstring(self._read(f"{bucket}?list-type=2{more}"))
            for key in page.iterfind(f"{_XML}Contents/{_XML}Key"):
                assert key.text is not None
                yield key.text, self._read(f"{bucket}/{key.text}")
            token = page.findtext(f"{_XML}NextContinuationToken") or ""
            if not token:
                return

    def _read(self, path: str) -> bytes:
        # Without such a header moto takes a request for a stranger's; it checks no signature.
        signed = f"AWS4-HMAC-SHA256 Credential={KEY_ID}/20260101/us-east-1/s3/aws4_request"
        signed += ", SignedHeaders=host, Signature=0"
        request = Request(f"{self.url}/{path}", headers={"Authorization": signed})
        with urlopen(request, timeout=DEADLINE) as answer:
            content: bytes = answer.read()
        return content

    def is_open(self) -> bool:
        """Whether it takes connections."""
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True


@contextmanager
def s3_server(folder: Path) -> Iterator[S3Server]:
    """Run one server."""
    (port,) = free_ports(1)
    command = [str(Path(sys.executable).parent / "moto_server"), "-H", "127.0.0.1", "-p", str(port)]
    with (folder / "moto.log").open("ab") as log:
        # Small pages, so that few objects need several; and nothing of the developer's account.
        environment = clean_environment() | {"MOTO_S3_DEFAULT_MAX_KEYS": str(PAGE)}
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
    try:
        server = S3Server(port)
        end = time.monotonic() + DEADLINE
        while not server.is_open():
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

    def __init__(self, only: bytes = b"PUT ") -> None:
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


def closed_port() -> int:
    """Return a port of the loopback on which nobody listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def clean_environment() -> dict[str, str]:
    """Return the environment without what tells of a provider's account."""
    names = ("AWS_", "GOOGLE_", "AZURE_")
    return {name: value for name, value in os.environ.items() if not name.startswith(names)}
