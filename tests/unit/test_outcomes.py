"""Outcomes and their words."""

from relay.outcomes import DESCRIPTIONS, Outcome, Reason


def test_every_reason_is_described() -> None:
    """A new word needs its sentence."""
    assert set(Reason) == set(DESCRIPTIONS)
    assert all(text.endswith(".") for text in DESCRIPTIONS.values())


def test_only_one_word_is_the_good_end() -> None:
    """An item goes on if it was accepted, and in no other case."""
    assert {Reason.ACCEPTED} == {r for r in Reason if Outcome(0, "event", r, 1).accepted}
