"""Reports of browsers."""

from dataclasses import replace

import pytest

from relay.errors import BodyError, TooLargeError, UnsupportedMediaError
from relay.protocol.envelope import parse
from relay.protocol.item_kinds import kind_of
from relay.protocol.limits import DEFAULT
from relay.protocol.reports import (
    NEL_TYPES,
    SECURITY_TYPES,
    check_media,
    nel_envelope,
    security_envelopes,
)

REPORT = b'{"csp-report":{"blocked-uri":"x"}}'


def test_a_security_report() -> None:
    """It goes on as it came; the query's release and environment are in the item's header."""
    query = {"sentry_release": "1.0", "sentry_environment": "e", "sentry_key": "k"}
    (made,) = security_envelopes(REPORT, query, DEFAULT)
    envelope = parse(made)
    assert {} == envelope.headers
    (item,) = envelope.items
    assert REPORT == item.payload
    assert {
        "type": "raw_security",
        "content_type": "application/json",
        "sentry_release": "1.0",
        "sentry_environment": "e",
        "length": len(REPORT),
    } == item.headers


def test_a_list_of_reports() -> None:
    """Each element is an envelope of its own; their number is limited."""
    made = security_envelopes(b'[{"a":1}, {"b":2}]', {}, DEFAULT)
    assert [b'{"a":1}', b'{"b":2}'] == [parse(one).items[0].payload for one in made]
    assert [] == list(security_envelopes(b"[]", {}, DEFAULT))
    assert 2 == len(security_envelopes(b"[1,2]", {}, replace(DEFAULT, items=2)))
    with pytest.raises(TooLargeError, match="size limits for type 'envelope'"):
        security_envelopes(b"[1,2,3]", {}, replace(DEFAULT, items=2))


def test_network_errors() -> None:
    """They stay together, as the item that Relay makes of them."""
    (item,) = parse(nel_envelope(b'[{"type":"network-error"}]')).items
    kind = kind_of(item.headers)
    assert kind is not None
    assert ("nel", b'[{"type":"network-error"}]') == (kind.name, item.payload)


@pytest.mark.parametrize("body", [b"", b"{", b'"text"', b"1", b"null"])
def test_no_report(body: bytes) -> None:
    """What is no JSON object and no list is refused."""
    with pytest.raises(BodyError):
        security_envelopes(body, {}, DEFAULT)
    with pytest.raises(BodyError):
        nel_envelope(body)


def test_media_types() -> None:
    """A parameter does not matter, nor does case; another type does."""
    check_media("Application/Reports+JSON; charset=utf-8; a=b", NEL_TYPES)
    check_media("application/json", NEL_TYPES)
    for media in ("application/json", "application/csp-report", "application/reports+json"):
        check_media(media, SECURITY_TYPES)
    for wrong in ("", "text/plain", "application/csp-report"):
        with pytest.raises(UnsupportedMediaError):
            check_media(wrong, NEL_TYPES)
