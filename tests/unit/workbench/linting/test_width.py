"""Rules that find too much."""

import pytest

from relay.workbench.linting.model import Code
from tests.linted import ROOM, WHOLE, codes, make, said


@pytest.mark.parametrize("pattern", [".+", r"\w+", "[a-z .]+"])
def test_a_pattern_that_matches_anything(pattern: str) -> None:
    """An error, and more to the point than that its examples fail."""
    text = make(f"{{pattern: '{pattern}'}}", "{in: a, out: b}, {in: b, out: c}", "'', ' '")
    assert ("x/one", Code.MATCHES_ANYTHING) in said(text)


def test_a_pattern_that_matches_one_kind() -> None:
    """Commit ids; not with a word that it wants close by."""
    value = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b"
    scrubs = (
        f"{{in: 'key {value}', out: 'key [one]'}}, {{in: 'key {value[::-1]}', out: 'key [one]'}}"
    )
    wide = make("{pattern: '[0-9a-f]{4,}-?[0-9a-f]{2,}'}", scrubs, "'key 9f86', '9f86'")
    assert Code.MATCHES_KIND in codes(wide)
    near = wide.replace("}'}", "}', near: [key]}").replace("'9f86'", f"'{value}'")
    assert Code.MATCHES_KIND not in codes(near)


def test_a_common_key() -> None:
    """Whole values under `message`; not with a `where`."""
    common = WHOLE.replace("room_name", "message").replace("roomName", "Message")
    assert Code.COMMON_KEY in codes(common)
    assert Code.COMMON_KEY not in codes(common.replace("redact:", "where: ['**']\nredact:"))
    assert Code.COMMON_KEY not in codes(WHOLE)


def test_nothing_telling() -> None:
    """A pattern that no word and no run goes with."""
    vague = ROOM.replace("room [0-9]{4}", "[a-z]+ [0-9]{4}").replace("'rooms 1234'", "'4 1234'")
    assert Code.NOTHING_TELLING in codes(vague)
    assert Code.NOTHING_TELLING not in codes(ROOM)
