"""Intake of usage events: each through the gate, many together into the spool, counted on the way.

Law of this file: an event is answered after the commit of the row that holds it, never before. A
repeat of one that is on its way waits for the same commit. Whatever is raised here has kept
nothing. Nothing of an event is held longer than until its answer, but pseudonyms of messages.
"""

import asyncio
import logging
import secrets
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from relay.errors import ConsentError, OverloadedError, RelayError
from relay.metrics import Metrics
from relay.outcomes import Reason, reason_of
from relay.ports import Clock, Spool
from relay.scrub.scrubber import Scrubber
from relay.scrub.shadow import ShadowHits, by_rule
from relay.usage.admitting import UsagePolicy, refusal
from relay.usage.batches import pack
from relay.usage.catalogue import Catalogue
from relay.usage.cleaning import prepare
from relay.usage.drafts import Draft, Dropped, Refused
from relay.usage.model import CleanEvent, Partition, Record, Target, UsageRequest
from relay.usage.pseudonyms import UsageKeys
from relay.usage.repeats import Repeats
from relay.usage.requests import read_query
from relay.usage.scrubbing import Cleaned, finish
from relay.usage.seen import Seen

log = logging.getLogger("relay.usage")

LINGER: Final = 0.04
"""Seconds that an event waits for company: many share a scrub, a row and a commit. A commit takes
1 to 2 ms of CPU time, whatever is in it; nobody waits for the answer to an event."""

MOST: Final = 256
"""Events that are scrubbed together: 8 ms in which nothing else runs."""

MAX_WAITING: Final = 4_000
"""Events on their way to the disk at one time; each takes up to some 20 kB."""


Outcome = RelayError | None
"""What became of an event: an error to answer with, or None where it is durable."""


@dataclass(slots=True, eq=False)
class _Waiting:
    """An event that is on its way, and who waits for it: whoever sent it, and who sent it again."""

    draft: Draft = field(repr=False)
    app: str
    callers: "list[asyncio.Future[Outcome]]" = field(repr=False)


