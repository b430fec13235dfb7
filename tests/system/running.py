"""The relay as a process, a small Sentry in a thread, and a plain HTTP client.

Law of this file: nothing is known of the relay but its command line, its configuration, its ports
and its output.
"""

import asyncio
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import yaml

from tests.fakes import MiniSentry

PROJECT = "5193825"
KEY = "6d91ca6e6a5d4de7b47989455858b5f6"
UPSTREAM_KEY = "a" * 31 + "e"
ENVELOPE = f"/api/{PROJECT}/envelope/"
AUTH = f"Sentry sentry_key={KEY}, sentry_version=7, sentry_client=sentry.test/1.0"
READY = "/api/relay/healthcheck/ready/"
LIVE = "/api/relay/healthcheck/live/"
DEADLINE = 30.0
START = 90.0
"""Seconds that a start may take: each rule passes its examples first, on a machine that is busy."""
FEW_RULES = [str(Path(__file__).parents[2] / "rules" / "network")]
"""For tests that ask nothing of the rules: with a part of them a relay starts in half the time."""

Headers = Sequence[tuple[str, str]]
Seen = TypeVar("Seen")


def until(look: Callable[[], Seen], what: str, seconds: float = DEADLINE) -> Seen:
    """Look again and again until something is seen; fail when it takes too long."""
    end = time.monotonic() + seconds
    while not (seen := look()):
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds:.0f} s for {what}")
        time.sleep(0.02)
    return seen


@dataclass(frozen=True)
class Reply:
    """An HTTP answer; header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """Sends exactly the headers that it is told to, on one connection while that lasts."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._connection: http.client.HTTPConnection | None = None

    def send(self, method: str, path: str, headers: Headers = (), body: bytes = b"") -> Reply:
        """Send a request and read the answer; a connection that the other side left is renewed."""
        try:
            return self.once(method, path, headers, body)
        except (http.client.RemoteDisconnected, ConnectionError):
            self.close()
            return self.once(method, path, headers, body)

    def once(self, method: str, path: str, headers: Headers = (), body: bytes = b"") -> Reply:
        """The same, but whatever breaks is raised."""
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        connection = self._connection
        names = {name.lower() for name, _ in headers}
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        if "host" not in names:
            connection.putheader("Host", f"127.0.0.1:{self.port}")
        for name, value in headers:
            connection.putheader(name, value)
        chunked = "transfer-encoding" in names
        if body and not chunked and "content-length" not in names:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(_chunks(body) if chunked else (body or None), encode_chunked=chunked)
        answer = connection.getresponse()
        content = answer.read()
        return Reply(answer.status, {k.lower(): v for k, v in answer.getheaders()}, content)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _chunks(body: bytes, size: int = 4096) -> Iterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


class Relay:
    """A relay with a folder of its own: its configuration, its spool, its output."""

    def __init__(
        self,
        folder: Path,
        config: dict[str, Any] | None = None,
        *,
        arguments: Iterable[str] = (),
        **environment: str,
    ) -> None:
        """Set up; nothing runs yet.

        Args:
            folder: where it runs.
            config: what goes into relay.yaml; None for no file at all. Ports are free ones.
            arguments: after `relay serve`.
            environment: variables beside those of this process.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.output = folder / "output"
        self.output.mkdir()
        self.port = 0
        self.admin_port = 0
        self._arguments = list(arguments)
        self._environment = environment
        self._starts = 0
        self._process: subprocess.Popen[bytes] | None = None
        if config is not None:
            self.configure(config)

    def configure(self, config: dict[str, Any]) -> None:
        """Write relay.yaml, for the next start."""
        whole = {"listen": {"port": 0}, "admin": {"port": 0}, **config}
        (self.folder / "relay.yaml").write_text(yaml.safe_dump(whole))

    def start(self) -> "Relay":
        """Start it, and return when it says that it is ready."""
        self._starts += 1
        environment = {**os.environ, **self._environment}
        with self._file("stdout").open("wb") as out, self._file("stderr").open("wb") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "relay", "serve", *self._arguments],
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=errors,
            )
        started = until(self._started, "the relay to say that it has started", START)
        self.port, self.admin_port = started["port"], started["admin_port"]
        until(self._ready, "the relay to be ready", START)
        return self

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def terminate(self) -> None:
        """Ask it to end."""
        if self.runs:
            os.kill(self.pid, signal.SIGTERM)

    def stop(self, seconds: float = DEADLINE) -> int:
        """Ask it to end, wait, and return its exit status."""
        assert self._process is not None
        self.terminate()
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"it did not end within {seconds:.0f} s") from None

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run it inside a `with`."""
        try:
            self.start()
            yield
        finally:
            if self.runs:
                self.stop()

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(DEADLINE)

    def errors(self) -> str:
        """What the last start has written to standard error."""
        return self._file("stderr").read_text()

    def metrics(self) -> str:
        """The admin port's page of metrics."""
        client = Client(self.admin_port)
        try:
            return client.send("GET", "/metrics").body.decode()
        finally:
            client.close()

    def count(self, name: str) -> Counter[tuple[str, ...]]:
        """Return a metric's values by those of its labels, in the order of the labels' names."""
        found: Counter[tuple[str, ...]] = Counter()
        for line in self.metrics().splitlines():
            if line.startswith((f"{name}{{", f"{name} ")):
                head, _, value = line.rpartition(" ")
                labels = head[len(name) :].strip("{}")
                pairs = sorted(pair.split("=", 1) for pair in labels.split(",") if pair)
                found[tuple(text.strip('"') for _, text in pairs)] += int(float(value))
        return found

    def waiting(self) -> int:
        """How many envelopes are in the spool, dead letters aside."""
        states = self.count("relay_spool_envelopes")
        return states["ready",] + states["claimed",]

    def drain(self, seconds: float = DEADLINE) -> None:
        """Return when the spool is empty."""
        until(lambda: self.waiting() == 0, "the spool to be empty", seconds)

    @property
    def _health_port(self) -> int:
        """Where it is asked whether it is ready."""
        return self.port

    def _file(self, stream: str) -> Path:
        return self.output / f"{self._starts}.{stream}"

    def _started(self) -> dict[str, Any] | None:
        assert self._process is not None
        lines = self.errors().splitlines()
        if self._process.poll() is not None:
            raise AssertionError("it did not start:\n" + "\n".join(lines[-10:]))
        for line in lines:
            if line.startswith("{") and line.endswith("}"):
                record = json.loads(line)
                if "admin_port" in record:
                    return record
        return None

    def _ready(self) -> bool:
        client = Client(self._health_port)
        try:
            return client.send("GET", READY).status == 200
        except OSError:
            return False
        finally:
            client.close()


