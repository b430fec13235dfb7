"""The forwarder: takes envelopes from the spool, sends them, and says what became of them.

Law of this file: no envelope stops another, and nothing leaves the spool but by a decision of
`relay.delivery`; what the upstream would drop for its limits waits until they end.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final

from relay.delivery import (
    Bury,
    CircuitState,
    RetryAt,
    RetryPolicy,
    UpstreamResponse,
    after_response,
)
from relay.errors import SpoolUnavailableError, UpstreamError
from relay.limit_memory import LimitMemory
from relay.outcomes import Reason
from relay.outlets import ObserveCircuit, Outlet, Outlets, ignore_circuit
from relay.ports import Claim, Clock, Spool, Upstream
from relay.scrub.permit import ScrubbedEnvelope
from relay.settling import PAUSE, Delivery, Observe, Settler, fields_of, ignore_delivery, log

IDLE: Final = 30.0
"""Seconds after which an idle forwarder looks at the spool again, whatever it was told."""

Route = Callable[[ScrubbedEnvelope], Upstream | None]
"""Finds the upstream of an envelope; None when it has none. Gives the same object every time."""


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
        linger: float = 0.0,
        observe: Observe = ignore_delivery,
        observe_circuit: ObserveCircuit = ignore_circuit,
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
            linger: seconds to wait for company, before envelopes are taken from a spool that was
                empty and before sends are settled, so that a call of the spool is for many.
            observe: told of every settled send.
            observe_circuit: told of every state that a circuit enters.
        """
        self._spool = spool
        self._route = route
        self._clock = clock
        self._random = random
        self._policy = policy or RetryPolicy()
        self._linger = linger
        self._limits = limits
        self._outlets = Outlets(concurrency, per_upstream, observe_circuit)
        self._freed = asyncio.Event()
        self._held_up = False
        self._stopping = False
        self._settler = Settler(
            spool, clock, linger=linger, observe=observe, on_settled=self._look_again
        )

    async def run(self) -> None:
        """Forward until stopped or cancelled.

        After `stop` this returns when all that is under way is settled. When cancelled, what is
        under way goes back to the spool, due at once: some of it may arrive twice, none is lost.
        """
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._settler.run())
                async with asyncio.TaskGroup() as sends:
                    while not self._stopping:
                        await self._step(sends)
                    for outlet in self._outlets.waiting():
                        self._put_back(outlet, self._clock.now())
                self._settler.end()
        finally:
            self._outlets.clear()
            await self._settler.give_back()

    def stop(self) -> None:
        """Take nothing more from the spool; `run` returns after the last settlement, for good."""
        self._stopping = True
        self._freed.set()

    # --- taking ---

    async def _step(self, group: asyncio.TaskGroup) -> None:
        self._freed.clear()
        self._held_up = True
        for outlet in self._outlets.waiting():
            self._start(outlet, group)
        if self._settler.full:
            await self._freed.wait()
            return
        limit, skip = self._outlets.demand(self._clock.now())
        try:
            claims = await self._spool.claim(limit, skip)
        except SpoolUnavailableError:
            await self._settler.pause()
            return
        # Nothing awaits in this loop: every claim is held before we can be cancelled.
        for claim in claims:
            self._settler.hold(claim)
            self._admit(claim, group)
        if len(claims) < limit:
            await self._idle()

    def _admit(self, claim: Claim, group: asyncio.TaskGroup) -> None:
        """Start sending a claim, let it wait for its turn, or decide what to do instead."""
        envelope = claim.envelope
        try:
            upstream = self._route(envelope)
        except Exception as error:  # noqa: BLE001 - our mistake; the envelope stays as a dead letter
            log.error("route_failed", extra=fields_of(claim, error=type(error).__name__))
            self._settler.decide(Delivery(claim, Bury(Reason.INTERNAL)))
            return
        if upstream is None:
            self._settler.decide(Delivery(claim, Bury(Reason.UNROUTABLE)))
            return
        outlet = self._outlets.find((envelope.project, envelope.key), upstream)
        if self._outlets.has_enough(outlet):
            at = self._clock.now() + (PAUSE if self._outlets.crowded else 0.0)
            self._settler.decide(Delivery(claim, RetryAt(at, tried=False)))
            return
        outlet.hold(claim)
        self._start(outlet, group)

    def _start(self, outlet: Outlet, group: asyncio.TaskGroup) -> None:
        """Begin as many sends of what waits as there is room for."""
        while (claim := self._next(outlet)) is not None:
            group.create_task(self._carry(claim, outlet))

    def _next(self, outlet: Outlet) -> Claim | None:
        """Take the next claim to send now into the count; put back what must not be sent."""
        now = self._clock.now()
        if outlet.waiting and outlet.circuit.open_until > now:
            self._put_back(outlet, outlet.circuit.open_until)
        while outlet.waiting and self._outlets.room(outlet, now):
            claim = outlet.waiting.popleft()
            envelope = claim.envelope
            held = self._limits.held_until(envelope.project, envelope.key, envelope.categories, now)
            if held <= now:
                self._outlets.begin(outlet)
                return claim
            outlet.let_go(claim)
            self._settler.decide(Delivery(claim, RetryAt(held, tried=False)))
        return None

    def _put_back(self, outlet: Outlet, at: float) -> None:
        """Let what waits go back to the spool, to be due at a time; no attempt is counted."""
        if self._outlets.crowded:  # its lane may be forgotten, and would be taken at once again
            at = max(at, self._clock.now() + PAUSE)
        while outlet.waiting:
            claim = outlet.waiting.popleft()
            outlet.let_go(claim)
            self._settler.decide(Delivery(claim, RetryAt(at, tried=False)))

    async def _idle(self) -> None:
        """Wait for the spool, for room at an upstream, or for one that may be half opened."""
        now = self._clock.now()
        _, skip = self._outlets.demand(now)
        self._held_up = bool(skip)
        opening = self._outlets.next_opening(now)
        timeout = IDLE if opening is None else min(IDLE, opening)
        try:
            await _first_of(self._spool.wait(timeout, skip), self._freed.wait())
        except* SpoolUnavailableError:
            await self._settler.pause()
        if self._linger and not self._freed.is_set():
            await self._clock.sleep(self._linger)

    def _look_again(self) -> None:
        """Wake whoever waits for room, if anything may be held up by the lack of it."""
        if self._held_up:
            self._freed.set()

    # --- sending ---

    async def _carry(self, claim: Claim | None, outlet: Outlet) -> None:
        """Send a claim, then what waits behind it."""
        while claim is not None:
            await self._send(claim, outlet)
            claim = None if self._stopping else self._next(outlet)
            if claim is None or not outlet.waiting or self._outlets.room(outlet, self._clock.now()):
                self._look_again()

    async def _send(self, claim: Claim, outlet: Outlet) -> None:
        started = self._clock.now()
        response: UpstreamResponse | None = None
        reached = True
        try:
            response = await outlet.upstream.send(claim.envelope)
        except UpstreamError:
            reached = False
        except Exception as error:  # noqa: BLE001 - a mistake with one envelope stops no other
            # No traceback and no message: either could carry a part of the envelope.
            log.error("send_failed", extra=fields_of(claim, error=type(error).__name__))
        now = self._clock.now()
        self._outlets.end(outlet)
        outlet.let_go(claim)
        circuit = outlet.circuit
        probe = circuit.state is not CircuitState.CLOSED
        envelope = claim.envelope
        lane = (envelope.project, envelope.key)
        if response is not None:
            self._limits.learn(*lane, response.status, response.headers, now)
        if not reached or response is not None:
            circuit.learn(response, now=now, jitter=self._random(), policy=self._policy)
            self._outlets.tell(outlet)
        decision = after_response(
            response,
            attempts=claim.attempts,
            now=now,
            jitter=self._random(),
            policy=self._policy,
            others_pass=circuit.state is CircuitState.CLOSED,
        )
        if probe and isinstance(decision, RetryAt):
            # The next probe is another envelope, lest one that always fails keeps all from going.
            decision = RetryAt(max(decision.at, circuit.open_until + self._policy.base))
        if isinstance(decision, RetryAt):
            held = self._limits.held_until(*lane, envelope.categories, now)
            if held > now:
                # It waits for the end of the limit like all the others, in its place among them.
                decision = RetryAt(max(held, circuit.open_until), tried=False)
        status = None if response is None else response.status
        self._settler.decide(Delivery(claim, decision, status, now - started))


async def _first_of(*waits: Coroutine[Any, Any, object]) -> None:
    """Run all until one ends; cancel the others. An error comes out in an exception group."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(wait) for wait in waits]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
