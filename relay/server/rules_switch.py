"""Takes up other rules in a process, between two envelopes.

Law of this file: rules are loaded beside the loop, and taken up in one step of it: whatever is
scrubbed after that step is scrubbed with the new ones, and nothing with parts of both.
"""

import asyncio
import gc
import logging
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from relay.errors import RelayError
from relay.ports import Clock
from relay.rulefiles import unpack
from relay.rules.loading import RuleText
from relay.scrub.hashing import HashKeys
from relay.scrub.scrubber import Scrubber
from relay.scrub.verified import scrubber_of
from relay.server.rules_sheet import Sheet
from relay.side.process import GoneError, SideProcess

LOOK: Final = 0.1
"""Seconds between two looks at the sheet."""

TURN: Final = 1.0
"""Seconds that is waited for each process whose turn is before: they load one after the other, for
together they would take all processors from those who answer."""

REST: Final = 0.001
"""Seconds of rest after each rule file: a thread that never rests keeps the interpreter for 5 ms at
a time, and an answer needs it several times."""

RETRY: Final = 5.0
"""Seconds until rules that could not be loaded are tried again."""

log = logging.getLogger("relay.server")

Apply = Callable[[Scrubber], None]
"""Makes a process use other rules from the next envelope on; it does not fail."""

Report = Callable[[int, str], None]
"""Is told number and digest of the rules that are used."""


Before = Callable[[int], int]
"""Tells how many processes are to load a set, by its number, before this one."""


def _nobody(_: int) -> int:
    return 0


def _resting(files: Iterable[RuleText]) -> Iterator[RuleText]:
    """Give each file after a rest."""
    for file in files:
        time.sleep(REST)
        yield file


def scrubber_from(packed: bytes, secret: bytes, *, resting: bool = False) -> Scrubber:
    """Load rules that were verified.

    Args:
        packed: the rule files.
        secret: of the `hash` redaction.
        resting: whether others of this process have something to do meanwhile.

    Raises:
        RelayError: they do not load.
        ValueError: they are none.
    """
    files = unpack(packed)
    given = _resting(files) if resting else files
    return scrubber_of(given, HashKeys(secret), verify=False)


class RuleSwitch:
    """Follows the sheet in one process."""

    def __init__(
        self,
        sheet: Sheet,
        number: int,
        *,
        secret: bytes,
        apply: Apply,
        report: Report,
        clock: Clock,
        side: SideProcess | None = None,
        before: Before = _nobody,
    ) -> None:
        """Set up.

        Args:
            sheet: where verified rules stand.
            number: of the rules that are used already.
            secret: of the `hash` redaction.
            apply: makes this process use others.
            report: is told when it does.
            clock: the time.
            side: where large bodies are scrubbed.
            before: whose turn is before.
        """
        self._sheet = sheet
        self._number = number
        self._secret = secret
        self._apply = apply
        self._report = report
        self._clock = clock
        self._side = side
        self._before = before

    async def run(self) -> None:
        """Follow until cancelled."""
        while True:
            await self._clock.sleep(LOOK)
            if self._sheet.number == self._number:
                continue
            await self._wait_turn()
            if not await self.follow():
                await self._clock.sleep(RETRY)

    async def _wait_turn(self) -> None:
        """Wait for those whose turn is before, and not longer than they should take."""
        left = TURN * self._before(self._sheet.number)
        while left > 0 and self._before(self._sheet.number):
            await self._clock.sleep(LOOK)
            left -= LOOK

    async def follow(self) -> bool:
        """Take up what stands on the sheet; return whether that could be done."""
        try:
            found = self._sheet.read()
            if found is None:
                return True
            number, packed = found
            scrubber = await asyncio.to_thread(scrubber_from, packed, self._secret, resting=True)
            way = await self._prepare(packed)
        except (RelayError, ValueError, OSError, MemoryError) as error:
            log.error("rules_not_taken_up", extra={"error": type(error).__name__})  # noqa: TRY400
            return False
        self._apply(scrubber)
        if self._side is not None:
            if way is None:
                self._side.give_up()
            else:
                self._side.switch(way)
        self._number = number
        # What was loaded stands until the next change: the collector need not go through it.
        gc.freeze()
        self._report(number, scrubber.digest)
        return True

    async def _prepare(self, packed: bytes) -> socket.socket | None:
        """Have side processes ready with these rules; none where that cannot be."""
        if self._side is None:
            return None
        try:
            return await self._side.prepare(packed)
        except GoneError:
            return None
