"""Which messages came lately."""

from relay.usage.repeats import Repeats


def test_a_message_waits_then_is_stored_then_is_forgotten() -> None:
    """Within the window it is known."""
    repeats: Repeats[str] = Repeats(10.0)
    repeats.add("m", "waiting", 100.0)
    assert ("waiting", False) == (repeats.waiting("m"), repeats.stored("m", 100.0))
    repeats.end("m", "waiting", stored=True)
    assert (None, True) == (repeats.waiting("m"), repeats.stored("m", 110.0))
    assert not repeats.stored("m", 110.1)


def test_one_that_was_not_stored_may_come_again() -> None:
    """It is new then."""
    repeats: Repeats[str] = Repeats(10.0)
    repeats.add("m", "waiting", 100.0)
    repeats.end("m", "waiting", stored=False)
    assert (None, False, 0) == (repeats.waiting("m"), repeats.stored("m", 100.0), len(repeats))


def test_a_message_without_an_id_is_always_new() -> None:
    """Nothing is noted of it."""
    repeats: Repeats[str] = Repeats(10.0)
    repeats.add("", "waiting", 100.0)
    repeats.end("", "waiting", stored=True)
    assert (None, False, 0) == (repeats.waiting(""), repeats.stored("", 100.0), len(repeats))


def test_the_oldest_give_way() -> None:
    """No more than so many are remembered, on their way or not."""
    repeats: Repeats[str] = Repeats(10.0, most=3)
    for number in range(10):
        repeats.add(f"{number}", f"waiting {number}", 100.0)
    assert 3 == len(repeats)
    assert ["waiting 7", "waiting 8", "waiting 9"] == [repeats.waiting(f"{n}") for n in (7, 8, 9)]
    repeats.end("1", "waiting 1", stored=True)
    assert not repeats.stored("1", 100.0)


def test_what_is_old_goes_as_others_come() -> None:
    """Without anybody who looks after it."""
    repeats: Repeats[str] = Repeats(10.0)
    for number in range(100):
        repeats.add(f"{number}", "waiting", 100.0)
        repeats.end(f"{number}", "waiting", stored=True)
    for number in range(100, 160):
        repeats.add(f"{number}", "waiting", 200.0)
    assert 60 == len(repeats)


def test_a_clock_that_is_set_back_forgets() -> None:
    """A message from the future is no repeat."""
    repeats: Repeats[str] = Repeats(10.0)
    repeats.add("m", "waiting", 100.0)
    repeats.end("m", "waiting", stored=True)
    assert not repeats.stored("m", 50.0)


def test_only_who_waits_ends_it() -> None:
    """One that was pushed out and came again is not ended by its first."""
    repeats: Repeats[str] = Repeats(10.0)
    repeats.add("m", "second", 100.0)
    repeats.end("m", "first", stored=True)
    assert "second" == repeats.waiting("m")
