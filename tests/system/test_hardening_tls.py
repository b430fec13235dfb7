"""The TLS listener: what it speaks, what it does not, and a certificate that is renewed."""

import os
import shutil
import signal
import socket
import ssl
import subprocess
import warnings
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.system.hardening import cost, statuses, whole
from tests.system.running import DEADLINE, Relay, envelope, event, project, sentry_in_thread, until

OPENSSL = shutil.which("openssl")
pytestmark = pytest.mark.skipif(OPENSSL is None, reason="openssl makes the certificates")

BODY = whole(envelope(event(1)), "Connection: close")
CROWD = 200


def write_certificate(folder: Path, name: str) -> dict[str, str]:
    """Write a certificate for a name, and its key; return their paths as they are configured."""
    assert OPENSSL is not None
    paths = {"cert": str(folder / "cert.pem"), "key": str(folder / "key.pem")}
    call = [OPENSSL, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    call += ["-nodes", "-days", "2", "-subj", f"/CN={name}", "-out", paths["cert"]]
    subprocess.run([*call, "-keyout", paths["key"]], check=True, capture_output=True)
    return paths


@dataclass
class Port:
    """A relay that speaks TLS, with two workers."""

    relay: Relay
    folder: Path
    main: int

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.relay.port), timeout=DEADLINE)

    def send(self, **options: object) -> tuple[bytes, str | None, str | None]:
        """Send over TLS; return all that came back, the version and the compression."""
        with trusting(**options).wrap_socket(self.connect()) as wire:
            wire.sendall(BODY)
            return everything(wire), wire.version(), wire.compression()

    def certificate(self) -> bytes:
        """The certificate that a new client is shown."""
        with trusting().wrap_socket(self.connect()) as wire:
            return wire.getpeercert(binary_form=True) or b""


def trusting(**options: object) -> ssl.SSLContext:
    """A client that takes any certificate, with settings of its own."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # old versions are what is tried
        for name, value in options.items():
            setattr(context, name, value)
    return context


def everything(wire: socket.socket) -> bytes:
    """Read to the end, be it a rude one."""
    got = b""
    with suppress(ConnectionError, ssl.SSLError):
        while piece := wire.recv(65536):
            got += piece
    return got


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Port]:
    folder = tmp_path_factory.mktemp("tls")
    tls = write_certificate(folder, "one.example")
    with sentry_in_thread() as sentry:
        listen = {"port": 0, "workers": 2, "tls": tls, "header_timeout": "2s"}
        relay = Relay(folder / "relay", {"listen": listen, "projects": [project(sentry.dsn())]})
        relay._ready = lambda: True  # it asks without TLS
        with relay.running():
            yield Port(relay, folder, relay.pid)


def test_versions_of_today(port: Port) -> None:
    """1.2 and 1.3 are spoken, without compression."""
    spoken = []
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        got, *how = port.send(minimum_version=version, maximum_version=version)
        assert [200] == statuses(got)
        spoken.append(how)
    assert [["TLSv1.2", None], ["TLSv1.3", None]] == spoken


def test_versions_of_yesterday(port: Port) -> None:
    """1.1 and older are refused, by a client that would take them with any cipher."""
    old = {"minimum_version": ssl.TLSVersion.TLSv1, "maximum_version": ssl.TLSVersion.TLSv1_1}
    context = trusting(**old)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with port.connect() as wire, pytest.raises((ssl.SSLError, ConnectionError)):
        context.wrap_socket(wire)


def test_a_client_cannot_ask_for_new_keys(port: Port) -> None:
    """In 1.2 it may end a connection by that, but not make the relay work: no renegotiation."""
    assert OPENSSL is not None
    done = subprocess.run(
        [OPENSSL, "s_client", "-connect", f"127.0.0.1:{port.relay.port}", "-tls1_2"],
        input=b"R\n",
        capture_output=True,
        check=False,
        timeout=DEADLINE,
    )
    said = done.stdout + done.stderr
    assert b"RENEGOTIATING" in said
    assert b"no renegotiation" in said


def test_plain_http_is_not_answered(port: Port) -> None:
    """Nor is a secret of it repeated: the connection ends, and others go on."""
    with port.connect() as wire:
        wire.sendall(BODY)
        got = everything(wire)
    assert b"HTTP" not in got
    assert [200] == statuses(port.send()[0])


def test_handshakes_that_stand_still_are_cut_off(port: Port) -> None:
    """A crowd that says nothing costs little, keeps nobody out, and is closed."""
    hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"
    with cost(port.relay) as weighed:
        crowd = [port.connect() for _ in range(CROWD)]
        for number, wire in enumerate(crowd):
            wire.sendall(hello if number % 2 else b"")
        assert [200] == statuses(port.send()[0])
        ends = []
        for wire in crowd:
            with wire:
                ends.append(everything(wire)[:1] in (b"", b"\x15"))
    assert [True] * CROWD == ends
    assert weighed.seconds < 10
    assert weighed.mib < 64


def test_a_renewed_certificate_is_shown_after_sighup(port: Port) -> None:
    """It is read anew by a rolling restart; one that is no pair changes nothing."""
    first = port.certificate()
    (port.folder / "key.pem").rename(port.folder / "kept.pem")
    (port.folder / "key.pem").write_text("nothing in PEM")
    os.kill(port.main, signal.SIGHUP)
    until(lambda: "reload_refused" in port.relay.errors(), "the reload to be refused")
    assert first == port.certificate()
    write_certificate(port.folder, "two.example")
    os.kill(port.main, signal.SIGHUP)
    until(lambda: "restarted_workers" in port.relay.errors(), "the workers to be new", 60)
    second = port.certificate()
    assert second != first
    assert ssl.PEM_cert_to_DER_cert((port.folder / "cert.pem").read_text()) == second
    assert [200] == statuses(port.send()[0])
