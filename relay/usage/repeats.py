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

    def add(self, message: str, waits: W, now: float) -> W | None:
        """Note a message that is on its way, if it is new.

        Args:
            message: its pseudonym; that of a message without an id is empty, and always new.
            waits: what waits for it.
            now: seconds since the Unix epoch.

        Returns:
            What waits for it: that of before where it is on its way already; None where it was
            stored lately.
        """
        if not message:
            return waits
        known = self._known
        before = known.get(message)
        if before is not None:
            if before[1] is not None:
                return before[1]
            if self._is_recent(before[0], now):
                return None
            del known[message]
        known[message] = (now, waits)
        for _ in range(2):  # so that they become fewer where fewer come
            oldest = next(iter(known))
            since, waiting = known[oldest]
            forgotten = waiting is None and not self._is_recent(since, now)
            if not forgotten and len(known) <= self._most:
                break
            del known[oldest]
        return waits

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
