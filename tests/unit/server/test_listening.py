"""Ports: what is wrong with one is said in words."""

import os
import socket
from pathlib import Path

import pytest

from relay.config import Tls
from relay.errors import ListenError
from relay.server.listening import bind, port_of, tls_context


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("admin", "admin.port, or RELAY_ADMIN__PORT"),
        ("ingest", "listen.port, or RELAY_LISTEN__PORT"),
    ],
)
def test_a_port_that_is_taken_is_named(name: str, remedy: str) -> None:
    """The error says which port it is, why it cannot be had, and what sets another."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ListenError) as caught:
            bind(name, "127.0.0.1", port)
    assert (
        f"cannot listen: {name} port 127.0.0.1:{port}: Address already in use (set {remedy})"
    ) == caught.value.detail


def test_an_address_that_is_none_is_named() -> None:
    """The same for an address that is not this machine's."""
    with pytest.raises(ListenError) as caught:
        bind("ingest", "192.0.2.1", 0)
    assert caught.value.detail.startswith("cannot listen: ingest port 192.0.2.1:0: Cannot assign")


def test_a_name_with_several_addresses_has_one_port() -> None:
    """A free port is the same number at each address of the host."""
    sockets = bind("ingest", "localhost", 0)
    assert {port_of(sockets)} == {one.getsockname()[1] for one in sockets}
    for one in sockets:
        one.close()


def test_a_pipe_for_a_certificate(tmp_path: Path) -> None:
    """Nothing waits for who may write into it."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ListenError, match=r"listen\.tls\.cert: .*: it is no regular file"):
        tls_context(Tls(str(tmp_path / "pipe"), str(tmp_path / "pipe")))


@pytest.mark.parametrize("there", [(), ("cert",), ("cert", "key")])
def test_a_certificate_that_cannot_be_used(there: tuple[str, ...], tmp_path: Path) -> None:
    """A file that is missing is named; so are two that are no certificate and key."""
    paths = {name: tmp_path / f"{name}.pem" for name in ("cert", "key")}
    for name in there:
        paths[name].write_text("nothing in PEM")
    with pytest.raises(ListenError) as caught:
        tls_context(Tls(str(paths["cert"]), str(paths["key"])))
    missing = [name for name in paths if name not in there]
    if missing:
        wanted = f"listen.tls.{missing[0]}: {paths[missing[0]]}: No such file or directory"
        assert wanted == caught.value.detail
    else:
        assert caught.value.detail.startswith(f"listen.tls: {paths['cert']} and {paths['key']} are")


def test_no_certificate_is_needed() -> None:
    """Without a setting there is no TLS."""
    assert tls_context(None) is None
