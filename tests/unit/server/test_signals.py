"""Signals, sent to this very process."""

import asyncio
import os
import selectors
import signal
from collections.abc import Iterator

import pytest

from relay.server.signals import signals_restored, stopped_by_signals, waking

NUMBERS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """Handlers are afterwards what they were, whatever a test does."""
    before = {number: signal.getsignal(number) for number in NUMBERS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def handlers() -> list[object]:
    return [signal.getsignal(number) for number in NUMBERS]


def test_they_wake_a_selector() -> None:
    """Each that came is told; afterwards handlers and selector are as they were."""
    told: list[set[int]] = []
    before = handlers()
    with selectors.DefaultSelector() as selector:
        with waking(selector, told.append):
            for number in (signal.SIGHUP, signal.SIGTERM):
                os.kill(os.getpid(), number)
            while sum(map(len, told)) < 2:
                for key, _ in selector.select(10):
                    key.data()
        assert [] == list(selector.get_map())
    assert ({signal.SIGHUP, signal.SIGTERM}, before) == (set().union(*told), handlers())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_they_stop_a_loop(number: int) -> None:
    """SIGTERM and SIGINT do, SIGHUP only tells; once it stops nothing ends it any more."""
    stop, hung_up = asyncio.Event(), asyncio.Event()
    with signals_restored():
        with stopped_by_signals(stop, hung_up.set):
            os.kill(os.getpid(), signal.SIGHUP)
            async with asyncio.timeout(10):
                await hung_up.wait()
            assert not stop.is_set()
            os.kill(os.getpid(), number)
            async with asyncio.timeout(10):
                await stop.wait()
        os.kill(os.getpid(), number)


def test_they_are_restored() -> None:
    """Whatever was done with them inside."""
    before = handlers()
    with signals_restored():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    assert before == handlers()
