"""One pure function from a request to a clean event, or to the word why there is none.

Law of this file: what is known of an event is worked out in this order, and each step sees only
what the one before has left: the decision to opt out, consent, the allow-list, types, the rules,
pseudonyms. What is not understood is not kept, and nothing is kept as it came but what the
allow-list knows and no rule changes. Many events are scrubbed as one document, for that costs a
fifth; they are alone in everything else.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from relay import jsonio
from relay.consent import Verdict
from relay.outcomes import Reason
from relay.scrub.scrubber import Scrubber
from relay.scrub.shadow import ShadowHits, added
from relay.usage.admitting import UsagePolicy, admit
from relay.usage.catalogue import Catalogue, EventType, Type, Value
from relay.usage.model import CleanEvent, Partition, Record, Target, UsageRequest
from relay.usage.pseudonyms import UsageKeys
from relay.usage.requests import Fields, OptOut, read_request

ROOT: Final = "usage"
"""What selectors of rules call a usage event."""

OLDEST: Final = 7 * 86_400
"""Seconds before the present from which a client's time is believed: the rest is a clock that is
wrong, or a request that somebody has kept."""

NEWEST: Final = 3_600
"""Seconds after the present up to which it is."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NAMES: Final = frozenset({"type", "version", "commit", "attributes"})
"""What the rules see of a record."""

Dropped = Mapping[tuple[str, str], int]
"""Attributes that were left out, by the event's type and why."""


