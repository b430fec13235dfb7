"""The target of connections: bytes over a socket to the running program, and all that it answers.

Law of this file: nothing of the relay is imported; it is a process, started when it is first
needed and ended with this one. It must live, and answer only as the protocol does.
"""

import atexit
import re
import shutil
import socket
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path
from random import Random
from typing import Final

from tests.fuzz import oracles, tally
from tests.fuzz.grammar import KEY
from tests.fuzz.grammar_requests import PROJECTS
from tests.fuzz.grammar_wire import connection
from tests.fuzz.oracles import Broken, hold, one_in
from tests.fuzz.target import Target
from tests.system.running import LIVE, READY, Client, Relay

ANSWERS: Final = frozenset({
    100, 200, 201, 202, 400, 401, 403, 404, 405, 408, 413, 415, 417, 429, 503,
})  # fmt: skip
"""Every status of the protocol, and what HTTP itself answers. 500 is a mistake of ours."""

ALIVE: Final = 32
FOLDER: Final = 256
PATIENT: Final = 64
_HANGS: Final = 30.0
_WAITS: Final = 0.25
_LAST: Final = f"GET {LIVE} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
_STATUS: Final = re.compile(rb"HTTP/1\.[01] (\d{3}) [^\r\n]*\r\n")


class Running:
    """The relay that all inputs of this process go to."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="relay-fuzz-"))
        projects = [
            {"id": number, "key": KEY, "upstream": "file:./inbox",
             "consent": {"required": number == "1"}}
            for number in PROJECTS
        ]  # fmt: skip
        config = {
            "projects": projects,
            "spool": {"backend": "memory"},
            "listen": {"port": 0, "header_timeout": "1s", "body_timeout": "2s", "keep_alive": "1s"},
        }
        self.relay = Relay(self.folder / "relay", config)
        self.relay.start()
        self.errors_read = 0

    def close(self) -> None:
        """End it, and leave nothing."""
        with suppress(AssertionError, OSError):
            if self.relay.runs:
                self.relay.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def exchange(self, data: bytes) -> bytes:
        """Send all of it and a last request, and return all that comes back.

        What waits for more is not waited for long, but for one input in `PATIENT`: there the relay
        itself must end the connection.

        Raises:
            TimeoutError: nothing comes, and nothing ends.
        """
        patient = one_in(PATIENT, data, b"patient")
        came = b""
        there = ("127.0.0.1", self.relay.port)
        # It may end a connection before it has read all.
        with socket.create_connection(there, _HANGS) as sock, suppress(ConnectionError):
            sock.sendall(data + _LAST)
            sock.settimeout(_HANGS if patient else _WAITS)
            try:
                while piece := sock.recv(1 << 16):
                    came += piece
            except TimeoutError:
                if patient:
                    raise
                sock.settimeout(_HANGS)
                sock.shutdown(socket.SHUT_WR)
                while piece := sock.recv(1 << 16):
                    came += piece
        return came


@cache
def running() -> Running:
    """Return the relay; it is started for the first input."""
    made = Running()
    atexit.register(made.close)
    return made


def close() -> None:
    """End the relay, if there is one."""
    if running.cache_info().currsize:
        running().close()
        running.cache_clear()


def run(data: bytes) -> None:
    """Send an input over a connection of its own and hold every oracle.

    Raises:
        Broken: one does not hold.
    """
    there = running()
    try:
        came = there.exchange(data)
    except TimeoutError:
        raise Broken("no hang", f"nothing ended within {_HANGS:.0f} s") from None
    hold("the relay lives", there.relay.runs, there.relay.errors()[-1000:])
    for status, answer in answers(came):
        tally.note("answer", str(status))
        hold("an answer of the protocol", status in ANSWERS, (status, answer[:300]))
    oracles.no_secret("answer", came, data)
    if one_in(ALIVE, data, b"alive"):
        _check_alive(there)
    if one_in(FOLDER, data, b"folder"):
        _check_folder(there)


def answers(came: bytes) -> list[tuple[int, bytes]]:
    """Take apart what came; hold that it is answers, whole ones but for the last.

    Raises:
        Broken: it is something else.
    """
    found: list[tuple[int, bytes]] = []
    at = 0
    while at < len(came):
        line = _STATUS.match(came, at)
        hold("an answer is one of HTTP", line is not None, came[at : at + 200])
        assert line is not None
        end = came.find(b"\r\n\r\n", at)
        hold("an answer is one of HTTP", end >= 0, came[at : at + 200])
        head = came[at : end + 4].lower()
        length = re.search(rb"\r\ncontent-length: *(\d+)\r\n", head)
        start = end + 4
        # An answer to HEAD has the length, and no body.
        size = int(length[1]) if length and not _STATUS.match(came, start) else 0
        found.append((int(line[1]), came[at : start + size]))
        at = start + size
    return found


def _check_alive(there: Running) -> None:
    client = Client(there.relay.port)
    try:
        hold("the relay is ready", client.once("GET", READY).status == 200)
    finally:
        client.close()


def _check_folder(there: Running) -> None:
    """Hold that no secret is in what it printed, counted or forwarded, for any input so far."""
    said = there.relay.errors()
    oracles.no_secret("stderr", said, None)
    hold("no mistake of ours", "request_failed" not in said, said[-1000:])
    metrics = there.relay.metrics()
    oracles.no_secret("metrics", metrics, None)
    for file in (there.folder / "relay" / "inbox").rglob("*"):
        if file.is_file():
            written = file.read_bytes()
            file.unlink()
            oracles.no_secret("inbox", written, None)


def seeds() -> Iterable[bytes]:
    """Return some connections that are drawn, of each sort."""
    for number in range(150):
        yield connection(Random(number))


_TOKENS: Final = (
    b"POST ", b"GET ", b" HTTP/1.1\r\n", b" HTTP/1.0\r\n", b"\r\n\r\n", b"Content-Length: ",
    b"Transfer-Encoding: chunked\r\n", b"0\r\n\r\n", b"Expect: 100-continue\r\n", b"Host: x\r\n",
    b"Connection: close\r\n", b"Upgrade: h2c\r\n", b"/api/1/envelope/", KEY.encode(),
)  # fmt: skip

TARGETS: Final = (Target("http", run, connection, seeds, _TOKENS),)
