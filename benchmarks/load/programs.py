"""The programs of a measurement, each a process of its own: relay, pass-through, upstream, clients.

The relay is the real one: `relay serve` with a configuration file in a folder of its own, on free
ports of the loopback. Law of this file: nothing is known of the relay but its command line, its
configuration, its ports and its output; every process that is started here is ended here.
"""

import dataclasses
import http.client
import json
import os
import random
import select
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol, Self, TypeVar

import yaml

from benchmarks.load import processes
from benchmarks.load.client import Result, Spec, result_of
from benchmarks.load.traffic import KEY, PROJECT

DEADLINE = 60.0
_PORTS = (10_000, 30_000)
"""Below those that Linux takes for connections."""
_UPSTREAM_KEY = "a" * 31 + "e"
_READY = "/api/relay/healthcheck/ready/"
_ROOT = Path(__file__).absolute().parent.parent.parent
Seen = TypeVar("Seen")


class LoadError(Exception):
    """A measurement could not be taken."""


def until(look: Callable[[], Seen], what: str, seconds: float = DEADLINE) -> Seen:
    """Look again and again until something is seen.

    Raises:
        LoadError: it took too long.
    """
    end = time.monotonic() + seconds
    while not (seen := look()):
        if time.monotonic() > end:
            raise LoadError(f"waited {seconds:.0f} s for {what}")
        time.sleep(0.02)
    return seen


def free_port() -> int:
    """Return a port that nobody has just now, and that the system gives to no connection.

    A relay that was killed has to find it free again, whatever was connected meanwhile.
    """
    while True:
        port = random.randint(*_PORTS)
        with closing(socket.socket()) as one, suppress(OSError):
            one.bind(("127.0.0.1", port))
            return port


