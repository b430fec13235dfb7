"""Changes the rules of a relay that runs: read, verified with their examples, handed to all.

Law of this file: one process of a relay does it, one change at a time. What is refused changes
nothing and is told with all its mistakes; what cannot be noted is refused.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import Final

from relay import jsonio
from relay.audit import UNKNOWN, Action, Audit, Entry, Outcome, Via
from relay.errors import AuditError, Mistake, RuleError
from relay.logs import describe
from relay.metrics import Metrics
from relay.ports import Clock
from relay.rulefiles import fingerprint, how_to_test, pack, read_settled, shipped_left_out
from relay.rules.loading import RuleText
from relay.server.board import DIGITS, Board, SeatState
from relay.server.rules_sheet import Sheets
from relay.server.rules_verifying import RULES, Verify, verify
from relay.server.rules_watch import RulesWatch

SCOPE: Final = "rules"

TICK: Final = 0.1
"""Seconds between two looks whether somebody asks."""

FOLLOW_SECONDS: Final = 30.0
"""How long is waited until all workers use what was accepted; they go on to follow after it."""

LOGGED: Final = 20
"""Mistakes in the log; `GET /rules` has all of them."""

log = logging.getLogger("relay.server")


class Reloaded(StrEnum):
    """What became of a change."""

    ACCEPTED = "accepted"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The rules that hold.

    Attributes:
        files: names and texts.
        digest: as `Scrubber.digest`.
        rules: how many there are, those that are off aside.
        number: how many sets were accepted before, since the relay was started.
        since: when they were taken up, in seconds since the Unix epoch.
    """

    files: tuple[RuleText, ...] = field(repr=False)
    digest: str
    rules: int
    number: int
    since: float


@dataclass(frozen=True, slots=True)
class Attempt:
    """One change: what became of it, how it was asked for, when, and what was wrong."""

    outcome: Reloaded
    via: Via
    at: float
    mistakes: tuple[Mistake, ...] = ()


