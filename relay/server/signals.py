"""Signals: what an event loop makes of them, and the arbiter, which has none."""

import asyncio
import selectors
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def stopped_by_signals(stop: asyncio.Event, hang_up: Callable[[], None]) -> Iterator[None]:
    """Let SIGTERM and SIGINT set `stop` inside the block; SIGHUP is told."""
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGTERM, signal.SIGINT)
    for number in numbers:
        loop.add_signal_handler(number, stop.set)
    # A supervisor's "reload" must not end it, as the signal would by itself.
    loop.add_signal_handler(signal.SIGHUP, hang_up)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})  # see `cli.serve`
    try:
        yield
    finally:
        for number in (*numbers, signal.SIGHUP):
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_IGN)  # said once is enough: the spool is to be closed


@contextmanager
def signals_restored() -> Iterator[None]:
    """Leave signals in the end as they were."""
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = [(number, signal.getsignal(number)) for number in numbers]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)


@contextmanager
def waking(selector: selectors.BaseSelector, told: Callable[[set[int]], None]) -> Iterator[None]:
    """Let signals wake a selector inside the block.

    Args:
        selector: what `told` is registered with, as the data of a key.
        told: called with the numbers of those that came.
    """
    reader, writer = socket.socketpair()
    for end in (reader, writer):
        end.setblocking(False)
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)
    before = {number: signal.signal(number, lambda *_: None) for number in numbers}
    signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    selector.register(reader, selectors.EVENT_READ, lambda: told(set(reader.recv(256))))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})  # see `cli.serve`
    try:
        yield
    finally:
        signal.set_wakeup_fd(-1)
        for number, handler in before.items():
            signal.signal(number, handler)
        selector.unregister(reader)
        reader.close()
        writer.close()
