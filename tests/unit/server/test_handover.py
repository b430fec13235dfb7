"""Connections go from one process to another."""

import asyncio
import socket

from relay.server.handover import READY, Channel, Receiver, channel


async def test_a_connection_arrives_and_works() -> None:
    """What is given away can be read and written at the other end."""
    ours, theirs = channel()
    taken: asyncio.Queue[socket.socket] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def take(connection: socket.socket | None, _: bool) -> None:
        assert connection is not None
        taken.put_nowait(connection)

    theirs.start(loop, take, lambda: None)
    client, accepted = socket.socketpair()
    assert ours.give(accepted)
    accepted.close()
    async with asyncio.timeout(10):
        there = await taken.get()
    there.send(b"hello")
    assert b"hello" == client.recv(5)
    assert READY == ours.heard()
    for one in (client, there):
        one.close()
    theirs.stop(loop, take)
    ours.close()


async def test_what_is_on_its_way_is_taken_at_the_end() -> None:
    """A connection that was given before the end is not lost with it; nor is where it came by."""
    ours, theirs = channel()
    loop = asyncio.get_running_loop()
    taken: list[tuple[socket.socket, bool]] = []

    def take(connection: socket.socket | None, onion: bool) -> None:
        assert connection is not None
        taken.append((connection, onion))

    theirs.start(loop, take, lambda: None)
    pairs = [socket.socketpair() for _ in range(3)]
    for number, (_, accepted) in enumerate(pairs):
        assert ours.give(accepted, onion=number == 1)
    theirs.stop(loop, take)
    assert [False, True, False] == [onion for _, onion in taken]
    assert (True, b"") == (ours.heard() in (READY, b""), ours.heard())
    for one in [*(one for one, _ in taken), *(end for pair in pairs for end in pair)]:
        one.close()
    ours.close()


async def test_a_connection_without_room_for_its_descriptor_is_told_as_lost() -> None:
    """The system drops descriptors above a process's limit; the byte comes, and what follows it."""
    ours, theirs = channel()
    loop = asyncio.get_running_loop()
    taken: list[socket.socket | None] = []
    ours.socket.send(b"c")  # as the system delivers one whose descriptor it dropped
    _, accepted = pair = socket.socketpair()
    assert ours.give(accepted)
    theirs.start(loop, lambda connection, _: taken.append(connection), lambda: None)
    theirs.stop(loop, lambda connection, _: taken.append(connection))
    assert [False, True] == [connection is not None for connection in taken]
    for one in [*pair, *(one for one in taken if one is not None)]:
        one.close()
    ours.close()


async def test_a_worker_learns_that_it_is_an_orphan() -> None:
    """When the accepting process is gone the worker is told, once."""
    ours, theirs = channel()
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    theirs.start(loop, lambda *_: None, told.set)
    ours.close()
    async with asyncio.timeout(10):
        await told.wait()
    theirs.stop(loop, lambda *_: None)


def test_a_full_channel_says_so() -> None:
    """A worker that takes nothing is given no more than fits; a dead one nothing."""
    left, right = socket.socketpair()
    ours, _ = Channel(left), Receiver(right)
    client, accepted = socket.socketpair()
    given = 0
    while ours.give(accepted):
        given += 1
    assert 0 < given < 100_000
    assert b" " == ours.heard()
    right.close()
    assert not ours.give(accepted)
    for one in (left, client, accepted):
        one.close()
