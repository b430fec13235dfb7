"""The order of the gates."""

import json
from dataclasses import replace
from typing import Any

import pytest

from relay.consent import ConsentPolicy, Evidence, Missing, Source, Verdict
from relay.errors import AuthError, EnvelopeError, ProjectError, TooLargeError
from relay.outcomes import Outcome, Reason
from relay.pipeline import (
    FindProject,
    Processed,
    ProjectPolicy,
    RequestFacts,
    process,
    report_permit,
)
from relay.protocol.auth import Credentials
from relay.protocol.client_report import ClientReport
from relay.protocol.enforcement import KnownLimits, Limit
from relay.protocol.envelope import parse
from relay.protocol.item_kinds import Policy
from relay.protocol.limits import Limits
from tests.inline_rules import DEVICE, IP, NUMBER, scrubber

KEY = "a" * 32
NEW_ID = "f" * 32
ID = "0123456789abcdef0123456789abcdef"
ADDRESS = "203.0.113.77"
MADE = scrubber(IP, DEVICE, NUMBER)
GRANTED = {"tags": {"allowReport": True}}


def find(policy: ProjectPolicy) -> FindProject:
    """Know one project."""
    return lambda project, key: policy if (project, key) == ("1", KEY) else None


def facts(*evidence: Evidence, key: str = KEY, project: str | None = "1") -> RequestFacts:
    """Make the facts of a request."""
    return RequestFacts(Credentials(key, "sdk/1.0"), project, lambda _: evidence, NEW_ID)


def envelope(*items: tuple[str, Any], **headers: Any) -> bytes:
    """Write an envelope of items with JSON or bytes."""
    lines = [json.dumps(headers).encode()]
    for kind, content in items:
        payload = content if isinstance(content, bytes) else json.dumps(content).encode()
        lines += [json.dumps({"type": kind, "length": len(payload)}).encode(), payload]
    return b"\n".join(lines) + b"\n"


def run(data: bytes, policy: ProjectPolicy | None = None, *evidence: Evidence) -> Processed:
    """Process an envelope."""
    return process(data, facts(*evidence), find(policy or ProjectPolicy("1")), MADE)


def reasons(done: Processed) -> list[Reason]:
    """The reason of each item."""
    return [outcome.reason for outcome in done.outcomes]


def test_a_good_event_goes_on_clean() -> None:
    """An event with consent gets a permit with clean bytes, its id and its client."""
    data = envelope(("event", {**GRANTED, "message": ADDRESS, "event_id": ID}), event_id=ID)
    done = run(data)
    assert [Reason.ACCEPTED] == reasons(done)
    assert done.envelope is not None
    assert (ID, "1", KEY, "sdk/1.0", ("error",)) == (
        done.envelope.envelope_id,
        done.envelope.project,
        done.envelope.key,
        done.envelope.client,
        done.envelope.categories,
    )
    assert ID == done.event_id
    assert {"t/ip": 1} == dict(done.redactions)
    assert ADDRESS.encode() not in done.envelope.body
    assert ADDRESS not in repr(done)
    assert "[ip]" == json.loads(parse(done.envelope.body).items[0].payload)["message"]


def events(done: Processed) -> list[Any]:
    """The payloads that go on, parsed."""
    assert done.envelope is not None
    return [json.loads(item.payload) for item in parse(done.envelope.body).items]


def test_events_say_which_rules_cleaned_them() -> None:
    """Where a project wants it, each event has a tag; what is none has no tags."""
    tag = {"relay.rules": MADE.digest[:12]}
    tagged = ProjectPolicy("1", rules_tag=True)
    data = envelope(("event", GRANTED), ("replay_event", {}), ("session", {"init": True}))
    event, replay, session = events(run(data, tagged))
    assert ({"allowReport": True, **tag}, tag) == (event["tags"], replay["tags"])
    assert {"init": True} == session
    assert {"allowReport": True} == events(run(data))[0]["tags"]


