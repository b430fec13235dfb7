"""The target of envelopes: `pipeline.process` over any bytes, under one of several projects.

Law of this file: which project it is, and which costly oracles are asked, follows from the bytes
alone, so that a finding is found again. Costly are: a second relay behind the first (one input in
`AGAIN`), a scrubber that remembers nothing (`FRESH`), sentry_sdk's reader (`SDK`), all that an
error may show (`ERRORS`), and work as the input doubles (`GROWTH`).
"""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any, Final
from zlib import crc32

import relay
from relay.consent import ConsentPolicy, Evidence, Missing, Source
from relay.errors import RequestError, ScrubError
from relay.outcomes import Reason
from relay.pipeline import Processed, ProjectPolicy, RequestFacts, process
from relay.protocol.auth import Credentials
from relay.protocol.enforcement import KnownLimits
from relay.protocol.envelope import Item
from relay.protocol.item_kinds import KINDS, Policy
from relay.protocol.limits import Limits
from relay.scrub import scrubber as scrubbing
from relay.scrub.memory import Memory
from relay.scrub.results import ScrubbedItem
from relay.scrub.scrubber import Scrubber
from tests.fuzz import oracles, oracles_growth, tally
from tests.fuzz.grammar import KEY, envelope
from tests.fuzz.grammar_wrong import samples
from tests.fuzz.oracles import Broken, hold, one_in
from tests.fuzz.target import Target

AGAIN: Final = 2
FRESH: Final = 8
SDK: Final = 8
GROWTH: Final = 600
ERRORS: Final = 8

