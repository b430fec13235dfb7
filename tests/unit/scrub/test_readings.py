"""Readings and their maps."""

from hypothesis import given
from hypothesis import strategies as st

from relay.scrub.readings import COPIED, Map, Reading


def one_by_one(starts: list[int], ends: list[int]) -> Map:
    """Return a map with a piece for each character."""
    way = Map()
    for start, end in zip(starts, ends, strict=True):
        way.add(1, start, end)
    return way


def test_the_original_maps_to_itself() -> None:
    """A text that is the original needs no map."""
    assert (3, 5) == Reading("abcdef", 0).source(3, 5)


def test_derived_reading_maps_through() -> None:
    """Offsets of a view of a view lead back to the original."""
    outer = Reading("%2541", 7).derive("%41", one_by_one([0, 3, 4], [3, 4, 5]))
    inner = outer.derive("A", one_by_one([0], [3]))
    assert (7, 2, (0, 5)) == (inner.origin, inner.depth, inner.source(0, 1))


def test_a_view_of_the_same_length_needs_no_map() -> None:
    """Where each character reads as one, offsets are the same."""
    assert (2, 4) == Reading("ａｂｃｄ", 0).derive("abcd", None).source(2, 4)


def test_pieces_of_a_map() -> None:
    """A piece is copied, or so many characters wide, or comes from its source as a whole."""
    way = Map()
    way.add(3, 0, 3, COPIED)
    way.add(2, 3, 9, 3)
    way.add(4, 9, 11)
    way.add(0, 11, 12)
    assert 9 == way.length
    spans = [(0, 2), (1, 4), (3, 4), (4, 5), (4, 6), (6, 7), (0, 9)]
    assert [(0, 2), (1, 6), (3, 6), (6, 9), (6, 11), (9, 11), (0, 11)] == [
        way.source(*span) for span in spans
    ]


@given(st.lists(st.integers(1, 4), min_size=1, max_size=8), st.data())
def test_spans_cover_all_that_they_came_from(widths: list[int], data: st.DataObject) -> None:
    """A span of a reading covers the sources of each of its characters, nested too."""
    starts = [sum(widths[:i]) for i in range(len(widths))]
    ends = [start + width for start, width in zip(starts, widths, strict=True)]
    reading = Reading("x" * ends[-1], 0).derive("y" * len(widths), one_by_one(starts, ends))
    same = Map()
    same.add(len(widths), 0, len(widths), COPIED)
    nested = reading.derive("z" * len(widths), same)
    start = data.draw(st.integers(0, len(widths) - 1))
    end = data.draw(st.integers(start + 1, len(widths)))
    assert (starts[start], ends[end - 1]) == reading.source(start, end) == nested.source(start, end)


def test_a_reading_does_not_show_its_text() -> None:
    """A reading in a traceback shows no payload."""
    assert "secret" not in repr(Reading("secret", 0))
