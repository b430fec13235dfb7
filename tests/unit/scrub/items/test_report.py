"""Reports of browsers."""

import pytest

from relay.jsonio import JsonError
from tests.unit.scrub.items.tools import clean, scrub


def test_every_string_goes_through_the_rules() -> None:
    """Reports are scrubbed, and what they say of browser and server is gone."""
    old = {"csp-report": {"document-uri": "http://203.0.113.77/", "status-code": 0}}
    assert {"csp-report": {"document-uri": "http://[ip]/", "status-code": 0}} == clean(
        "report", old
    )
    told = {"csp-report": {"document-uri": "x", "user-agent": "y", "server-ip": "{{auto}}"}}
    assert {"csp-report": {"document-uri": "x"}} == clean("report", told)
    new = {
        "type": "network-error",
        "user_agent": "x",
        "body": {"server_ip": "203.0.113.78", "phase": "dns"},
    }
    assert [{"type": "network-error", "body": {"phase": "dns"}}] == clean("report", [new])


@pytest.mark.parametrize("payload", [b"", b"{", b'"text"', b"12", b"null"])
def test_what_is_not_its_kind_is_invalid(payload: bytes) -> None:
    """Broken JSON, and JSON of another form, is refused."""
    with pytest.raises(JsonError):
        scrub("report", payload)
