"""Metric buckets."""

import pytest

from relay.jsonio import JsonError
from tests.unit.scrub.items.tools import clean, scrub


def test_every_string_goes_through_the_rules() -> None:
    """A list of them is scrubbed, and so is a single one."""
    bucket = {"name": "c:custom/x@none", "value": [1.5], "tags": {"at": "203.0.113.77"}}
    expected = {**bucket, "tags": {"at": "[ip]"}}
    assert [expected] == clean("metric_buckets", [bucket])
    assert expected == clean("metric_buckets", bucket)


@pytest.mark.parametrize("payload", [b"", b"{", b'"text"', b"12", b"null"])
def test_what_is_not_its_kind_is_invalid(payload: bytes) -> None:
    """Broken JSON, and JSON of another form, is refused."""
    with pytest.raises(JsonError):
        scrub("metric_buckets", payload)
