"""Intake: one body from a client through `process` into the spool, counted on the way.

Law of this file: accepted means on disk. Whatever is raised here has kept nothing. However a
request ends, it is counted once, under one `Reason`.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Final

from relay.clock import SystemClock
from relay.consent import refusal
from relay.errors import RateLimitedError, RequestError, ScrubError
from relay.limit_memory import LimitMemory
from relay.losses import LossCounter
from relay.metrics import Metrics
from relay.outcomes import Reason, reason_of
from relay.pipeline import FindLimits, FindProject, Processed, RequestFacts, process
from relay.ports import Clock, Spool
from relay.protocol.enforcement import answer
from relay.scrub.hashing import period_keys
from relay.scrub.scrubber import Scrubber
from relay.scrub.shadow import ShadowHits, by_rule
from relay.side.body import Body
from relay.side.process import GoneError, Hold, SideProcess
from relay.side.work import Convert, Job

log = logging.getLogger("relay.intake")

OFF_LOOP: Final = 32 * 1024
"""Bodies from this size on are scrubbed in a thread. Measured: 20 kB take 1 ms where an event's
texts repeat, 10 ms where none does; the hop to a thread takes 0.1 ms."""

ASIDE: Final = 256 * 1024
"""Bodies from this size on are scrubbed in a side process: 100 ms, of which 5 for the process."""

THREADS: Final = 2
"""Scrubs in threads at one time: more would only take turns with the loop for the interpreter."""

_UNKNOWN_PROJECT: Final = "unknown"


def _keep_no_count(size: int) -> None:
    del size


def _note_nothing(hits: ShadowHits) -> None:
    del hits


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
    """Gives the scrubber with the keys of the present period, and of the rules that hold now.

    Each envelope asks once, so it is scrubbed with one set of rules, whatever comes meanwhile.
    """

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

    def replace(self, scrubber: Scrubber) -> None:
        """Have other rules hold from the next envelope on; the secret stays."""
        self._scrubber, self._period = scrubber, -1

    @property
    def period(self) -> int:
        """The number of the present period."""
        return int(self._clock.now() // self._rotate) if self._rotate > 0 else 0

    def current(self) -> Scrubber:
        """Return the scrubber to use now."""
        period = self.period
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
        side: SideProcess | None = None,
        note_shadow: Callable[[ShadowHits], None] = _note_nothing,
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
            side: where large bodies are scrubbed; None for threads.
            note_shadow: is told what shadow rules would have redacted.
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
        self._side = side
        self._note_shadow = note_shadow
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="scrub")

    def close(self) -> None:
        """End the threads; a scrub that is under way ends first, one that waits does not begin."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def take(
        self,
        body: bytes | Body,
        facts: RequestFacts,
        convert: Convert | None = None,
        hold: Hold = _keep_no_count,
    ) -> Taken:
        """Take one envelope; return after it is durable, or after all of it was dropped.

        Args:
            body: the envelope; nothing is left in it.
            facts: what the request says beside it.
            convert: makes the envelope of the body, off the loop; None where it is one.
            hold: is told of the bytes that a side process gives back.

        Raises:
            RequestError: it is refused; the error says how to answer.
            RateLimitedError: limits of the upstream leave nothing of it.
            SpoolFullError: try again later.
            SpoolUnavailableError: try again later.
        """
        try:
            body = Body(body) if isinstance(body, bytes) else body
            done = await self._process(body, facts, convert, hold)
        except ScrubError as error:
            # Dropped as an item is that cannot be scrubbed; sent again, it would be no better.
            self.count_refused(error, facts.project)
            return Taken(facts.new_id if convert is not None else None)
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

    async def _process(
        self, body: Body, facts: RequestFacts, convert: Convert | None, hold: Hold
    ) -> Processed:
        started = self._timer()
        self._metrics.observe("relay_envelope_bytes", body.size)
        if body.size < OFF_LOOP and convert is None:
            done = process(body.whole(), *self._arguments(facts))
        elif body.size < ASIDE and convert is None:
            done = await self._in_thread(body, facts, None)
        else:
            done = await self._aside(body, facts, convert, hold)
        self._metrics.observe("relay_scrub_seconds", self._timer() - started)
        return done

    async def _in_thread(
        self, body: Body, facts: RequestFacts, convert: Convert | None
    ) -> Processed:
        arguments = self._arguments(facts)

        def work() -> Processed:
            data = body.whole()
            return process(data if convert is None else convert(data), *arguments)

        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    async def _aside(
        self, body: Body, facts: RequestFacts, convert: Convert | None, hold: Hold
    ) -> Processed:
        """Scrub in a side process; in a thread where there is none, or nobody is named yet."""
        if self._side is None or facts.project is None or facts.credentials is None:
            return await self._in_thread(body, facts, convert)
        known = self._limits.known(facts.project, facts.credentials.key, self._clock.now())
        job = Job(facts, known, self._rotation.period, convert)
        outcome = "done"
        try:
            return await self._side.run(body, job, hold)
        except GoneError:
            log.error("side_process_gone")  # noqa: TRY400 - there is nothing more to tell
            self._side, outcome = None, "gone"
            return await self._in_thread(body, facts, convert)
        except ScrubError:
            outcome = "over"
            raise
        except RequestError:
            outcome = "refused"
            raise
        except BaseException:
            outcome = "failed"
            raise
        finally:
            self._metrics.count("relay_side_bodies_total", outcome=outcome)

    def _arguments(
        self, facts: RequestFacts
    ) -> tuple[RequestFacts, FindProject, Scrubber, FindLimits]:
        limits = partial(self._limits.known, now=self._clock.now())
        return facts, self.find_project, self._rotation.current(), limits

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
            for rule, times in by_rule(done.shadow).items():
                count("relay_shadow_hits_total", times, rule=rule)
            if done.shadow:
                self._note_shadow(done.shadow)
        count(
            "relay_envelopes_total", project=done.policy.project, outcome=lost or _outcome_of(done)
        )


def _nowhere(project: str, key: str) -> None:
    """Lead to no upstream."""
    del project, key


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
