"""Items that are one JSON object."""

import pytest

from relay.jsonio import JsonError
from tests.unit.scrub.items.tools import clean, scrub


def test_every_string_goes_through_the_rules() -> None:
    """The document is what it was, without the secret."""
    document = {"check_in_id": "1", "monitor_slug": "to 203.0.113.77", "n": [1, None, True]}
    assert {**document, "monitor_slug": "to [ip]"} == clean("document", document)


@pytest.mark.parametrize("payload", [b"", b"{", b'"text"', b"12", b"null", b"[]"])
def test_what_is_not_its_kind_is_invalid(payload: bytes) -> None:
    """Broken JSON, and JSON of another form, is refused."""
    with pytest.raises(JsonError):
        scrub("document", payload)
