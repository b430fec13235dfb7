"""The real clock."""

import time

from relay.clock import SystemClock
from relay.ports import Clock


async def test_the_system_clock() -> None:
    """It tells Unix time, and sleeping gives the turn away."""
    clock: Clock = SystemClock()
    before = time.time()
    await clock.sleep(0)
    assert before <= clock.now() <= time.time()
