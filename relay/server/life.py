"""What is noted of a relay as a whole: that it started, was reloaded, and stopped.

Law of this file: a reload that cannot be noted is refused; a start and a stop are not held up.
"""

from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from relay.audit import UNKNOWN, Action, Audit, Entry, Outcome, Via, system_user
from relay.errors import RelayError
from relay.metrics import Metrics

T = TypeVar("T")

_COUNTED: Final[Mapping[Outcome, str]] = {
    Outcome.DONE: "accepted",
    Outcome.REFUSED: "refused",
    Outcome.FAILED: "failed",
}


class Life:
    """Notes it, in the process that a supervisor knows."""

    def __init__(self, audit: Audit) -> None:
        self._audit = audit
        self._runs = False
        self._metrics: Metrics | None = None

    def start(self) -> None:
        """Note that it answers."""
        self._runs = True
        self._note(Action.START, system_user(), Via.COMMAND, Outcome.DONE)

    def stop(self) -> None:
        """Note that it stops; may be repeated."""
        if self._runs:
            self._runs = False
            self._note(Action.STOP, system_user(), Via.COMMAND, Outcome.DONE)

    def count_in(self, metrics: Metrics) -> None:
        """Count reloads there; without it, in what this process shares with others."""
        self._metrics = metrics

    def reload(self, load: Callable[[], T]) -> T:
        """Load anew, if that can be noted. What came of it is told by `reloaded`, if it loads.

        Raises:
            RelayError: what `load` raises, or the reload cannot be noted; it is refused.
        """
        try:
            self._audit.note(Entry(Action.RELOAD, UNKNOWN, Via.SIGNAL, Outcome.BEGUN))
            return load()
        except RelayError:
            self.reloaded(Outcome.REFUSED)
            raise

    def reloaded(self, outcome: Outcome) -> None:
        """Count and note what became of a reload. Who sent a signal, it does not tell."""
        if self._metrics is None:
            self._metrics = Metrics()  # only now, for where processes share them is known by now
        self._metrics.count("relay_reloads_total", outcome=_COUNTED[outcome])
        self._note(Action.RELOAD, UNKNOWN, Via.SIGNAL, outcome)

    def _note(self, action: Action, who: str, via: Via, outcome: Outcome) -> None:
        self._audit.try_note(Entry(action, who, via, outcome))