@pytest.mark.parametrize("kind", ["event", "transaction", "feedback", "security"])
def test_the_tag_is_put_on_twice_as_once(kind: str) -> None:
    """A relay behind a relay says of itself."""
    tagged = ProjectPolicy("1", rules_tag=True)
    data = envelope((kind, {**GRANTED, "extra": {"a": ADDRESS}}))
    once = run(data, tagged)
    assert once.envelope is not None
    twice = run(once.envelope.body, tagged)
    assert twice.envelope is not None
    assert MADE.digest[:12] == events(once)[0]["tags"]["relay.rules"]
    assert once.envelope.body == twice.envelope.body


def test_a_skeleton_says_which_rules_cleaned_it() -> None:
    """A digest of rules says nothing about anybody, so it is on a skeleton too."""
    minimal = ConsentPolicy(missing=Missing.MINIMAL)
    data = envelope(("event", {"level": "error", "tags": {"relay.rules": "x", "a": "b"}}))
    (event,) = events(run(data, ProjectPolicy("1", minimal, rules_tag=True)))
    assert {"relay.rules": MADE.digest[:12]} == event["tags"]
    assert {"event_id", "level", "sdk", "tags"} == event.keys()


def test_the_same_envelope_has_the_same_id() -> None:
    """A client that sends again is known by the id, with an event and without."""
    for data in (
        envelope(("event", GRANTED), event_id=ID),
        envelope(("session", {"sid": ID}), ("event", {**GRANTED, "event_id": ID})),
    ):
        first, second = run(data).envelope, run(data).envelope
        assert first is not None
        assert first == second
    policy = ProjectPolicy("1", ConsentPolicy(required=False))
    ids = [run(envelope(("session", {"sid": sid})), policy).envelope for sid in (ID, ID, NEW_ID)]
    assert ids[0] is not None
    assert ids[1] is not None
    assert ids[2] is not None
    assert ids[0].envelope_id == ids[1].envelope_id != ids[2].envelope_id
    assert 32 == len(ids[0].envelope_id)
    assert set(ids[0].envelope_id) <= set("0123456789abcdef")


@pytest.mark.parametrize(
    ("headers", "event", "expected"),
    [
        ({"event_id": ID}, {}, ID),
        ({"event_id": ID.upper()}, {}, ID),
        ({}, {"event_id": "01234567-89ab-cdef-0123-456789abcdef"}, ID),
        ({"event_id": ADDRESS}, {"event_id": ADDRESS}, NEW_ID),
        ({"event_id": 5}, {}, NEW_ID),
        ({}, {"event_id": [ADDRESS]}, NEW_ID),
    ],
)
def test_ids(headers: dict[str, Any], event: dict[str, Any], expected: str) -> None:
    """An id of the right form is kept; whatever else stands there gives way to a new one."""
    done = run(envelope(("event", {**GRANTED, **event}), **headers))
    assert expected == done.event_id
    assert done.envelope is not None
    clean = parse(done.envelope.body)
    assert expected == clean.headers["event_id"]
    assert expected == json.loads(clean.items[0].payload)["event_id"].replace("-", "").lower()


def test_an_envelope_without_an_event_has_no_id_to_answer_with() -> None:
    """Sessions and logs alone are answered without an id."""
    done = run(
        envelope(("session", {"sid": ID})), ProjectPolicy("1", ConsentPolicy(required=False))
    )
    assert done.event_id is None


def test_without_consent_nothing_is_kept() -> None:
    """Missing or denied consent drops every item, with its reason."""
    data = envelope(("event", {"message": "x"}), ("session", {}), ("made_up", {}))
    assert [Reason.CONSENT_MISSING] * 3 == reasons(run(data))
    done = run(data, None, Evidence(Source.URL, granted=False))
    assert [Reason.CONSENT_DENIED] * 3 == reasons(done)
    assert done.envelope is None
    assert ["event", "session", "unknown"] == [outcome.kind for outcome in done.outcomes]


def test_a_skeleton_where_consent_is_missing() -> None:
    """With `minimal` only the skeleton of an event goes on, without the envelope's headers."""
    policy = ProjectPolicy("1", ConsentPolicy(missing=Missing.MINIMAL))
    event = {"message": "my secret", "level": "error", "user": {"id": "jane"}}
    data = envelope(("event", event), ("session", {}), sdk={"name": "jane"}, trace={"release": "x"})
    done = run(data, policy)
    assert [Reason.ACCEPTED, Reason.CONSENT_MISSING] == reasons(done)
    assert Verdict.MINIMAL is done.decision.items[0]
    assert done.envelope is not None
    assert b"secret" not in done.envelope.body
    assert b"jane" not in done.envelope.body
    assert {"event_id": NEW_ID} == parse(done.envelope.body).headers


