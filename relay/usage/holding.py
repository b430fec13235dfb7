"""Batches from the moment they are taken from the spool until it knows what becomes of them.

Law of this file: what was decided is told, however long the spool takes to listen; what was not
goes back, due again. Nothing stays claimed because the spool was away for a moment.
"""

import asyncio
import logging
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

from relay.delivery import Decision, RetryAt
from relay.errors import SpoolUnavailableError
from relay.ports import Claim, Clock, Spool
from relay.usage.planning import row_of

CLAIM: Final = 64
"""So many batches are taken from the spool at one time."""

PAUSE: Final = 1.0
"""Seconds until a settlement is tried again that the spool did not take."""

GIVE_BACK_SECONDS: Final = 5.0
"""So long a spool may take to take back what was claimed, at a stop."""

log = logging.getLogger("relay.usage")


@dataclass(eq=False, slots=True)
class Held:
    """What one round has taken.

    Attributes:
        spool: where it comes from.
        clock: the time.
        claims: those that are not settled, by id.
        decided: what is to become of some of them.
        done: rows of which nothing more is to be written under a name of this round.
        full: whether there may be more to take.
        delay: seconds after which what is given back is due again.
    """

    spool: Spool
    clock: Clock
    claims: dict[int, Claim] = field(default_factory=dict)
    decided: dict[int, Decision] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)
    full: bool = False
    delay: float = 0.0

    async def take(self, max_bytes: int) -> None:
        """Claim what waits, until there is no more or it is so much.

        Raises:
            SpoolUnavailableError: nothing can be taken.
        """
        total = 0
        while total < max_bytes:
            try:
                claims = await self.spool.claim(CLAIM)
            except SpoolUnavailableError:
                if self.claims:  # these may be written all the same
                    return
                raise
            self.claims.update((claim.claim_id, claim) for claim in claims)
            total += sum(len(claim.envelope.body) for claim in claims)
            if not claims:
                return
        self.full = True

    def decide(self, claims: Collection[Claim], decision: Decision) -> None:
        """Note what is to become of claims."""
        self.decided.update((claim.claim_id, decision) for claim in claims)

    async def settle(self) -> None:
        """Tell the spool what is decided, again and again until it listens."""
        rows = self._decided_rows()
        while self.decided:
            try:
                await self._tell()
            except SpoolUnavailableError:
                await self.clock.sleep(PAUSE)
        self.done |= rows

    async def give_back(self) -> bool:
        """Tell the spool what is decided, and make the rest due again; return whether it listened.

        If it did not, all of that is still held; another call tries it again.
        """
        if not self.claims:
            return True
        rows = self._decided_rows()
        again = RetryAt(self.clock.now() + self.delay, tried=False)
        self.decide([c for c in self.claims.values() if c.claim_id not in self.decided], again)
        try:
            async with asyncio.timeout(GIVE_BACK_SECONDS):
                await self._tell()
        except (SpoolUnavailableError, TimeoutError):
            # Where nobody calls again, they are ready when the spool is opened the next time.
            log.warning("usage_left_claimed", extra={"count": len(self.claims)})
            return False
        self.done |= rows
        return True

    def _decided_rows(self) -> set[str]:
        return {row_of(self.claims[number].envelope) for number in self.decided}

    async def _tell(self) -> None:
        settlements = [(self.claims[number], what) for number, what in self.decided.items()]
        await self.spool.settle(settlements)
        for claim, _ in settlements:
            del self.claims[claim.claim_id]
        self.decided.clear()
