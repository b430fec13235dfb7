"""The way of shadow hits from process to process."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress

import pytest

from relay.server.shadow_post import ShadowChannel, ShadowPost, receiving
from relay.shadow_hits import HOUR, ShadowMemory
from tests.fakes import FakeClock

NOW = 1_000.0 * HOUR


@pytest.fixture
def channel() -> Iterator[ShadowChannel]:
    """A channel, closed in the end."""
    made = ShadowChannel()
    yield made
    made.close()


def hits_of(memory: ShadowMemory) -> dict[str, int]:
    """Hits by rule."""
    return {rule["id"]: rule["hits"] for rule in memory.view(NOW)["rules"]}


def waiting(channel: ShadowChannel) -> Iterator[bytes]:
    """Take out what waits to be read."""
    with suppress(BlockingIOError):
        while True:
            yield channel.reader.recv(1 << 17)


class Watched(ShadowMemory):
    """A memory that wakes who waits for what it is told."""

    def __init__(self) -> None:
        super().__init__(NOW)
        self.changed = asyncio.Event()

    def take(self, message: bytes, now: float) -> None:
        """Take it as any memory does."""
        super().take(message, now)
        self.changed.set()


async def arrived(memory: Watched, expected: dict[str, int]) -> None:
    """Wait until the memory shows this."""
    async with asyncio.timeout(10):
        while hits_of(memory) != expected:
            memory.changed.clear()
            await memory.changed.wait()


async def test_what_is_counted_arrives(channel: ShadowChannel) -> None:
    """From several, and also what was sent when nobody read."""
    clock, memory = FakeClock(NOW), Watched()
    posts = [ShadowPost(lambda: ("a", "b"), channel.deliver, clock) for _ in range(2)]
    posts[0].note({("a", "x"): 1})
    posts[0].send()
    with receiving(channel, memory, clock):
        posts[1].note({("a", "x"): 2})
        posts[1].note({("a", "y"): 3})
        posts[1].send()
        await arrived(memory, {"a": 6, "b": 0})
    posts[0].note({("b", "x"): 1})
    posts[0].send()
    successor = Watched()
    with receiving(channel, successor, clock):
        await arrived(successor, {"a": 0, "b": 1})


async def test_it_is_told_once_a_second(channel: ShadowChannel) -> None:
    """Until it is cancelled."""
    clock, memory = FakeClock(NOW), Watched()
    post = ShadowPost(lambda: ("a",), channel.deliver, clock)
    with receiving(channel, memory, clock):
        running = asyncio.create_task(post.run())
        for count in (1, 2):
            post.note({("a", "x"): 1})
            await clock.until_sleeping()
            clock.advance(1.0)
            await arrived(memory, {"a": count})
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running


def test_nobody_waits_where_it_is_full(channel: ShadowChannel) -> None:
    """What does not go is lost and counted, and told with the next that goes."""
    clock, memory = FakeClock(NOW), ShadowMemory(NOW)
    while channel.deliver(b"x" * 1_000):
        pass
    post = ShadowPost(lambda: (), channel.deliver, clock)
    for _ in range(2):
        post.note({("a", "x"): 2})
        post.send()
    assert {b"x" * 1_000} == set(waiting(channel))
    post.send()
    for message in waiting(channel):
        memory.take(message, NOW)
    assert 4 == memory.view(NOW)["lost"]
    post.send()
    assert [] == list(waiting(channel))


def test_without_anything_to_tell_nothing_is_sent() -> None:
    """No rules, no messages."""
    sent: list[bytes] = []
    post = ShadowPost(lambda: (), lambda message: bool(sent.append(message)), FakeClock(NOW))
    post.send()
    assert [] == sent
