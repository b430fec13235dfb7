"""The order of the gates: parse, who is calling, consent, scrub each item, headers.

Law of this file: pure. Bytes and facts in, a permit and one outcome an item out; no I/O, no clock,
no randomness, no logging. What raises here has kept nothing.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from relay.consent import ConsentDecision, ConsentPolicy, Evidence, Verdict
from relay.errors import ProjectError
from relay.evidence import ReadItem, check_values, decide_consent, read_item
from relay.outcomes import Outcome, Reason
from relay.protocol.auth import Credentials, join_auth
from relay.protocol.client_report import ClientReport
from relay.protocol.enforcement import NO_LIMITS, Candidate, KnownLimits, Limit, stopped
from relay.protocol.envelope import Envelope, Item, parse, serialise
from relay.protocol.item_kinds import Policy, policy_of
from relay.protocol.limits import DEFAULT, MIB, Limits
from relay.protocol.quantities import Quantities, namespaces, quantities
from relay.scrub.items.rules_tag import DIGITS
from relay.scrub.permit import ScrubbedEnvelope, grant
from relay.scrub.protected import is_id
from relay.scrub.remarks import Note
from relay.scrub.results import Done, ScrubbedItem
from relay.scrub.scrubber import Scrubber
from relay.scrub.shadow import ShadowHits, added
from relay.scrub.skeleton import skeleton

ATTACHED_TEXT: Final = 64 * MIB
"""Bytes of attached text that are searched in one envelope; what is over falls alone.

