"""An event on its way through the gate."""

from relay.outcomes import Reason
from relay.usage.drafts import Draft, Refused
from relay.usage.model import Partition, Record
from relay.usage.seen import Seen

HOUR = Partition(Record.EVENTS, "suite", "web", "2026-11-22", 14)


def test_nothing_of_an_event_is_shown() -> None:
    """Neither its record nor what the rules are to look at."""
    draft = Draft(HOUR, {"a": "PLANTED"}, None, "PLANTED", {}, None, {"b": "PLANTED"}, Seen())
    assert f"Draft(partition={HOUR!r}, verdict=None)" == repr(draft)


def test_a_refusal_has_one_word() -> None:
    """And says what was left out before."""
    refused = Refused(Reason.SCRUB_FAILED, None, {("a", "invalid"): 1})
    assert ("scrub_failed", {("a", "invalid"): 1}) == (refused.reason, refused.dropped)
