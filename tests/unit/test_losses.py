"""What was lost is summed, and bounded."""

from relay.losses import LossCounter
from relay.outcomes import Reason

HERE, THERE = ("1", "a" * 32), ("2", "b" * 32)


def test_losses_are_summed_by_lane_reason_and_category() -> None:
    """Equal losses are one sum; taking them begins anew."""
    losses = LossCounter()
    for lane in (HERE, HERE, THERE):
        losses.add(lane, Reason.INVALID, (("error", 1), ("attachment", 30)))
    losses.add(HERE, Reason.EXPIRED, (("error", 1),))
    assert {
        HERE: {
            (Reason.INVALID, "error"): 2,
            (Reason.INVALID, "attachment"): 60,
            (Reason.EXPIRED, "error"): 1,
        },
        THERE: {(Reason.INVALID, "error"): 1, (Reason.INVALID, "attachment"): 30},
    } == losses.take()
    assert {} == losses.take()


def test_what_is_no_loss_leaves_no_trace() -> None:
    """What was accepted, counts as nothing, or is of no category of Sentry's is not noted."""
    losses = LossCounter()
    losses.add(HERE, Reason.ACCEPTED, (("error", 1),))
    losses.add(HERE, Reason.INVALID, ())
    losses.add(HERE, Reason.INVALID, (("attachment", 0), ("internal", 1), ("made up", 1)))
    assert {} == losses.take()


def test_there_is_a_bound_to_the_sums() -> None:
    """At the bound, sums that are there grow on, and no other begins."""
    losses = LossCounter(2)
    for _ in range(2):
        losses.add(HERE, Reason.INVALID, (("error", 1), ("session", 1)))
        losses.add(THERE, Reason.INVALID, (("error", 1),))
    assert {HERE: {(Reason.INVALID, "error"): 2, (Reason.INVALID, "session"): 2}} == losses.take()
    losses.add(THERE, Reason.INVALID, (("error", 1),))
    assert {THERE: {(Reason.INVALID, "error"): 1}} == losses.take()
    nothing = LossCounter(0)
    nothing.add(HERE, Reason.INVALID, (("error", 1),))
    assert {} == nothing.take()


def test_what_could_not_be_told_is_told_later() -> None:
    """What is given back adds to what came in between."""
    losses = LossCounter()
    losses.add(HERE, Reason.INVALID, (("error", 1),))
    taken = losses.take()[HERE]
    losses.add(HERE, Reason.INVALID, (("error", 2),))
    losses.give_back(HERE, taken)
    assert {HERE: {(Reason.INVALID, "error"): 3}} == losses.take()