A MB of hits takes 20 MB of memory and 0.3 s: with much more a side process would end, and the event
go with it."""


@dataclass(frozen=True, slots=True)
class ProjectPolicy:
    """What holds for one project.

    Attributes:
        project: its id, as it is counted in metrics; `*` for a catch-all.
        consent: what counts as consent.
        items: policies that differ from the table of item kinds.
        limits: sizes and counts.
        upstream_key: public key at the upstream; None keeps the client's.
        rules_tag: whether events say in a tag which rules have cleaned them.
    """

    project: str
    consent: ConsentPolicy = field(default_factory=ConsentPolicy)
    items: Mapping[str, Policy] = field(default_factory=dict)
    limits: Limits = DEFAULT
    upstream_key: str | None = None
    rules_tag: bool = False


FindProject = Callable[[str, str], ProjectPolicy | None]
"""(project id, public key) of a client -> what holds there; None if they are not known."""

FindLimits = Callable[[str, str], KnownLimits]
"""(project id, public key) of a client -> the limits of the upstream that are in force for it."""


def no_limits(project: str, key: str) -> KnownLimits:
    """Know of no limits."""
    del project, key
    return NO_LIMITS


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """What the HTTP request says beside its body.

    Attributes:
        credentials: from `relay.protocol.auth.read_request_auth`.
        project: project id in the URL; None on the tunnel.
        evidence: reads the consent evidence of the request, by a project's policy.
        new_id: 32 hex digits for an event that brings no id of its own.
        limits: for the envelope, where the project is not known before it is parsed.
    """

    credentials: Credentials | None
    project: str | None
    evidence: Callable[[ConsentPolicy], Sequence[Evidence]]
    new_id: str
    limits: Limits = DEFAULT


@dataclass(frozen=True, slots=True)
class Processed:
    """What became of an envelope. It cannot exist without one outcome for each item.

    Attributes:
        policy: what held.
        decision: about consent.
        envelope: the permit, if anything goes on.
        outcomes: one an item, in their order.
        event_id: to answer with; None if the envelope holds no event.
        lane: project and public key of the client.
        quantities: what each item counts as, in their order.
        limits: those that stopped something.
        redactions: how often each rule redacted, by id.
        shadow: how often each shadow rule would have, by id and path.
    """

    policy: ProjectPolicy
    decision: ConsentDecision
    envelope: ScrubbedEnvelope | None
    outcomes: tuple[Outcome, ...]
    items: int
    event_id: str | None
    lane: tuple[str, str]
    quantities: tuple[Quantities, ...] = ()
    limits: tuple[Limit, ...] = ()
    redactions: Mapping[str, int] = field(default_factory=dict)
    shadow: ShadowHits = field(default_factory=dict)

    def __post_init__(self) -> None:
        if [outcome.index for outcome in self.outcomes] != list(range(self.items)):
            raise RuntimeError("an item has no outcome")
        if (self.envelope is not None) != any(outcome.accepted for outcome in self.outcomes):
            raise RuntimeError("outcomes and envelope contradict each other")


def process(
    data: bytes,
    request: RequestFacts,
    find_project: FindProject,
    scrubber: Scrubber,
    find_limits: FindLimits = no_limits,
) -> Processed:
    """Decide about one envelope.

    Args:
        data: the decompressed body.
        request: what the HTTP request says.
        find_project: looks up what holds for a client's project and key.
        scrubber: the rules.
        find_limits: looks up what the upstream does not take now.

    Raises:
        EnvelopeError: it is not an envelope.
        TooLargeError: it is over a limit.
        AuthError: nobody, or several, are named as the caller.
        ProjectError: the project or its key are not known.
    """
    envelope = parse(data, _limits(request, find_project))
    caller, policy = _caller(request, envelope, find_project)
    check_values(envelope.items)
    read = [read_item(item) for item in envelope.items]
    decision = decide_consent(request.evidence(policy.consent), envelope, read, policy.consent)
    event_id = _event_id(envelope, read, request.new_id)
    lane = (caller.project or "", caller.key)
    limits = _limited(read, decision, policy, find_limits(*lane))
    done: list[ScrubbedItem] = []
    room = ATTACHED_TEXT
    for i, (r, verdict, limit) in enumerate(zip(read, decision.items, limits, strict=True)):
        size = len(r.item.payload) if _is_attached_text(r, policy) else 0
        if size > room and verdict.passes and limit is None:
            done.append(_failed(i, r))
            continue
        done.append(_scrub(i, r, verdict, event_id, policy, scrubber, limit))
        if done[-1].outcome.reason in _SEARCHED:
            room -= size
    redactions = _counted(note for d in done for note in d.notes)
    permit, shadow = None, [d.shadow_paths for d in done]
    if any(d.item is not None for d in done):
        minimal = Verdict.MINIMAL in decision.items
        permit, headers = _permit(envelope, done, event_id, caller, policy, scrubber, minimal)
        redactions.update(_counted(headers.notes))
        shadow.append(headers.shadow_paths)
    return Processed(
        policy=policy,
        decision=decision,
        envelope=permit,
        outcomes=tuple(d.outcome for d in done),
        items=len(envelope.items),
        event_id=event_id,
        lane=lane,
        quantities=tuple(quantities(r.kind, r.item, r.document) for r in read),
        limits=tuple(limit for limit in limits if limit is not None),
        redactions=redactions,
        shadow=added(shadow),
    )


def _limits(request: RequestFacts, find_project: FindProject) -> Limits:
    """Return the project's own limits where the request names it, before anything is parsed."""
    if request.credentials is None or request.project is None:
        return request.limits
    policy = find_project(request.project, request.credentials.key)
    return policy.limits if policy is not None else request.limits


def _caller(
    request: RequestFacts, envelope: Envelope, find_project: FindProject
) -> tuple[Credentials, ProjectPolicy]:
    """Return who calls, by what request and envelope say together, and what holds for them."""
    caller = join_auth(request.credentials, request.project, envelope.headers.get("dsn"))
    policy = find_project(caller.project, caller.key) if caller.project is not None else None
    if policy is None:
        raise ProjectError("unknown project or key")
    return caller, policy


def _event_id(envelope: Envelope, read: Sequence[ReadItem], new_id: str) -> str | None:
    """Return the id of the envelope's event: its header's, its event's own, or a new one."""
    given = envelope.headers.get("event_id")
    if isinstance(given, str) and is_id(given):
        return _plain_id(given)
    for one in read:
        if one.kind is not None and one.kind.exclusive:
            own = one.document.get("event_id") if isinstance(one.document, dict) else None
            return _plain_id(own) if isinstance(own, str) and is_id(own) else new_id
    return None


def _plain_id(text: str) -> str:
    return text.replace("-", "").lower()


