"""Replays' events."""

import pytest

from relay.jsonio import JsonError
from tests.unit.scrub.items.tools import clean, scrub


def test_every_string_goes_through_the_rules() -> None:
    """An event without its address, its client's `_meta`, and with our word on inferring."""
    event = {
        "urls": ["http://203.0.113.77/"],
        "user": {"ip_address": "1.2.3.4", "id": "7"},
        "_meta": {"a": {}},
    }
    expected = {
        "urls": ["http://[ip]/"],
        "user": {"id": "7"},
        "sdk": {"settings": {"infer_ip": "never"}},
    }
    assert expected == clean("replay_event", event)


@pytest.mark.parametrize("payload", [b"", b"{", b'"text"', b"12", b"null", b"[]"])
def test_what_is_not_its_kind_is_invalid(payload: bytes) -> None:
    """Broken JSON, and JSON of another form, is refused."""
    with pytest.raises(JsonError):
        scrub("replay_event", payload)
