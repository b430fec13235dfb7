"""Room for bodies: who waits, who goes on, who is refused."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack

import pytest

from relay.errors import OverloadedError
from relay.server import room
from relay.server.room import MAX_REQUESTS, SMALL, Load, Room

BIG = SMALL + 1
LIMIT = 80 * BIG
LARGE = LIMIT - LIMIT // 8  # 70 of them


class Bodies:
    """Bodies by name, each with its room, and what they wait for."""

    def __init__(self, stack: AsyncExitStack, limit: int = LIMIT) -> None:
        self.load = Load(limit)
        self._stack = stack
        self._ends: dict[str, ExitStack] = {}
        self.rooms: dict[str, Room] = {}

    def come(self, name: str) -> Room:
        end = ExitStack()
        self._stack.push_async_callback(asyncio.to_thread, end.close)
        self.rooms[name] = end.enter_context(self.load.body())
        self._ends[name] = end
        return self.rooms[name]

    def go(self, name: str) -> None:
        self._ends[name].close()

    async def waits(self, task: "asyncio.Task[None]", number: int) -> None:
        """Return when so many wait, and this one is among them."""
        async with asyncio.timeout(10):
            while self.load.waiting < number:  # noqa: ASYNC110 - nothing tells
                await asyncio.sleep(0)
        assert not task.done()


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


async def test_what_is_given_back_counts_no_more(stack: AsyncExitStack) -> None:
    """Bytes and requests count while they are under way."""
    bodies = Bodies(stack)
    await bodies.come("a").reserve(10)
    await bodies.come("b").take(BIG)
    assert (10 + BIG, 2, 0) == (bodies.load.bytes, bodies.load.requests, bodies.load.waiting)
    bodies.go("a")
    bodies.go("b")
    assert (0, 0, 0) == (bodies.load.bytes, bodies.load.requests, bodies.load.waiting)


async def test_what_was_reserved_is_used_up(stack: AsyncExitStack) -> None:
    """A body that turns out larger than it said takes more."""
    load = Bodies(stack)
    one = load.come("a")
    await one.reserve(10)
    assert [True, True, False] == [one.has(6), one.has(4), one.has(1)]
    await one.take(5)
    assert 15 == load.load.bytes


async def test_first_come_first_served(stack: AsyncExitStack) -> None:
    """Who waits is served in the order of arrival, also where a later one would fit."""
    bodies = Bodies(stack)
    await bodies.come("first").reserve(LARGE)
    async with asyncio.TaskGroup() as group:
        huge = group.create_task(bodies.come("huge").reserve(LARGE - BIG))
        await bodies.waits(huge, 1)
        other = group.create_task(bodies.come("other").reserve(BIG))
        await bodies.waits(other, 2)
        with pytest.raises(OverloadedError):  # as much waits as may
            await bodies.come("third").reserve(BIG)
        bodies.go("first")
        await huge
        await other
    assert LARGE == bodies.load.bytes


async def test_small_ones_do_not_wait_for_large_ones(stack: AsyncExitStack) -> None:
    """They have a part of the room for themselves, and wait in it for each other."""
    bodies = Bodies(stack)
    await bodies.come("large").reserve(LARGE)
    async with asyncio.TaskGroup() as group:
        large = group.create_task(bodies.come("waits").reserve(BIG))
        await bodies.waits(large, 1)
        for number in range((LIMIT // 8) // SMALL):
            await bodies.come(f"small {number}").reserve(SMALL)
        small = group.create_task(bodies.come("one more").reserve(SMALL))
        await bodies.waits(small, 2)
        bodies.go("small 0")
        await small
        assert not large.done()
        bodies.go("large")


async def test_one_alone_may_be_larger_than_all_room(stack: AsyncExitStack) -> None:
    """Else it could never be sent; others wait for it."""
    bodies = Bodies(stack)
    await bodies.come("huge").reserve(LIMIT * 2)
    async with asyncio.TaskGroup() as group:
        other = group.create_task(bodies.come("other").reserve(BIG))
        await bodies.waits(other, 1)
        bodies.go("huge")


async def test_parts_do_not_block_one_another(stack: AsyncExitStack) -> None:
    """Where all hold a part and all wait for more, the oldest goes on, and then the next."""
    bodies = Bodies(stack)
    names = [str(number) for number in range(4)]
    for name in names:
        await bodies.come(name).take(LARGE // 4)
    async with asyncio.TaskGroup() as group:
        tasks = {}
        for name in reversed(names):  # the oldest asks last
            tasks[name] = group.create_task(bodies.rooms[name].take(LARGE // 2))
            await asyncio.sleep(0)
        for name in names:
            await tasks[name]
            waiting = sum(not task.done() for task in tasks.values())
            assert waiting == bodies.load.waiting == len(names) - 1 - int(name)
            bodies.go(name)
    assert 0 == bodies.load.bytes


async def test_who_holds_longest_goes_on_whoever_came_before(stack: AsyncExitStack) -> None:
    """A request that came first may have brought its bytes later, and waits in front."""
    bodies = Bodies(stack, limit := 8 * 2 * SMALL)
    early, late = bodies.come("early"), bodies.come("late")
    for number in range(limit // 8 // SMALL - 1):
        await bodies.come(f"full {number}").reserve(SMALL - 2)
    await late.take(SMALL // 2)
    await early.take(SMALL // 2)
    async with asyncio.TaskGroup() as group:
        for number in range(limit // 8 // SMALL - 1):
            bodies.go(f"full {number}")
            await bodies.come(f"more {number}").take(SMALL)
        first = group.create_task(early.take(2))
        await bodies.waits(first, 1)
        await late.take(2)
        bodies.go("late")
    assert 0 == bodies.load.waiting


async def test_those_that_outgrow_the_small_ones_part_do_not_fill_it(
    stack: AsyncExitStack,
) -> None:
    """They hold what they have while they wait for room among the large ones: half of it."""
    bodies = Bodies(stack)
    half = LIMIT // 8 // SMALL // 2
    await bodies.come("large").reserve(LARGE)
    for number in range(half + 1):
        await bodies.come(f"grows {number}").take(SMALL)
    async with asyncio.TaskGroup() as group:
        for number in range(half):
            grows = group.create_task(bodies.rooms[f"grows {number}"].take(1))
            await bodies.waits(grows, number + 1)
        with pytest.raises(OverloadedError):
            await bodies.rooms[f"grows {half}"].take(1)
        bodies.go(f"grows {half}")
        await bodies.come("small").reserve(SMALL)
        bodies.go("large")


async def test_who_has_begun_goes_before_who_has_not(stack: AsyncExitStack) -> None:
    """It holds room until it has ended."""
    bodies = Bodies(stack)
    await bodies.come("oldest").take(LARGE // 2)
    await bodies.come("begun").take(LARGE // 2)
    async with asyncio.TaskGroup() as group:
        new = group.create_task(bodies.come("new").reserve(LARGE // 2))
        await bodies.waits(new, 1)
        begun = group.create_task(bodies.rooms["begun"].take(BIG))
        await bodies.waits(begun, 2)
        bodies.go("oldest")
        await begun
        assert not new.done()
        bodies.go("begun")


async def test_a_small_one_that_grows_becomes_a_large_one(stack: AsyncExitStack) -> None:
    """What it held of the small ones' part is given back when it has found room in the other."""
    bodies = Bodies(stack)
    grows = bodies.come("grows")
    await grows.take(SMALL)
    await bodies.come("large").reserve(LARGE)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(grows.take(BIG))
        await bodies.waits(task, 1)
        assert SMALL + LARGE == bodies.load.bytes
        bodies.go("large")
    assert SMALL + BIG == bodies.load.bytes
    bodies.go("grows")
    assert 0 == bodies.load.bytes


