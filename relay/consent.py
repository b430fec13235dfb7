"""Consent: the evidence in a request, and the verdict that follows from it.

Law of this file: evidence that is there and does not grant, denies; one denial anywhere wins over
any grant; no evidence is not consent. Evidence never holds the value that it was read from.

How the cases that look open are decided, each held by a test:

- A value grants when it is `true`, `"true"`, 1, `"1"` or `"granted"`, exactly so: `"TRUE"`,
  `" true "`, 2, null and lists deny. 1.0 is the same JSON number as 1, so it grants.
- A further flag counts as the first one does: absent it says nothing, granted it grants, anything
  else (`coinjoinReport: false` too) denies.
- A denial inside an item of an explicit kind denies like any other. The user's own act stands for
  consent that nobody has spoken about, not against a "no" that the same envelope carries; a client
  that lets people report after opting out leaves the tag off that report.
- The tag of one event is evidence for the whole envelope: an attachment, session or log beside it
  follows the envelope's verdict.
- An explicit item carries no other item along, and no denial is ever turned into a skeleton.
- A key that an object has twice (`allowReport` in tags, `consent` in the envelope header) denies:
  parsers keep one of the two, and nobody can say which was meant.
- An event that names the tag and is no JSON object denies: the answer is there, and nobody can read
  it. A broken one that does not name it says nothing, and falls alone.
- A feedback is explicit only as one: with `contexts.feedback`, and without an exception, threads
  or spans. An event that calls itself feedback follows the tag.
- With `required: false` nothing is looked at, not even a denial: the operator has said that this
  project needs no consent.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum, auto
from typing import Any, Final, Literal

from relay.errors import ConsentDeniedError, ConsentError
from relay.outcomes import Reason
from relay.protocol.dsn import DsnError, parse_dsn

PATH_PREFIX: Final = "consented"
"""The path segment before `/api/…`, or before a DSN's project, that says that the user agreed."""

_GRANTS: Final = frozenset({"true", "1", "granted"})
_MINIMAL_KINDS: Final = frozenset({"event"})


class Missing(StrEnum):
    """What happens where nothing says anything: refuse, or forward a skeleton of each event."""

    REJECT = "reject"
    MINIMAL = "minimal"


class Source(StrEnum):
    """Where a piece of evidence was found."""

    HTTP_HEADER = auto()
    URL = auto()
    PATH_PREFIX = auto()
    ENVELOPE_HEADER = auto()
    TAG = auto()


class Verdict(StrEnum):
    """What was decided, about an envelope or about an item in it.

    An envelope's verdict is one of the first four. An item of an envelope that is MISSING may be
    EXPLICIT (it passes whole) or MINIMAL (it passes as a skeleton).
    """

    GRANTED = auto()
    DENIED = auto()
    MISSING = auto()
    NOT_REQUIRED = auto()
    EXPLICIT = auto()
    MINIMAL = auto()

    @property
    def reason(self) -> Reason:
        """ACCEPTED, or the reason to drop."""
        match self:
            case Verdict.DENIED:
                return Reason.CONSENT_DENIED
            case Verdict.MISSING:
                return Reason.CONSENT_MISSING
            case _:
                return Reason.ACCEPTED

    @property
    def passes(self) -> bool:
        """Whether it goes on, whole or as a skeleton."""
        return self.reason is Reason.ACCEPTED


