"""The event loop, and what ended what ran on it."""

import asyncio

import pytest

from relay.server.loop import first_of, run_loop


def test_it_runs_and_passes_on_what_is_raised() -> None:
    """A coroutine runs to its end, and its error comes out."""
    done: list[int] = []

    async def main() -> None:
        await asyncio.sleep(0)
        done.append(1)
        raise ValueError("ours")

    with pytest.raises(ValueError, match="ours"):
        run_loop(main())
    assert [1] == done


def test_the_first_of_groups_in_groups() -> None:
    """Out of groups in groups comes the first error; what is no group stays."""
    inner = ValueError("first")
    group = BaseExceptionGroup("", [BaseExceptionGroup("", [inner, OSError()]), KeyError()])
    assert inner is first_of(group)
    assert inner is first_of(inner)
