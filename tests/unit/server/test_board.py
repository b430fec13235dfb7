"""The board: numbers that processes share."""

import os

from relay.server.board import Board, SeatState


def test_numbers_cross_a_fork() -> None:
    """What a child says on its seat is seen by its parent."""
    board = Board()
    board.set_state(3, SeatState.STARTING)
    child = os.fork()
    if child == 0:
        board.set_state(3, SeatState.READY)
        board.add_closed(3)
        board.add_closed(3)
        os._exit(0)
    os.waitpid(child, 0)
    assert (SeatState.READY, 2) == (board.state(3), board.closed(3))
    assert (1, 0) == (board.count(SeatState.READY), board.count(SeatState.STARTING))


def test_a_seat_that_is_taken_again_begins_at_nothing() -> None:
    """Connections of a former process on a seat are not the next one's."""
    board = Board()
    board.add_closed(1)
    board.set_state(1, SeatState.STARTING)
    assert 0 == board.closed(1)


def test_restarts_and_the_admin_seat() -> None:
    """Restarts add up; the first seat, which has the admin port, is no worker."""
    board = Board()
    board.add_restart()
    board.set_state(0, SeatState.READY)
    assert (1, 0) == (board.restarts, board.count(SeatState.READY))
