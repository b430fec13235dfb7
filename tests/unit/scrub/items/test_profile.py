"""Profiles and their chunks."""

import pytest

from relay.jsonio import JsonError
from relay.scrub.items.model import NotForwardedError
from tests.unit.scrub.items.tools import clean, scrub


def test_every_string_goes_through_the_rules() -> None:
    """Frames, tags and device are scrubbed."""
    profile = {
        "profile": {"frames": [{"abs_path": "/203.0.113.77/a.py", "lineno": 3}]},
        "platform": "python",
    }
    expected = {
        "profile": {"frames": [{"abs_path": "/[ip]/a.py", "lineno": 3}]},
        "platform": "python",
    }
    assert expected == clean("profile", profile)


@pytest.mark.parametrize("payload", [b"", b"{", b'"text"', b"12", b"null", b"[]"])
def test_what_is_not_its_kind_is_invalid(payload: bytes) -> None:
    """Broken JSON, and JSON of another form, is refused."""
    with pytest.raises(JsonError):
        scrub("profile", payload)


def test_a_packed_trace_is_not_forwarded() -> None:
    """An old Android profile holds a trace that no rule can read."""
    with pytest.raises(NotForwardedError):
        scrub("profile", {"sampled_profile": "U0xPV1ZFUlNJT04=", "platform": "android"})
