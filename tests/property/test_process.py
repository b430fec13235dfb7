"""The whole decision, over envelopes that hypothesis makes."""

import json
import logging
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import relay
from relay.consent import ConsentPolicy, Missing
from relay.errors import RequestError
from relay.outcomes import Reason
from relay.pipeline import Processed, ProjectPolicy, RequestFacts, process
from relay.protocol.auth import Credentials
from relay.protocol.envelope import parse
from relay.protocol.item_kinds import KINDS, Policy
from relay.scrub.scrubber import Scrubber
from tests.strategies import (
    HIDINGS,
    KEYED,
    Secret,
    hidings,
    json_documents,
    planted,
    scalars,
    secrets,
)

KEY = "a" * 32
ID = "0123456789abcdef0123456789abcdef"
SLOW = settings(
    deadline=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.filter_too_much,
        HealthCheck.function_scoped_fixture,
    ],
)
POLICIES = [
    ProjectPolicy("1", ConsentPolicy(required=False), {"attachment": Policy.TEXT}),
    ProjectPolicy("1", ConsentPolicy(missing=Missing.MINIMAL), {"attachment": Policy.TEXT}),
    ProjectPolicy("1", ConsentPolicy()),
]


@cache
def shipped() -> Scrubber:
    """The rules that ship."""
    return relay.load_scrubber(secret=b"test" * 8, verify=False)


def run(data: bytes, policy: ProjectPolicy) -> Processed:
    """Process an envelope from a known client."""
    request = RequestFacts(Credentials(KEY, "sdk/1"), "1", lambda _: (), "f" * 32)
    return process(data, request, lambda project, key: policy, shipped())


def write(headers: Any, items: list[tuple[dict[str, Any], bytes]]) -> bytes:
    """Write an envelope, with true lengths."""
    lines = [json.dumps(headers).encode()]
    for head, payload in items:
        lines += [json.dumps({**head, "length": len(payload)}).encode(), payload]
    return b"\n".join(lines) + b"\n"


@st.composite
def items(draw: st.DrawFn, text: str) -> tuple[dict[str, Any], bytes]:
    """An item of any kind with a text planted in it, and in its headers."""
    kind = draw(st.sampled_from([*KINDS, "made_up", text]))
    form = draw(st.integers(0, 3))
    payload = json.dumps(draw(planted(text))).encode()
    if form == 1:
        payload = payload[: draw(st.integers(0, len(payload)))]
    elif form == 2:
        payload = f"log line {text}\nanother".encode(draw(st.sampled_from(["utf-8", "utf-16"])))
    head = {"type": kind, "filename": text, "content_type": "text/plain", "x": text}
    return {
        **head,
        **draw(st.dictionaries(st.sampled_from(["platform", "item_count"]), scalars)),
    }, payload


def only_one_event(drawn: list[tuple[dict[str, Any], bytes]]) -> bool:
    """Whether an envelope of these is allowed."""
    return sum(1 for head, _ in drawn if (row := KINDS.get(head["type"])) and row.exclusive) < 2


@SLOW
@given(st.data(), secrets, hidings, st.sampled_from(POLICIES))
def test_nothing_planted_survives(
    caplog: pytest.LogCaptureFixture,
    data: st.DataObject,
    secret: Secret,
    how: str,
    policy: ProjectPolicy,
) -> None:
    """A secret in any item or header is in no byte, outcome, repr or log record."""
    caplog.set_level(logging.DEBUG)
    caplog.clear()
    hidden = HIDINGS[how](secret.text)
    drawn = data.draw(st.lists(items(hidden), max_size=3).filter(only_one_event))
    # Four numbers are a version where versions stand: nothing tells them from an address there.
    version = "1.0" if secret.name == "ipv4" else hidden
    headers = {
        "event_id": data.draw(st.sampled_from([ID, hidden])),
        "sent_at": hidden,
        "sdk": {"name": hidden, "version": version, "packages": [{"name": hidden}], "x": hidden},
        "trace": {
            "transaction": hidden,
            "release": version,
            "public_key": hidden,
            "user_id": hidden,
        },
        hidden: hidden,
    }
    done = run(write(headers, drawn), policy)
    shown = repr(done) + repr(done.outcomes) + repr(dict(done.redactions)) + caplog.text
    if done.envelope is not None:
        body = done.envelope.body
        for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
            shown += body.decode(encoding, "replace") + body[1:].decode(encoding, "replace")
        for item in parse(body).items:
            shown += repr(dict(item.headers))
            shown += item.payload.decode("utf-16", "replace")
    for word in (hidden, json.dumps(hidden)[1:-1], *secret.forbidden):
        assert word not in shown


