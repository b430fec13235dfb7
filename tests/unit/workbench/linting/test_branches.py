"""Alternatives of a pattern, and the pattern without each."""

import pytest

from relay.workbench.linting.branches import branches


@pytest.mark.parametrize(
    ("source", "without"),
    [
        ("abc", {}),
        ("a|b", {"a": "b", "b": "a"}),
        ("x(?:a|b|c)y", {"a": "x(?:b|c)y", "b": "x(?:a|c)y", "c": "x(?:a|b)y"}),
        ("(a|b)", {"a": "(b)", "b": "(a)"}),
        ("(?i)a|b", {"a": "(?i)b", "b": "(?i)a"}),
        ("(?i:a|b)", {"a": "(?i:b)", "b": "(?i:a)"}),
        ("(?P<name>a|b)", {"a": "(?P<name>b)", "b": "(?P<name>a)"}),
        ("(?:(?s-i)a|b)", {"a": "(?:(?s-i)b)", "b": "(?:(?s-i)a)"}),
        (r"[|(]\||\(", {r"[|(]\|": r"\(", r"\(": r"[|(]\|"}),
        (r"\x{41}|[^]|]", {r"\x{41}": "[^]|]", "[^]|]": r"\x{41}"}),
        ("a{2,3}|(b)", {"a{2,3}": "(b)", "(b)": "a{2,3}"}),
    ],
)
def test_alternatives(source: str, without: dict[str, str]) -> None:
    """Bars in classes and escaped ones part nothing; flags stay."""
    assert without == {branch.text: branch.without for branch in branches(source)}


def test_outer_ones_come_first() -> None:
    """So that what is inside of one can be passed over; places are those in the pattern."""
    source = "(?:a|(?:b|c))|d"
    found = branches(source)
    assert ["(?:a|(?:b|c))", "a", "(?:b|c)", "b", "c", "d"] == [branch.text for branch in found]
    assert all(branch.text == source[branch.start : branch.end] for branch in found)
