"""The store body in all its dresses."""

import base64
import zlib
from urllib.parse import quote, urlencode

import pytest

from relay.errors import BodyError, TooLargeError
from relay.protocol.envelope import parse
from relay.protocol.limits import Limits
from relay.protocol.store import as_envelope, decode_store

EVENT = b'{"event_id":"9ec79c33ec9942ab8353589fcb2e04dc","message":">>>???\xc3\xa9"}'
B64 = base64.b64encode(EVENT)
ZLIB = base64.b64encode(zlib.compress(EVENT))


@pytest.mark.parametrize(
    "body",
    [
        EVENT,
        b"  " + EVENT + b"\n",
        B64,
        B64.rstrip(b"="),
        base64.urlsafe_b64encode(EVENT),
        base64.encodebytes(EVENT),
        ZLIB,
        ZLIB.rstrip(b"="),
        b"sentry_data=" + quote(EVENT).encode(),
        b"sentry_data=" + quote(ZLIB).encode(),
        b"sentry_data=" + B64,
        b"project=1&" + urlencode({"sentry_data": ZLIB.decode()}).encode(),
    ],
)
def test_dresses(body: bytes) -> None:
    """JSON, base64 and zlib, bare or as a form field, give the same event."""
    assert EVENT == decode_store(body)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"secret",
        b"{secret",
        b"[1]",
        base64.b64encode(b"secret"),
        base64.b64encode(zlib.compress(b"[1]")),
        base64.b64encode(zlib.compress(EVENT)[:-3]),
        b"sentry_data=",
        b"sentry_data=%ff",
        b"x=1&sentry_data=\xff",
        "{}\u00e9".encode(),
    ],
)
def test_none_of_them(body: bytes) -> None:
    """Anything else is a broken body, and the error holds nothing of it."""
    with pytest.raises(BodyError) as caught:
        decode_store(body)
    assert "secret" not in str(caught.value)


def test_limits() -> None:
    """Body and event have limits of their own, and a bomb inside ends at the event's."""
    with pytest.raises(TooLargeError):
        decode_store(EVENT, Limits(body=len(EVENT) - 1))
    with pytest.raises(TooLargeError):
        decode_store(EVENT, Limits(event=len(EVENT) - 1))
    with pytest.raises(TooLargeError):
        decode_store(base64.b64encode(zlib.compress(b"{" + b" " * 2**24)))


def test_as_envelope() -> None:
    """An event with line feeds inside becomes an envelope with that one item."""
    event = b'{\n"a": 1\n}'
    envelope = parse(as_envelope(event, "9ec79c33ec9942ab8353589fcb2e04dc"))
    assert {"event_id": "9ec79c33ec9942ab8353589fcb2e04dc"} == envelope.headers
    assert [("event", event)] == [(item.kind, item.payload) for item in envelope.items]


def test_a_form_that_gives_its_event_twice_is_refused() -> None:
    """One of the two may deny what the other grants."""
    with pytest.raises(BodyError):
        decode_store(b"sentry_data=%7B%22a%22%3A1%7D&sentry_data=%7B%7D")
