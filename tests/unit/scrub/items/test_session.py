"""Sessions."""

import pytest

from relay.jsonio import JsonError
from tests.unit.scrub.items.tools import FakeTools, clean, scrub


def test_every_string_goes_through_the_rules() -> None:
    """Address and browser go, whatever the rules say, and a note says so."""
    session = {
        "did": "x",
        "attrs": {"ip_address": "1.2.3.4", "user_agent": "y", "release": "203.0.113.77"},
    }
    tools = FakeTools()
    assert b'{"did":"x","attrs":{"release":"[ip]"}}' == scrub("session", session, tools)
    assert [("attrs", "ip_address"), ("attrs", "user_agent")] == [n.path for n in tools.notes]
    assert {"attrs": None} == clean("session", {"attrs": None})


def test_sums_have_attributes_too() -> None:
    """Where each sum has its own, address and browser go from there."""
    sums = [{"attrs": {"ip_address": "{{auto}}", "release": "1"}, "exited": 1}, None, {"exited": 2}]
    tools = FakeTools()
    expected = b'{"aggregates":[{"attrs":{"release":"1"},"exited":1},null,{"exited":2}]}'
    assert expected == scrub("session", {"aggregates": sums}, tools)
    assert [("aggregates", 0, "attrs", "ip_address")] == [note.path for note in tools.notes]
    assert {"aggregates": {}} == clean("session", {"aggregates": {}})


@pytest.mark.parametrize("payload", [b"", b"{", b'"text"', b"12", b"null", b"[]"])
def test_what_is_not_its_kind_is_invalid(payload: bytes) -> None:
    """Broken JSON, and JSON of another form, is refused."""
    with pytest.raises(JsonError):
        scrub("session", payload)