@pytest.mark.parametrize(
    "event",
    [
        b'{"timestamp":' + b"9" * 400 + b"}",
        b'{"exception":{"values":[{"stacktrace":{"frames":[{"lineno":1e400}]}}]}}',
        b"[]",
        b"{broken",
        b'"x"',
    ],
)
def test_a_strange_event_does_not_end_the_request(event: bytes) -> None:
    """With `minimal` too, an event that is odd falls or passes alone."""
    policy = ProjectPolicy("1", ConsentPolicy(missing=Missing.MINIMAL))
    done = run(envelope(("event", event), ("user_report", {"comments": "x"})), policy)
    assert Reason.ACCEPTED is done.outcomes[1].reason


def test_an_event_that_has_no_skeleton_falls_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistake of ours costs the event, and neither lets it pass nor ends the request."""

    def broken(document: Any) -> Any:
        raise ValueError(document)

    monkeypatch.setattr("relay.pipeline.skeleton", broken)
    policy = ProjectPolicy("1", ConsentPolicy(missing=Missing.MINIMAL))
    done = run(envelope(("event", {}), ("user_report", {"comments": "x"})), policy)
    assert Outcome(0, "event", Reason.SCRUB_FAILED, 2) == done.outcomes[0]
    assert Reason.ACCEPTED is done.outcomes[1].reason


def test_a_broken_item_falls_alone() -> None:
    """One item that cannot be scrubbed does not take the others along."""
    deep = b'{"a":' * 300 + b"1" + b"}" * 300
    data = envelope(
        ("session", b"{broken"), ("session", deep), ("event", GRANTED), ("log", b"\xff")
    )
    expected = [Reason.INVALID, Reason.SCRUB_FAILED, Reason.ACCEPTED, Reason.INVALID]
    assert expected == reasons(run(data))


@pytest.mark.parametrize("event", [b"{broken", b"[1]", b"", b'{"message":"\\u003cb\\u003e'])
def test_a_broken_event_that_names_no_tag_says_nothing(event: bytes) -> None:
    """It falls alone, and what says yes beside it holds for the rest."""
    done = run(envelope(("check_in", event), ("event", GRANTED)))
    assert [Reason.INVALID, Reason.ACCEPTED] == reasons(done)


def test_policies_of_items() -> None:
    """What a project does not want is dropped, also when it comes under another kind's name."""
    policy = ProjectPolicy("1", items={"transaction": Policy.DROP, "attachment": Policy.TEXT})
    data = envelope(
        ("event", {**GRANTED, "type": "transaction"}), ("attachment", b"at 203.0.113.77")
    )
    done = run(data, policy)
    assert [Reason.ITEM_POLICY, Reason.ACCEPTED] == reasons(done)
    assert done.envelope is not None
    assert b"at [ip]" in done.envelope.body


def test_an_outcome_tells_the_size_of_its_item() -> None:
    """In bytes, whatever became of it; and the kind by the name that metrics know."""
    minimal = ProjectPolicy("1", ConsentPolicy(missing=Missing.MINIMAL))
    broken: tuple[tuple[str, Any], ...] = (("event", b"[1]"), ("made_up", b"12"), ("log", b"4444"))
    done = run(envelope(*broken), minimal)
    assert [
        Outcome(0, "event", Reason.INVALID, 3),
        Outcome(1, "unknown", Reason.CONSENT_MISSING, 2),
        Outcome(2, "log", Reason.CONSENT_MISSING, 4),
    ] == list(done.outcomes)
    assert 4 == run(envelope(("event", GRANTED), ("log", b"\xff123"))).outcomes[1].size
    assert [Outcome(0, "session", Reason.RATE_LIMITED, 2)] == list(
        limited(
            envelope(("session", {})),
            "session",
            policy=ProjectPolicy("1", ConsentPolicy(required=False)),
        ).outcomes
    )


