"""Room for bodies, with arrivals, sizes and ends as they come: all get on, and nothing is left."""

import asyncio
from collections.abc import Sequence
from unittest.mock import patch

from hypothesis import example, given
from hypothesis import strategies as st

from relay.errors import OverloadedError
from relay.server import room as subject
from relay.server.room import SMALL_PART, Load

SMALL = 8
LIMIT = 10 * SMALL_PART  # 10 of it for small ones

TURNS = 2_000
"""Turns of the event loop in which all that can go on has ended."""

SIZES = st.integers(1, 4) | st.integers(1, 40)

# Turns before it begins, bytes known at first (0 for unknown), then pieces and turns between them.
BODIES = st.lists(
    st.tuples(
        st.integers(0, 6),
        st.sampled_from([0, 0, 0, 5, 8, 9, 60, 200]),
        st.lists(st.tuples(SIZES, st.integers(0, 4)), max_size=6),
        st.sampled_from([None, None, None, 0, 3, 9, 30]),  # turns after which its client goes
        st.sampled_from([None, None, 3, 90]),  # bytes that come back
    ),
    max_size=14,
)

Plan = Sequence[tuple[int, int, list[tuple[int, int]], int | None, int | None]]


async def _turns(number: int) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


async def _body(
    load: Load, announced: int, pieces: list[tuple[int, int]], back: int | None, wait: int
) -> None:
    with load.body() as room:  # its place in the order is that of its arrival
        await _turns(wait)
        if announced:
            await room.reserve(announced)
        for size, turns in pieces:
            if not room.has(size):
                await room.take(size)
            await _turns(turns)
        if back is not None:
            room.hold(back)
            await _turns(2)


async def _run(plan: Plan) -> None:
    load = Load(LIMIT)
    tasks = [
        (asyncio.create_task(_body(load, announced, pieces, back, wait)), gone)
        for wait, announced, pieces, gone, back in plan
    ]
    for turn in range(TURNS):
        for task, gone in tasks:
            if gone == turn:
                task.cancel()
        if all(task.done() for task, _ in tasks):
            break
        await asyncio.sleep(0)
    blocked = [task for task, _ in tasks if not task.done()]
    for task in blocked:
        task.cancel()
    ends = await asyncio.gather(*(task for task, _ in tasks), return_exceptions=True)
    assert [] == blocked
    # Bodies of which nothing has come yet may be refused; anything else is our mistake.
    strange = [
        end
        for end in ends
        if not isinstance(end, OverloadedError | asyncio.CancelledError | type(None))
    ]
    assert [] == strange
    assert (0, 0, 0) == (load.bytes, load.requests, load.waiting)


@given(BODIES)
@example([(2, 0, [(5, 4), (3, 0)], None, None), (0, 0, [(5, 4), (3, 0)], None, None)])
def test_everybody_gets_on_and_nothing_is_left(plan: Plan) -> None:
    """Without waiting for the time to run out: nobody holds a part that another one waits for."""
    with patch.object(subject, "SMALL", SMALL):
        asyncio.run(_run(plan))
