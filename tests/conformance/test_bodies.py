"""Bodies: encodings, bombs, and the grammar of envelopes."""

import gzip
import json
import re
from collections.abc import Callable

import pytest

from tests.conformance.target import (
    AUTH,
    Target,
    envelope,
    event,
    event_envelope,
    new_id,
    path,
)
from tests.packing import PACKERS, begin_peak, bomb, peak

rows = pytest.mark.rows
ours = pytest.mark.ours
MIB = 1024 * 1024


@rows("body/encodings", "body/encoding-ignored")
@pytest.mark.parametrize("encoding", list(PACKERS))
@pytest.mark.parametrize("framing", ["Content-Length", "chunked"])
def test_each_encoding_is_undone(target: Target, encoding: str, framing: str) -> None:
    """With a length and in chunks."""
    event_id = new_id()
    headers = [("Content-Encoding", encoding)]
    if framing == "chunked":
        headers.append(("Transfer-Encoding", "chunked"))
    body = PACKERS[encoding](event_envelope(event_id))
    assert 200 == target.post("envelope", body, *headers).status
    assert "something broke" in str(target.upstream.of(event_id).one("event").json())


@rows("body/encoding-unknown", "answers/415")
@pytest.mark.parametrize("encoding", ["compress", "lzma", "nonsense"])
def test_an_unknown_encoding_is_415(target: Target, encoding: str) -> None:
    """What cannot be undone is not taken."""
    body = event_envelope()
    assert 415 == target.post("envelope", body, ("Content-Encoding", encoding)).status


