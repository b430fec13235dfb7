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
        *[B64.rstrip(b"=") + b"=" * count for count in range(1, 4)],
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
        b"!" + B64,
        B64[:8] + b"!!!!" + B64[8:],
        b"sentry_data=",
        b"x=1&sentry_data=",
        b"&".join([b"x=1"] * 100 + [b"sentry_data=" + B64]),
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


def test_blanks_inside_are_no_compression() -> None:
    """JSON in base64 may begin with a blank."""
    assert b" " + EVENT == decode_store(base64.b64encode(b" " + EVENT))


def test_an_event_may_speak_of_the_field() -> None:
    """JSON is no form, though the name of the field stands in it."""
    event = b'{"request":{"query_string":"a=1&sentry_data=e30"}}'
    assert event == decode_store(event)


def test_limits() -> None:
    """Body and event have limits of their own, and a bomb inside ends at the event's."""
    size = len(EVENT)
    assert EVENT == decode_store(EVENT, Limits(body=size, event=size))
    for limits in (Limits(body=size - 1), Limits(event=size - 1)):
        with pytest.raises(TooLargeError, match="size limits for type 'event'"):
            decode_store(EVENT, limits)
    with pytest.raises(TooLargeError):
        decode_store(base64.b64encode(zlib.compress(b"{" + b" " * 2**24)))


def test_as_envelope() -> None:
    """An event with line feeds inside becomes an envelope with that one item."""
    event = b'{\n"a": 1\n}'
    envelope = parse(as_envelope(event, "9ec79c33ec9942ab8353589fcb2e04dc"))
    assert {"event_id": "9ec79c33ec9942ab8353589fcb2e04dc"} == envelope.headers
    assert [("event", event)] == [(item.kind, item.payload) for item in envelope.items]


def test_an_event_without_an_id_keeps_its_own() -> None:
    """The envelope names none then."""
    assert {} == parse(as_envelope(b'{"a":1}')).headers


@pytest.mark.parametrize(
    "values", [('{"a":1}', "{}"), ('{"a":1,', '"b":2}'), ("{}", "{}"), ("{", "", "}")]
)
def test_a_form_that_gives_its_event_twice_is_refused(values: tuple[str, ...]) -> None:
    """One of the two may deny what the other grants; they are not put together either."""
    with pytest.raises(BodyError):
        decode_store(urlencode([("sentry_data", value) for value in values]).encode())
