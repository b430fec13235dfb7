"""What is lost and what came twice is found by the ids."""

from benchmarks.load.kills import compared


def test_what_never_arrived_is_lost() -> None:
    assert ({"b"}, set()) == compared(["a", "b"], ["a", "c"])


def test_what_arrived_again_is_counted_once() -> None:
    assert (set(), {"a"}) == compared(["a", "b"], ["a", "b", "a", "a"])
