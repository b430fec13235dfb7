"""The order of arrival is compared with that of acceptance."""

import pytest

from benchmarks.load.recovery import order


@pytest.mark.parametrize(
    ("arrived", "displaced", "newest_first"),
    [
        ("abcdef", 0, False),
        ("fedcba", 0, True),
        ("bacdef", 1, False),
        ("abcdfe", 1, False),
        ("fabcde", 5, False),
        ("xaybcdef", 0, False),
    ],
)
def test_order(arrived: str, displaced: int, newest_first: bool) -> None:
    assert (displaced, newest_first) == order("abcdef", arrived)
