"""Claims from the moment they are taken until the spool knows what becomes of them.

Law of this file: what was decided is settled, however long the spool takes; what was not decided
goes back, due at once. Many are settled in one call. Only ids, counts, statuses and words of our
own are logged.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from relay.delivery import Ack, Bury, Decision, RetryAt
from relay.errors import SpoolUnavailableError
from relay.ports import Claim, Clock, Spool

PAUSE: Final = 1.0
"""Seconds to wait when the spool cannot be read or written."""

HELD_BYTES: Final = 64 * 1024 * 1024
"""Bytes of bodies, in claims that are not settled, from which on no more are to be taken."""

UNSETTLED: Final = 512
"""Decisions that the spool has not taken, from which on no more claims are to be taken."""

log = logging.getLogger("relay.forwarder")


@dataclass(frozen=True, slots=True)
class Delivery:
    """One settled send, for metrics. `status` is None when nothing was answered; times in seconds.

    `claim.envelope` holds the body; metrics take project and categories from it, nothing else.
    """

    claim: Claim = field(repr=False)
    decision: Decision
    status: int | None = None
    seconds: float = 0.0


Observe = Callable[[Delivery], None]
"""Told of every settled send, for metrics."""


def ignore_delivery(delivery: Delivery) -> None:
    """Count nothing."""
    del delivery


class Settler:
    """Holds claims, and settles what is decided on them."""

    def __init__(
        self,
        spool: Spool,
        clock: Clock,
        *,
        linger: float,
        observe: Observe,
        on_settled: Callable[[], None],
    ) -> None:
        """Set up.

        Args:
            spool: where claims come from.
            clock: the time.
            linger: seconds to wait for more decisions before the spool is told of one.
            observe: told of every settled send.
            on_settled: called after each call of the spool.
        """
        self._spool = spool
        self._clock = clock
        self._linger = linger
        self._observe = observe
        self._on_settled = on_settled
        self._held: dict[int, tuple[Claim, Decision | None]] = {}
        self._bytes = 0
        self._done: list[Delivery] = []
        self._unsettled = 0
        self._wake = asyncio.Event()
        self._ending = False

    @property
    def full(self) -> bool:
        """Whether so much is held that no more should be taken."""
        return self._bytes >= HELD_BYTES or self._unsettled >= UNSETTLED

    def hold(self, claim: Claim) -> None:
        """Keep a claim that was taken."""
        self._held[claim.claim_id] = (claim, None)
        self._bytes += len(claim.envelope.body)

    def decide(self, delivery: Delivery) -> None:
        """Note what is to become of a claim."""
        self._held[delivery.claim.claim_id] = (delivery.claim, delivery.decision)
        self._done.append(delivery)
        self._unsettled += 1
        self._wake.set()

    def end(self) -> None:
        """Let `run` return when everything is settled: nothing more will be decided."""
        self._ending = True
        self._wake.set()

    async def run(self) -> None:
        """Settle what is decided, again and again, until the end."""
        while self._done or not self._ending:
            await self._wake.wait()
            if self._linger and not self._ending:
                await self._clock.sleep(self._linger)
            self._wake.clear()
            done, self._done = self._done, []
            if done:
                await self._settle([(delivery.claim, delivery.decision) for delivery in done])
            for delivery in done:
                self._report(delivery)

    async def give_back(self) -> None:
        """Settle what was decided, and release the rest, due at once."""
        now = self._clock.now()
        left = [(claim, done or RetryAt(now, tried=False)) for claim, done in self._held.values()]
        self._held.clear()
        self._done.clear()
        self._bytes = self._unsettled = 0
        if not left:
            return
        try:
            await self._spool.settle(left)
        except SpoolUnavailableError:
            # They stay claimed, and are ready again when the spool is opened the next time.
            log.warning("left_claimed", extra={"count": len(left)})

    async def pause(self) -> None:
        """Wait for a spool that fails; that it does was logged by the spool, once."""
        log.debug("spool_unavailable")
        await self._clock.sleep(PAUSE)

    async def _settle(self, settlements: Sequence[tuple[Claim, Decision]]) -> None:
        while True:
            try:
                await self._spool.settle(settlements)
                break
            except SpoolUnavailableError:
                await self.pause()
        self._unsettled -= len(settlements)
        for claim, _ in settlements:
            del self._held[claim.claim_id]
            self._bytes -= len(claim.envelope.body)
        self._on_settled()

    def _report(self, delivery: Delivery) -> None:
        claim, status = delivery.claim, delivery.status
        match delivery.decision:
            case Ack():
                if log.isEnabledFor(logging.DEBUG):
                    log.debug("delivered", extra=fields_of(claim, status=status))
            case RetryAt(_, tried):
                if not tried and status is None:  # it was not sent
                    return
                log.info("retry", extra=fields_of(claim, status=status))
            case Bury(reason):
                log.warning("buried", extra=fields_of(claim, status=status, reason=reason.value))
        try:
            self._observe(delivery)
        except Exception as error:  # noqa: BLE001 - counting must not stop delivery
            fields = fields_of(claim, error=type(error).__name__)
            log.error("observe_failed", extra=fields)  # noqa: TRY400 - as in the forwarder


def fields_of(claim: Claim, **more: object) -> dict[str, object]:
    """Return the fields of a log record: words, ids and counts of ours, nothing that was sent."""
    return {"envelope_id": claim.envelope.envelope_id, "attempts": claim.attempts} | more
