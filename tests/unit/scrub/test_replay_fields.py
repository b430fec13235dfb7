"""What a replay needs to be put together."""

import json

from relay.protocol.envelope import Item
from relay.scrub.hashing import period_keys
from relay.scrub.scrubber import Scrubber


def test_a_replay_keeps_the_number_of_its_segment() -> None:
    """`segment_id` of a replay is a number, and not the id of a span."""
    scrubber = Scrubber.from_rules((), period_keys(b"s" * 32, 0))
    replay = {"replay_id": "7e1c3dbf42c24f3d9eeb0b1a5b8b8b60", "segment_id": 0}
    done = scrubber.scrub_item(
        0, Item.make({"type": "replay_event"}, json.dumps(replay).encode())
    ).item
    assert done is not None
    assert replay == {key: value for key, value in json.loads(done.payload).items() if key != "sdk"}
