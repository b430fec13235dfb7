"""How a process takes part in changes of the rules: it follows, or it sees to them for all.

Law of this file: parts are put together here and nowhere else.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from relay import own_errors
from relay.audit import Audit
from relay.clock import SystemClock
from relay.errors import RelayError
from relay.metrics import Metrics
from relay.rulefiles import unpack
from relay.scrub.scrubber import Scrubber
from relay.server.board import DIGITS, Board, SeatState
from relay.server.loaded import Loaded
from relay.server.rules_reloading import Reloader, RuleSet
from relay.server.rules_sheet import Sheets
from relay.server.rules_switch import Apply, RuleSwitch, scrubber_from
from relay.side.process import SideProcess


@dataclass(frozen=True, slots=True)
class RulesSeat:
    """Where a process stands when it comes to rules.

    Attributes:
        board, seat: where it says which rules it uses.
        sheets: where new ones come from.
        number: of those that it began with.
    """

    board: Board
    seat: int
    sheets: Sheets
    number: int = 0


def newest(loaded: Loaded, sheets: Sheets) -> tuple[Loaded, int]:
    """Return what was loaded with the newest rules that were accepted since, and their number.

    Raises:
        RelayError: they do not load.
    """
    found = sheets.rules.read()
    if found is None:
        return loaded, 0
    number, packed = found
    scrubber = scrubber_from(packed, loaded.secret)
    return replace(loaded, scrubber=scrubber, files=unpack(packed)), number


def open_switch(
    loaded: Loaded, seat: RulesSeat, metrics: Metrics, apply: Apply, side: SideProcess | None = None
) -> RuleSwitch:
    """Have a process that scrubs follow; it says at once which rules it begins with.

    Args:
        loaded: what it begins with.
        seat: where it stands.
        metrics: where it shows that too.
        apply: makes it use other rules.
        side: where its large bodies are scrubbed.
    """
    shown = ""

    def report(number: int, digest: str) -> None:
        nonlocal shown
        if shown:
            metrics.gauge("relay_rules_workers", 0, digest=shown)
        shown = digest[:DIGITS]
        metrics.gauge("relay_rules_workers", 1, digest=shown)
        seat.board.set_rules(seat.seat, number, digest)

    def use(scrubber: Scrubber) -> None:
        apply(scrubber)
        own_errors.use(scrubber)

    def before(number: int) -> int:
        ready = seat.board.seats(SeatState.READY)
        return sum(seat.board.rules(one)[0] < number for one in ready if one < seat.seat)

    report(seat.number, loaded.scrubber.digest)
    return RuleSwitch(
        seat.sheets.rules,
        seat.number,
        secret=loaded.secret,
        apply=use,
        report=report,
        clock=SystemClock(),
        side=side,
        before=before,
    )


def open_errors_switch(loaded: Loaded, seat: RulesSeat) -> RuleSwitch:
    """Have a process that scrubs nothing but its own errors follow."""
    return RuleSwitch(
        seat.sheets.rules,
        seat.number,
        secret=loaded.secret,
        apply=own_errors.use,
        report=lambda *_: None,
        clock=SystemClock(),
    )


def open_reloader(
    loaded: Loaded, seat: RulesSeat, metrics: Metrics, say: Callable[[RelayError], None]
) -> Reloader:
    """Have a process see to changes.

    Args:
        loaded: the rules that it began with, and the settings.
        seat: where it tells others of new ones.
        metrics: count changes.
        say: tells an operator of mistakes.
    """
    settings, clock = loaded.settings, SystemClock()
    rules = len(loaded.scrubber.compiled.rules)
    current = RuleSet(loaded.files, loaded.scrubber.digest, rules, seat.number, clock.now())
    return Reloader(
        current,
        settings.rules,
        board=seat.board,
        sheets=seat.sheets,
        audit=Audit(settings.admin.audit, clock),
        metrics=metrics,
        clock=clock,
        every=settings.reload.every,
        say=say,
    )
