"""One pure function from a request to a clean event, or to the word why there is none.

Law of this file: what is known of an event is worked out in this order, and each step sees only
what the one before has left: the decision to opt out, consent, the allow-list, types, the rules,
pseudonyms. What is not understood is not kept, and nothing is kept as it came but what the
allow-list knows and no rule changes.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from relay.consent import Verdict
from relay.outcomes import Reason
from relay.scrub.scrubber import Scrubber
from relay.usage.admitting import UsagePolicy, admit
from relay.usage.attributes import EventType, Value
from relay.usage.catalogue import Catalogue
from relay.usage.drafts import Draft, Dropped, Refused
from relay.usage.model import Channel, CleanEvent, Partition, Record, Target, UsageRequest
from relay.usage.pseudonyms import UsageKeys
from relay.usage.requests import Fields, OptOut, read_request
from relay.usage.scrubbing import finish
from relay.usage.seen import Seen

OLDEST: Final = 7 * 86_400
"""Seconds before the present from which a client's time is believed: the rest is a clock that is
wrong, or a request that somebody has kept."""

NEWEST: Final = 3_600
"""Seconds after the present up to which it is."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


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
    seen = Seen()
    draft = prepare(request, policy, catalogue, keys, now, seen)
    if isinstance(draft, Refused):
        return draft
    return finish([draft], scrubber, seen).events[0]


def prepare(
    request: UsageRequest,
    policy: UsagePolicy,
    catalogue: Catalogue,
    keys: UsageKeys,
    now: float,
    seen: Seen,
) -> Draft | Refused:
    """Do all of `clean` but the rules; `seen` is what they have found nothing in.

    Raises:
        RequestError: as `clean`.
    """
    fields = read_request(request, policy.query)
    target = request.target
    if isinstance(fields, OptOut):
        return _opt_out(fields, target, keys, now, seen)
    verdict = admit(policy, request.consent, fields.consent, fields.type)
    if verdict is not Verdict.GRANTED and not verdict.passes:
        return Refused(verdict.reason, verdict)
    known = catalogue.find(target.app, fields.type)
    if known is None:
        return Refused(Reason.UNKNOWN_ITEM, verdict)
    kept, fresh, dropped = _read_attributes(known, fields.payload, seen)
    message = _message(fields, target.app, keys)
    record = {
        "type": fields.type,
        "version": fields.version,
        "commit": fields.commit,
        "channel": "stable" if target.channel is Channel.STABLE else "develop",
        "instance": keys.instance(fields.instance),
        "session": keys.session(fields.session),
        "message": message or None,
        "time": _rounded(fields.timestamp, policy.round, now),
        "attributes": kept,
    }
    partition = _partition(target.app, target.environment, int(now // 3_600))
    return Draft(partition, record, known, message, dropped, verdict, fresh, seen)


def _opt_out(fields: OptOut, target: Target, keys: UsageKeys, now: float, seen: Seen) -> Draft:
    """Record that somebody wants to share nothing: neither who, nor when on that day."""
    day = _partition(target.app, target.environment, int(now // 3_600)).day
    record = {
        "decision": "opt_out",
        "day": day,
        "app": target.app,
        "version": fields.version,
    }
    message = keys.decision(target.app, fields.message) if fields.message else ""
    partition = Partition(Record.OPT_OUTS, target.app, "", day, None)
    return Draft(partition, record, None, message, {}, None, {}, seen)


def _read_attributes(
    known: EventType, payload: Mapping[str, str | None], seen: Seen
) -> tuple[dict[str, Value], dict[str, Value], Dropped]:
    """Read the attributes that the allow-list knows.

    Returns:
        Those that are of their type; which of them the rules have to look at; how many others.
    """
    kept: dict[str, Value] = {}
    fresh: dict[str, Value] = {}
    dropped: dict[tuple[str, str], int] = {}
    event_type = known.name
    attributes, texts = known.attributes, seen.texts(event_type)
    for item in payload.items():
        value = texts.get(item)  # type: ignore[arg-type]  # None is no text that was seen
        name, text = item
        if value is not None:
            kept[name] = value
            continue
        attribute = attributes.get(name)
        reason = Reason.INVALID
        if attribute is None:
            reason = Reason.UNKNOWN_ITEM
        elif text is not None:  # else it is there twice, and nobody knows which was meant
            value = attribute.read(text)
            if value is not None:
                kept[name] = value
                if not seen.is_clean(event_type, name, value):
                    fresh[name] = value
                continue
            if not text:  # what a client writes where it has no value
                continue
        key = (event_type, reason)
        dropped[key] = dropped.get(key, 0) + 1
    return kept, fresh, dropped


def _message(fields: Fields, app: str, keys: UsageKeys) -> str:
    """Return the pseudonym of a message; none for an id that stands for more than the message."""
    if not fields.message or fields.message in (fields.instance, fields.session):
        return ""
    return keys.message(app, fields.message)


@lru_cache(256)
def _partition(app: str, environment: str, hour: int) -> Partition:
    """Return where events of an hour are kept, in hours since the Unix epoch."""
    time = _EPOCH + timedelta(hours=hour)
    day = time.date().isoformat()
    return Partition(Record.EVENTS, app, environment, day, time.hour)


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
