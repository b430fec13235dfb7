"""Evidence of consent in an envelope: what its header and each of its items say, read closely.

Law of this file: pure. An item is read once, here; what cannot be read, or says a thing twice,
never counts as a yes. What the evidence comes to is `consent`'s to say.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from relay import jsonio
from relay.consent import (
    ConsentDecision,
    ConsentPolicy,
    Evidence,
    ItemEvidence,
    Source,
    decide,
    is_feedback,
    read_envelope_evidence,
    read_event_evidence,
)
from relay.protocol.envelope import Envelope, Item
from relay.protocol.item_kinds import ItemKind, kind_of, refined
from relay.protocol.limits import too_large
from relay.rules.patterns import compile_pattern


@dataclass(frozen=True, slots=True)
class ReadItem:
    """An item, its row and, for kinds that may hold consent or an id, its document."""

    item: Item = field(repr=False)
    kind: ItemKind | None
    document: Any = field(repr=False)


def check_values(items: Iterable[Item]) -> None:
    """Refuse an envelope whose documents, which are held all at once, have too many values.

    Raises:
        TooLargeError: they have.
    """
    kinds = ((item, kind_of(item.headers)) for item in items)
    held = [item.payload for item, kind in kinds if kind is not None and kind.event_like]
    whole = sum(map(len, held))
    if whole > jsonio.MAX_VALUES and jsonio.count_values(b"".join(held)) > jsonio.MAX_VALUES:
        raise too_large("envelope")


def read_item(item: Item) -> ReadItem:
    """Look into an item that may speak about consent or carry the event's id."""
    kind = kind_of(item.headers)
    if kind is None or not kind.event_like:
        return ReadItem(item, kind, None)
    try:
        document = jsonio.loads(item.payload)
    except jsonio.JsonError:
        return ReadItem(item, kind, None)
    return ReadItem(item, refined(kind, document), document)


def decide_consent(
    of_request: Sequence[Evidence],
    envelope: Envelope,
    read: Sequence[ReadItem],
    policy: ConsentPolicy,
) -> ConsentDecision:
    """Add up what the request, the envelope's header and each item say about consent.

    Args:
        of_request: what was found outside of the body.
        envelope: as parsed.
        read: its items, in their order.
        policy: what counts.
    """
    shared = (*of_request, *read_envelope_evidence(envelope.headers, policy))
    if _repeats(envelope.raw_headers, (policy.envelope_key,)):
        shared = (*shared, Evidence(Source.ENVELOPE_HEADER, granted=False))
    return decide(policy, shared, [_evidence(r, policy) for r in read])


def _evidence(read: ReadItem, policy: ConsentPolicy) -> ItemEvidence:
    kind = read.kind.name if read.kind is not None else ""
    if kind == "feedback" and not is_feedback(read.document):
        # An event under the name of a feedback is not the user's own act.
        kind = "event"
    evidence = read_event_evidence(read.document, policy)
    names, data = (policy.flag, *policy.flags), read.item.payload
    event_like = read.kind is not None and read.kind.event_like
    named = bool(evidence) or (event_like and _may_name(data, names))
    unread = event_like and not isinstance(read.document, Mapping)
    if named and (unread or _repeats(data, (*names, "tags"))):
        evidence = (*evidence, Evidence(Source.TAG, granted=False))
    return ItemEvidence(kind, evidence)


def _may_name(data: bytes, names: Collection[str]) -> bool:
    """Return whether one of these names may stand in bytes that are no document.

    In UTF-16 there is a zero beside each letter, and nobody writes letters as escapes without need.
    """
    plain = data.replace(b"\0", b"")
    return _LETTER.occurs(plain) or any(name.encode() in plain for name in names)


_LETTER: Final = compile_pattern(r"\\u00[4-7]")


def _repeats(data: bytes, names: Collection[str]) -> bool:
    """Return whether an object in a document has one of these keys twice.

    Without an escape a key stands there as it is, and RE2 tells that much faster than Python does.
    """
    quoted = (b'"' + name.encode() + b'"' for name in names)
    if not _ESCAPE.occurs(data) and all(data.count(key) < _TWICE for key in quoted):
        return False
    return jsonio.repeats(data, names)


_ESCAPE: Final = compile_pattern(r"\\u")
_TWICE: Final = 2
