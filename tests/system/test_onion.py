"""The listener for an onion service, from outside: over its socket or port, by one process or two.

Tor itself is played by the client: it connects, and says nothing of who is behind it.
"""

import http.client
import os
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.system.running import (
    AUTH,
    DEADLINE,
    ENVELOPE,
    KEY,
    LIVE,
    PROJECT,
    READY,
    Client,
    Headers,
    Relay,
    Reply,
    Sentry,
    envelope,
    event,
    project,
    sentry_in_thread,
    until,
)

HOST = "relaykq5hzp3vbyuwx2ojlncr7gdmi4tae6s5fvkzc2qxlprwnd3soad.onion"
PAGE = "http://suitexq5hzp3vbyuwx2ojlncr7gdmi4tae6s5fvkzc2qxlprwnd3uqid.onion"
RULES = Path(__file__).parents[2] / "rules" / "network"
"""A part of the rules, with which a relay starts sooner."""

CLIENT = "127.3.4.5"
"""Where clients connect from, wherever a connection has an address."""

CLAIMED = "198.51.100.23"
"""What the headers of a proxy say of the client's address."""

FORWARDING = [
    ("X-Forwarded-For", CLAIMED),
    ("Forwarded", f"for={CLAIMED};proto=https;host=example.org"),
    ("X-Real-IP", CLAIMED),
    ("CF-Connecting-IP", CLAIMED),
    ("True-Client-IP", CLAIMED),
    ("Via", f"1.1 {CLAIMED}"),
    ("X-Forwarded-Proto", "https"),
    ("X-Forwarded-Host", "example.org"),
]
AUTH_HEADER = ("X-Sentry-Auth", AUTH)


class FromSomewhere(http.client.HTTPConnection):
    """A connection to a Unix socket, or from an address of its own to a port."""

    def __init__(self, target: str) -> None:
        super().__init__("localhost", timeout=DEADLINE)
        self.target = target

    def connect(self) -> None:
        """Connect."""
        self.sock = connected(self.target)


class Tor(Client):
    """Sends through the listener for an onion service, or to any other port."""

    def __init__(self, target: str) -> None:
        super().__init__(0)
        self.target = target

    def once(self, method: str, path: str, headers: Headers = (), body: bytes = b"") -> Reply:
        """Send with the name of the onion service."""
        if self._connection is None:
            self._connection = FromSomewhere(self.target)
        host = () if any(name == "Host" for name, _ in headers) else (("Host", HOST),)
        return super().once(method, path, (*host, *headers), body)


class OnionRelay(Relay):
    """A relay whose ingest port may speak TLS, and that has a listener for Tor."""

    @property
    def onion(self) -> str:
        """Where that is, as it has told."""
        return str((self._started() or {})["onion"])

    @property
    def _health_port(self) -> int:
        return self.admin_port


@dataclass
class House:
    """A relay, the Sentry behind it, and a way in."""

    relay: OnionRelay
    sentry: Sentry
    socket: Path | None
    workers: int
    number: int = 0

    def next(self) -> str:
        """Return the id of an event that there was none of yet."""
        self.number += 1
        return f"{self.number:032x}"

    def send(self, method: str, path: str, headers: Headers = (), body: bytes = b"") -> Reply:
        client = Tor(self.relay.onion)
        try:
            return client.send(method, path, headers, body)
        finally:
            client.close()

    def report(self, *headers: tuple[str, str]) -> tuple[str, Reply]:
        """Send an event; return its id and the answer."""
        body = event(int(self.next(), 16), message=f"at 203.0.113.77 {'x' * 300}")
        made = envelope(body, sent_at="2026-01-01T00:00:00Z")
        return body["event_id"], self.send("POST", ENVELOPE, (AUTH_HEADER, *headers), made)


def connected(target: str) -> socket.socket:
    """Connect to what `torrc` would name so."""
    if target.startswith("unix:"):
        one = socket.socket(socket.AF_UNIX)
        one.settimeout(DEADLINE)
        one.connect(target.removeprefix("unix:"))
        return one
    host, _, port = target.rpartition(":")
    return socket.create_connection((host, int(port)), DEADLINE, source_address=(CLIENT, 0))