@dataclass(frozen=True, slots=True)
class Refused:
    """An event of which nothing is kept; the verdict says so where that is for want of consent."""

    reason: Reason
    verdict: Verdict | None = None
    dropped: Dropped = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Draft:
    """An event before the rules have seen it.

    Attributes:
        partition: where it will be kept.
        record: the whole line, in order, as it will be if the rules find nothing.
        known: what the allow-list says of it; None for a decision to opt out.
        message: as in `CleanEvent`.
        dropped: attributes that are left out already.
        verdict: what was decided about consent; None for a decision to opt out.
    """

    partition: Partition
    record: Mapping[str, Any] = field(repr=False)
    known: EventType | None = field(repr=False)
    message: str = field(repr=False)
    dropped: Dropped = field(default_factory=dict)
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What became of drafts, in their order, and what the rules did meanwhile.

    Attributes:
        events: each clean, or refused.
        redactions: how often each rule redacted, by id.
        shadow: how often each shadow rule would have.
    """

    events: tuple[CleanEvent | Refused, ...]
    redactions: Mapping[str, int] = field(default_factory=dict)
    shadow: ShadowHits = field(default_factory=dict)


def clean(
    request: UsageRequest,
    policy: UsagePolicy,
    catalogue: Catalogue,
    scrubber: Scrubber,
    keys: UsageKeys,
    now: float,
) -> CleanEvent | Refused:
    """Make a record of a request, or say why there is none.

    Args:
        request: as it came.
        policy: what holds for its app.
        catalogue: the allow-list.
        scrubber: the rules, with keys for their own pseudonyms.
        keys: of the present period.
        now: seconds since the Unix epoch.

    Raises:
        RequestError: a parameter that every event has is missing, twice there, or malformed.
    """
    draft = prepare(request, policy, catalogue, keys, now)
    if isinstance(draft, Refused):
        return draft
    return finish([draft], scrubber).events[0]


def prepare(
    request: UsageRequest,
    policy: UsagePolicy,
    catalogue: Catalogue,
    keys: UsageKeys,
    now: float,
) -> Draft | Refused:
    """Do all of `clean` but the rules.

    Raises:
        RequestError: as `clean`.
    """
    fields = read_request(request, policy.query)
    target = request.target
    if isinstance(fields, OptOut):
        return _opt_out(fields, target, keys, now)
    verdict = admit(policy, request, fields.type)
    if not verdict.passes:
        return Refused(verdict.reason, verdict)
    known = catalogue.find(target.app, fields.type)
    if known is None:
        return Refused(Reason.UNKNOWN_ITEM, verdict)
    kept, dropped = _read_attributes(known, fields.payload)
    message = _message(fields, target, keys)
    record = {
        "type": fields.type,
        "version": fields.version,
        "commit": fields.commit,
        "channel": target.channel,
        "instance": keys.instance(fields.instance),
        "session": keys.session(fields.session),
        "message": message or None,
        "time": _rounded(fields.timestamp, policy.round, now),
        "attributes": kept,
    }
    partition = _partition(target, int(now // 3_600))
    return Draft(partition, record, known, message, dropped, verdict)


def finish(drafts: Sequence[Draft], scrubber: Scrubber) -> Cleaned:
    """Have the rules look at drafts, and make events of what they leave."""
    try:
        return _finish_together(drafts, scrubber)
    except Exception:  # noqa: BLE001 - a ScrubError, or a mistake of ours: no event goes on as it came
        if len(drafts) == 1:
            return Cleaned((_failed(drafts[0]),))
    # One of them must not take the others along.
    done = [finish([draft], scrubber) for draft in drafts]
    return Cleaned(
        tuple(event for one in done for event in one.events),
        sum((Counter(one.redactions) for one in done), Counter()),
        added(one.shadow for one in done),
    )


def _finish_together(drafts: Sequence[Draft], scrubber: Scrubber) -> Cleaned:
    documents = [_document(draft) for draft in drafts]
    done = scrubber.run(documents, len(jsonio.dumps(documents)), ROOT)
    events = tuple(map(_event, drafts, documents))
    redactions = Counter(remark[0] for note in done.notes for remark in note.remarks)
    return Cleaned(events, redactions, done.shadow_paths)


def _document(draft: Draft) -> dict[str, Any]:
    """Return every key and value that stays, pseudonyms and times aside: all that the rules see."""
    record = draft.record
    if draft.known is None:
        return {"version": record["version"]}
    attributes = {
        name: [*value] if type(value) is list else value
        for name, value in record["attributes"].items()
    }
    return {
        "type": record["type"],
        "version": record["version"],
        "commit": record["commit"],
        "attributes": attributes,
    }


def _event(draft: Draft, document: Any) -> CleanEvent | Refused:
    """Make an event of what the rules have left of its document."""
    if type(document) is not dict:
        return _failed(draft)
    record, dropped, known = draft.record, draft.dropped, draft.known
    if any(document.get(name) != record[name] for name in document.keys() | _NAMES & record.keys()):
        # What is not a text is either as it was, or it is not kept.
        if known is None:
            record = {**record, "version": None}
        elif document.get("type") != record["type"]:
            return _failed(draft)
        else:
            record, dropped = _redacted(record, document, known, dropped)
    return CleanEvent(draft.partition, jsonio.dumps(record), draft.message, dropped)


def _redacted(
    record: Mapping[str, Any], document: Mapping[str, Any], known: EventType, dropped: Dropped
) -> tuple[Mapping[str, Any], Dropped]:
    """Return a record with what the rules have left of it, and what is not kept by now."""
    lost = 0
    clean = dict(record)
    for name in ("version", "commit"):
        if document.get(name) != record[name]:
            clean[name] = None
            lost += 1
    found = document.get("attributes")
    left = found if type(found) is dict else {}
    kept = clean["attributes"] = {}
    for name, value in record["attributes"].items():
        now = left.get(name)
        if type(now) is type(value) and now == value:
            kept[name] = value
        elif type(now) is str and known.attributes[name].type is Type.TEXT:
            kept[name] = now
        else:
            lost += 1
    reason = (known.name, Reason.SCRUB_FAILED)
    return clean, {**dropped, reason: dropped.get(reason, 0) + lost} if lost else dropped


def _failed(draft: Draft) -> Refused:
    return Refused(Reason.SCRUB_FAILED, draft.verdict, draft.dropped)


def _opt_out(fields: OptOut, target: Target, keys: UsageKeys, now: float) -> Draft:
    """Record that somebody wants to share nothing: neither who, nor when on that day."""
    day = _partition(target, int(now // 3_600)).day
    record = {
        "decision": "opt_out",
        "day": day,
        "app": target.app,
        "version": fields.version,
    }
    message = keys.message(target.app, fields.message) if fields.message else ""
    return Draft(Partition(Record.OPT_OUTS, target.app, "", day, None), record, None, message)


def _read_attributes(
    known: EventType, payload: Mapping[str, str | None]
) -> tuple[dict[str, Value], Dropped]:
    """Return the attributes that the allow-list knows and that are of their type."""
    kept: dict[str, Value] = {}
    dropped: dict[tuple[str, str], int] = {}
    for name, text in payload.items():
        attribute = known.attributes.get(name)
        reason = Reason.INVALID
        if attribute is None:
            reason = Reason.UNKNOWN_ITEM
        elif text is not None:  # else it is there twice, and nobody knows which was meant
            value = attribute.read(text)
            if value is not None:
                kept[name] = value
                continue
        key = (known.name, reason)
        dropped[key] = dropped.get(key, 0) + 1
    return kept, dropped


def _message(fields: Fields, target: Target, keys: UsageKeys) -> str:
    """Return the pseudonym of a message; none for an id that stands for more than the message."""
    if not fields.message or fields.message in (fields.instance, fields.session):
        return ""
    return keys.message(target.app, fields.message)


@lru_cache(256)
def _partition(target: Target, hour: int) -> Partition:
    """Return where events of an hour are kept, in hours since the Unix epoch."""
    time = _EPOCH + timedelta(hours=hour)
    day = time.date().isoformat()
    return Partition(Record.EVENTS, target.app, target.environment, day, time.hour)


def _rounded(timestamp: int, step: float, now: float) -> str | None:
    """Return a client's time, rounded down, as ISO 8601 in UTC; None if its clock is wrong."""
    seconds = timestamp // 1_000
    if not now - OLDEST <= seconds <= now + NEWEST:
        return None
    step = max(1, int(step))
    return _iso(seconds - seconds % step)


@lru_cache(1_024)
def _iso(seconds: int) -> str:
    return (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