_NEW_ID: Final = "f" * 32
EVERYTHING: Final = {
    name: Policy.SCRUB if Policy.SCRUB in row.policies else row.policies[-1]
    for name, row in KINDS.items()
    if Policy.SCRUB in row.policies or Policy.TEXT in row.policies
} | {"attachment": Policy.TEXT, "apple_crash_report": Policy.TEXT}
_SMALL: Final = Limits(
    envelope=4096, header=600, items=3, event=700, attachment=300, attachments=1, log=400,
    container=400, sessions=200, replay=500, client_reports=1, session_items=1,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Project:
    """What holds for a project, and what its request says; `share` of all inputs."""

    name: str
    policy: ProjectPolicy
    evidence: tuple[Evidence, ...] = ()
    share: int = 1


def _project(
    name: str, consent: ConsentPolicy, *evidence: Evidence, share: int = 1, **more: Any
) -> Project:
    made = ProjectPolicy("1", consent, **{"items": EVERYTHING, **more})
    return Project(name, made, evidence, share)


PROJECTS: Final = (
    _project("open", ConsentPolicy(required=False), share=9),
    _project("asks", ConsentPolicy(), share=5),
    _project("asked", ConsentPolicy(), Evidence(Source.HTTP_HEADER, granted=True), share=2),
    _project("minimal", ConsentPolicy(missing=Missing.MINIMAL), share=2, upstream_key="b" * 32),
    _project("denied", ConsentPolicy(), Evidence(Source.URL, granted=False)),
    _project("small", ConsentPolicy(required=False), limits=_SMALL, items={}),
)
_DRAWN: Final = tuple(one for one in PROJECTS for _ in range(one.share))
OPEN: Final = PROJECTS[0]


@cache
def shipped() -> Scrubber:
    """Return the rules that ship."""
    return relay.load_scrubber(secret=b"fuzz" * 8, verify=False)


def fresh(scrubber: Scrubber) -> Scrubber:
    """Return the same rules, remembering nothing."""
    return Scrubber(scrubber.compiled, scrubber.keys, Memory(scrubber.compiled))


def project_of(data: bytes) -> Project:
    """Return the project that an input is for."""
    return _DRAWN[crc32(data) % len(_DRAWN)]


def decide(data: bytes, project: Project, scrubber: Scrubber) -> Processed:
    """Process an envelope from the one known client of a project."""
    facts = RequestFacts(
        Credentials(KEY, "sdk/1"), "1", lambda _: project.evidence, _NEW_ID, project.policy.limits
    )

    def find(project_id: str, key: str) -> ProjectPolicy | None:
        return project.policy if (project_id, key) == ("1", KEY) else None

    return process(data, facts, find, scrubber, _no_limits)


def _no_limits(project: str, key: str) -> KnownLimits:
    del project, key
    return {}


# --- oracles --------------------------------------------------------------------------------------


def check(data: bytes, project: Project, scrubber: Scrubber) -> None:
    """Process an input and hold all that must hold of it.

    Raises:
        Broken: an oracle does not hold.
    """
    tally.note("project", project.name)
    with oracles.logged() as records, _mistakes():
        try:
            done = decide(data, project, scrubber)
        except RequestError as error:
            tally.note("outcome", f"refused: {error.reason}")
            hold("an answer of the protocol", 400 <= error.status < 500, error.status)
            Reason(error.reason)
            if one_in(ERRORS, data, b"error"):
                oracles.no_secret_in_error(error, data)
            return
    _check_shown(data, done, "\n".join(records))
    _check_outcomes(done)
    _check_consent(data, done, project)
    if done.envelope is None:
        return
    body = done.envelope.body
    oracles.no_secret("body", body, data)
    _check_forwarded(body, done)
    if one_in(AGAIN, data, b"again"):
        _check_again(data, body, scrubber)
    if one_in(FRESH, data, b"fresh"):
        other = decide(data, project, fresh(scrubber))
        same = other.envelope is not None and other.envelope.body == body
        hold("a fresh scrubber gives the same", same, same or _difference(body, other))
        hold("a fresh scrubber counts the same", other.redactions == done.redactions)
    if one_in(GROWTH, data, b"growth"):
        check_growth(data, project, scrubber)


@contextmanager
def _mistakes() -> Iterator[None]:
    """Let what an item's scrubber raises by mistake through: else the item falls, and none tells.

    Raises:
        Broken: an item was dropped for an error that is none of ours.
    """
    drop = scrubbing._dropped
    seen: list[BaseException] = []

    def dropped(index: int, kind: str, reason: Reason, item: Item) -> ScrubbedItem:
        error = sys.exc_info()[1]
        if reason is Reason.SCRUB_FAILED and not isinstance(error, ScrubError):
            seen.append(error or AssertionError("nothing was raised"))
        return drop(index, kind, reason, item)

    scrubbing._dropped = dropped
    try:
        yield
    finally:
        scrubbing._dropped = drop
    for error in seen:
        raise Broken("an item is no mistake of ours", repr(error)) from error


def _check_shown(data: bytes, done: Processed, records: str) -> None:
    shown = f"{done!r} {done.outcomes!r} {dict(done.redactions)!r} {done.quantities!r} {records}"
    oracles.no_secret("repr", shown, data)


def _check_outcomes(done: Processed) -> None:
    order = [outcome.index for outcome in done.outcomes]
    hold("every item has one outcome", order == list(range(done.items)), order)
    hold("every item has its quantities", len(done.quantities) == done.items)
    for outcome in done.outcomes:
        tally.note("item", f"{outcome.kind}: {outcome.reason}")
        hold("kinds are words of ours", outcome.kind in KINDS or outcome.kind in _NO_KIND)
        hold("an item is no mistake of ours", outcome.reason is not Reason.INTERNAL, outcome)
    tally.note("outcome", "forwarded" if done.envelope is not None else "nothing forwarded")


_NO_KIND: Final = ("unknown",)


def _check_consent(data: bytes, done: Processed, project: Project) -> None:
    if project.name == "denied":
        hold("without consent nothing is forwarded", done.envelope is None)
    if project.name not in ("asks", "minimal") or done.envelope is None:
        return
    said = oracles.may_go_on(data)
    if said == "granted":
        return
    kinds = {outcome.kind for outcome in done.outcomes if outcome.accepted}
    allowed = {"feedback", "user_report"} if said == "own act" else set[str]()
    if said != "denied" and project.name == "minimal":
        allowed |= {"event"}
    hold("without consent nothing is forwarded", kinds <= allowed, (said, kinds))


def _check_forwarded(body: bytes, done: Processed) -> None:
    items = oracles.parsed(body)
    accepted = sum(outcome.accepted for outcome in done.outcomes)
    hold("what is accepted is what goes on", accepted == len(items), (accepted, len(items)))
    for item in items:
        if item.header["type"] in _JSON:
            oracles.strict_json(item.payload)
    if one_in(SDK, body):
        oracles.read_by_sdk(body, len(items))


_JSON: Final = frozenset({
    name for name, row in KINDS.items()
    if row.scrubber in ("event", "document", "report", "session", "container", "profile",
                        "replay_event", "metric_buckets")
})  # fmt: skip


def _check_again(data: bytes, body: bytes, scrubber: Scrubber) -> None:
    """Hold that a second relay behind this one changes nothing."""
    try:
        again = decide(body, OPEN, scrubber)
    except RequestError as error:
        raise Broken("what is forwarded is taken again", error.detail) from None
    same = again.envelope is not None and again.envelope.body == body
    hold("scrubbing again changes nothing", same, same or _difference(body, again))
    oracles.no_secret("second body", again.envelope.body if again.envelope else b"", data)


def _difference(body: bytes, other: Processed) -> tuple[bytes, bytes, object]:
    """Return where two bodies part, and what became of the items."""
    outcomes = [(one.kind, one.reason.value) for one in other.outcomes]
    if other.envelope is None:
        return body[:200], b"", outcomes
    theirs = other.envelope.body
    at = next((i for i, (a, b) in enumerate(zip(body, theirs, strict=False)) if a != b), 0)
    return body[max(0, at - 80) : at + 120], theirs[max(0, at - 80) : at + 120], outcomes


def check_growth(data: bytes, project: Project, scrubber: Scrubber) -> None:
    """Hold that work is linear in size, each time by a scrubber that remembers nothing."""

    def forgetful(made: bytes) -> None:
        with suppress(RequestError):
            decide(made, project, fresh(scrubber))

    oracles_growth.linear(data, forgetful)


# --- the target -----------------------------------------------------------------------------------


def run(data: bytes) -> None:
    """Hold every oracle of one input; see `check`."""
    check(data, project_of(data), shipped())


def seeds() -> Iterable[bytes]:
    """Return real envelopes, and one drawn of each sort."""
    yield from samples()
    for number in range(200):
        yield envelope(Random(number))


_TOKENS: Final = (
    b'"type":"', b'"length":', b'"event_id":"', b'"tags":{', b'"allowReport":true', b'"consent":',
    b'"dsn":"', b'"sdk":{', b'"trace":{', b'"_meta":{', b'"extra":{', b'"items":[', b"\\u0000",
    b'"exception":{"values":[', b'"breadcrumbs":', b'"contexts":{', b'"request":{', b"\n{}\n",
    b'"attachment_type":"event.minidump"', b'"segment_id":0', b"MDMP", b"\xef\xbb\xbf", b"\\\\",
)  # fmt: skip

TARGETS: Final = (
    Target("envelope", run, envelope, seeds, (*_TOKENS, *(f'"{kind}"'.encode() for kind in KINDS))),
)
