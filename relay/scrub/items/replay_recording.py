"""Replay recordings: every string of every node, packed again as it came."""

from typing import Any

from relay.protocol.envelope import Item
from relay.scrub.items.model import Tools
from relay.scrub.recording import scrub_recording


def scrub(item: Item, document: Any, tools: Tools) -> bytes:  # noqa: ARG001 - it is no JSON
    """Scrub a recording; see `model.ItemScrubber`."""
    return scrub_recording(item.payload, tools.value, tools.limits.replay, tools.again)
