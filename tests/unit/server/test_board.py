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


def test_rules_of_a_seat() -> None:
    """Their number and the beginning of their digest; whoever takes the seat next has none yet."""
    board = Board()
    seen = [board.rules(2)]
    for number, digest in ((0, "0" * 64), (7, "0123456789ab" + "c" * 52)):
        board.set_rules(2, number, digest)
        seen.append(board.rules(2))
    board.set_state(2, SeatState.STARTING)
    seen.append(board.rules(2))
    assert [(0, ""), (0, "0" * 12), (7, "0123456789ab"), (0, "")] == seen


def test_an_answer_about_rules() -> None:
    """Its number and what it says change in one step."""
    board = Board()
    seen = [board.answer]
    for number, taken in ((1, True), (2, False)):
        board.set_answer(number, taken=taken)
        seen.append(board.answer)
    assert [(0, False), (1, True), (2, False)] == seen


def test_stale_rules() -> None:
    """They are so until that is taken back."""
    board = Board()
    seen = [board.stale]
    for stale in (True, False):
        board.set_stale(stale)
        seen.append(board.stale)
    assert [False, True, False] == seen


def test_seats_in_a_state() -> None:
    """Those of workers, in order."""
    board = Board()
    for seat in (0, 5, 2):
        board.set_state(seat, SeatState.READY)
    assert [2, 5] == board.seats(SeatState.READY)
