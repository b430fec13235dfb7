"""Which messages came lately."""

from relay.usage.repeats import Repeats


def test_a_message_waits_then_is_stored_then_is_forgotten() -> None:
    """Within the window it is known."""
    repeats: Repeats[str] = Repeats(10.0)
    assert ["first", "first"] == [repeats.add("m", waits, 100.0) for waits in ("first", "second")]
    repeats.end("m", "first", stored=True)
    added = [repeats.add("m", "third", now) for now in (100.0, 110.0, 110.1)]
    assert [None, None, "third"] == added


def test_what_is_on_its_way_is_known_for_as_long_as_it_takes() -> None:
    """The window begins to count when it is stored."""
    repeats: Repeats[str] = Repeats(10.0)
    repeats.add("m", "first", 100.0)
    assert "first" == repeats.add("m", "second", 1_000.0)


def test_one_that_was_not_stored_may_come_again() -> None:
    """It is new then."""
    repeats: Repeats[str] = Repeats(10.0)
    repeats.add("m", "first", 100.0)
    repeats.end("m", "first", stored=False)
    assert (0, "second") == (len(repeats), repeats.add("m", "second", 100.0))


def test_a_message_without_an_id_is_always_new() -> None:
    """Nothing is noted of it."""
    repeats: Repeats[str] = Repeats(10.0)
    repeats.add("", "first", 100.0)
    repeats.end("", "first", stored=True)
    assert ("second", 0) == (repeats.add("", "second", 100.0), len(repeats))


def test_the_oldest_give_way() -> None:
    """No more than so many are remembered, on their way or not."""
    repeats: Repeats[str] = Repeats(10.0, most=3)
    for number in range(10):
        repeats.add(f"{number}", f"first {number}", 100.0)
    assert 3 == len(repeats)
    repeats.end("1", "first 1", stored=True)
    kept = [repeats.add(f"{number}", "second", 100.0) for number in (7, 8, 9)]
    assert ["first 7", "first 8", "first 9"] == kept
    assert "second" == repeats.add("1", "second", 100.0)


def test_what_is_old_goes_as_others_come() -> None:
    """Without anybody who looks after it."""
    repeats: Repeats[str] = Repeats(10.0)
    for number in range(100):
        repeats.add(f"{number}", "waiting", 100.0)
        repeats.end(f"{number}", "waiting", stored=True)
    for number in range(100, 160):
        repeats.add(f"{number}", "waiting", 200.0)
    assert 60 == len(repeats)


def test_what_comes_again_after_its_time_is_the_newest() -> None:
    """Others are forgotten before it."""
    repeats: Repeats[str] = Repeats(10.0, most=2)
    for message in ("a", "b"):
        repeats.add(message, "first", 100.0)
        repeats.end(message, "first", stored=True)
    repeats.add("a", "second", 200.0)
    repeats.add("c", "first", 200.0)
    assert ("second", 2) == (repeats.add("a", "third", 200.0), len(repeats))


def test_a_clock_that_is_set_back_forgets() -> None:
    """A message from the future is no repeat."""
    repeats: Repeats[str] = Repeats(10.0)
    repeats.add("m", "first", 100.0)
    repeats.end("m", "first", stored=True)
    assert "second" == repeats.add("m", "second", 50.0)


def test_only_who_waits_ends_it() -> None:
    """One that was pushed out and came again is not ended by its first."""
    repeats: Repeats[str] = Repeats(10.0)
    repeats.add("m", "second", 100.0)
    repeats.end("m", "first", stored=True)
    assert "second" == repeats.add("m", "third", 100.0)
