"""Values as PHP, Go and Java show them: where they end, and where a key is none of a map."""

import pytest

from relay.scrub.structure import value_after


@pytest.mark.parametrize(
    ("text", "sign", "expected"),
    [
        ("[password] => hunter 2  \nx", "=>", "hunter 2"),
        ("Array ( [password] => hunter 2   [b] => 3 )", "=>", "hunter 2"),
        # The first of its line, it goes to the line's end; any letter before it makes it no first.
        ("\t- [password] => my cat (a) b", "=>", "my cat (a) b"),
        ("X [password] => my cat (a) b", "=>", "my cat (a"),
        ("map[a:1 password:my cat b:2]", ":", "my cat"),
        ("x] map[password:my cat]", ":", "my cat"),
    ],
)
def test_a_value_without_quotes(text: str, sign: str, expected: str) -> None:
    """Blanks before and behind it are not its own."""
    assert expected == found(text, sign)


def found(text: str, sign: str) -> str | None:
    """The value of the password."""
    start = text.index("password")
    value = value_after(text, start, text.index(sign, start) + len(sign))
    return None if value is None else text[slice(*value[1])]


def test_a_map_that_is_closed_holds_no_more_keys() -> None:
    """However many are closed before."""
    assert found("map[a:1] password:my cat b:2]", ":") is None
    assert found("x] map[a:1] password:my cat b:2]", ":") is None