def test_the_upstreams_key_stands_in_the_trace() -> None:
    """The client's public key is replaced by the upstream's."""
    policy = ProjectPolicy("1", upstream_key="b" * 32)
    done = run(envelope(("event", GRANTED), trace={"public_key": KEY, "user_id": "jane"}), policy)
    assert done.envelope is not None
    assert {"public_key": "b" * 32} == parse(done.envelope.body).headers["trace"]


@pytest.mark.parametrize("depth", [200, 450, 900])
def test_deep_headers_do_not_end_the_request(depth: int) -> None:
    """Whatever stands in the headers, the envelope's items are looked at."""
    deep: Any = "x"
    for _ in range(depth):
        deep = [deep]
    data = envelope(("event", GRANTED), trace={"trace_id": deep}, sdk={"packages": deep})
    assert [Reason.ACCEPTED] == reasons(run(data))


def test_who_is_refused() -> None:
    """An unknown project, an unknown key, nobody at all, and what is no envelope."""
    data = envelope(("event", GRANTED))
    known = find(ProjectPolicy("1"))
    for request in (facts(key="c" * 32), facts(project="2"), facts(project=None)):
        with pytest.raises(ProjectError):
            process(data, request, known, MADE)
    with pytest.raises(AuthError):
        process(data, replace(facts(), credentials=None), known, MADE)
    with pytest.raises(EnvelopeError):
        process(b"nonsense", facts(), known, MADE)
    with pytest.raises(TooLargeError):
        run(data, ProjectPolicy("1", limits=Limits(envelope=10)))
    with pytest.raises(TooLargeError):
        process(data, replace(facts(project=None), limits=Limits(envelope=10)), known, MADE)


def test_the_tunnel_names_its_project_in_the_dsn() -> None:
    """Without a project in the URL the envelope's own DSN decides, and is not forwarded."""
    data = envelope(("event", GRANTED), dsn=f"https://{KEY}@relay.example/1")
    done = process(
        data, RequestFacts(None, None, lambda _: (), NEW_ID), find(ProjectPolicy("1")), MADE
    )
    assert done.envelope is not None
    assert b"relay.example" not in done.envelope.body


def test_processed_cannot_forget_an_item() -> None:
    """Without one outcome for each item, or with a permit that contradicts them, none is made."""
    done = run(envelope(("event", GRANTED), ("session", {})))
    with pytest.raises(RuntimeError):
        replace(done, outcomes=done.outcomes[:1])
    with pytest.raises(RuntimeError):
        replace(done, outcomes=done.outcomes[::-1])
    with pytest.raises(RuntimeError):
        replace(done, envelope=None)
    lost = tuple(Outcome(i, "event", Reason.INVALID, 1) for i in range(2))
    with pytest.raises(RuntimeError):
        replace(done, outcomes=lost)


def test_shadow_rules_are_counted() -> None:
    """Rules that are tried out are counted beside what was redacted."""
    made = scrubber(IP + "\nstatus: shadow")
    data = envelope(("event", {**GRANTED, "a": ADDRESS}), ("session", {"b": ADDRESS}))
    done = process(data, facts(), find(ProjectPolicy("1")), made)
    assert {("t/ip", "event/a"): 1, ("t/ip", "session/b"): 1} == dict(done.shadow)
    assert {} == dict(done.redactions)


def limited(data: bytes, *categories: str, policy: ProjectPolicy | None = None) -> Processed:
    """Process an envelope while the upstream takes nothing of some categories."""
    known = KnownLimits({name: Limit(9.0, name) for name in categories})
    asked: list[tuple[str, str]] = []

    def find_limits(project: str, key: str) -> KnownLimits:
        asked.append((project, key))
        return known

    done = process(data, facts(), find(policy or ProjectPolicy("1")), MADE, find_limits)
    assert [("1", KEY)] == asked == [done.lane]
    return done