@contextmanager
def running(folder: Path, config: dict[str, Any]) -> Iterator[Relay]:
    """Make a relay and run it inside a `with`."""
    relay = Relay(folder, config)
    with relay.running():
        yield relay


@dataclass
class Sentry:
    """A `MiniSentry` in a thread of its own, for tests that block."""

    mini: MiniSentry = field(default_factory=MiniSentry)
    loop: asyncio.AbstractEventLoop | None = None

    @property
    def port(self) -> int:
        return self.mini.port

    def dsn(self, project: str = PROJECT) -> str:
        """The DSN of a project there; its key is not the client's."""
        return f"http://{UPSTREAM_KEY}@127.0.0.1:{self.port}/{project}"

    def release(self) -> None:
        """Answer what hangs."""
        assert self.loop is not None
        self.loop.call_soon_threadsafe(self.mini.release)

    def ids(self) -> set[str]:
        """The ids of the envelopes that it answered with 2xx."""
        heads = (json.loads(body.partition(b"\n")[0]) for body in self.mini.delivered)
        return {head["event_id"] for head in heads if "event_id" in head}

    def arrival(self, event_id: str) -> dict[str, Any]:
        """Wait for an event, and return it as it arrived."""
        until(lambda: event_id in self.ids(), f"the event {event_id} to arrive")
        body = next(body for body in self.mini.delivered if event_id.encode() in body)
        return json.loads(body.split(b"\n")[2])


@contextmanager
def sentry_in_thread() -> Iterator[Sentry]:
    """Run a small Sentry inside a `with`."""
    sentry = Sentry()
    up = threading.Event()
    down: list[Callable[[], None]] = []

    async def run() -> None:
        stop = asyncio.Event()
        sentry.loop = asyncio.get_running_loop()
        down.append(lambda: sentry.loop.call_soon_threadsafe(stop.set))
        async with sentry.mini.serve():
            up.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: asyncio.run(run()), daemon=True)
    thread.start()
    assert up.wait(DEADLINE)
    try:
        yield sentry
    finally:
        down[0]()
        thread.join(DEADLINE)


def project(upstream: str, *, id: str = PROJECT, key: str = KEY, **more: Any) -> dict[str, Any]:  # noqa: A002
    """One entry of `projects`."""
    return {"id": id, "key": key, "upstream": upstream, **more}


def envelope(event: dict[str, Any], **headers: Any) -> bytes:
    """An envelope with one event."""
    head = {"event_id": event["event_id"], **headers} if "event_id" in event else headers
    return b"\n".join(json.dumps(part).encode() for part in (head, {"type": "event"}, event))


def event(number: int = 1, **more: Any) -> dict[str, Any]:
    """A small event with consent; other numbers give other events."""
    return {
        "event_id": f"{number:032x}",
        "platform": "python",
        "level": "error",
        "message": "something broke",
        "tags": {"allowReport": True},
        **more,
    }
