"""Containers of spans, logs and metrics."""

import pytest

from relay.jsonio import JsonError
from tests.unit.scrub.items.tools import clean, scrub


def test_every_string_goes_through_the_rules() -> None:
    """Attributes and body are scrubbed, and Sentry infers nothing."""
    log = {
        "body": "at 203.0.113.77",
        "attributes": {"a": {"type": "string", "value": "203.0.113.77"}},
    }
    settings = {"infer_ip": "auto", "infer_user_agent": "auto", "other": 1}
    expected = {
        "items": [{"body": "at [ip]", "attributes": {"a": {"type": "string", "value": "[ip]"}}}],
        "ingest_settings": {"infer_ip": "never", "infer_user_agent": "never", "other": 1},
    }
    assert expected == clean("container", {"items": [log], "ingest_settings": settings})
    assert expected["items"][0] == clean("container", log)  # type: ignore[index]


@pytest.mark.parametrize("payload", [b"", b"{", b'"text"', b"12", b"null", b"[]"])
def test_what_is_not_its_kind_is_invalid(payload: bytes) -> None:
    """Broken JSON, and JSON of another form, is refused."""
    with pytest.raises(JsonError):
        scrub("container", payload)
