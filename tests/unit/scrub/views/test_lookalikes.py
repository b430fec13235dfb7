"""Look-alikes: characters that read as Latin ones, or not at all."""

import pytest

from relay.scrub.readings import Map
from relay.scrub.views.lookalikes import fold


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("１９２．１６８", "192.168"), ("a\u200bb\u00adc", "abc"), ("раypal", "paypal"),
        ("ﬁ", "fi"),
        ("٣", "3"), ("plain é", None), ("a\u202e b", "a b"), ("Ⅷ", "VIII"), ("ﷺ", None), ("", None),
        ("e\u0301x", "ex"), ("1\u03362\u0336", "12"), ("❶🅰", "1A"), ("a\U000e0031b", "ab"),
        ("\U000e0031\U000e002e\U000e0032\U000e002e!", "1.2.!"), ("Ԛ", "Q"),
    ],
)  # fmt: skip
def test_fold(text: str, expected: str | None) -> None:
    """Look-alikes read as Latin, invisible characters not at all; the rest stays."""
    made = fold(text)
    assert expected == (made[0] if made is not None else None)


@pytest.mark.parametrize(
    "block",
    [(0x300, 0x36F), (0x483, 0x489), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF),
     (0xFE00, 0xFE0F), (0xFE20, 0xFE2F), (0xE0100, 0xE01EF)],
)  # fmt: skip
def test_marks_over_letters_are_not_there(block: tuple[int, int]) -> None:
    """Every block of Unicode that combines, from its first sign to its last."""
    for code in block:
        made = fold(f"a{chr(code)}b")
        assert made is not None
        assert "ab" == made[0]


def test_a_text_of_the_same_length_needs_no_map() -> None:
    """Where each character reads as one, offsets are the same, and there is no map."""
    assert ("see 192.168", None) == fold("see １９２．１６８")


def way_back(text: str) -> tuple[str, Map]:
    made = fold(text)
    assert made is not None
    read, way = made
    assert way is not None
    return read, way


@pytest.mark.parametrize(
    ("text", "piece", "expected"),
    [
        ("see a\u200bb\u00adc there", "abc", "a\u200bb\u00adc"), ("x ﬁ y", "f", "ﬁ"),
        ("x ﬁ y", "i y", "ﬁ y"), ("\u200b１９２\u200b．１", "192.1", "１９２\u200b．１"),
    ],
)  # fmt: skip
def test_what_is_found_leads_back(text: str, piece: str, expected: str) -> None:
    """A piece is mapped to the characters that it was read from, with invisible ones between."""
    read, way = way_back(text)
    start = read.index(piece)
    begin, end = way.source(start, start + len(piece))
    assert expected == text[begin:end]
