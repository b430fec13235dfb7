"""Sizes and durations."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.config import values


@pytest.mark.parametrize(
    ("text", "size"),
    [("500MB", 500_000_000), ("1GiB", 1024**3), ("7 kB", 7000), ("0B", 0), ("2KiB", 2048)],
)
def test_sizes(text: str, size: int) -> None:
    """A size is a number and a unit, of 1000 or of 1024."""
    assert size == values.parse_size(text)


@pytest.mark.parametrize(
    ("text", "seconds"), [("24h", 86_400), ("10m", 600), ("90d", 7_776_000), ("250ms", 0.25)]
)
def test_durations(text: str, seconds: float) -> None:
    """A duration is a whole number and a unit."""
    assert seconds == values.parse_duration(text)


@pytest.mark.parametrize(
    "text", ["", "500", "5mb", "MB", "1.5GB", "-1MB", "1MBs", "٣MB", "9" * 12 + "TiB"]
)
def test_not_a_size(text: str) -> None:
    """A bare number, a fraction, a wrong unit or too much is refused."""
    with pytest.raises(ValueError, match="size"):
        values.parse_size(text)


@pytest.mark.parametrize("text", ["", "24", "1w", "1h30m", "-1h", "1.5h", "24H", "3651d"])
def test_not_a_duration(text: str) -> None:
    """A bare number, a fraction, a wrong unit or too long is refused."""
    with pytest.raises(ValueError, match="duration"):
        values.parse_duration(text)


@given(st.integers(0, 10**11))
@settings(deadline=None, max_examples=100)
def test_sizes_read_back(size: int) -> None:
    """What is shown of a size reads back as the same size."""
    assert size == values.parse_size(values.format_size(size))


@given(st.integers(0, 10**8))
@settings(deadline=None, max_examples=100)
def test_durations_read_back(milliseconds: int) -> None:
    """What is shown of a duration reads back as the same duration."""
    seconds = milliseconds / 1000
    assert seconds == pytest.approx(values.parse_duration(values.format_duration(seconds)))