class Program:
    """A process that reads and writes lines of JSON, and ends when its standard input does."""

    def __init__(self, module: str, *arguments: str, cores: Sequence[int] = ()) -> None:
        """Start it, on these cores alone if there are any."""
        self.process = subprocess.Popen(
            [*pinned(cores), sys.executable, "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=_ROOT,
            text=True,
        )

    @property
    def pid(self) -> int:
        """Return the process' id."""
        return self.process.pid

    def read(self) -> dict[str, Any]:
        """Return the next line that it prints.

        Raises:
            LoadError: it has ended.
        """
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise LoadError(f"{self.process.args!r} has ended")
        document: dict[str, Any] = json.loads(line)
        return document

    def write(self, line: str) -> None:
        """Send it a line; one that has ended hears nothing."""
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with suppress(BrokenPipeError):
            self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


class Sink(Program):
    """The upstream."""

    def __init__(self, cores: Sequence[int] = ()) -> None:
        """Start it."""
        super().__init__("benchmarks.load.sink", cores=cores)
        ports = self.read()
        self.port: int = ports["port"]
        self._control = socket.create_connection(("127.0.0.1", ports["control"]))
        self._file = self._control.makefile("rwb")

    @property
    def dsn(self) -> str:
        """Return the DSN of the project there; its key is not the clients'."""
        return f"http://{_UPSTREAM_KEY}@127.0.0.1:{self.port}/{PROJECT}"

    def ask(self, do: str, **more: Any) -> dict[str, Any]:
        """Order something, and return what it answers."""
        self._file.write(json.dumps({"do": do, **more}).encode() + b"\n")
        self._file.flush()
        answer: dict[str, Any] = json.loads(self._file.readline())
        return answer

    @property
    def count(self) -> int:
        """Return how many events have arrived since it was told to forget."""
        count: int = self.ask("count")["count"]
        return count

    def wait_for(self, count: int, seconds: float = DEADLINE) -> None:
        """Return when so many events have arrived.

        Raises:
            LoadError: it took too long.
        """
        until(lambda: self.count >= count, f"{count} events to arrive", seconds)

    def __exit__(self, *raised: object) -> None:
        self._file.close()
        self._control.close()
        super().__exit__(*raised)


class PassThrough(Program):
    """What a relay costs that does nothing."""

    def __init__(self, sink: Sink, cores: Sequence[int] = ()) -> None:
        """Start it before an upstream."""
        upstream = f"http://127.0.0.1:{sink.port}"
        super().__init__("benchmarks.load.passthrough", upstream, cores=cores)
        self.port: int = self.read()["port"]


class Upstream(Protocol):
    """Where a relay sends to."""

    @property
    def dsn(self) -> str:
        """Return the DSN of the project there."""
        ...


class Relay:
    """The relay, in a folder of its own; it can be killed and started again on the same port."""

    def __init__(
        self,
        folder: Path,
        sink: Upstream,
        *,
        arguments: Sequence[str] = (),
        cores: Sequence[int] = (),
        **config: Any,
    ) -> None:
        """Write its configuration; nothing runs yet.

        Args:
            folder: where it runs.
            sink: its upstream.
            arguments: after `relay serve`.
            cores: those that it may use; all if there are none.
            config: sections of relay.yaml that differ from the defaults.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.port, self.admin_port = free_port(), free_port()
        self._arguments = [*pinned(cores), sys.executable, "-m", "relay", "serve", *arguments]
        self._process: subprocess.Popen[bytes] | None = None
        whole = {
            "projects": [{"id": PROJECT, "key": KEY, "upstream": sink.dsn}],
            **config,
            "listen": {"port": self.port, **config.get("listen", {})},
            "admin": {"port": self.admin_port},
        }
        (folder / "relay.yaml").write_text(yaml.safe_dump(whole))

    @property
    def pid(self) -> int:
        """Return the process' id."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it, and return when it is ready.

        Raises:
            LoadError: it did not start.
        """
        environment = {**os.environ, "PYTHONPATH": f"{_ROOT}"}
        with (self.folder / "stderr").open("ab") as errors:
            self._process = subprocess.Popen(
                self._arguments,
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                start_new_session=True,
            )
        until(self._ready, "the relay to be ready")

    def stop(self) -> None:
        """Ask it to end, and wait."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End it and its workers at once."""
        assert self._process is not None
        for pid in processes.tree(self._process.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, 9)
        self._process.wait()

    def metric(self, name: str) -> Counter[str]:
        """Return a metric's values by their labels, as they stand on the page."""
        connection = http.client.HTTPConnection("127.0.0.1", self.admin_port, timeout=DEADLINE)
        try:
            connection.request("GET", "/metrics")
            page = connection.getresponse().read().decode()
        finally:
            connection.close()
        found: Counter[str] = Counter()
        for line in page.splitlines():
            head, _, value = line.rpartition(" ")
            if head == name or head.startswith(f"{name}{{"):
                found[head[len(name) :]] += int(float(value))
        return found

    def waiting(self) -> int:
        """Return how many envelopes are in the spool, dead letters aside."""
        states = self.metric("relay_spool_envelopes")
        return sum(number for label, number in states.items() if "buried" not in label)

    def drain(self, seconds: float = DEADLINE) -> None:
        """Return when the spool is empty.

        Raises:
            LoadError: it took too long.
        """
        until(lambda: self.waiting() == 0, "the spool to be empty", seconds)

    def _ready(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            lines = (self.folder / "stderr").read_text().splitlines()
            raise LoadError("the relay did not start:\n" + "\n".join(lines[-10:]))
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", _READY)
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self.stop()


class Clients(Program):
    """The clients of one load."""

    def __init__(self, spec: Spec, cores: Sequence[int] = ()) -> None:
        """Start the process, and return when it is ready to send."""
        super().__init__(
            "benchmarks.load.client", json.dumps(dataclasses.asdict(spec)), cores=cores
        )
        self.read()

    def go(self) -> None:
        """Begin to send."""
        self.write("go")

    def result(self) -> Result:
        """Return what came of it, when all is sent."""
        return result_of(self.read())

    def stop(self) -> Result:
        """Send no more, and return what came of it."""
        self.write("stop")
        return self.result()

    def stop_within(self, seconds: float) -> Result:
        """Do the same, but wait so long only for what is under way."""
        self.write("stop")
        assert self.process.stdout is not None
        ready, _, _ = select.select([self.process.stdout], [], [], seconds)
        if not ready:
            self.write("end")
        return self.result()


def send(spec: Spec, cores: Sequence[int] = ()) -> Result:
    """Send a load from beginning to end, and return what came of it."""
    with Clients(spec, cores) as clients:
        clients.go()
        return clients.result()


def pinned(cores: Sequence[int]) -> list[str]:
    """Return what stands before a command to hold it on some cores."""
    return ["taskset", "-c", ",".join(map(str, cores))] if cores else []


@contextmanager
def upstream(cores: Sequence[int] = ()) -> Iterator[Sink]:
    """Run an upstream inside a `with`."""
    with Sink(cores) as sink:
        yield sink
