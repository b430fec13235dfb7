"""A relay with everything around it: clients, upstream, NATS, and a search through all of it.

Law of this file: whatever was sent is kept, and looked for first in what was sent: a search that
would not find a secret there proves nothing elsewhere.
"""

import json
import resource
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import blake2b
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from tests.nats import NatsServer, nats_server
from tests.system import canary_search as look
from tests.system.canary_requests import Request
from tests.system.canary_secrets import Mint
from tests.system.canary_upstream import Upstream, upstream
from tests.system.planted import Leak
from tests.system.running import DEADLINE, Relay, project, until

OPERATOR = "c" * 32
LATE = 20.0
START = 120.0
"""Seconds that a start may take: every rule has to pass its examples, on a machine that is busy."""


class CanaryRelay(Relay):
    """A relay whose script, temporary folder and limit of core files are chosen."""

    program: Sequence[str] = ("-m", "relay")

    def start(self) -> "CanaryRelay":
        self._starts += 1
        temporary = self.folder / "tmp"
        temporary.mkdir(exist_ok=True)
        environment = look.os.environ | {"TMPDIR": str(temporary), **self._environment}
        with self._file("stdout").open("wb") as out, self._file("stderr").open("wb") as errors:
            self._process = subprocess.Popen(
                [sys.executable, *self.program, "serve", *self._arguments],
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=errors,
                preexec_fn=_cores_for_all,  # noqa: PLW1509 - it takes no lock
            )
        started = until(self._started, "the relay to say that it has started", START)
        self.port, self.admin_port = started["port"], started["admin_port"]
        until(self._ready, "the relay to be ready", START)
        return self


def _cores_for_all() -> None:
    """Let the system write core files of any size, as a careless operator would."""
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))


@dataclass
class Rig:
    """One run: a backend, a number of workers, and what was seen."""

    folder: Path
    backend: str
    workers: int
    mint: Mint
    upstream: Upstream
    errors: Upstream
    relay: CanaryRelay
    nats: NatsServer | None
    address: str
    answers: list[bytes] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    leaks: list[Leak] = field(default_factory=list)
    searched: Counter[str] = field(default_factory=Counter)
    """Bytes by place."""
    was_sent: set[str] = field(default_factory=set)
    """Secrets that were found in what was sent."""
    others: list[Callable[[], look.Found]] = field(default_factory=list)
    """Yield what else is to be searched: a name, and bytes."""
    _seen: set[bytes] = field(default_factory=set)
    _shared: set[str] = field(default_factory=set)

    # --- sending ----------------------------------------------------------------------------------

    def send(self, request: Request) -> int:
        """Send a request whole; return the status of the answer, 0 for none."""
        return self.exchange(request.wire, request.sent, request.place)

    def exchange(self, wire: bytes, sent: bytes | None = None, place: str = "") -> int:
        """Send bytes, and read until the relay closes."""
        self.note(wire if sent is None else sent)
        with self.connected() as connection:
            with suppress(OSError):
                connection.sendall(wire)
            return self.read(connection, place)

    def note(self, sent: bytes) -> None:
        """Keep in mind which secrets were sent."""
        self.was_sent |= {leak.name for leak in self.mint.needles.find("sent", sent)}

    @contextmanager
    def connected(self) -> Iterator[socket.socket]:
        """A connection to the relay that comes from an address of ours."""
        with socket.socket() as own:
            own.settimeout(DEADLINE)
            own.bind((self.address, 0))
            own.connect(("127.0.0.1", self.relay.port))
            yield own

    def read(self, connection: socket.socket, place: str = "") -> int:
        """Read an answer to its end."""
        pieces = []
        with suppress(OSError):
            while piece := connection.recv(65536):
                pieces.append(piece)
        answer = b"".join(pieces)
        self.answers.append(answer)
        status = int(answer[9:12]) if answer[9:12].isdigit() else 0
        self.statuses[f"{place} {status}"] += 1
        return status

    # --- searching --------------------------------------------------------------------------------

    def search(self, *, commands: bool = False) -> list[Leak]:
        """Look through every place; return what is new of what was found."""
        before = len(self.leaks)
        for place, name, data in self.places(commands=commands):
            self.searched[place] += 0  # a place that stays empty was searched, too
            digest = blake2b(data, digest_size=16).digest()
            if digest not in self._seen:
                self._seen.add(digest)
                self.searched[place] += len(data)
                self.leaks += self.mint.needles.find(f"{place}: {name}", data)
        return self.leaks[before:]

    def places(self, *, commands: bool = False) -> Iterator[tuple[str, str, bytes]]:
        """Yield each place, a name inside of it, and bytes."""
        for number, request in enumerate(list(self.upstream.received)):
            yield "upstream", f"request {number}", request
        for number, request in enumerate(list(self.errors.received)):
            yield "errors.dsn", f"request {number}", request
        for number, answer in enumerate(self.answers):
            yield "answers to clients", f"answer {number}", answer
        for name, data in look.files(self.relay.folder):
            yield _place_of(name), name, data
        for name, data in look.rows(self.relay.folder):
            yield "spool, by SQL", name, data
        if self.nats is not None:
            for name, data in look.files(self.nats.folder):
                yield "NATS", name, data
        fresh = [path for path in look.SHARED.glob("*") if path.name not in self._shared]
        for path in fresh:
            with suppress(OSError):
                yield "shared memory", path.name, path.read_bytes()
        if self.relay.runs:
            for name, data in look.pages(self.relay.admin_port):
                yield "admin port", name, data
            for name, data in look.processes(look.family(self.relay.pid)):
                yield "processes", name, data
        for other in self.others:
            for name, data in other():
                yield name.partition(",")[0], name, data
        if commands:
            for name, data in look.spool_commands(self.relay.folder):
                yield "relay spool", name, data

    def cores(self) -> set[str]:
        """Return core files that lie about, and limits that would allow one."""
        found = {path.name for path in self.relay.folder.rglob("core*")}
        if self.relay.runs:
            limits = look.core_limits(look.family(self.relay.pid))
            found |= {f"a limit of {limit}" for limit in limits if limit not in ("0", "1")}
        return found


