"""What views are built with: a text that is collected with its map, and bytes as text."""

import pytest

from relay.scrub.views.model import Builder, put_bytes


def test_a_builder_maps_what_it_collects() -> None:
    """Copied characters lead to themselves, what was read leads to its whole source."""
    out = Builder()
    text = "ab&lt;cd"
    out.copy(text, 0, 2)
    out.put("<", 2, 6)
    out.copy(text, 6, 8)
    read, way = out.result()
    assert "ab<cd" == read
    assert way is not None
    assert [(0, 1), (1, 2), (2, 6), (6, 7), (7, 8)] == [way.source(i, i + 1) for i in range(5)]
    assert (1, 7) == way.source(1, 4)


def test_a_builder_leaves_out_what_is_empty() -> None:
    """Nothing that was copied or read adds no piece."""
    out = Builder()
    out.copy("abc", 1, 1)
    out.put("", 0, 3)
    assert ("", 0, []) == (out.result()[0], out.length, out.pieces)


@pytest.mark.parametrize(
    ("raw", "expected", "sources"),
    [
        (b"ab", "ab", [(0, 3), (3, 6)]),
        ("é!".encode(), "é!", [(0, 6), (6, 9)]),
        ("🙂x".encode(), "🙂x", [(0, 12), (12, 15)]),
        (b"\xff!", "ÿ!", [(0, 3), (3, 6)]),
    ],
)
def test_bytes_are_utf8_or_latin(raw: bytes, expected: str, sources: list[tuple[int, int]]) -> None:
    """A character leads to as many bytes of source as it has; what is no UTF-8 is Latin-1."""
    out = Builder()
    put_bytes(out, raw, 0, 3 * len(raw), 3)
    read, way = out.result()
    assert expected == read
    assert way is not None
    assert sources == [way.source(i, i + 1) for i in range(len(read))]
