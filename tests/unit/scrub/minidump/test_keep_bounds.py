"""How much memory modules may say that they fill, and ranges that lie in one another."""

import pytest

from relay.errors import ScrubError
from relay.scrub.minidump.keep import MAX_IMAGES, ranges
from relay.scrub.minidump.layout import ARCHITECTURES


@pytest.mark.parametrize("number", sorted(ARCHITECTURES))
def test_how_large_all_modules_may_be(number: int) -> None:
    """Just so large together, and no byte more."""
    architecture = ARCHITECTURES[number]
    most = MAX_IMAGES[architecture.word]
    ranges(architecture, [(0x10_0000, most - 8), (0x20_0000, 8)], [])
    with pytest.raises(ScrubError):
        ranges(architecture, [(0x10_0000, most - 8), (0x20_0000, 9)], [])


def test_a_range_that_begins_in_one_and_ends_behind_it() -> None:
    """Two become one, whatever stands before them."""
    images = [(0x10_0000, 0x10), (0x40_0000, 0x3000), (0x40_2000, 0x3000), (0x40_2800, 0x10)]
    kept = ranges(ARCHITECTURES[9], images, [])
    assert [0x40_5000, 0, 0x10_0010, 0] == [
        kept.register(value) for value in (0x40_5000, 0x40_5001, 0x10_0010, 0x10_0011)
    ]