def _place_of(name: str) -> str:
    """Which place a file of the relay's folder belongs to."""
    name = name.removeprefix("packed in ")
    if name.startswith("usage/"):
        return "store, notes" if "_pending" in name else "store, objects"
    if name.startswith("output/"):
        return name.rpartition(".")[2]
    if name.startswith("tmp/"):
        return "temporary files"
    if ".db" in name:
        return "usage spool, files" if name.startswith("usage.") else "spool, files"
    return "names of files" if name == "name of a file" else "working folder"


def draw_address(mint: Mint) -> str:
    """A client's address of the loopback that nobody else has; it is looked for everywhere."""
    a, b, c = (mint.chance.randint(100, 250) for _ in range(3))
    address = f"127.{a}.{b}.{c}"
    number = int(IPv4Address(address))
    for text in (address, str(number), f"::ffff:{address}", f"7f{number & 0xFFFFFF:06x}00"):
        if len(text) > 8:
            mint.watch("address of the client", "connection", text)
    return address


SHIPPED = Path(__file__).parents[2] / "rules"

TRIED_RULE = {
    "id": "tried",
    "description": "Every text, wherever it stands",
    "why": "So that the path of each is shown at the admin port, where a key could be a secret.",
    "status": "shadow",
    "match": {"any": True},
    "where": ["$string"],
    "redact": {"method": "remove"},
    "examples": {
        "scrubs": [
            {"event": {"a": "x", "b": 1}, "becomes": {"b": 1}},
            {"event": {"a": {"b": "x"}}, "becomes": {"a": {}}},
        ],
        "leaves": [{"event": {"a": 1}}, {"event": {"a": [True]}}],
    },
}


def configuration(
    backend: str,
    workers: int,
    own: Upstream,
    errors: Upstream,
    nats: NatsServer | None,
    rules: list[str],
    **more: Any,
) -> dict[str, Any]:
    """What stands in relay.yaml: everything on that could let something through.

    `more` are further sections.
    """
    spool: dict[str, Any] = {"backend": backend, "max_bytes": "3MB"}
    if nats is not None:
        spool |= {"servers": [nats.url], "max_bytes": "5MB"}
    return {
        "listen": {"port": 0, "workers": workers, "header_timeout": "1s", "body_timeout": "2s"},
        "projects": [project(own.dsn)],
        "items": {"minidump": "scrub", "replay": "scrub", "apple_crash_report": "text"},
        "limits": {"event": "300KiB", "attachment": "2MiB", "envelope": "3MiB"},
        "errors": {"dsn": f"http://{OPERATOR}@127.0.0.1:{errors.port}/12"},
        "client_reports": {"interval": "1s"},
        "forward": {"timeout": "2s"},
        "spool": spool,
        "rules": rules,
        **more,
    }


@contextmanager
def rig(
    folder: Path,
    backend: str,
    workers: int,
    mint: Mint,
    rules: list[str] | None = None,
    program: Sequence[str] = ("-m", "relay"),
    **more: Any,
) -> Iterator[Rig]:
    """Run a relay with all that is around it; `more` are further sections of its configuration."""
    if rules is None:
        tried = folder / "tried.yaml"
        tried.parent.mkdir(parents=True, exist_ok=True)
        tried.write_text(json.dumps(TRIED_RULE))
        rules = [str(SHIPPED), str(tried)]
    with ExitStack() as stack:
        own, errors = (stack.enter_context(upstream()) for _ in range(2))
        nats = stack.enter_context(nats_server(folder)) if backend == "jetstream" else None
        relay = CanaryRelay(
            folder / "relay",
            configuration(backend, workers, own, errors, nats, rules, **more),
            arguments=["--debug"],
        )
        relay.program = program
        shared = {path.name for path in look.SHARED.glob("*")}
        made = Rig(
            folder,
            backend,
            workers,
            mint,
            own,
            errors,
            relay,
            nats,
            draw_address(mint),
            _shared=shared,
        )
        stack.enter_context(relay.running())
        yield made


def wait_for_upstream(run: Rig, seconds: float = LATE) -> None:
    """Return when the spool is empty, or does not get smaller any more."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with suppress(OSError):
            if run.relay.waiting() == 0:
                return
        time.sleep(0.05)


def kill(pid: int, number: signal.Signals) -> None:
    """End a process that this test has started, by its id."""
    with suppress(ProcessLookupError):
        look.os.kill(pid, number)
