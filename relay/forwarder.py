"""The forwarder: takes envelopes from the spool, sends them, and settles what became of them.

Law of this file: no envelope stops another, and nothing leaves the spool but by a decision of
`relay.delivery`; what the upstream would drop for its limits waits until they end. Only ids,
counts, statuses and words of our own are logged.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from relay.delivery import (
    Ack,
    Bury,
    Decision,
    Gate,
    RetryAt,
    RetryPolicy,
    UpstreamResponse,
    after_response,
)
from relay.errors import SpoolUnavailableError, UpstreamError
from relay.limit_memory import LimitMemory
from relay.outcomes import Reason
from relay.ports import Claim, Clock, Lane, Spool, Upstream
from relay.scrub.permit import ScrubbedEnvelope

IDLE: Final = 30.0
"""Seconds after which an idle forwarder looks at the spool again, whatever it was told."""

PAUSE: Final = 1.0
"""Seconds to wait when the spool cannot be read or written."""

MAX_LANES: Final = 10_000
"""So many pairs of project and key are remembered; a catch-all could bring any number."""

_log = logging.getLogger("relay.forwarder")

Route = Callable[[ScrubbedEnvelope], Upstream | None]
"""Finds the upstream of an envelope; None when it has none. Gives the same object every time."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One settled send, for metrics. `status` is None when nothing was answered; times in seconds.

    `claim.envelope` holds the body; metrics take project and categories from it, nothing else.
    """

    claim: Claim = field(repr=False)
    decision: Decision
    status: int | None
    seconds: float


Observe = Callable[[Delivery], None]
"""Told of every settled send, for metrics."""


def ignore_delivery(delivery: Delivery) -> None:
    """Count nothing."""
    del delivery


class Forwarder:
    """Moves envelopes from a spool to their upstreams until it is cancelled."""

    def __init__(
        self,
        spool: Spool,
        route: Route,
        clock: Clock,
        random: Callable[[], float],
        *,
        limits: LimitMemory,
        policy: RetryPolicy | None = None,
        concurrency: int = 32,
        per_upstream: int = 8,
        observe: Observe = ignore_delivery,
    ) -> None:
        """Set up; nothing runs yet.

        Args:
            spool: where envelopes come from.
            route: finds the upstream of an envelope.
            clock: the time.
            random: gives numbers in [0, 1).
            limits: learns from every answer; what is limited waits in the spool.
            policy: how patiently an envelope is tried again.
            concurrency: sends at one time, in all.
            per_upstream: sends at one time to one upstream, so that a dead one holds up no other.
            observe: told of every settled send.
        """
        self._spool = spool
        self._route = route
        self._clock = clock
        self._random = random
        self._policy = policy or RetryPolicy()
        self._concurrency = concurrency
        self._per_upstream = per_upstream
        self._observe = observe
        self._limits = limits
        self._gates: dict[Upstream, Gate] = {}
        self._lanes: dict[Lane, Upstream] = {}
        self._held: dict[int, tuple[Claim, Decision | None]] = {}
        self._freed = asyncio.Event()
        self._stopping = False

    async def run(self) -> None:
        """Forward until stopped or cancelled.

        After `stop` this returns when all that is under way is settled. When cancelled, what is
        under way goes back to the spool, due at once: some of it may arrive twice, none is lost.
        """
        self._stopping = False
        try:
            async with asyncio.TaskGroup() as group:
                while not self._stopping:
                    await self._step(group)
        finally:
            await self._give_back()

    def stop(self) -> None:
        """Take nothing more from the spool; `run` returns after the last settlement."""
        self._stopping = True
        self._freed.set()

    def closed(self) -> int:
        """Tell how many upstreams are left alone now, because they do not answer or say so."""
        now = self._clock.now()
        return sum(gate.closed_until > now for gate in self._gates.values())

    # --- taking ---

    async def _step(self, group: asyncio.TaskGroup) -> None:
        self._freed.clear()
        limit = self._limit()
        if limit < 1:
            await self._freed.wait()
            return
        skip = self._unavailable()
        try:
            claims = await self._spool.claim(limit, skip)
        except SpoolUnavailableError:
            await self._pause()
            return
        # Nothing awaits in this loop: every claim is held before we can be cancelled.
        decided: list[tuple[Claim, Decision]] = []
        for claim in claims:
            self._held[claim.claim_id] = (claim, None)
            decision = self._admit(claim, group)
            if decision is not None:
                decided.append((claim, decision))
        if decided:
            await self._settle(decided)
        for claim, decision in decided:
            if isinstance(decision, Bury):
                self._report(Delivery(claim, decision, None, 0.0))
        if not claims:
            await self._idle(skip)

    def _limit(self) -> int:
        """So many that, whatever comes, each upstream that is open has room for all of it."""
        now = self._clock.now()
        rooms = [g.room() for g in self._gates.values() if g.room() > 0 and g.closed_until <= now]
        return min([self._concurrency - len(self._held), *rooms])

    def _unavailable(self) -> set[Lane]:
        """The lanes whose upstream is full or closed for now."""
        now = self._clock.now()
        gates = self._gates
        shut = {up for up, gate in gates.items() if gate.room() < 1 or gate.closed_until > now}
        return {lane for lane, upstream in self._lanes.items() if upstream in shut}

    def _admit(self, claim: Claim, group: asyncio.TaskGroup) -> Decision | None:
        """Start sending a claim; or return what to do with it instead."""
        envelope = claim.envelope
        try:
            upstream = self._route(envelope)
        except Exception as error:  # noqa: BLE001 - our mistake; the envelope stays as a dead letter
            _log.error("route_failed", extra=_fields(claim, error=type(error).__name__))
            return Bury(Reason.INTERNAL)
        if upstream is None:
            return Bury(Reason.UNROUTABLE)
        crowded = self._remember((envelope.project, envelope.key), upstream)
        gate = self._gates.setdefault(upstream, Gate(self._per_upstream))
        now = self._clock.now()
        held = self._limits.held_until(envelope.project, envelope.key, envelope.categories, now)
        if max(gate.closed_until, held) > now:
            return RetryAt(max(gate.closed_until, held), tried=False)
        if gate.room() < 1:
            # A lane that is noted is left out of the next claim; else do not take it at once.
            return RetryAt(now + PAUSE if crowded else now, tried=False)
        gate.in_flight += 1
        group.create_task(self._handle(claim, upstream, gate))
        return None

    def _remember(self, lane: Lane, upstream: Upstream) -> bool:
        """Note where a lane leads; return whether there are more lanes than can be noted."""
        self._lanes.pop(lane, None)
        crowded = len(self._lanes) >= MAX_LANES
        if crowded:
            del self._lanes[next(iter(self._lanes))]  # the one that was not seen for longest
        self._lanes[lane] = upstream
        return crowded

    async def _idle(self, skip: Collection[Lane]) -> None:
        """Wait for the spool, for room at an upstream, or for one that opens again."""
        now = self._clock.now()
        opening = [t for g in self._gates.values() if (t := g.closed_until - now) > 0]
        try:
            await _first_of(self._spool.wait(min([IDLE, *opening]), skip), self._freed.wait())
        except* SpoolUnavailableError:
            await self._pause()

    # --- sending and settling ---

    async def _handle(self, claim: Claim, upstream: Upstream, gate: Gate) -> None:
        started = self._clock.now()
        response: UpstreamResponse | None = None
        try:
            response = await upstream.send(claim.envelope)
            reached = True
        except UpstreamError:
            reached = False
        except Exception as error:  # noqa: BLE001 - a mistake with one envelope stops no other
            # No traceback and no message: either could carry a part of the envelope.
            _log.error("send_failed", extra=_fields(claim, error=type(error).__name__))
            reached = True
        now = self._clock.now()
        decision = after_response(
            response,
            attempts=claim.attempts,
            now=now,
            jitter=self._random(),
            policy=self._policy,
        )
        gate.in_flight -= 1
        if response is not None:
            lane = (claim.envelope.project, claim.envelope.key)
            self._limits.learn(*lane, response.status, response.headers, now)
        if not reached or response is not None:
            gate.learn(response, now=now, jitter=self._random(), policy=self._policy)
        await self._settle([(claim, decision)])
        self._report(
            Delivery(claim, decision, None if response is None else response.status, now - started)
        )

    async def _settle(self, settlements: Sequence[tuple[Claim, Decision]]) -> None:
        """Carry out decisions, however long the spool takes; until then their slots stay taken."""
        for claim, decision in settlements:
            self._held[claim.claim_id] = (claim, decision)
        while True:
            try:
                await self._spool.settle(settlements)
                break
            except SpoolUnavailableError:
                await self._pause()
        for claim, _ in settlements:
            del self._held[claim.claim_id]
        self._freed.set()

    async def _pause(self) -> None:
        _log.warning("spool_unavailable")
        await self._clock.sleep(PAUSE)

    async def _give_back(self) -> None:
        """Settle what was decided, and release the rest, due at once."""
        now = self._clock.now()
        left = [(claim, done or RetryAt(now, tried=False)) for claim, done in self._held.values()]
        self._held.clear()
        self._gates.clear()
        self._lanes.clear()
        if not left:
            return
        try:
            await self._spool.settle(left)
        except SpoolUnavailableError:
            # They stay claimed, and are ready again when the spool is opened the next time.
            _log.warning("left_claimed", extra={"count": len(left)})

    def _report(self, delivery: Delivery) -> None:
        claim, status = delivery.claim, delivery.status
        match delivery.decision:
            case Ack():
                _log.debug("delivered", extra=_fields(claim, status=status))
            case RetryAt():
                _log.info("retry", extra=_fields(claim, status=status))
            case Bury(reason):
                fields = _fields(claim, status=status, reason=reason.value)
                _log.warning("buried", extra=fields)
        try:
            self._observe(delivery)
        except Exception as error:  # noqa: BLE001 - counting must not stop delivery
            fields = _fields(claim, error=type(error).__name__)
            _log.error("observe_failed", extra=fields)


def _fields(claim: Claim, **more: object) -> dict[str, object]:
    """The fields of a log record: words, ids and counts of ours, and nothing that was sent."""
    return {"envelope_id": claim.envelope.envelope_id, "attempts": claim.attempts} | more


async def _first_of(*waits: Coroutine[Any, Any, object]) -> None:
    """Run all until one ends; cancel the others. An error comes out in an exception group."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(wait) for wait in waits]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