class Reloader:
    """Looks for changes, and sees to them."""

    def __init__(
        self,
        current: RuleSet,
        paths: tuple[str, ...],
        *,
        board: Board,
        sheets: Sheets,
        audit: Audit,
        metrics: Metrics,
        clock: Clock,
        every: float,
        say: Callable[[RuleError], None] = lambda _: None,
        verify: Verify = verify,
    ) -> None:
        """Set up.

        Args:
            current: the rules that hold.
            paths: files and folders of rules; none for those that ship.
            board: where processes say which rules they use.
            sheets: where accepted rules are put, and paths are asked for.
            audit: notes each change.
            metrics: counts them.
            clock: the time.
            every: seconds between two looks at the paths; 0 for never.
            say: tells an operator of all mistakes.
            verify: looks whether a set may be used.
        """
        self.current = current
        """The rules that hold."""
        self.last: Attempt | None = None
        """The last change, whatever became of it."""
        self.refused: Attempt | None = None
        """The last change, if what is on the disk was refused."""
        self._paths = paths
        self._board = board
        self._sheets = sheets
        self._audit = audit
        self._metrics = metrics
        self._clock = clock
        self._every = every
        self._say = say
        self._verify = verify
        self._turn = asyncio.Lock()
        self._watch = RulesWatch(partial(fingerprint, paths))
        metrics.gauge("relay_rules_stale", 0)

    # --- who asks --------------------------------------------------------------------------------

    async def run(self) -> None:
        """Look for changes until cancelled."""
        slept = 0.0
        while True:
            await self._clock.sleep(TICK)
            slept += TICK
            try:
                if self._sheets.paths.number > self._board.answer[0]:
                    await self._answer()
                if 0 < self._every <= slept:
                    slept = 0.0
                    await self.look()
            except Exception as error:  # noqa: BLE001 - a fault here must not end a whole relay
                told = " < ".join(describe(error))
                log.error("rules_watch_failed", extra={"error": told})  # noqa: TRY400

    async def look(self) -> None:
        """Look at the paths once; what has changed and stands still is taken up."""
        if not self._paths:
            return
        changed: bool = await asyncio.to_thread(self._watch.look)
        if changed:
            await self._try(Via.FOLDER)

    async def _answer(self) -> None:
        """Do what another process asks for, and tell it what became of it."""
        asked = self._sheets.paths.read()
        if asked is not None:
            number, paths = asked
            attempt = await self._try(Via.SIGNAL, tuple(jsonio.loads(paths)))
            taken = attempt is not None and attempt.outcome is not Reloaded.REFUSED
            self._board.set_answer(number, taken=taken)

    async def _try(self, via: Via, paths: tuple[str, ...] | None = None) -> Attempt | None:
        try:
            return await self.reload(UNKNOWN, via, paths)
        except AuditError:
            return None

    def files(self) -> tuple[RuleText, ...]:
        """Return the files of the rules that hold."""
        return self.current.files

    # --- what is done ----------------------------------------------------------------------------

    async def reload(self, who: str, via: Via, paths: tuple[str, ...] | None = None) -> Attempt:
        """Take up what is on the disk; return when all workers use it, or when it is refused.

        Args:
            who: who asked, for the audit log.
            via: how.
            paths: where the rules are from now on, if they are good; None for where they were.

        Raises:
            AuditError: it cannot be noted, and so was refused.
        """
        async with self._turn:
            paths = self._paths if paths is None else paths
            files: tuple[RuleText, ...] = ()
            mistakes: tuple[Mistake, ...] = ()
            try:
                files = await asyncio.to_thread(read_settled, paths)
            except RuleError as error:
                mistakes = error.mistakes
            same = files == self.current.files
            if same and via is Via.FOLDER and self.refused is None:
                return Attempt(Reloaded.UNCHANGED, via, self._clock.now())
            note = partial(self._note, who, via)
            try:
                await note(Outcome.BEGUN)
            except AuditError as error:
                self._refuse(via, (Mistake(RULES, 1, error.detail),))
                raise
            if same:
                attempt = self._conclude(Attempt(Reloaded.UNCHANGED, via, self._clock.now()))
            else:
                attempt = await self._take(files, via, mistakes, how_to_test(paths))
            refused = attempt.outcome is Reloaded.REFUSED
            if not refused and paths != self._paths:
                self._paths, self._watch = paths, RulesWatch(partial(fingerprint, paths))
            await note(Outcome.REFUSED if refused else Outcome.DONE)
            return attempt

    async def _take(
        self, files: tuple[RuleText, ...], via: Via, mistakes: tuple[Mistake, ...], hint: str
    ) -> Attempt:
        """Verify what was read, and hand it to all processes, or refuse it."""
        packed = pack(files)
        if len(packed) > self._sheets.rules.capacity:
            size = self._sheets.rules.capacity
            mistakes = (Mistake(RULES, 1, f"the rule files are larger than {size} bytes together"),)
        if mistakes:
            return self._refuse(via, mistakes)
        verdict = await self._verify(packed, hint)
        if verdict.mistakes:
            return self._refuse(via, verdict.mistakes)
        now = self._clock.now()
        number = self._sheets.rules.write(packed)
        self.current = RuleSet(files, verdict.digest, len(verdict.rules), number, now)
        self._metrics.gauge("relay_rules_loaded", len(verdict.rules))
        everywhere = await self._followed(number)
        told = {"rules": len(verdict.rules), "digest": verdict.digest[:DIGITS]}
        if everywhere:
            log.info("rules_accepted", extra=told)
        else:
            log.warning("rules_not_everywhere", extra=told)
        if left_out := shipped_left_out(verdict.rules):
            log.warning("shipped_rules_left_out", extra={"count": left_out})
        return self._conclude(Attempt(Reloaded.ACCEPTED, via, now))

    async def _followed(self, number: int) -> bool:
        """Wait until all workers use a set; return whether they do."""
        end = self._clock.now() + FOLLOW_SECONDS
        while True:
            ready = self._board.seats(SeatState.READY)
            if all(self._board.rules(seat)[0] >= number for seat in ready):
                return True
            if self._clock.now() >= end:
                return False
            await self._clock.sleep(TICK)

    def _refuse(self, via: Via, mistakes: tuple[Mistake, ...]) -> Attempt:
        log.warning("rules_refused", extra={"count": len(mistakes)})
        for mistake in mistakes[:LOGGED]:
            log.warning("rules_mistake", extra={"file": mistake.file, "line": mistake.line})
        self._say(RuleError(mistakes))
        return self._conclude(Attempt(Reloaded.REFUSED, via, self._clock.now(), mistakes))

    def _conclude(self, attempt: Attempt) -> Attempt:
        """Have everybody see what became of it."""
        refused = attempt.outcome is Reloaded.REFUSED
        self.last, self.refused = attempt, attempt if refused else None
        self._board.set_stale(refused)
        self._metrics.gauge("relay_rules_stale", int(refused))
        self._metrics.count("relay_rules_reloads_total", outcome=attempt.outcome)
        return attempt

    async def _note(self, who: str, via: Via, outcome: Outcome) -> None:
        scope = SCOPE if via is Via.HTTP else None
        digest = None if outcome is Outcome.BEGUN else self.current.digest[:DIGITS]
        entry = Entry(Action.RULES_RELOAD, who, via, outcome, scope, digest=digest)
        write = self._audit.note if outcome is Outcome.BEGUN else self._audit.try_note
        await asyncio.to_thread(write, entry)
