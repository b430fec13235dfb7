"""What holds for every check: spans inside the text, no surprise, bounded time."""

import itertools
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.detectors import CHECKS, COSTS
from relay.detectors.spans import disjoint
from tests.work import growth, work

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
def test_the_work_of_a_wall_grows_with_its_size(name: str, unit: str) -> None:
    """A wall of one piece of text costs a check linear work, or less."""

    def run(size: int) -> None:
        wall = unit * (size // len(unit))
        CHECKS[name](wall, 0, len(wall))

    assert growth(run, 2_000) < 2.6


_WALLS = (
    "a", "1", "4", "G", "GA", "NA", "NTM", "EQA", "qp", "Q", "bc1q", "a1qqqqqqqq", "SDAFt1", "SaSS",
    "rX1", "KwL", "sn", "t1", "4aB", "aB", "37bt", "Ae2", "xpub", "abandon ", "zoo", "1'/", "1:",
    "10.0.0.", "a@b.", "eyJ.", "203.0.113.", "a[1::", "edsp", "ad",
)  # fmt: skip


def test_every_check_has_a_cost() -> None:
    """What the budget of a scrub charges is known for each check, and nothing is free."""
    assert set(CHECKS) == set(COSTS)
    assert all(cost >= 1 for cost in COSTS.values())


@pytest.mark.parametrize("name", sorted(CHECKS))
@pytest.mark.parametrize("size", [34, 44, 60, 119, 500])
def test_no_wall_takes_more_work_than_its_cost(name: str, size: int) -> None:
    """A line of Python takes about one unit, and a call that begins takes a few of them."""
    for unit in _WALLS:
        wall = (unit * size)[:size]
        CHECKS[name](wall, 0, size)
        steps = work(lambda wall=wall: CHECKS[name](wall, 0, size))  # type: ignore[misc]
        assert steps <= COSTS[name] * size + _BEGIN, unit


_BEGIN = 100


def test_disjoint_merges_overlaps_and_keeps_neighbours() -> None:
    """Spans that overlap become one; spans that touch stay two."""
    assert disjoint([(5, 9), (0, 3), (8, 12), (12, 13)]) == ((0, 3), (5, 12), (12, 13))
