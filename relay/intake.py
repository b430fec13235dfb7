"""Intake: one body from a client through `process` into the spool, counted on the way.

Law of this file: accepted means on disk. Whatever is raised here has kept nothing. However a
request ends, it is counted once, under one `Reason`.
"""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Final

from relay.clock import SystemClock
from relay.consent import refusal
from relay.errors import RateLimitedError, RelayError
from relay.limit_memory import LimitMemory
from relay.losses import LossCounter
from relay.metrics import Metrics
from relay.outcomes import Reason
from relay.pipeline import FindProject, Processed, RequestFacts, process
from relay.ports import Clock, Spool
from relay.protocol.enforcement import answer
from relay.scrub.hashing import period_keys
from relay.scrub.scrubber import Scrubber

OFF_LOOP: Final = 32 * 1024
"""Bodies from this size on are scrubbed in a thread. Measured: 20 kB take 1 ms where an event's
texts repeat, 10 ms where none does; the hop to a thread takes 0.1 ms."""

THREADS: Final = 2
"""Scrubs in threads at one time: more would only take turns with the loop for the interpreter."""

_UNKNOWN_PROJECT: Final = "unknown"


@dataclass(frozen=True, slots=True)
class Taken:
    """What to answer.

    Attributes:
        event_id: the event's id, or None for an envelope without an event.
        limits: for X-Sentry-Rate-Limits, where a limit of the upstream holds for this client.
    """

    event_id: str | None
    limits: str = ""


class Rotation:
    """Gives the scrubber with the keys of the present period."""

    def __init__(self, scrubber: Scrubber, secret: bytes, rotate: float, clock: Clock) -> None:
        """Set up.

        Args:
            scrubber: the rules.
            secret: from which the keys of each period are made.
            rotate: seconds that a period lasts; 0 for ever.
            clock: the time.
        """
        self._scrubber = scrubber
        self._secret = secret
        self._rotate = rotate
        self._clock = clock
        self._period = -1

    def current(self) -> Scrubber:
        """Return the scrubber to use now."""
        period = int(self._clock.now() // self._rotate) if self._rotate > 0 else 0
        if period != self._period:
            self._scrubber = self._scrubber.with_keys(period_keys(self._secret, period))
            self._period = period
        return self._scrubber


class Intake:
    """Takes envelopes."""

    def __init__(
        self,
        *,
        find_project: FindProject,
        projects: Mapping[str, str],
        rotation: Rotation,
        spool: Spool,
        metrics: Metrics,
        timer: Callable[[], float],
        clock: Clock | None = None,
        limits: LimitMemory | None = None,
        losses: LossCounter | None = None,
    ) -> None:
        """Set up.

        Args:
            find_project: looks up what holds for a client's project and key.
            projects: the configured project ids and their keys.
            rotation: gives the scrubber.
            spool: where clean envelopes go.
            metrics: where everything is counted.
            timer: seconds, for measuring how long a scrub takes.
            clock: the time; None for the system's.
            limits: what the upstreams do not take now; None for no limits.
            losses: where what is dropped is noted, for client reports; None to note nothing.
        """
        self.find_project = find_project
        self._projects = projects
        self._rotation = rotation
        self._spool = spool
        self._metrics = metrics
        self._clock = clock or SystemClock()
        self._limits = limits or LimitMemory(_nowhere)
        self._losses = losses or LossCounter(0)
        self._timer = timer
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="scrub")

    def close(self) -> None:
        """End the threads; a scrub that is under way ends first, one that waits does not begin."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def take(self, body: bytes, facts: RequestFacts) -> Taken:
        """Take one envelope; return after it is durable, or after all of it was dropped.

        Raises:
            RequestError: it is refused; the error says how to answer.
            RateLimitedError: limits of the upstream leave nothing of it.
            SpoolFullError: try again later.
            SpoolUnavailableError: try again later.
        """
        try:
            done = await self._process(body, facts)
        except Exception as error:
            self.count_refused(error, facts.project)
            raise
        if done.envelope is not None:
            try:
                if not await self._spool.put(done.envelope):
                    self._metrics.count("relay_repeats_total")
            except Exception as error:
                self._count(done, lost=reason_of(error))
                raise
        self._count(done)
        if done.decision.refused and done.policy.consent.answer != _ACCEPT_AND_DISCARD:
            raise refusal(done.decision)
        if not done.limits:
            return Taken(done.event_id)
        limits, seconds = answer(done.limits, self._clock.now())
        if done.envelope is None:
            raise RateLimitedError(limits, seconds)
        return Taken(done.event_id, limits)

    def count_refused(self, error: Exception, project: str | None) -> None:
        """Count a request that ended before its items were looked at; `take` counts its own."""
        # A project id comes from the client: it is a label only where it is configured.
        label = project if project is not None and project in self._projects else _UNKNOWN_PROJECT
        self._metrics.count("relay_envelopes_total", project=label, outcome=reason_of(error))

    def project_of_key(self, key: str) -> str | None:
        """Return the project that a key belongs to, for routes that name none."""
        return next((project for project, own in self._projects.items() if own == key), None)

    async def _process(self, body: bytes, facts: RequestFacts) -> Processed:
        limits = partial(self._limits.known, now=self._clock.now())
        arguments = (body, facts, self.find_project, self._rotation.current(), limits)
        started = self._timer()
        if len(body) < OFF_LOOP:
            done = process(*arguments)
        else:
            loop = asyncio.get_running_loop()
            done = await loop.run_in_executor(self._threads, process, *arguments)
        self._metrics.observe("relay_envelope_bytes", len(body))
        self._metrics.observe("relay_scrub_seconds", self._timer() - started)
        return done

    def _count(self, done: Processed, lost: Reason | None = None) -> None:
        """Count an envelope; `lost` says why what passed did not get into the spool."""
        count = self._metrics.count
        for verdict in set(done.decision.items):
            count("relay_consent_total", verdict=verdict)
        for outcome, quantities in zip(done.outcomes, done.quantities, strict=True):
            reason = lost if lost is not None and outcome.accepted else outcome.reason
            count("relay_items_total", kind=outcome.kind, reason=reason)
            self._losses.add(done.lane, reason, quantities)
        if lost is None:  # else nothing went on, and nothing was redacted for anybody
            for rule, times in done.redactions.items():
                count("relay_redactions_total", times, rule=rule)
            for rule, times in done.shadow.items():
                count("relay_shadow_hits_total", times, rule=rule)
        count(
            "relay_envelopes_total", project=done.policy.project, outcome=lost or _outcome_of(done)
        )


def _nowhere(project: str, key: str) -> None:
    """Lead to no upstream."""
    del project, key


def reason_of(error: Exception) -> Reason:
    """Return the word to count an error under; what is not an error of a request is our mistake."""
    try:
        return Reason(error.reason) if isinstance(error, RelayError) else Reason.INTERNAL
    except ValueError:
        return Reason.INTERNAL


_ACCEPT_AND_DISCARD: Final = 200


def _outcome_of(done: Processed) -> Reason:
    """Return the one word for an envelope: accepted if anything of it goes on, else why not."""
    if done.envelope is not None:
        return Reason.ACCEPTED
    if not done.outcomes:
        return Reason.EMPTY
    if done.decision.refused:
        return done.decision.reason
    if done.limits:
        return Reason.RATE_LIMITED
    return done.outcomes[0].reason
