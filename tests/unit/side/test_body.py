"""Bodies in pieces."""

import pytest

from relay.side.body import Body

PIECES = [b"", b"a", b"b" * 20_000, b"c", b"d", b"e" * 300_000, b"f" * 70_000, b"g" * 10_000] * 3


@pytest.fixture
def body() -> Body:
    made = Body()
    for piece in PIECES:
        made.add(piece)
    return made


def test_all_of_it_in_order(body: Body) -> None:
    """Long and short pieces come out as they came in, once."""
    assert sum(map(len, PIECES)) == body.size
    assert b"".join(PIECES) == body.whole()
    assert b"" == body.whole()


def test_piece_by_piece(body: Body) -> None:
    """What was yielded is not kept."""
    pieces = body.pieces()
    first = next(pieces)
    rest = body.whole()
    assert b"".join(PIECES) == first + rest
    assert [] == list(pieces)


def test_short_pieces_are_put_together() -> None:
    """A body that comes byte by byte is not held byte by byte."""
    body = Body(b"ab")
    for _ in range(200_000):
        body.add(b"xy")
    assert 10 > len(list(body.pieces()))
    assert 400_002 == body.size


def test_what_was_whole_is_not_copied() -> None:
    """One piece is given back as it is."""
    data = b"x" * 1000
    assert data is Body(data).whole()
