"""Words of a phrase, and names in code that repeat theirs."""

import re

import pytest

from relay.detectors.phrases import is_varied

_TWELVE = "legal winner thank year wave sausage worth useful legal winner thank yellow"


def varied(text: str, least: int = 12) -> bool:
    """Ask it of all words of a text."""
    return is_varied(text, [found.span() for found in re.finditer("[a-z]+", text)], least)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("abandon ability able about above absent absorb abstract absurd abuse access acid", True),
        (_TWELVE, True),
        (_TWELVE.replace(" ", ", "), True),
        (f"path: {_TWELVE}", True),
        ("abandon " * 11 + "about", True),
        ("abandon " * 11 + "zoo", False),
        ("aban " * 11 + "abou", True),
        ("case one: case two: case one: case two: case one: case two:", False),
        (_TWELVE.replace(" ", ": ", 3).replace("yellow", "zebra"), False),
    ],
)
def test_twelve_words(text: str, expected: bool) -> None:
    """They are different, or their checksum is right where the same stands between them."""
    assert expected == varied(text)


def test_a_label_before_each_word_does_not_count() -> None:
    """The others are looked at alone; they may be fewer, for the label was one of them."""
    words = ["abandon", "ability", "able", "about", "above", "absent"]
    assert varied(" ".join(f"word {word}" for word in words), least=6)
    assert not varied(" ".join(f"word {word}" for word in ["abandon", "ability"] * 3), least=6)
