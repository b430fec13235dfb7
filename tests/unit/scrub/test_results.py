"""What a scrub says of itself."""

import pytest

from relay.outcomes import Outcome, Reason
from relay.protocol.envelope import Item
from relay.scrub.remarks import Note, Remark
from relay.scrub.results import Done, ScrubbedItem, ScrubResult
from relay.scrub.shadow import GIVEN_UP

HITS = {("t/a", "event/x"): 1, ("t/a", "event/y"): 2, ("t/b", "event/x"): 1, ("t/c", GIVEN_UP): 1}
OUTCOME = Outcome(0, "event", Reason.ACCEPTED, 2)


@pytest.mark.parametrize(
    "result",
    [
        ScrubResult(b"{}", shadow_paths=HITS),
        ScrubbedItem(None, OUTCOME, shadow_paths=HITS),
        Done([], HITS),
    ],
    ids=lambda result: type(result).__name__,
)
def test_shadow_hits_by_rule(result: ScrubResult | ScrubbedItem | Done) -> None:
    """Over all places; a rule that was given up has none."""
    assert {"t/a": 3, "t/b": 1} == result.shadow


def test_remarks_are_written_out() -> None:
    """With the path in the syntax of selectors."""
    result = ScrubResult(b"{}", (Note(("user", "a b"), (("t/a", "s", 0, 6),)),))
    assert (Remark("t/a", "user.'a b'", "s", (0, 6)),) == result.remarks


def test_no_payload_in_a_repr() -> None:
    """Neither what was clean nor where it stood."""
    note = Note(("hunter2",), (("t/a", "s", 0, 6),))
    item = Item.make({"type": "event"}, b"hunter2")
    for result in (ScrubResult(b"hunter2", (note,)), ScrubbedItem(item, OUTCOME, (note,))):
        assert "hunter2" not in repr(result)
