"""What a kind's scrubber is given by the whole: bounds for what it opens, and remarks."""

import json
import zlib
from dataclasses import replace

import pytest

from relay.outcomes import Reason
from relay.protocol.envelope import Item
from relay.protocol.item_kinds import Policy
from relay.protocol.limits import DEFAULT
from relay.rules.loading import RuleText, load_rules
from relay.scrub.hashing import period_keys
from relay.scrub.scrubber import Scrubber

RULE = """
id: test/card
description: Takes the number of a card from anywhere
why: Something to find.
status: enforce
match: {key: [card]}
redact: {method: remove}
examples:
  scrubs:
    - {event: {card: 1}, becomes: {}}
    - {event: {extra: {card: 1}}, becomes: {extra: {}}}
  leaves:
    - {event: {cards: 1}}
    - {event: {car: 1}}
"""


def scrubber() -> Scrubber:
    """One rule."""
    rules = load_rules([RuleText("test/card", "card.yaml", RULE)])
    return Scrubber.from_rules(rules, period_keys(b"s" * 32, 0))


TAKEN = {"replay_recording": Policy.SCRUB}
EVENTS = json.dumps([{"type": 5, "data": {"card": 1, "payload": "a" * 500}}]).encode()


@pytest.mark.parametrize("opened", [EVENTS, zlib.compress(EVENTS)], ids=["plain", "zlib"])
@pytest.mark.parametrize(("room", "reason"), [(0, Reason.ACCEPTED), (-1, Reason.SCRUB_FAILED)])
def test_a_recording_is_opened_within_its_limit(opened: bytes, room: int, reason: Reason) -> None:
    """It may have just so many bytes when it is opened; with one more it does not go on."""
    item = Item.make({"type": "replay_recording"}, b'{"segment_id":0}\n' + opened)
    limits = replace(DEFAULT, replay=len(EVENTS) + room)
    done = scrubber().scrub_item(0, item, policies=TAKEN, limits=limits)
    assert reason == done.outcome.reason
    assert (reason is Reason.ACCEPTED) == (done.item is not None)


def test_an_event_says_what_was_removed() -> None:
    """The remark stands in `_meta`, at the place of the value; `_meta` comes last."""
    item = Item.make({"type": "event"}, b'{"_meta":{},"extra":{"card":1},"level":"info"}')
    done = scrubber().scrub_item(0, item).item
    assert done is not None
    event = json.loads(done.payload)
    assert [["test/card", "x"]] == event["_meta"]["extra"]["card"][""]["rem"]
    assert "_meta" == list(event)[-1]
