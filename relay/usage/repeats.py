"""Which messages came lately: a client that heard no answer sends the same one again.

Law of this file: bounded by number and by time. What is forgotten too early is known again at the
export, so it costs a row and no truth.
"""

from collections import OrderedDict
from typing import Final, Generic, TypeVar

MAX_KNOWN: Final = 100_000
"""Messages that are remembered, in 30 MB."""

W = TypeVar("W")


class Repeats(Generic[W]):
    """Remembers messages by their pseudonym: what waits for them, then that they are stored."""

    def __init__(self, window: float, most: int = MAX_KNOWN) -> None:
        """Set up.

        Args:
            window: seconds for which a message is remembered.
            most: messages that are.
        """
        self._window = window
        self._most = most
        # The oldest first. A plain dict would look through all that it has lost at its beginning.
        self._known: OrderedDict[str, tuple[float, W | None]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def waiting(self, message: str) -> W | None:
        """Return what waits for a message; None if it is not on its way.

        Args:
            message: its pseudonym; that of a message without an id is empty, and always new.
        """
        known = self._known.get(message)
        return None if known is None else known[1]

    def stored(self, message: str, now: float) -> bool:
        """Return whether a message was stored lately; `now` is in seconds since the Unix epoch."""
        known = self._known.get(message)
        return known is not None and known[1] is None and self._is_recent(known[0], now)

    def add(self, message: str, waits: W, now: float) -> None:
        """Note a message that is on its way."""
        if not message:
            return
        self._known.pop(message, None)
        self._known[message] = (now, waits)
        for _ in range(2):  # so that they become fewer where fewer come
            oldest = next(iter(self._known))
            since, waiting = self._known[oldest]
            forgotten = waiting is None and not self._is_recent(since, now)
            if forgotten or len(self._known) > self._most:
                del self._known[oldest]

    def end(self, message: str, waits: W, *, stored: bool) -> None:
        """Note that a message is stored, or that it is not, and may come again."""
        known = self._known.get(message)
        if known is None or known[1] is not waits:
            return
        if stored:
            self._known[message] = (known[0], None)
        else:
            del self._known[message]

    def _is_recent(self, since: float, now: float) -> bool:
        return 0 <= now - since <= self._window