class UsageIntake:
    """Takes usage events."""

    def __init__(
        self,
        *,
        policies: Mapping[str, UsagePolicy],
        catalogue: Catalogue,
        scrubber: Callable[[], Scrubber],
        keys: Callable[[float], UsageKeys],
        spool: Spool,
        metrics: Metrics,
        clock: Clock,
        repeat_window: float,
        note_shadow: Callable[[ShadowHits], None] = lambda _: None,
    ) -> None:
        """Set up.

        Args:
            policies: what holds for each app that is configured.
            catalogue: the allow-list.
            scrubber: gives the rules that hold now.
            keys: gives the keys of a time.
            spool: where clean events go.
            metrics: where everything is counted.
            clock: the time.
            repeat_window: seconds for which a message is remembered.
            note_shadow: is told what shadow rules would have redacted.
        """
        self._policies = policies
        self._catalogue = catalogue
        self._scrubber = scrubber
        self._keys = keys
        self._spool = spool
        self._metrics = metrics
        self._clock = clock
        self._note_shadow = note_shadow
        self._repeats: Repeats[_Waiting] = Repeats(repeat_window)
        self._rules = scrubber()
        self._seen = Seen()
        self._waiting: list[_Waiting] = []
        self._under_way = 0
        self._timer: asyncio.TimerHandle | None = None
        self._writing: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()

    async def take(self, target: Target, query: str, consent: tuple[str, ...] = ()) -> None:
        """Take one event; return after it is durable, or after it was dropped.

        Args:
            target: where its path leads, of an app that is configured.
            query: as in the request line.
            consent: values of the header that carries consent.

        Raises:
            RequestError: it is refused; the error says how to answer.
            OverloadedError: too many are on their way.
            SpoolFullError: try again later.
            SpoolUnavailableError: try again later.
        """
        try:
            caller = self._begin(target, query, consent)
        except ConsentError:
            raise  # counted where it was decided
        except Exception as error:
            self._count_events(target.app, reason_of(error))
            raise
        outcome = None if caller is None else await caller
        if outcome is not None:
            raise type(outcome)(outcome.detail)  # anew: one error would collect the traces of all

    async def close(self) -> None:
        """Write what waits; return when all of it is durable, or known not to be."""
        self._flush()
        while self._writing:
            await asyncio.wait(self._writing)

    # --- one event -------------------------------------------------------------------------------

    def _begin(
        self, target: Target, query: str, consent: tuple[str, ...]
    ) -> "asyncio.Future[Outcome] | None":
        """Put an event among those that wait; return what tells its end, None where it has ended.

        Raises:
            RelayError: it is refused.
        """
        if self._under_way >= MAX_WAITING:
            raise OverloadedError("too many events at one time")
        app, now = target.app, self._clock.now()
        request = UsageRequest(target, read_query(query), consent)
        policy, keys = self._policies[app], self._keys(now)
        draft = prepare(request, policy, self._catalogue, keys, now, self._seen)
        if isinstance(draft, Refused):
            self._count_refused(app, draft)
            return None
        caller: asyncio.Future[Outcome] = self._loop.create_future()
        waiting = _Waiting(draft, app, [caller])
        first = self._repeats.add(draft.message, waiting, now)
        if first is not waiting:
            self._metrics.count("relay_usage_repeats_total")
            if first is None:
                return None
            first.callers.append(caller)
            return caller
        self._under_way += 1
        self._waiting.append(waiting)
        if len(self._waiting) >= MOST:
            self._flush()
        elif self._timer is None:
            self._timer = self._loop.call_later(LINGER, self._flush)
        return caller

    def _end(self, waiting: _Waiting, outcome: Outcome) -> None:
        """Tell all who wait for an event what became of it."""
        self._under_way -= 1
        self._repeats.end(waiting.draft.message, waiting, stored=outcome is None)
        for caller in waiting.callers:
            if not caller.done():  # cancelled: nobody waits for it any more
                caller.set_result(outcome)

    # --- many events -----------------------------------------------------------------------------

    def _flush(self) -> None:
        """Have the rules look at all that wait, and begin to write what they leave."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        batch, self._waiting = self._waiting, []
        if not batch:
            return
        scrubber = self._scrubber()
        if scrubber is not self._rules or self._seen.full:
            self._rules, self._seen = scrubber, Seen()
        cleaned = finish([waiting.draft for waiting in batch], scrubber, self._seen)
        rows: dict[Partition, _Row] = {}
        for waiting, event in zip(batch, cleaned.events, strict=True):
            if isinstance(event, Refused):
                self._count_refused(waiting.app, event)
                self._end(waiting, None)  # sent again, it would be no better
            elif event.partition.record is Record.OPT_OUTS:
                self._write([event], [waiting], event.message or secrets.token_hex(16))
            else:
                row = rows.setdefault(event.partition, _Row())
                row.events.append(event)
                row.members.append(waiting)
        for row in rows.values():
            self._write(row.events, row.members, secrets.token_hex(16))
        self._count_rules(cleaned)

    def _write(
        self, events: Sequence[CleanEvent], members: Sequence[_Waiting], envelope_id: str
    ) -> None:
        task = self._loop.create_task(self._put(events, members, envelope_id))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def _put(
        self, events: Sequence[CleanEvent], members: Sequence[_Waiting], envelope_id: str
    ) -> None:
        """Put one row into the spool, and tell all who wait for it."""
        error: Outcome = None
        stored = True
        try:
            stored = await self._spool.put(pack(events, envelope_id))
        except RelayError as failed:
            error = failed
        except Exception as failed:  # noqa: BLE001 - who waits must be told, whatever it is
            log.error("usage_not_stored", extra={"error": type(failed).__name__})  # noqa: TRY400
            error = RelayError("internal error")
        for waiting in members:
            self._end(waiting, error)
        if stored:
            self._count_row(events, members, error)
        else:  # a decision that another process has taken
            self._metrics.count("relay_usage_repeats_total")

    # --- counting --------------------------------------------------------------------------------

    def _count_row(
        self, events: Sequence[CleanEvent], members: Sequence[_Waiting], error: Outcome
    ) -> None:
        partition = events[0].partition
        reason = Reason.ACCEPTED if error is None else reason_of(error)
        self._count_events(partition.app, reason, len(events))
        if error is None and partition.record is Record.OPT_OUTS:
            self._metrics.count("relay_usage_opt_outs_total", app=partition.app)
        for event in events:
            if event.dropped:
                self._count_dropped(event.dropped)
        for verdict, count in Counter(one.draft.verdict for one in members).items():
            if verdict is not None:
                self._metrics.count("relay_usage_consent_total", count, verdict=verdict)

    def _count_refused(self, app: str, refused: Refused) -> None:
        self._count_events(app, refused.reason)
        self._count_dropped(refused.dropped)
        if refused.verdict is not None:
            self._metrics.count("relay_usage_consent_total", verdict=refused.verdict)
            if not refused.verdict.passes:
                raise refusal(refused.verdict)

    def _count_dropped(self, dropped: Dropped) -> None:
        for (event_type, reason), count in dropped.items():
            self._metrics.count(
                "relay_usage_attributes_dropped_total", count, type=event_type, reason=reason
            )

    def _count_events(self, app: str, outcome: Reason, count: int = 1) -> None:
        self._metrics.count("relay_usage_events_total", count, app=app, outcome=outcome)

    def _count_rules(self, cleaned: Cleaned) -> None:
        for rule, count in cleaned.redactions.items():
            self._metrics.count("relay_redactions_total", count, rule=rule)
        if cleaned.shadow:
            for rule, count in by_rule(cleaned.shadow).items():
                self._metrics.count("relay_shadow_hits_total", count, rule=rule)
            self._note_shadow(cleaned.shadow)


@dataclass(slots=True)
class _Row:
    """Events that become one row, and who waits for them."""

    events: list[CleanEvent] = field(default_factory=list)
    members: list[_Waiting] = field(default_factory=list)
