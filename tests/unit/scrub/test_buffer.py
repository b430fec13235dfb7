"""Joined texts, and the way back to each."""

from hypothesis import given
from hypothesis import strategies as st

from relay.rules.patterns import compile_pattern
from relay.scrub.buffer import join

PATTERN = compile_pattern("[ab漢]+")


@given(st.lists(st.text("ab漢é \n🙂", max_size=8), min_size=1, max_size=6))
def test_places_in_the_buffer_lead_back(texts: list[str]) -> None:
    """A span of bytes is a span of characters of one text, newlines and wide characters too."""
    buffer = join(texts)
    found = []
    for left, right in PATTERN.find(buffer.data):
        number, start, end = buffer.locate(left, right)
        found.append((number, start, end))
        assert buffer.data[left:right].decode() == texts[number][start:end]
    alone = []
    for number, text in enumerate(texts):
        one = join([text])
        alone += [(number, start, end) for _, start, end in one.hits(PATTERN)[1]]
    assert alone == found == buffer.hits(PATTERN)[1]


def test_a_newline_stands_between_texts_only() -> None:
    """A newline inside a text cannot end it."""
    assert b"a\rb\nc" == join(["a\nb", "c"]).data


def test_a_buffer_does_not_show_its_texts() -> None:
    """A buffer in a traceback shows no payload."""
    assert "secret" not in repr(join(["secret"]))


def test_the_work_of_a_search_is_that_of_all_hits() -> None:
    """Each has its price, and its length beside; what is not found costs nothing."""
    one, two = (join([text]).hits(PATTERN)[0] for text in ("ab", "ab ab"))
    assert 0 < one == two - one
    assert one + 1 == join(["abb"]).hits(PATTERN)[0]
    work, found = join(["x"]).hits(PATTERN)
    assert (0, []) == (work, list(found))
