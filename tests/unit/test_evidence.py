"""Evidence of consent: what an envelope's header and its items say, read closely."""

import json
from typing import Any

import pytest

from relay import jsonio
from relay.consent import ConsentPolicy, Evidence, Missing, Source
from relay.errors import TooLargeError
from relay.evidence import check_values, decide_consent, read_item
from relay.outcomes import Reason
from relay.protocol.envelope import parse

GRANTED = {"tags": {"allowReport": True}}
STRICT = ConsentPolicy()


def envelope(*items: tuple[str, Any]) -> bytes:
    """Write an envelope of items with JSON or bytes."""
    lines = [b"{}"]
    for kind, content in items:
        payload = content if isinstance(content, bytes) else json.dumps(content).encode()
        lines += [json.dumps({"type": kind, "length": len(payload)}).encode(), payload]
    return b"\n".join(lines) + b"\n"


def reasons(data: bytes, policy: ConsentPolicy = STRICT, *evidence: Evidence) -> list[Reason]:
    """What the verdict on each item is reason for."""
    parsed = parse(data)
    read = [read_item(item) for item in parsed.items]
    return [v.reason for v in decide_consent(evidence, parsed, read, policy).items]


NO = '{"tags":{"allowReport":false}'


@pytest.mark.parametrize(
    "event",
    [
        NO.encode(),
        f"{NO}}}}}".encode(),
        f"[{NO}}}]".encode(),
        NO.encode("utf-16"),
        NO.replace("a", "\\u0061").encode(),
        NO.encode() + b',"message":"\xff"}',
        NO.encode() + b',"extra":' + b'{"a":' * 2000 + b"1" + b"}" * 2002,
    ],
)
def test_an_answer_that_cannot_be_read_denies(event: bytes) -> None:
    """Where an event names the tag and is no document, nobody can tell that it is no "no"."""
    beside = envelope(("check_in", event), ("event", GRANTED), ("session", {}))
    assert [Reason.CONSENT_DENIED] * 3 == reasons(beside)
    header = Evidence(Source.HTTP_HEADER, granted=True)
    assert [Reason.CONSENT_DENIED] == reasons(envelope(("event", event)), STRICT, header)
    assert [Reason.CONSENT_DENIED] == reasons(
        envelope(("event", event)), ConsentPolicy(missing=Missing.MINIMAL)
    )


@pytest.mark.parametrize("event", [b"{broken", b"[1]", b"", b'{"message":"\\u003cb\\u003e'])
def test_a_broken_event_that_names_no_tag_says_nothing(event: bytes) -> None:
    """What says yes beside it holds for it too."""
    assert [Reason.CONSENT_MISSING] == reasons(envelope(("check_in", event)))
    assert [Reason.ACCEPTED] * 2 == reasons(envelope(("check_in", event), ("event", GRANTED)))


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (b'{"tags":{"allowReport":false,"allowReport":true}}', Reason.CONSENT_DENIED),
        (b'{"tags":{"allowReport":false},"tags":{"allowReport":true}}', Reason.CONSENT_DENIED),
        (b'{"tags":{"allowReport":false},"tags":{"a":"b"}}', Reason.CONSENT_DENIED),
        (b'{"tags":{"a":"b"},"tags":{"c":"d"}}', Reason.CONSENT_MISSING),
        (b'{"tags":[{"name":"allowReport","value":false}]}', Reason.CONSENT_DENIED),
        (b'{"tags":{"allowReport":true},"extra":{"allowReport":1}}', Reason.ACCEPTED),
        (rb'{"tags":{"\u0061llowReport":false,"allowReport":true}}', Reason.CONSENT_DENIED),
        (rb'{"tags":{"allowReport":true},"x":"\u0061","x":"\u0061"}', Reason.ACCEPTED),
    ],
)
def test_a_denial_does_not_hide_behind_its_double(event: bytes, expected: Reason) -> None:
    """A flag that an object has twice denies, whichever a parser would keep."""
    assert [expected] == reasons(envelope(("event", event)))


def test_a_doubled_flag_of_another_name_denies() -> None:
    """The flags that an operator chose are held to the same."""
    policy = ConsentPolicy(flag="agreed", flags=("also",))
    for name in ("agreed", "also"):
        event = b'{"tags":{"%s":false,"%s":true}}' % (name.encode(), name.encode())
        assert [Reason.CONSENT_DENIED] == reasons(envelope(("event", event)), policy)


def test_a_doubled_flag_in_the_envelope_header_denies() -> None:
    """The envelope header is held to the same."""
    data = b'{"consent":"false","consent":"true"}\n{"type":"session"}\n{"did":"x"}\n'
    assert [Reason.CONSENT_DENIED] == reasons(data)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"contexts": {"feedback": {"message": "hello"}}}, Reason.ACCEPTED),
        ({"message": "hello"}, Reason.CONSENT_MISSING),
        ({"contexts": {"feedback": {}}, "exception": {"values": [1]}}, Reason.CONSENT_MISSING),
    ],
)
@pytest.mark.parametrize("kind", ["feedback", "event"])
def test_only_a_feedback_is_the_users_own_act(kind: str, document: dict, expected: Reason) -> None:
    """An event that calls itself feedback does not pass without consent."""
    assert [expected] == reasons(envelope((kind, {"type": "feedback", **document})))


def test_a_user_report_can_deny() -> None:
    """A tag in a user report counts like any other."""
    report = {"tags": {"allowReport": False}, "comments": "x"}
    assert [Reason.CONSENT_DENIED] == reasons(envelope(("user_report", report)))


def test_documents_that_are_held_have_values_in_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that may speak about consent are in memory together, so their values are bounded."""
    monkeypatch.setattr(jsonio, "MAX_VALUES", 100)
    report = {"comments": "x", "x": [1] * 60}
    check_values(parse(envelope(("user_report", report))).items)
    check_values(parse(envelope(("user_report", report), ("log", report))).items)
    with pytest.raises(TooLargeError, match="type 'envelope'"):
        check_values(parse(envelope(("user_report", report), ("user_report", report))).items)


def test_only_what_may_speak_is_read() -> None:
    """Other kinds keep their bytes as they are; a broken document is none."""
    data = envelope(("event", GRANTED), ("session", {"did": "x"}), ("check_in", b"{"), ("new", {}))
    read = [read_item(item) for item in parse(data).items]
    assert [GRANTED, None, None, None] == [one.document for one in read]
    assert ["event", "session", "check_in", None] == [one.kind and one.kind.name for one in read]
