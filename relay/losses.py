"""What was lost since the last client report, summed by project and key, reason and category.

Law of this file: numbers and words only, and a bound: a stranger must not make it grow. Who is not
known here is not noted.
"""

from collections.abc import Mapping
from typing import Final

from relay.outcomes import Reason
from relay.protocol.client_report import Losses
from relay.protocol.quantities import Quantities
from relay.protocol.rate_limits import CATEGORIES

MAX_ENTRIES: Final = 2_000
"""So many sums are kept; of what would need a further one, only our own metrics tell."""

Lane = tuple[str, str]
"""Project and public key in the client's DSN."""


class LossCounter:
    """Sums up losses between two reports. Used on the event loop only."""

    def __init__(self, limit: int = MAX_ENTRIES) -> None:
        """Set up with a bound for the number of sums; with 0 nothing is noted."""
        self._limit = limit
        self._sums: dict[Lane, dict[tuple[Reason, str], int]] = {}
        self._entries = 0

    def add(self, lane: Lane, reason: Reason, quantities: Quantities) -> None:
        """Note a loss; what counts as nothing, and what is not lost, leaves no trace."""
        if reason is Reason.ACCEPTED:
            return
        for category, quantity in quantities:
            if quantity > 0 and category in CATEGORIES:
                self._add(lane, (reason, category), quantity)

    def take(self) -> Mapping[Lane, Losses]:
        """Return everything, and begin anew."""
        taken, self._sums, self._entries = self._sums, {}, 0
        return taken

    def give_back(self, lane: Lane, losses: Losses) -> None:
        """Note again what could not be reported."""
        for entry, quantity in losses.items():
            self._add(lane, entry, quantity)

    def _add(self, lane: Lane, entry: tuple[Reason, str], quantity: int) -> None:
        sums = self._sums.get(lane, {})
        if entry not in sums:
            if self._entries >= self._limit:
                return
            self._entries += 1
            self._sums[lane] = sums
        sums[entry] = sums.get(entry, 0) + quantity