@SLOW
@given(st.lists(st.tuples(st.sampled_from([*KINDS, "made_up"]), json_documents), max_size=4))
def test_one_outcome_for_each_item(drawn: list[tuple[str, Any]]) -> None:
    """Each item has its outcome, in order, with its size; what is accepted is what goes on."""
    made = [({"type": kind}, json.dumps(document).encode()) for kind, document in drawn]
    if not only_one_event(made):
        made = made[:1]
    done = run(write({}, made), POLICIES[0])
    assert [len(payload) for _, payload in made] == [outcome.size for outcome in done.outcomes]
    accepted = [outcome.kind for outcome in done.outcomes if outcome.reason is Reason.ACCEPTED]
    going = [] if done.envelope is None else list(parse(done.envelope.body).items)
    assert len(accepted) == len(going)


@SLOW
@given(
    json_documents,
    st.sampled_from([b"{broken", b"\xff", b"[" * 500, b'{"a":' * 300 + b"1" + b"}" * 300]),
)
def test_a_broken_item_falls_alone(document: Any, broken: bytes) -> None:
    """What cannot be parsed or scrubbed does not take its envelope along."""
    event = {"extra": document}
    data = write(
        {}, [({"type": "session"}, broken), ({"type": "event"}, json.dumps(event).encode())]
    )
    done = run(data, POLICIES[0])
    assert not done.outcomes[0].accepted
    assert done.outcomes[1].accepted


bytes_like_envelopes = st.lists(
    st.sampled_from([
        b"{}", b"\n", b'{"type":"event"}', b'{"type":"event","length":2}',
        b'{"type":"log","length":0}',
        b'{"dsn":"x"}', b"\xff", b"\0", b"[]", b'{"a":1}', b"{", b'{"type":5}', b'{"length":-1}',
        b'{"trace":{"trace_id":[[]]},"sdk":5}', b'{"event_id":{}}', b"\r",
        b'{"tags":[["allowReport"]]}',
    ]) | st.binary(max_size=6),
    max_size=12,
).map(b"".join)  # fmt: skip


@SLOW
@given(bytes_like_envelopes | st.binary(max_size=80), st.sampled_from(POLICIES))
def test_any_bytes(data: bytes, policy: ProjectPolicy) -> None:
    """Any bytes are processed or refused as a request; nothing else is ever raised."""
    try:
        done = run(data, policy)
    except RequestError as error:
        assert 400 <= error.status < 500  # noqa: PT017 - either end is a good one
        return
    assert list(range(done.items)) == [outcome.index for outcome in done.outcomes]


@SLOW
@given(st.data())
def test_processing_what_was_processed(data: st.DataObject) -> None:
    """An envelope that went through once goes through a second relay as it is."""
    document = data.draw(json_documents)
    made = [({"type": "event"}, json.dumps({"extra": document, "event_id": ID}).encode())]
    once = run(write({"event_id": ID}, made), POLICIES[0]).envelope
    assert once is not None
    twice = run(once.body, POLICIES[0]).envelope
    assert twice is not None
    assert once.body == twice.body


def test_the_key_alone_gives_it_away() -> None:
    """A value that only its key gives away goes from items, headers and attachments."""
    text = json.dumps({"walletLabel": KEYED})
    made = [
        ({"type": "event"}, json.dumps({"extra": {"label": KEYED, "m": text}}).encode()),
        ({"type": "attachment", "filename": f"label={KEYED}"}, text.encode("utf-16")),
    ]
    done = run(write({"sdk": {"name": f"label={KEYED}"}}, made), POLICIES[0])
    assert done.envelope is not None
    assert [True, True] == [outcome.accepted for outcome in done.outcomes]
    assert KEYED.encode() not in done.envelope.body
    assert KEYED.encode("utf-16-le") not in done.envelope.body