@dataclass(frozen=True, slots=True)
class ConsentPolicy:
    """What a project asks for.

    Attributes:
        required: false where the project needs no consent at all.
        flag: the event tag that carries consent.
        flags: further tags that count in the same way.
        missing: what happens where nothing says anything.
        answer: HTTP status where nothing passes; 200 accepts and discards.
        explicit: kinds that are the user's own act, and so carry their own consent.
        header: the HTTP header that carries consent; its case does not matter.
        envelope_key: the key in the envelope header.
        query: the name in the URL's query.
    """

    required: bool = True
    flag: str = "allowReport"
    flags: tuple[str, ...] = ()
    missing: Missing = Missing.REJECT
    answer: Literal[200, 403] = 403
    explicit: frozenset[str] = frozenset({"feedback", "user_report"})
    header: str = "X-Suite-Consent"
    envelope_key: str = "consent"
    query: str = "consent"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that speaks for or against consent."""

    source: Source
    granted: bool


@dataclass(frozen=True, slots=True)
class ItemEvidence:
    """What one item says.

    Attributes:
        kind: its kind, after `relay.protocol.item_kinds.refined`.
        evidence: from `read_event_evidence`; empty for an item that says nothing.
    """

    kind: str
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class ConsentDecision:
    """What follows for an envelope.

    Attributes:
        verdict: of the envelope as a whole.
        items: a verdict an item, in the items' order.
        evidence: all that was found, for the playground and for counting.
    """

    verdict: Verdict
    items: tuple[Verdict, ...]
    evidence: tuple[Evidence, ...]

    @property
    def reason(self) -> Reason:
        """The reason to count the whole request under; ACCEPTED when any item passes."""
        return self.verdict.reason if self.refused else Reason.ACCEPTED

    @property
    def refused(self) -> bool:
        """Whether the request holds something, and nothing of it passes."""
        return bool(self.items) and not any(item.passes for item in self.items)


def read_request_evidence(
    policy: ConsentPolicy,
    headers: Iterable[tuple[str, str]] = (),
    query: Iterable[tuple[str, str]] = (),
    *,
    prefixed: bool = False,
) -> tuple[Evidence, ...]:
    """Read the HTTP request.

    Args:
        policy: names the header and the query's key.
        headers: all headers as pairs; repeated ones all count, as do the parts of a list
            (RFC 9110, 5.3: both mean the same).
        query: decoded pairs of the query string, blank values included.
        prefixed: whether the path began with the consent prefix.
    """
    found = [
        Evidence(Source.HTTP_HEADER, is_grant(part.strip(" \t")))
        for name, value in headers
        if name.lower() == policy.header.lower()
        for part in value.split(",")
    ]
    found += [
        Evidence(Source.URL, is_grant(value)) for name, value in query if name == policy.query
    ]
    if prefixed:
        found.append(Evidence(Source.PATH_PREFIX, granted=True))
    return tuple(found)


def read_envelope_evidence(
    headers: Mapping[str, Any], policy: ConsentPolicy
) -> tuple[Evidence, ...]:
    """Read the envelope's header: its consent key, and the path prefix of its `dsn`.

    With the SDKs' `tunnel` option the DSN stands only there, not in the URL.
    """
    found = []
    if policy.envelope_key in headers:
        granted = is_grant(headers[policy.envelope_key])
        found.append(Evidence(Source.ENVELOPE_HEADER, granted))
    if _is_prefixed(headers.get("dsn")):
        found.append(Evidence(Source.PATH_PREFIX, granted=True))
    return tuple(found)


def read_event_evidence(document: Any, policy: ConsentPolicy) -> tuple[Evidence, ...]:
    """Read the tags of a parsed event-like document; anything else has none.

    Tags are a mapping, or a list of `[key, value]` or `{"key": …, "value": …}` (or `name`). A
    repeated tag
    counts each time, and a named one without a value denies.
    """
    if not isinstance(document, Mapping):
        return ()
    names = {policy.flag, *policy.flags}
    return tuple(
        Evidence(Source.TAG, is_grant(value))
        for name, value in _tags(document.get("tags"))
        if isinstance(name, str) and name in names
    )


def is_feedback(document: Any) -> bool:
    """Whether a parsed document is a feedback and nothing else: what an explicit kind passes for.

    It has `contexts.feedback`, and neither exceptions nor threads nor spans.
    """
    if not isinstance(document, Mapping):
        return False
    contexts = document.get("contexts")
    return (
        isinstance(contexts, Mapping)
        and isinstance(contexts.get("feedback"), Mapping)
        and not any(document.get(key) for key in ("exception", "threads", "spans"))
    )


def is_grant(value: Any) -> bool:
    """Whether a value that is present grants; everything else denies."""
    if isinstance(value, str):
        return value in _GRANTS
    # True == 1 == 1.0: as numbers of JSON they are these three, and nothing else equals them.
    return isinstance(value, bool | int | float) and value == 1


def decide(
    policy: ConsentPolicy, shared: Sequence[Evidence], items: Sequence[ItemEvidence]
) -> ConsentDecision:
    """Decide about an envelope and about each item in it.

    Args:
        policy: what the project asks for.
        shared: evidence of the request and of the envelope's header.
        items: the items that may go on, with what each says.
    """
    evidence = (*shared, *(found for item in items for found in item.evidence))
    verdict = _verdict(policy, evidence)
    if verdict is Verdict.MISSING:
        verdicts = tuple(_without_evidence(policy, item.kind) for item in items)
    else:
        verdicts = (verdict,) * len(items)
    return ConsentDecision(verdict, verdicts, evidence)


def refusal(decision: ConsentDecision) -> ConsentError:
    """Make the error to answer a refused request with; the reason is its one cause."""
    if decision.verdict is Verdict.DENIED:
        reason = Reason.CONSENT_DENIED
        return ConsentDeniedError("the user has not agreed to reports", (reason.value,))
    return ConsentError("nothing says that the user agreed", (Reason.CONSENT_MISSING.value,))


def _verdict(policy: ConsentPolicy, evidence: Sequence[Evidence]) -> Verdict:
    if not policy.required:
        return Verdict.NOT_REQUIRED
    if not evidence:
        return Verdict.MISSING
    return Verdict.GRANTED if all(found.granted for found in evidence) else Verdict.DENIED


def _without_evidence(policy: ConsentPolicy, kind: str) -> Verdict:
    if kind in policy.explicit:
        return Verdict.EXPLICIT
    if policy.missing is Missing.MINIMAL and kind in _MINIMAL_KINDS:
        return Verdict.MINIMAL
    return Verdict.MISSING


def _tags(tags: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(tags, Mapping):
        yield from tags.items()
    elif isinstance(tags, list):
        for entry in tags:
            if isinstance(entry, Mapping):
                yield entry.get("key", entry.get("name")), entry.get("value")
            elif isinstance(entry, list) and entry:
                # One that has not two parts is present all the same: null, which denies.
                yield entry[0], entry[1] if len(entry) == 2 else None


def _is_prefixed(dsn: Any) -> bool:
    if not isinstance(dsn, str):
        return False
    try:
        return parse_dsn(dsn).prefix.rpartition("/")[2] == PATH_PREFIX
    except DsnError:
        return False