def certificate(folder: Path) -> dict[str, str] | None:
    """Make one; None where that cannot be done here."""
    if (program := shutil.which("openssl")) is None:
        return None
    paths = {"cert": str(folder / "cert.pem"), "key": str(folder / "key.pem")}
    call = [program, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    call += ["-nodes", "-days", "2", "-subj", "/CN=relay.example", "-out", paths["cert"]]
    subprocess.run([*call, "-keyout", paths["key"]], check=True, capture_output=True)
    return paths


@pytest.fixture(scope="module", params=["unix-1", "unix-2", "port-1", "port-2"])
def house(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    kind, _, workers = request.param.partition("-")
    folder = tmp_path_factory.mktemp("onion")
    path = folder / "run" / "onion.sock" if kind == "unix" else None
    (folder / "run").mkdir()
    tls = certificate(folder) if kind == "unix" else None
    with sentry_in_thread() as sentry:
        config = {
            "listen": {
                "port": 0,
                "workers": int(workers),
                "onion": {"socket": str(path)} if path else {"port": 0},
                "origins": [PAGE],
                **({"tls": tls} if tls else {}),
            },
            "projects": [project(sentry.dsn())],
            "rules": [str(RULES)],
        }
        relay = OnionRelay(folder / "relay", config, arguments=["--debug"])
        with relay.running():
            yield House(relay, sentry, path, int(workers))
        assert path is None or not path.exists()
        for file in (file for file in folder.rglob("*") if file.is_file()):
            held = file.read_bytes()
            assert (0, 0) == (held.count(CLIENT.encode()), held.count(CLAIMED.encode())), file


def test_an_event_arrives_clean(house: House) -> None:
    """What comes by Tor is answered, scrubbed and forwarded like everything else."""
    event_id, reply = house.report()
    assert (200, {"id": event_id}) == (reply.status, reply.json())
    assert house.sentry.arrival(event_id)["message"].startswith("at [ip] ")
    (received,) = (one for one in house.sentry.mini.received if event_id.encode() in one.body)
    assert HOST not in repr(received)


def test_a_dsn_of_the_onion_service(house: House) -> None:
    """What an SDK makes of `http://key@….onion/project`, through a tunnel too."""
    dsn = f"http://{KEY}@{HOST}/{PROJECT}"
    body = event(int(house.next(), 16))
    assert 200 == house.send("POST", "/tunnel", body=envelope(body, dsn=dsn)).status
    assert HOST not in str(house.sentry.arrival(body["event_id"]))


@pytest.mark.parametrize("path", [LIVE, READY, READY.rstrip("/"), "/metrics", "/"])
def test_nothing_but_ingest_is_there(house: House, path: str) -> None:
    """Health, which the other ports tell, is what any unknown path is here."""
    replies = [house.send("GET", one) for one in (path, "/nowhere")]
    bare = [(r.status, r.body, {**r.headers, "date": ""}) for r in replies]
    assert (404, bare[1]) == (bare[0][0], bare[0])


def test_the_port_beside_it_is_as_before(house: House) -> None:
    """Health is told there; with a certificate it speaks TLS, and the listener for Tor does not."""
    one = connected(f"127.0.0.1:{house.relay.port}")
    if (cert := house.relay.folder.parent / "cert.pem").exists():
        context = ssl.create_default_context(cafile=cert)
        one = context.wrap_socket(one, server_hostname="relay.example")
    with one:
        one.sendall(f"GET {READY} HTTP/1.0\r\n\r\n".encode())
        assert one.recv(15).startswith(b"HTTP/1.0 200")


@pytest.mark.parametrize("header", FORWARDING, ids=lambda header: header[0])
def test_no_header_of_a_proxy_is_believed(house: House, header: tuple[str, str]) -> None:
    """Answer and what goes on are the same with it and without."""
    seen = []
    for headers in ((), (header,)):
        event_id, reply = house.report(*headers)
        house.sentry.arrival(event_id)
        (received,) = (one for one in house.sentry.mini.received if event_id.encode() in one.body)
        shown = {**reply.headers, "date": ""}
        names = {name: value for name, value in received.headers.items() if name != "date"}
        body = received.body.replace(event_id.encode(), b"id")
        seen.append((reply.status, shown, names, body, received.path))
    assert seen[0] == seen[1]


@pytest.mark.parametrize(
    "line",
    [
        f"PROXY TCP4 {CLAIMED} 127.0.0.1 666 80\r\n".encode(),
        b"PROXY TCP6 fc00:dead:beef:4dad::ffff:ffff ::1 65535 80\r\n",
        b"PROXY UNKNOWN\r\n",
        b"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c"
        + socket.inet_aton(CLAIMED)
        + socket.inet_aton("127.0.0.1")
        + struct.pack("!HH", 666, 80),
    ],
    ids=["TCP4", "TCP6", "UNKNOWN", "v2"],
)
def test_the_line_of_a_proxy_is_no_http(house: House, line: bytes) -> None:
    """`HiddenServiceExportCircuitID haproxy` would send one: it is refused, not believed."""
    with connected(house.relay.onion) as one:
        one.sendall(line + f"GET {READY} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
        answer = b""
        while piece := one.recv(4096):
            answer += piece
    assert b" 400 " == answer[8:13]
    assert (0, 1) == (answer.count(CLAIMED.encode()), answer.count(b"HTTP/1."))


def test_pages_of_onion_services(house: House) -> None:
    """A page's origin may be an onion service, if it is configured; no other may send."""
    asking = ("Access-Control-Request-Method", "POST")
    replies = [
        house.send("OPTIONS", ENVELOPE, [("Origin", origin), asking])
        for origin in (PAGE, f"http://{HOST}")
    ]
    assert [PAGE, None] == [r.headers.get("access-control-allow-origin") for r in replies]


def test_the_clients_address_is_nowhere(house: House) -> None:
    """Neither in the metrics nor, at the end, in any file; see the fixture for those."""
    shown = house.relay.metrics()
    assert (0, 0) == (shown.count(CLIENT), shown.count(CLAIMED))
    assert "relay_requests_total" in shown
    assert "onion" not in shown


def test_only_owner_and_group_may_connect(house: House) -> None:
    """The socket has the mode that is documented."""
    if house.socket is None:
        pytest.skip("a port has no mode")
    assert house.socket.stat().st_mode & 0o777 == 0o660


@pytest.mark.long
def test_a_second_relay_does_not_take_it(house: House, tmp_path: Path) -> None:
    """It says in words that somebody listens there, and the first one goes on."""
    config = {"listen": listen_at(house.relay.onion), "rules": [str(RULES)]}
    relay = OnionRelay(tmp_path / "second", config)
    done = subprocess.run(
        [sys.executable, "-m", "relay", "serve"],
        cwd=relay.folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE,
    )
    assert 1 == done.returncode
    assert "relay: cannot listen: onion " in done.stderr
    assert "Address already in use (set listen.onion." in done.stderr
    assert 200 == house.report()[1].status


def listen_at(target: str) -> dict[str, Any]:
    """Return the configuration of a relay that listens there for Tor."""
    if target.startswith("unix:"):
        return {"port": 0, "onion": {"socket": target.removeprefix("unix:")}}
    return {"port": 0, "onion": {"port": int(target.rpartition(":")[2])}}


def test_it_lasts_over_a_reload(house: House) -> None:
    """Workers are replaced one by one; the listener is not."""
    if house.workers == 1:
        pytest.skip("one process is not replaced")
    with (house.relay.folder / "relay.yaml").open("a") as file:
        file.write("forward: {timeout: 29s}\n")
    before = house.socket.stat() if house.socket else None
    os.kill(house.relay.pid, signal.SIGHUP)
    until(lambda: '"restarted_workers"' in house.relay.errors(), "the workers to be replaced")
    assert 200 == house.report()[1].status
    assert before == (house.socket.stat() if house.socket else None)


@pytest.mark.long
@pytest.mark.parametrize("workers", [1, 2])
def test_it_comes_back_after_a_kill(tmp_path: Path, workers: int) -> None:
    """What a relay that was killed leaves behind is replaced by the next one."""
    path = tmp_path / "onion.sock"
    listen = {"port": 0, "workers": workers, "onion": {"socket": str(path)}}
    relay = OnionRelay(tmp_path / "relay", {"listen": listen})
    relay.start()
    relay.kill()
    assert path.is_socket()
    with relay.running(), connected(f"unix:{path}") as one:
        one.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert one.recv(15).startswith(b"HTTP/1.0 404")
    assert not path.exists()
