"""What a rule is."""

import pytest

from relay.rules.model import normalise_key


@pytest.mark.parametrize(
    ("key", "expected"),
    [("device_id", "deviceid"), ("Device-ID", "deviceid"), ("device id", "deviceid"), ("ß", "ss")],
)
def test_normalise_key(key: str, expected: str) -> None:
    """Case, underscores, hyphens and spaces do not count when keys are compared."""
    assert expected == normalise_key(key)
