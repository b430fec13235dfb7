"""Clients that send one thing after the other until the relay is gone, and know what was taken."""

import threading
import time
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from http.client import HTTPException
from typing import ClassVar, Generic, TypeVar

from tests.system.running import Relay, until

Name = TypeVar("Name")


class Sender(threading.Thread, Generic[Name]):
    """Sends until the relay is gone, or does not take something.

    Attributes:
        accepted: names of what was taken.
        failure: the status of what was not.
        good: statuses of what was.
    """

    good: ClassVar[frozenset[int]] = frozenset({200})

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.accepted: set[Name] = set()
        self.failure: int | None = None

    def run(self) -> None:
        try:
            for name, status in self.sent():
                if status not in self.good:
                    self.failure = status
                    break
                self.accepted.add(name)
        except (OSError, HTTPException):
            pass  # the relay is gone

    @abstractmethod
    def sent(self) -> Iterator[tuple[Name, int]]:
        """Send one after the other; yield the name of each, and the status that it got."""


def until_taken(senders: Sequence[Sender[Name]], number: int) -> None:
    """Return when so much has been taken, of all senders together."""
    until(lambda: sum(len(sender.accepted) for sender in senders) >= number, "some to be taken")


def kill_amid(
    relay: Relay, senders: Sequence[Sender[Name]], number: int, pause: float
) -> set[Name]:
    """Let them send, and kill the relay a while after so much was taken; return what was."""
    for sender in senders:
        sender.start()
    until_taken(senders, number)
    time.sleep(pause)  # the moment is the point, not the wait
    relay.kill()
    for sender in senders:
        sender.join(30)
        assert sender.failure is None
    return {name for sender in senders for name in sender.accepted}
