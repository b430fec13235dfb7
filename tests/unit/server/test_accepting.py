"""Accepting: nobody who connects is lost while nobody can answer."""

import selectors
import socket
from collections.abc import Iterator

import pytest

from relay.server.accepting import Acceptor
from relay.server.listening import bind, port_of


class Worker:
    """Takes connections while it has room."""

    def __init__(self, room: int = 1_000) -> None:
        self.room = room
        self.taken: list[socket.socket] = []
        self.onion: list[bool] = []

    def give(self, connection: socket.socket, *, onion: bool) -> bool:
        if len(self.taken) >= self.room:
            return False
        self.taken.append(connection.dup())
        self.onion.append(onion)
        return True


class Door:
    """An acceptor with its listener, its workers and its clients."""

    def __init__(self) -> None:
        self.selector = selectors.DefaultSelector()
        self.workers: list[Worker] = []
        self.listener = bind("ingest", "127.0.0.1", 0)[0]
        self.behind = bind("onion", "127.0.0.1", 0)[0]
        self.acceptor = Acceptor([self.listener], self.selector, self.able, [self.behind])
        self.clients: list[socket.socket] = []

    def able(self) -> list[Worker]:
        return sorted(self.workers, key=lambda worker: len(worker.taken))

    def connect(self, count: int, listener: socket.socket | None = None) -> None:
        address = ("127.0.0.1", port_of([listener or self.listener]))
        self.clients += [socket.create_connection(address) for _ in range(count)]

    def turn(self) -> None:
        for key, _ in self.selector.select(0):
            key.data()

    def close(self) -> None:
        for one in (*self.clients, *(c for w in self.workers for c in w.taken)):
            one.close()
        self.acceptor.close_listeners()
        self.selector.close()


@pytest.fixture
def door() -> Iterator[Door]:
    door = Door()
    yield door
    door.close()


def test_each_goes_to_the_one_with_the_fewest(door: Door) -> None:
    """Connections are spread evenly, whatever order they come in."""
    door.workers = [Worker(), Worker()]
    door.acceptor.resume()
    door.connect(8)
    door.turn()
    assert [4, 4] == [len(worker.taken) for worker in door.workers]


def test_without_a_worker_they_wait(door: Door) -> None:
    """Who connects while nobody can answer is answered later."""
    door.acceptor.resume()
    door.connect(2)
    door.turn()
    door.turn()
    assert {} == dict(door.selector.get_map())
    door.workers = [Worker()]
    door.acceptor.resume()
    door.turn()
    assert 2 == len(door.workers[0].taken)


def test_without_room_one_is_held_and_the_others_wait(door: Door) -> None:
    """A full worker blocks the door; when there is room again nobody is missing."""
    worker = Worker(room=1)
    door.workers = [worker]
    door.acceptor.resume()
    door.connect(3)
    door.turn()
    assert (1, True) == (len(worker.taken), door.acceptor.blocked)
    door.acceptor.resume()
    assert door.acceptor.blocked
    worker.room = 3
    door.acceptor.resume()
    assert not door.acceptor.blocked
    door.turn()
    assert 3 == len(worker.taken)


def test_at_the_end_who_waits_is_still_taken(door: Door) -> None:
    """What the system has accepted for us is given away before the listener closes."""
    worker = Worker()
    door.acceptor.resume()
    door.connect(3)
    door.workers = [worker]
    door.acceptor.close()
    assert (3, -1) == (len(worker.taken), door.listener.fileno())


def test_each_is_given_away_with_the_door_that_it_came_by(door: Door) -> None:
    """A worker is told of a connection from Tor, also of one that had to be held."""
    worker = Worker(room=1)
    door.workers = [worker]
    door.acceptor.resume()
    door.connect(1)
    door.turn()
    door.connect(1, door.behind)
    door.turn()
    assert ([False], True) == (worker.onion, door.acceptor.blocked)
    worker.room = 3
    door.acceptor.resume()
    door.connect(1)
    door.turn()
    assert [False, True, False] == worker.onion


def test_no_descriptor_left(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the system has no descriptor left, the door waits instead of spinning."""
    door.workers = [Worker()]
    door.acceptor.resume()

    class Exhausted:
        def accept(self) -> tuple[socket.socket, object]:
            raise OSError(24, "too many open files")

    door.acceptor.accept(Exhausted())  # type: ignore[arg-type]
    assert (True, {}) == (door.acceptor.blocked, dict(door.selector.get_map()))
