"""One of several processes: it answers what it is handed, or the admin port."""

import os
import selectors
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from relay.config import parse
from relay.server.board import Board, SeatState
from relay.server.children import Child, Children
from relay.server.listening import bind, port_of
from relay.server.loaded import Loaded, load
from relay.server.worker import serve_admin, serve_worker

READY = b"GET /api/relay/healthcheck/ready/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


class House:
    """A worker and an admin port, forked from this process."""

    def __init__(self, loaded: Loaded) -> None:
        self.board = Board()
        self.selector = selectors.DefaultSelector()
        self.children = Children(self.board, self.selector, lambda _: None)
        self.loaded = loaded
        self.sockets = bind("admin", "127.0.0.1", 0)
        self._ready: list[Child] = []

    def spawn(self, *, admin: bool) -> Child:
        child = self.children.spawn(
            (lambda seat: serve_admin(self.loaded, seat, self.sockets))
            if admin
            else (lambda seat: serve_worker(self.loaded, seat)),
            self._ready.append,
            admin=admin,
            foreign=() if admin else self.sockets,
        )
        while child not in self._ready:
            for key, _ in self.selector.select(10):
                key.data()
        return child

    def ask(self, connection: socket.socket) -> bytes:
        with connection:
            connection.sendall(READY)
            connection.settimeout(10)
            answer = b""
            while piece := connection.recv(4096):
                answer += piece
        return answer.partition(b"\r\n")[0]

    def ask_admin(self) -> bytes:
        return self.ask(socket.create_connection(("127.0.0.1", port_of(self.sockets))))

    def wait_ended(self) -> int:
        while True:
            self.selector.select(0.05)
            for _, status in self.children.reap():
                return status


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.chdir(tmp_path)
    house = House(load(parse("spool: {backend: memory}\n", "r.yaml", {})))
    yield house
    for child in house.children.all:
        child.kill()
    while house.children:
        house.wait_ended()
    house.selector.close()
    for one in house.sockets:
        one.close()


def test_a_worker_answers_what_it_is_handed(house: House) -> None:
    """A connection that is given to it gets its answer; then it is counted as closed."""
    worker = house.spawn(admin=False)
    assert SeatState.READY is house.board.state(worker.seat)
    ours, theirs = socket.socketpair()
    assert worker.give(theirs)
    theirs.close()
    assert b"HTTP/1.1 200 OK" == house.ask(ours)
    while worker.connections:
        house.selector.select(0.01)
    worker.end()
    assert 0 == house.wait_ended()


def test_health_is_not_told_through_tor(house: House) -> None:
    """Who came by the listener for an onion service reaches the ingest routes only."""
    worker = house.spawn(admin=False)
    ours, theirs = socket.socketpair()
    assert worker.give(theirs, onion=True)
    theirs.close()
    assert b"HTTP/1.1 404 Not Found" == house.ask(ours)


def test_it_ends_with_the_one_that_hands_over(house: House) -> None:
    """When the arbiter's end of the channel closes, a worker finishes and ends."""
    worker = house.spawn(admin=False)
    worker.channel.socket.shutdown(socket.SHUT_RDWR)
    assert 0 == house.wait_ended()


def test_ctrl_c_is_not_for_it(house: House) -> None:
    """An interrupt from the terminal reaches all; only the arbiter decides."""
    worker = house.spawn(admin=False)

    os.kill(worker.pid, signal.SIGINT)
    ours, theirs = socket.socketpair()
    assert worker.give(theirs)
    theirs.close()
    assert b"HTTP/1.1 200 OK" == house.ask(ours)


def test_the_admin_port_is_ready_while_a_worker_is(house: House) -> None:
    """Without a worker that answers, the relay should get no traffic."""
    house.spawn(admin=True)
    assert b"HTTP/1.1 503 Service Unavailable" == house.ask_admin()
    worker = house.spawn(admin=False)
    assert b"HTTP/1.1 200 OK" == house.ask_admin()
    worker.end()
    assert 0 == house.wait_ended()
    assert b"HTTP/1.1 503 Service Unavailable" == house.ask_admin()
