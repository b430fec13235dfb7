"""Readings and their maps."""

from hypothesis import given
from hypothesis import strategies as st

from relay.scrub.readings import Reading


def test_the_original_maps_to_itself() -> None:
    """A text that is the original needs no map."""
    assert (3, 5) == Reading("abcdef", 0).source(3, 5)


def test_derived_reading_maps_through() -> None:
    """Offsets of a view of a view lead back to the original."""
    outer = Reading("%2541", 7).derive("%41", [0, 3, 4], [3, 4, 5])
    inner = outer.derive("A", [0], [3])
    assert (7, 2, (0, 5)) == (inner.origin, inner.depth, inner.source(0, 1))


@given(st.lists(st.integers(1, 4), min_size=1, max_size=8), st.data())
def test_spans_cover_all_that_they_came_from(widths: list[int], data: st.DataObject) -> None:
    """A span of a reading covers the sources of each of its characters, nested too."""
    starts = [sum(widths[:i]) for i in range(len(widths))]
    ends = [start + width for start, width in zip(starts, widths, strict=True)]
    reading = Reading("x" * ends[-1], 0).derive("y" * len(widths), starts, ends)
    nested = reading.derive(
        "z" * len(widths), list(range(len(widths))), list(range(1, len(widths) + 1))
    )
    start = data.draw(st.integers(0, len(widths) - 1))
    end = data.draw(st.integers(start + 1, len(widths)))
    assert (starts[start], ends[end - 1]) == reading.source(start, end) == nested.source(start, end)


def test_a_reading_does_not_show_its_text() -> None:
    """A reading in a traceback shows no payload."""
    assert "secret" not in repr(Reading("secret", 0))
