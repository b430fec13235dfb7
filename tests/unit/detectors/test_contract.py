"""What holds for every check: spans inside the text, no surprise, bounded time."""

import itertools
import string
from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.detectors import CHECKS
from relay.detectors.spans import disjoint

_ALPHABETS = (
    "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz",
    "qpzry9x8gf2tvdw0s3jn54khce6mua7l1",
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
    "0123456789abcdefABCDEF:.",
    "0123456789abcdef/'hm",
    string.printable,
)


@pytest.mark.parametrize("name", sorted(CHECKS))
@given(data=st.data())
@settings(deadline=None, max_examples=40)
def test_spans_are_sorted_disjoint_and_inside(name: str, data: st.DataObject) -> None:
    """Whatever the text, a check returns sorted, disjoint, non-empty spans inside of it."""
    alphabet = data.draw(st.sampled_from(_ALPHABETS))
    text = data.draw(st.text(alphabet, min_size=1, max_size=130))
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    spans = tuple(CHECKS[name](text, start, end))
    assert tuple(sorted(spans)) == spans
    assert all(0 <= a < b <= len(text) for a, b in spans)
    assert all(one[1] <= two[0] for one, two in itertools.pairwise(spans))


@pytest.mark.parametrize("name", sorted(CHECKS))
@given(text=st.text(min_size=1, max_size=60))
@settings(deadline=None, max_examples=30)
def test_any_unicode_is_no_error(name: str, text: str) -> None:
    """A check takes any text, for a rule of an operator may hand it anything."""
    for start, end in CHECKS[name](text, 0, len(text)):
        assert 0 <= start < end <= len(text)


@pytest.mark.parametrize("name", sorted(CHECKS))
@pytest.mark.parametrize(
    "unit",
    [
        "a", "1", "5", "G", "4", "T", "f", "0x", "bc1q", "xpub", "EQ", "abandon ", "a.", "a@b.",
        ":", "1.", "1/", "1'/", "q", "02", "Ae2", "2001:", "A1", "ed", "tz1", "eyJ.", "5KJ7", "z9",
    ],
)  # fmt: skip
def test_a_wall_costs_no_seconds(name: str, unit: str) -> None:
    """A wall of 200,000 characters is decided in far less than a second."""
    wall = unit * (200_000 // len(unit))
    begun = perf_counter()
    CHECKS[name](wall, 0, len(wall))
    assert perf_counter() - begun < 2.0


def test_disjoint_merges_overlaps_and_keeps_neighbours() -> None:
    """Spans that overlap become one; spans that touch stay two."""
    assert disjoint([(5, 9), (0, 3), (8, 12), (12, 13)]) == ((0, 3), (5, 12), (12, 13))