def _limited(
    read: Sequence[ReadItem], decision: ConsentDecision, policy: ProjectPolicy, known: KnownLimits
) -> Sequence[Limit | None]:
    """Return for each item the limit that stops it; what does not go on anyway is not asked."""
    if not known:
        return [None] * len(read)
    asked: list[Candidate | None] = []
    for one, verdict in zip(read, decision.items, strict=True):
        kind = one.kind
        if kind is None or not verdict.passes or policy_of(kind, policy.items) is Policy.DROP:
            asked.append(None)
        else:
            asked.append(Candidate(kind, one.item.headers, partial(namespaces, one.item)))
    return stopped(asked, known)


def _scrub(
    index: int,
    read: ReadItem,
    verdict: Verdict,
    event_id: str | None,
    policy: ProjectPolicy,
    scrubber: Scrubber,
    limit: Limit | None,
) -> ScrubbedItem:
    """Take one item through its verdict, the upstream's limits, its policy and the scrubber."""
    item, document = read.item, read.document
    if not verdict.passes or limit is not None:
        name = read.kind.name if read.kind is not None else _UNKNOWN
        reason = Reason.RATE_LIMITED if verdict.passes else verdict.reason
        return ScrubbedItem(None, Outcome(index, name, reason, len(item.payload)))
    if isinstance(document, dict):
        if verdict is Verdict.MINIMAL:
            try:
                document = skeleton(document)
            except Exception:  # noqa: BLE001 - the item falls, not its envelope
                return _failed(index, read)
        if read.kind is not None and read.kind.exclusive and not is_id(document.get("event_id")):
            document["event_id"] = event_id
    elif verdict is Verdict.MINIMAL:
        return ScrubbedItem(None, Outcome(index, read.item.kind, Reason.INVALID, len(item.payload)))
    # On a skeleton too: the digest is of rules, and says nothing about anybody.
    tag = scrubber.digest[:DIGITS] if policy.rules_tag else ""
    return scrubber.scrub_item(index, item, document, policy.items, policy.limits, tag)


def _is_attached_text(read: ReadItem, policy: ProjectPolicy) -> bool:
    kind = read.kind
    return kind is not None and policy_of(kind, policy.items) is Policy.TEXT


def _failed(index: int, read: ReadItem) -> ScrubbedItem:
    name = read.kind.name if read.kind is not None else _UNKNOWN
    return ScrubbedItem(None, Outcome(index, name, Reason.SCRUB_FAILED, len(read.item.payload)))


_SEARCHED: Final = (Reason.ACCEPTED, Reason.SCRUB_FAILED)
_UNKNOWN: Final = "unknown"


def _permit(
    envelope: Envelope,
    done: Sequence[ScrubbedItem],
    event_id: str | None,
    caller: Credentials,
    policy: ProjectPolicy,
    scrubber: Scrubber,
    minimal: bool,
) -> tuple[ScrubbedEnvelope, Done]:
    """Write the clean envelope; return it, and what was done to its headers."""
    given = {} if minimal else envelope.headers
    headers, of_headers = scrubber.scrub_envelope_headers(given, policy.upstream_key)
    headers.pop("event_id", None)
    if event_id is not None:
        headers = {"event_id": event_id, **headers}
    items = tuple(d.item for d in done if d.item is not None)
    clean = Envelope.make(headers, items)
    project = caller.project or ""
    permit = grant(
        body=serialise(clean),
        envelope_id=event_id or _identity(project, caller.key, items),
        project=project,
        key=caller.key,
        client=caller.client,
        categories=tuple(dict.fromkeys(c for d in done for c in d.categories)),
    )
    return permit, of_headers


def _identity(project: str, key: str, items: Iterable[Item]) -> str:
    """Return 32 hex digits for an envelope without an id, the same for the same content."""
    identity = hashlib.sha256(f"{project}\0{key}\0".encode())
    for item in items:
        identity.update(item.payload)
    return identity.hexdigest()[:32]


def _counted(notes: Iterable[Note]) -> Counter[str]:
    """Return how often each rule redacted something."""
    return Counter(remark[0] for note in notes for remark in note.remarks)


def report_permit(project: str, key: str, report: ClientReport) -> ScrubbedEnvelope:
    """Make an envelope of a report of our own, for the upstream of a client's project and key.

    There is nothing to scrub: a report is made of words of ours and numbers.
    """
    item = Item.make(report.item_headers(), report.payload())
    return grant(
        body=serialise(Envelope.make({}, (item,))),
        envelope_id=_identity(project, key, (item,)),
        project=project,
        key=key,
        client="",
        categories=report.categories,
    )
