"""Children: forked, heard, given connections, reaped."""

import asyncio
import selectors
import socket
from collections.abc import Iterator

import pytest

from relay.errors import RelayError, SpoolUnavailableError
from relay.server.board import Board, SeatState
from relay.server.children import Child, Children
from relay.server.worker import Seat


class Family:
    """Children with their selector, and what was said of them."""

    def __init__(self) -> None:
        self.board = Board()
        self.selector = selectors.DefaultSelector()
        self.said: list[RelayError] = []
        self.ready: list[Child] = []
        self.children = Children(self.board, self.selector, self.said.append)

    def spawn(self, main: object, *, admin: bool = False) -> Child:
        return self.children.spawn(main, self.ready.append, admin=admin, foreign=())  # type: ignore[arg-type]

    def wait_ready(self, count: int = 1) -> None:
        while len(self.ready) < count:
            for key, _ in self.selector.select(10):
                key.data()

    def wait_ended(self) -> list[tuple[Child, int]]:
        ended: list[tuple[Child, int]] = []
        while not ended:
            self.selector.select(0.05)
            ended = self.children.reap()
        return ended


@pytest.fixture
def family() -> Iterator[Family]:
    family = Family()
    yield family
    for child in family.children.all:
        child.kill()
    while family.children:
        family.wait_ended()
    family.selector.close()


async def echo(seat: Seat) -> None:
    """Answer each connection with the number of the seat, until told to end."""
    end = asyncio.Event()
    loop = asyncio.get_running_loop()

    def take(connection: socket.socket | None, onion: bool) -> None:
        assert connection is not None
        connection.send(bytes([seat.number + 100 * onion]))
        seat.board.add_closed(seat.number)  # first, for who sees the end looks there
        connection.close()

    loop.add_signal_handler(15, end.set)
    seat.receiver.start(loop, take, end.set)
    await end.wait()


async def fail(_: Seat) -> None:
    """End with an error of ours."""
    raise SpoolUnavailableError("no spool here")


async def crash(_: Seat) -> None:
    """End with a mistake."""
    raise ZeroDivisionError


def test_a_worker_gets_connections_until_it_is_told_to_end(family: Family) -> None:
    """It says that it is ready, answers what it is given, and ends when asked."""
    child = family.spawn(echo)
    assert not child.able
    family.wait_ready()
    assert child.able
    client, accepted = socket.socketpair()
    assert child.give(accepted, onion=True)
    accepted.close()
    assert bytes([child.seat + 100]) == client.recv(1)
    assert b"" == client.recv(1)
    client.close()
    while child.connections:  # it tells after it has closed
        family.selector.select(0.01)
    child.end()
    assert not child.able
    assert [(child, 0)] == family.wait_ended()
    assert SeatState.EMPTY is family.board.state(child.seat)


def test_the_one_with_the_fewest_comes_first(family: Family) -> None:
    """Takers stand in the order of their connections; the admin port's process is none."""
    admin = family.spawn(echo, admin=True)
    first, second = family.spawn(echo), family.spawn(echo)
    family.wait_ready(3)
    assert {first, second} == set(family.children.takers())
    client, accepted = socket.socketpair()
    first._given = 1
    assert [second, first] == family.children.takers()
    assert (True, [first, second]) == (admin.admin, family.children.workers)
    client.close()
    accepted.close()


def test_an_error_of_ours_is_said(family: Family, capfd: pytest.CaptureFixture[str]) -> None:
    """What ends a child is its exit status, and our own errors are told by the child."""
    child = family.spawn(fail)
    assert [(child, 1)] == family.wait_ended()
    other = family.spawn(crash)
    assert [(other, 1)] == family.wait_ended()
    capfd.readouterr()


def test_one_that_is_killed_is_reaped(family: Family) -> None:
    """A killed child tells its signal; its seat is free for the next one."""
    child = family.spawn(echo)
    family.wait_ready()
    child.kill()
    assert [(child, -9)] == family.wait_ended()
    assert child.seat == family.spawn(echo).seat


def test_a_predecessor_that_is_gone_is_forgotten(family: Family) -> None:
    """Nobody is told to end who has ended already."""
    old = family.spawn(echo)
    new = family.spawn(echo)
    new.predecessor = old
    family.wait_ready(2)
    old.kill()
    family.wait_ended()
    assert new.predecessor is None