@rows("body/encodings", "answers/400")
@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd"])
def test_what_does_not_decompress_is_400(target: Target, encoding: str) -> None:
    """Other bytes, and bytes that end too early."""
    packed = PACKERS[encoding](event_envelope())
    for body in (b"\xff" * 40, packed[: len(packed) // 2]):
        assert 400 == target.post("envelope", body, ("Content-Encoding", encoding)).status


@rows("body/bomb", "body/decompressed", "limits/envelope", "answers/413")
@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd"])
def test_a_bomb_ends_early(target: Target, encoding: str) -> None:
    """201 MiB of zeros in a few kilobytes are 413; our process stays small."""
    packed = bomb(encoding, 201 * MIB)
    before = 0 if target.own is None else begin_peak(target.own.pid)
    assert 413 == target.post("envelope", packed, ("Content-Encoding", encoding)).status
    if target.own is not None:
        assert peak(target.own.pid) - before < 32 * MIB


@rows("body/decompressed")
def test_an_event_is_counted_decompressed(target: Target) -> None:
    """An event of more than 1 MiB does not get smaller by being compressed."""
    words = " ".join(f"w{number:x}" for number in range(200_000))
    body = gzip.compress(event_envelope(extra={"much": words}))
    assert len(body) < MIB
    assert 413 == target.post("envelope", body, ("Content-Encoding", "gzip")).status


# --- grammar -------------------------------------------------------------------------------------


def _event(event_id: str, **more: object) -> bytes:
    return json.dumps(event(event_id, **more)).encode()


GOOD: dict[str, Callable[[str], bytes]] = {
    "with length, LF at the end": lambda i: (
        b'{"event_id":"%s"}\n{"type":"event","length":%d}\n%s\n'
        % (i.encode(), len(_event(i)), _event(i))
    ),
    "with length, no LF at the end": lambda i: (
        b'{"event_id":"%s"}\n{"type":"event","length":%d}\n%s'
        % (i.encode(), len(_event(i)), _event(i))
    ),
    "without length, LF at the end": lambda i: (
        b'{"event_id":"%s"}\n{"type":"event"}\n%s\n' % (i.encode(), _event(i))
    ),
    "without length, no LF at the end": lambda i: (
        b'{"event_id":"%s"}\n{"type":"event"}\n%s' % (i.encode(), _event(i))
    ),
    "length is null": lambda i: (
        b'{"event_id":"%s"}\n{"type":"event","length":null}\n%s' % (i.encode(), _event(i))
    ),
    "an empty header": lambda i: b'{}\n{"type":"event"}\n%s' % _event(i),
    "LF inside a payload with length": lambda i: envelope(
        {"event_id": i}, ("event", json.dumps(event(i), indent=1).encode())
    ),
    "CR LF after a payload without length": lambda i: b'{}\n{"type":"event"}\n%s\r\n' % _event(i),
    "several LF at the end": lambda i: b'{}\n{"type":"event"}\n%s\n\n\n' % _event(i),
    "spaces and further keys in headers": lambda i: (
        b'{ "event_id" : "%s", "other": [1] }\n{ "type":"event" , "a":null }\n%s'
        % (i.encode(), _event(i))
    ),
}


@rows(
    "envelope/header-line",
    "envelope/length",
    "envelope/no-length",
    "envelope/last-lf",
    "envelope/empty-header",
    "envelope/cr",
)
@pytest.mark.parametrize("form", list(GOOD))
def test_what_is_an_envelope(target: Target, form: str) -> None:
    """It is taken, and its event arrives."""
    event_id = new_id()
    reply = target.post("envelope", GOOD[form](event_id))
    assert (200, {"id": event_id}) == (reply.status, reply.json())
    assert event_id == target.upstream.of(event_id).one("event").json()["event_id"]


BAD = {
    "nothing": b"",
    "no JSON": b"nonsense",
    "JSON that is no object": b"[]",
    "JSON that breaks off": b'{"event_id":1',
    "an item header that is no JSON": b"{}\n{broken\n{}",
    "an item header that is no object": b"{}\n7\n{}",
    "shorter than its length": b'{}\n{"type":"event","length":99}\n{}',
    "longer than its length": b'{}\n{"type":"event","length":1}\n{}',
    "a length that is no number": b'{}\n{"type":"event","length":"2"}\n{}',
    "a negative length": b'{}\n{"type":"event","length":-1}\n{}',
    "CR LF between header and payload": b'{}\n{"type":"event","length":2}\n\r\n{}',
}


@rows(
    "envelope/header-line",
    "envelope/length",
    "envelope/cr",
    "answers/400",
)
@pytest.mark.parametrize("form", list(BAD))
def test_what_is_no_envelope_is_400(target: Target, form: str) -> None:
    """Refused as a whole."""
    assert 400 == target.post("envelope", BAD[form]).status


@rows("envelope/cr")
def test_cr_is_payload(target: Target) -> None:
    """A CR before the LF belongs to the text, and arrives."""
    event_id = new_id()
    arrival = target.deliver(
        {"event_id": event_id}, ("attachment", b"one\r\ntwo\r", {"filename": "a.txt"})
    )
    assert b"one\r\ntwo\r" == arrival.one("attachment").payload


@rows("envelope/length")
def test_an_item_of_no_bytes(target: Target) -> None:
    """An attachment may be empty, and what follows is read on."""
    event_id = new_id()
    arrival = target.deliver(
        {"event_id": event_id},
        ("attachment", b"", {"filename": "a.txt"}),
        ("event", event(event_id)),
    )
    assert ["attachment", "event"] == [item.kind for item in arrival.items]


@rows("envelope/no-event-id", "envelope/empty-header")
def test_an_event_without_an_id_gets_one(target: Target) -> None:
    """As coinjoin reports have none: the answer names it, and it arrives under it."""
    document = event()
    del document["event_id"]
    reply = target.post("envelope", envelope({}, ("event", document)))
    assert 200 == reply.status
    given = reply.json()["id"]
    assert re.fullmatch("[0-9a-f]{32}", given)
    assert given == target.upstream.of(given).one("event").json()["event_id"]


@rows("envelope/empty")
@pytest.mark.parametrize("body", [b"{}", b"{}\n", b'{"sent_at":"2026-11-26T10:00:00Z"}\n\n'])
def test_an_envelope_of_headers_only(target: Target, body: bytes) -> None:
    """200, and nothing goes on."""
    target.settle()
    before = len(target.upstream.envelopes())
    assert 200 == target.post("envelope", body).status
    target.settle()
    assert before + 1 == len(target.upstream.envelopes())


@rows("envelope/length", "answers/400")
def test_a_body_that_ends_before_its_length(target: Target) -> None:
    """A chunk whose framing breaks is 400, and the connection ends."""
    head = f"POST {path('envelope')} HTTP/1.1\r\nHost: x\r\nX-Sentry-Auth: {AUTH}\r\n"
    head += "Transfer-Encoding: chunked\r\n\r\n3\r\n{}\n\r\nnonsense\r\n"
    assert b" 400 " == target.raw(head.encode())[8:13]