async def test_nobody_waits_for_long(
    stack: AsyncExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After that it is refused, and those behind it are looked at."""
    bodies = Bodies(stack)
    await bodies.come("a").reserve(LARGE - BIG)
    monkeypatch.setattr(room, "WAIT", 0.01)
    late = asyncio.create_task(bodies.come("late").reserve(2 * BIG))
    await bodies.waits(late, 1)
    monkeypatch.setattr(room, "WAIT", 30.0)
    behind = asyncio.create_task(bodies.come("behind").reserve(BIG))
    with pytest.raises(OverloadedError):
        await late
    await behind
    assert 0 == bodies.load.waiting


async def test_nobody_waits_behind_one_who_has_waited_for_long(
    stack: AsyncExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would be refused in the end; a body that has begun may."""
    bodies = Bodies(stack)
    await bodies.come("oldest").take(LARGE // 2)
    begun = bodies.come("begun")
    await begun.take(LARGE // 2)
    monkeypatch.setattr(room, "PATIENCE", -1.0)
    async with asyncio.TaskGroup() as group:
        first = group.create_task(bodies.come("first").reserve(BIG))
        await bodies.waits(first, 1)
        with pytest.raises(OverloadedError):
            await bodies.come("second").reserve(BIG)
        more = group.create_task(begun.take(BIG))
        await bodies.waits(more, 2)
        bodies.go("oldest")
    assert LARGE // 2 + 2 * BIG == bodies.load.bytes


async def test_who_gives_up_is_not_counted(stack: AsyncExitStack) -> None:
    """Room that was about to be given goes to the next."""
    bodies = Bodies(stack)
    await bodies.come("a").reserve(LARGE)
    first = asyncio.create_task(bodies.come("first").reserve(BIG))
    await bodies.waits(first, 1)
    second = asyncio.create_task(bodies.come("second").reserve(LARGE - BIG))
    await bodies.waits(second, 2)
    bodies.go("a")
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    bodies.go("first")
    await second
    assert LARGE - BIG == bodies.load.bytes


async def test_what_comes_back_is_held_too(stack: AsyncExitStack) -> None:
    """A body that has grown on its way counts, with no wait; one that has shrunk stays."""
    bodies = Bodies(stack)
    one = bodies.come("one")
    await one.reserve(LARGE)
    one.hold(5)
    assert LARGE == bodies.load.bytes
    one.hold(LARGE + 5)
    assert LARGE + 5 == bodies.load.bytes
    bodies.go("one")
    assert 0 == bodies.load.bytes


async def test_requests_have_a_bound_of_their_own() -> None:
    """The smallest costs memory too."""
    load = Load(LIMIT)
    with ExitStack() as stack:
        for _ in range(MAX_REQUESTS):
            stack.enter_context(load.body())
        with pytest.raises(OverloadedError):
            stack.enter_context(load.body())
    with load.body():
        assert 1 == load.requests
