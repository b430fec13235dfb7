"""The rules over usage events: every key and value that is to stay, many events at once.

Law of this file: each event stands for itself, whatever stands beside it; and what cannot be looked
at is not kept. Of what a rule changes only a text stays, redacted; anything else is dropped, for it
would not be of its type any more.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from relay import jsonio
from relay.outcomes import Reason
from relay.scrub.scrubber import Scrubber
from relay.scrub.shadow import ShadowHits, added
from relay.usage.attributes import EventType, Type, Value
from relay.usage.drafts import Draft, Dropped, End, Refused
from relay.usage.model import CleanEvent
from relay.usage.seen import Seen

ROOT: Final = "usage"
"""What selectors of rules call a usage event."""

_ALONE: Final = 1


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What became of drafts, in their order, and what the rules did meanwhile.

    Attributes:
        events: each clean, or refused.
        redactions: how often each rule redacted, by id.
        shadow: how often each shadow rule would have.
    """

    events: tuple[End, ...]
    redactions: Mapping[str, int] = field(default_factory=dict)
    shadow: ShadowHits = field(default_factory=dict)


def finish(drafts: Sequence[Draft], scrubber: Scrubber, seen: Seen) -> Cleaned:
    """Have the rules look at drafts, and make events of what they leave.

    Args:
        drafts: from `cleaning.prepare`.
        scrubber: the rules.
        seen: what these rules have found nothing in; more of it is noted there.
    """
    try:
        return _finish_together(drafts, scrubber, seen)
    except Exception:  # noqa: BLE001 - a ScrubError, or a mistake of ours: no event goes on as it came
        if len(drafts) == _ALONE:
            return Cleaned((_failed(drafts[0]),))
    # One of them must not take the others along.
    done = [finish([draft], scrubber, seen) for draft in drafts]
    return Cleaned(
        tuple(event for one in done for event in one.events),
        sum((Counter(one.redactions) for one in done), Counter()),
        added(one.shadow for one in done),
    )


def _finish_together(drafts: Sequence[Draft], scrubber: Scrubber, seen: Seen) -> Cleaned:
    looked = [_looked_at(draft, seen) for draft in drafts]
    root: list[Any] = [
        _document(draft, attributes)
        for draft, attributes in zip(drafts, looked, strict=True)
        if attributes is not None
    ]
    count = len(root)
    # A commit looks like much else, and costs more to look at than all the rest: each once.
    everybodys = {draft.record["commit"] for draft in drafts if draft.known is not None}
    commits = sorted(everybodys - seen.commits)
    root += [{"commit": commit} for commit in commits]
    redactions: Counter[str] = Counter()
    shadow: ShadowHits = {}
    if root:
        done = scrubber.run(root, len(jsonio.dumps(root)), ROOT)
        redactions.update(remark[0] for note in done.notes for remark in note.remarks)
        shadow = done.shadow_paths
    for commit, left in zip(commits, root[count:], strict=True):
        if left == {"commit": commit}:
            seen.commits.add(commit)
    documents = iter(root[:count])
    events = [
        _end(draft, attributes, next(documents) if attributes is not None else None, seen)
        for draft, attributes in zip(drafts, looked, strict=True)
    ]
    return Cleaned(tuple(events), redactions, shadow)


def _looked_at(draft: Draft, seen: Seen) -> Mapping[str, Value] | None:
    """Return the attributes that the rules are to look at; None where nothing is left for them."""
    if draft.known is None:
        return {}
    record = draft.record
    # Other rules may have come since it was prepared, and these have looked at nothing of it.
    attributes: Mapping[str, Value] = draft.fresh if draft.seen is seen else record["attributes"]
    if not attributes and (record["type"], record["version"]) in seen.headers:
        return None
    return attributes


def _document(draft: Draft, attributes: Mapping[str, Value]) -> dict[str, Any]:
    """Return what the rules are to look at, for them to change."""
    record = draft.record
    if draft.known is None:
        return {"version": record["version"]}
    copies = {
        name: [*value] if type(value) is list else value for name, value in attributes.items()
    }
    return {"type": record["type"], "version": record["version"], "attributes": copies}


def _end(draft: Draft, attributes: Mapping[str, Value] | None, document: Any, seen: Seen) -> End:
    """Make an event of what the rules have left of its document.

    Args:
        draft: the event.
        attributes: those that they have looked at; None where they had nothing to look at.
        document: what is left.
        seen: what they have found nothing in, commits among it.
    """
    record, dropped, known = draft.record, draft.dropped, draft.known
    if attributes is not None and document != _document(draft, attributes):
        if type(document) is not dict:
            return _failed(draft)
        if known is None:
            record = {**record, "version": None}
        elif document.get("type") != record["type"]:
            return _failed(draft)
        else:
            record, dropped = _redacted(draft, attributes, document, known)
    elif attributes is not None and known is not None:
        seen.headers.add((record["type"], record["version"]))
        for name, value in attributes.items():
            seen.remember(known.name, known.attributes[name], value)
    if known is not None and record["commit"] not in seen.commits:
        record, dropped = {**record, "commit": None}, _more(dropped, known, 1)
    return CleanEvent(draft.partition, jsonio.dumps(record), draft.message, dropped)


def _redacted(
    draft: Draft,
    looked_at: Mapping[str, Value],
    document: Mapping[str, Any],
    known: EventType,
) -> tuple[Mapping[str, Any], Dropped]:
    """Return a record with what the rules have left of it, and what is not kept by now."""
    record, lost = dict(draft.record), 0
    if document.get("version") != record["version"]:
        record["version"] = None
        lost += 1
    left = document.get("attributes")
    left = left if type(left) is dict else {}
    kept: dict[str, Value] = {}
    for name, value in draft.record["attributes"].items():
        now: Any = left.get(name) if name in looked_at else value
        if type(now) is type(value) and now == value:
            kept[name] = value
        elif type(now) is str and known.attributes[name].type is Type.TEXT:
            kept[name] = now
        else:
            lost += 1
    record["attributes"] = kept
    return record, _more(draft.dropped, known, lost)


def _more(dropped: Dropped, known: EventType, lost: int) -> Dropped:
    """Return what was left out, with what a rule has taken of an event of this type."""
    key = (known.name, Reason.SCRUB_FAILED)
    return {**dropped, key: dropped.get(key, 0) + lost} if lost else dropped


def _failed(draft: Draft) -> Refused:
    return Refused(Reason.SCRUB_FAILED, draft.verdict, draft.dropped)
