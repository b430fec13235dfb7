"""Work that code does, counted and not timed: lines and calls of Python."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def work(run: Callable[[], object]) -> int:
    """Return how many lines and calls of Python a function takes; loops in C count as one."""
    steps = 0

    def trace(_frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal steps
        if event in ("line", "call"):
            steps += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        run()
    finally:
        sys.settrace(before)
    return steps


def growth(run: Callable[[int], object], size: int) -> float:
    """Return how many times the work grows when the size doubles: 2 is linear, 4 a square.

    `run` is called once before, so that what is remembered is remembered in both.
    """
    run(size)
    once = work(lambda: run(size))
    return work(lambda: run(2 * size)) / max(once, 1)
