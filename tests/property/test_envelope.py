"""Envelopes against sentry_sdk's own reader, round trips, and bytes from nowhere."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from sentry_sdk.envelope import Envelope as SdkEnvelope

from relay.errors import EnvelopeError, TooLargeError
from relay.protocol.envelope import Envelope, Item, parse, serialise

# Kinds that sentry_sdk does not parse itself: it would compare JSON, not bytes.
KINDS = ["attachment", "session", "log", "check_in", "statsd", "made_up"]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
headers = st.dictionaries(
    st.text(min_size=1, max_size=6).filter(lambda key: key not in {"length", "type", "item_count"}),
    json_values,
    max_size=4,
)


@st.composite
def items(draw: st.DrawFn) -> tuple[dict[str, Any], bytes, bool]:
    """Headers, payload, and whether the length is written."""
    named = {**draw(headers), "type": draw(st.sampled_from(KINDS))}
    payload = draw(st.binary(max_size=40))
    explicit = b"\n" in payload or draw(st.booleans())
    return named, payload, explicit


@st.composite
def envelopes(draw: st.DrawFn) -> bytes:
    """A valid envelope in one of its spellings."""
    data = json.dumps(draw(headers)).encode()
    for named, payload, explicit in draw(st.lists(items(), max_size=5)):
        head = {**named, "length": len(payload)} if explicit else named
        ascii_only = draw(st.booleans())
        line = json.dumps(head, ensure_ascii=ascii_only).encode("utf-8", "replace")
        data += b"\n" + line + b"\n" + payload
    return data + (b"\n" if draw(st.booleans()) else b"")


@settings(deadline=None, max_examples=150)
@given(envelopes())
def test_agrees_with_sentry_sdk(data: bytes) -> None:
    """What the SDK's reader sees in a valid envelope, ours sees too."""
    theirs = SdkEnvelope.deserialize(data)
    ours = parse(data)
    assert theirs.headers == ours.headers
    # The SDK's Item adds a content type of its own to the headers.
    expected = [
        ({k: v for k, v in item.headers.items() if k != "content_type"}, item.get_bytes())
        for item in theirs.items
    ]
    actual = [
        ({k: v for k, v in item.headers.items() if k != "content_type"}, item.payload)
        for item in ours.items
    ]
    assert expected == actual


@settings(deadline=None, max_examples=150)
@given(envelopes())
def test_untouched_bytes_stay(data: bytes) -> None:
    """An envelope that nobody touched is written as it came, but for the last LF."""
    written = serialise(parse(data))
    assert data.rstrip(b"\n") == written[: len(data.rstrip(b"\n"))]
    assert written == serialise(parse(written))
    assert parse(data) == parse(written)


@settings(deadline=None, max_examples=150)
@given(headers, st.lists(items(), max_size=5))
def test_rewritten_envelope_reads_back(
    head: dict[str, Any], contents: list[tuple[dict[str, Any], bytes, bool]]
) -> None:
    """New items come back with their headers, their payload and the right length."""
    made = Envelope.make(head, tuple(Item.make(named, payload) for named, payload, _ in contents))
    data = serialise(made)
    expected = [({**named, "length": len(payload)}, payload) for named, payload, _ in contents]
    assert expected == [(dict(item.headers), item.payload) for item in parse(data).items]
    assert [p for _, p in expected] == [i.get_bytes() for i in SdkEnvelope.deserialize(data).items]


@settings(deadline=None, max_examples=200)
@given(
    st.lists(
        st.sampled_from(
            [b"{}", b"\n", b'{"type":"event"}', b'{"length":2}', b'{"length":0}', b"ab", b"\r"]
        )
        | st.binary(max_size=6),
        max_size=12,
    ).map(b"".join)
)
def test_any_bytes_end_in_an_envelope_or_one_of_two_errors(data: bytes) -> None:
    """Nothing but our own errors leaves the parser, and what it takes it reads back."""
    try:
        envelope = parse(data)
    except (EnvelopeError, TooLargeError):
        return
    again = parse(serialise(envelope))
    assert envelope == again
