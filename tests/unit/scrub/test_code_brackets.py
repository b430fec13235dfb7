"""Brackets in a line of code: what in them is code, and what is a value all the same."""

import pytest

from relay.scrub.code_brackets import is_code_in_brackets
from relay.scrub.code_lines import CodeLines

LINE = "if(x)return y.z;password="


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ("swordfish", True),
        ("t,e", True),
        ("0,e1.H2", True),
        ("a1.get(b2", True),
        ("4217", False),
        ("hunter2", False),
        ("a1.b2", False),
    ],
)
def test_parentheses_hold_words_of_code_or_a_value(inside: str, expected: bool) -> None:
    """Words without digits are code there, and so are calls; numbers and mixed words are values."""
    lines = CodeLines(f"{LINE}({inside})")
    span = (len(LINE), len(lines.text))
    assert lines.near(LINE.index("password"))
    assert expected == is_code_in_brackets(lines, LINE.index("password"), "password", span)


@pytest.mark.parametrize("inside", ["swordfish", "4217", "a1.get(b2"])
def test_parentheses_outside_of_code_hold_a_value(inside: str) -> None:
    """Without a line of code around them nothing in parentheses is code for being a word."""
    lines = CodeLines(f"password=({inside})")
    assert not is_code_in_brackets(lines, 0, "password", (len("password="), len(lines.text)))
