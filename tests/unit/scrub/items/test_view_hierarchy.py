"""View hierarchies."""

import pytest

from relay.jsonio import JsonError
from tests.unit.scrub.items.tools import clean, scrub


def test_every_string_goes_through_the_rules() -> None:
    """Names and texts of windows are scrubbed."""
    tree = {
        "rendering_system": "x",
        "windows": [{"type": "Label", "text": "203.0.113.77", "x": 1.5}],
    }
    expected = {"rendering_system": "x", "windows": [{"type": "Label", "text": "[ip]", "x": 1.5}]}
    assert expected == clean("view_hierarchy", tree)


@pytest.mark.parametrize("payload", [b"", b"{", b'"text"', b"12", b"null", b"[]"])
def test_what_is_not_its_kind_is_invalid(payload: bytes) -> None:
    """Broken JSON, and JSON of another form, is refused."""
    with pytest.raises(JsonError):
        scrub("view_hierarchy", payload)