def test_limits_come_after_consent_kind_and_policy() -> None:
    """Each item has the first reason that holds; what is limited is told, once for each item."""
    event = ("event", {**GRANTED, "message": ADDRESS})
    others = (("made_up", {}), ("session", {"sid": ID}), ("replay_video", b"x"))
    done = limited(envelope(event, *others), "error", "replay")
    assert [
        Reason.RATE_LIMITED, Reason.UNKNOWN_ITEM, Reason.ACCEPTED, Reason.ITEM_POLICY,
    ] == reasons(done)  # fmt: skip
    assert (Limit(9.0, "error"),) == done.limits
    assert done.envelope is not None
    assert ("session",) == done.envelope.categories
    refused = limited(envelope(("event", {"message": ADDRESS})), "error")
    assert ([Reason.CONSENT_MISSING], ()) == (reasons(refused), refused.limits)


def test_what_is_limited_is_not_scrubbed() -> None:
    """An event that could not be scrubbed is limited, and nothing of it was looked at."""
    deep = b'{"tags":{"allowReport":true},"extra":' + b"[" * 300 + b"]" * 300 + b"}"
    assert [Reason.RATE_LIMITED] == reasons(limited(envelope(("event", deep)), "error"))
    done = limited(envelope(("event", {**GRANTED, "message": ADDRESS})), "error")
    assert (None, {}) == (done.envelope, done.redactions)


def test_an_item_is_limited_as_what_it_is() -> None:
    """A transaction that came as an event goes by the limit of transactions."""
    data = envelope(("event", {**GRANTED, "type": "transaction"}), ("attachment", b"x"))
    assert [Reason.RATE_LIMITED] * 2 == reasons(limited(data, "transaction"))
    assert [Reason.ACCEPTED] * 2 == reasons(limited(data, "error"))


def test_every_item_has_its_quantities() -> None:
    """In their order, whatever became of it."""
    data = envelope(("event", GRANTED), ("attachment", b"12345"), ("made_up", {}))
    assert ((("error", 1),), (("attachment", 5), ("attachment_item", 1)), ()) == run(
        data
    ).quantities


def test_a_report_of_our_own_gets_a_permit() -> None:
    """It holds the report alone, and no header that could tell of anyone."""
    report = ClientReport(5.0, {(Reason.INVALID, "error"): 3})
    permit = report_permit("1", KEY, report)
    (item,) = parse(permit.body).items
    assert ({}, "client_report", report.payload()) == (
        parse(permit.body).headers, item.kind, item.payload,
    )  # fmt: skip
    assert ("1", KEY, "", ("internal",)) == (
        permit.project, permit.key, permit.client, permit.categories,
    )  # fmt: skip
    others = [
        report_permit("2", KEY, report),
        report_permit("1", "c" * 32, report),
        report_permit("1", KEY, replace(report, timestamp=6)),
    ]
    assert 4 == len({permit.envelope_id, *(other.envelope_id for other in others)})


def test_attached_text_has_a_bound_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is more than can be searched falls alone; a picture takes none of the room."""
    monkeypatch.setattr("relay.pipeline.ATTACHED_TEXT", 100)
    sizes = (60, 60, 40, 1)
    texts = [b'{"type":"attachment","length":%d}\n%s\n' % (size, b"x" * size) for size in sizes]
    picture = b'{"type":"attachment","length":90,"content_type":"image/png"}\n%s\n' % (b"\0" * 90)
    done = run(b"".join([envelope(("event", GRANTED)), picture, *texts]))
    dropped, kept, failed = Reason.ITEM_POLICY, Reason.ACCEPTED, Reason.SCRUB_FAILED
    assert [kept, dropped, kept, failed, kept, failed] == reasons(done)
    assert ["event", *["attachment"] * 5] == [outcome.kind for outcome in done.outcomes]
    assert [90, *sizes] == [outcome.size for outcome in done.outcomes[1:]]


@pytest.mark.parametrize("own", [NEW_ID[:-1] + "0", ID])
def test_an_event_keeps_an_id_of_its_own(own: str) -> None:
    """Beside another in the header; only an event without one gets that of its envelope."""
    done = run(envelope(("event", {**GRANTED, "event_id": own}), event_id=ID))
    assert done.envelope is not None
    assert own == json.loads(parse(done.envelope.body).items[0].payload)["event_id"]
    done = run(envelope(("event", {**GRANTED, "event_id": "jane"}), event_id=ID))
    assert done.envelope is not None
    assert ID == json.loads(parse(done.envelope.body).items[0].payload)["event_id"]
