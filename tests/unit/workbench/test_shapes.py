"""Shapes: the pattern finds the text and what is invented of it; nothing of the text remains."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.rules.patterns import compile_pattern
from relay.workbench.shapes import invent, is_telling_word, shape_of


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("TKT-48213", r"\bTKT-[0-9]{5}\b"),
        ("TKT48213", r"\bTKT[0-9]{5}\b"),
        ("user-42", r"\buser-[0-9]{2}\b"),
        ("jane42", r"\b[a-z]{4}[0-9]{2}\b"),
        ("Jane 42", r"\b[A-Z][a-z]{3} [0-9]{2}\b"),
        ("deadbeef01", r"\b[0-9a-f]{10}\b"),
        ("DEAD-BEEF-01", r"\b[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{2}\b"),
        ("aZ9kQ", r"\b[0-9A-Za-z]{5}\b"),
        ("(1.5+x)", r"\([0-9]\.[0-9]\+x\)"),
        ("a\tb", r"\b[a-z]\s[a-z]\b"),
        ("\u00e9l", r"\pL[a-z]\b"),
    ],
)
def test_patterns(text: str, pattern: str) -> None:
    """Digits and hex become classes, words that digits follow are kept, signs are escaped."""
    assert pattern == shape_of(text).pattern


@pytest.mark.parametrize(
    ("text", "telling", "varied"),
    [
        ("TKT-48213", True, True),
        ("48213", False, True),
        ("Jane Doe", False, False),
        ("9b1d40e2a7c3f558", True, True),
    ],
)
def test_what_says_enough(text: str, telling: bool, varied: bool) -> None:
    """Words alone have no shape, short numbers say too little."""
    shape = shape_of(text)
    assert (telling, varied) == (shape.telling, shape.varied)


texts = st.text(
    alphabet="abfzABFZ019 -_.:/@'\"()\\[]{}+*?|^$#&~%=,;<>!`\t\n\u00e9\u4e16\U0001f600",
    min_size=1,
    max_size=20,
)


@given(texts, st.booleans())
def test_a_pattern_finds_its_text(text: str, keep: bool) -> None:
    """The text it was made of, and each that is invented."""
    shape = shape_of(text, keep=keep)
    pattern = compile_pattern(shape.pattern)
    for one in (text, shape.invented(0), shape.invented(5)):
        raw = one.replace("\n", "\r").encode()
        assert [(0, len(raw))] == pattern.find(raw)


@given(st.from_regex(r"[a-z]{4,8}[0-9]{4,8}", fullmatch=True), st.data())
def test_an_invented_text_says_nothing_of_the_original(text: str, data: st.DataObject) -> None:
    """Two texts of the same shape have the same inventions: they come from the shape alone."""
    letters = st.sampled_from("ghijkm")
    other = "".join(
        data.draw(st.sampled_from("0123456789")) if c.isdigit() else data.draw(letters)
        for c in text
    )
    mine = "".join("g" if c.isalpha() else c for c in text)
    assert invent(other, 3) == invent(mine, 3)


@pytest.mark.parametrize(
    ("key", "telling"),
    [
        ("device_label", True), ("X-Real-Ip", True), ("app.owner", True), ("p2sh", True),
        ("jane@example.com: x", False), ("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", False), ("", False),
        ("420777", False), ("a\nb", False),
    ],
)  # fmt: skip
def test_keys_that_are_names(key: str, telling: bool) -> None:
    """What looks like data is no name."""
    assert telling is is_telling_word(key)
