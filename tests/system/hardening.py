"""For attacks on a running relay: bytes as they are, and what they cost all of its processes.

Law of this file: cost is processor time and memory as the system counts them, never time on a wall.
"""

import os
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.system.running import AUTH, DEADLINE, ENVELOPE, LIVE, Relay

CONSENTED = f"/consented{ENVELOPE}"
NEXT = f"GET {LIVE} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
"""A request behind another one, that is answered with 200."""

_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3}) ")
_MIB = 1024 * 1024


def head(*lines: str, path: str = CONSENTED, method: str = "POST", auth: str = AUTH) -> bytes:
    """The header of a request, with further lines; its end included."""
    first = (f"{method} {path} HTTP/1.1", "Host: x", f"X-Sentry-Auth: {auth}")
    return "\r\n".join((*first, *lines, "", "")).encode()


def whole(body: bytes, *lines: str, path: str = CONSENTED) -> bytes:
    """A request with a body of known length."""
    return head(f"Content-Length: {len(body)}", *lines, path=path) + body


def chunked(*chunks: bytes) -> bytes:
    """A body in chunks, with its end."""
    return b"".join(b"%x\r\n%s\r\n" % (len(c), c) for c in (*chunks, b""))


def attack(port: int, data: bytes, answers: int = 1) -> bytes:
    """Send all of it; return what comes back until so many answers have begun, or the end."""
    got = b""
    with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE) as wire:
        sender = threading.Thread(target=_send, args=(wire, data))
        sender.start()
        with suppress(ConnectionError):
            while len(_STATUS.findall(got)) < answers and (piece := wire.recv(65536)):
                got += piece
        with suppress(OSError):  # so that a sender that is stuck ends
            wire.shutdown(socket.SHUT_RDWR)
        sender.join()
    return got


def _send(wire: socket.socket, data: bytes) -> None:
    with suppress(OSError):  # whoever refuses it need not read it
        wire.sendall(data)


def statuses(got: bytes) -> list[int]:
    """The statuses of the answers in what came back."""
    return [int(number) for number in _STATUS.findall(got)]


@dataclass
class Cost:
    """What something took.

    Attributes:
        seconds: of processor time, in all processes.
        mib: of memory, at the peak, more than before.
    """

    seconds: float = 0.0
    mib: int = 0


@contextmanager
def cost(relay: Relay) -> Iterator[Cost]:
    """Weigh what the block makes a relay do; the result is filled in at its end."""
    weighed = Cost()
    for pid in family(relay.pid):
        with suppress(OSError):
            Path(f"/proc/{pid}/clear_refs").write_text("5")  # proc(5): the peak starts anew
    before, began = peak(relay.pid), processor_time(relay.pid)
    done = threading.Event()
    peaks = [before]

    def look() -> None:
        while not done.wait(0.02):
            peaks.append(peak(relay.pid))

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield weighed
    finally:
        done.set()
        watcher.join()
        weighed.seconds = processor_time(relay.pid) - began
        weighed.mib = (max(*peaks, peak(relay.pid)) - before) // _MIB


def family(pid: int) -> list[int]:
    """A process and all that come of it."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            for child in task.read_text().split():
                found += family(int(child))
    return found


def peak(pid: int) -> int:
    """The most bytes that each of a family has had, added up; what they share counts again."""
    whole_family = 0
    for one in family(pid):
        with suppress(OSError):
            found = re.search(r"^VmHWM:\s+(\d+) kB$", _status(one), re.MULTILINE)
            whole_family += int(found[1]) * 1024 if found is not None else 0
    return whole_family


def _status(pid: int) -> str:
    return Path(f"/proc/{pid}/status").read_text()


def processor_time(pid: int) -> float:
    """Seconds that a family has used; those of children that have ended are in it (proc(5))."""
    ticks = 0
    for one in family(pid):
        with suppress(OSError):
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
            ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")
