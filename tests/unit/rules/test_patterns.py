"""The one door to RE2."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.rules.patterns import PatternError, PatternSet, compile_pattern

SOURCES = (
    "ab+c", "(?i)key=([a-z]+)", r"\b[0-9]{4}\b", "^start", "end$", "[^a]{2,3}b", "x{20,30}", "é.",
    r"[{}]+", r"\{[0-9]{20}\}", "(?:ab){17}", r"[a{20}]z",
)  # fmt: skip
TEXT = st.text(alphabet="abcxyz é{}0129=\nkeystartend", max_size=120)


@pytest.mark.parametrize(
    ("source", "text", "expected"),
    [
        ("b+", "abbab", [(1, 3), (4, 5)]),
        ("a(b)(c)?", "ab abc", [(1, 2), (4, 5), (5, 6)]),
        ("(x)?a", "aa", []),
        ("^b", "b\nb b", [(0, 1), (2, 3)]),
        ("b$", "b\nbb", [(0, 1), (3, 4)]),
        ("[^a]+", "bb\nbb", [(0, 2), (3, 5)]),
        (" (a) ", " a a ", [(1, 2), (3, 4)]),
    ],
)
def test_spans(source: str, text: str, expected: list[tuple[int, int]]) -> None:
    """Spans are those of the groups, else of the match; none is empty or crosses a newline."""
    assert expected == list(compile_pattern(source).spans(text.encode()))


def test_spans_keep_to_their_part() -> None:
    """A search between two places finds nothing outside of them."""
    assert [(2, 3)] == list(compile_pattern("a").spans(b"aaaaa", 2, 3))


@pytest.mark.parametrize(
    "source", ["a*", "(a|)", "", r"\Aa", r"a\z", r"a\nb", r"\C", "(", "(?=a)", r"(a)\1", "a{2000}"]
)
def test_refused(source: str) -> None:
    """What RE2 or the joined search cannot do is refused, and so is what matches nothing at all."""
    with pytest.raises(PatternError):
        compile_pattern(source)


def test_doubled_backslash_is_no_escape() -> None:
    r"""A backslash followed by a letter that is refused as an escape stays allowed: `\\n`."""
    assert [(0, 2)] == list(compile_pattern(r"\\n").spans(rb"\n"))


@settings(deadline=None)
@given(st.sets(st.sampled_from(SOURCES)).map(sorted), TEXT)
def test_set_agrees_with_each_pattern_alone(sources: list[str], text: str) -> None:
    """The set never misses a pattern that matches: what it leaves out matches nowhere."""
    buffer = text.encode()
    found = PatternSet(sources).candidates(buffer)
    alone = {i for i, s in enumerate(sources) if next(compile_pattern(s).spans(buffer), None)}
    assert alone <= found
    assert found <= set(range(len(sources)))


def test_set_leaves_out_what_does_not_match() -> None:
    """The set is there to say no: only the patterns that can match are named."""
    assert frozenset({0, 13}) == PatternSet([f"w{i:02}" for i in range(14)]).candidates(b"w00 w13")


def test_empty_set() -> None:
    """A set without patterns names none."""
    assert frozenset() == PatternSet([]).candidates(b"anything")


@pytest.mark.parametrize(
    ("source", "word"),
    [("\bORD", "single quotes"), ("a(?!b)", "look-around"), ("(?<=a)b", "look-around")],
)
def test_what_people_try_first_is_explained(source: str, word: str) -> None:
    """A backspace that YAML made, and look-around, get a mistake that says what to do."""
    with pytest.raises(PatternError, match=word):
        compile_pattern(source)


def test_a_mistake_shows_the_pattern_as_written() -> None:
    """What we put before a pattern is not in its mistake."""
    with pytest.raises(PatternError) as caught:
        compile_pattern("(ORD")
    assert "(?m)" not in str(caught.value)
