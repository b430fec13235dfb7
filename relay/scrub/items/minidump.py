"""Minidumps: cut down to what a stack trace needs, the same length."""

from typing import Any

from relay.protocol.envelope import Item
from relay.scrub.items.model import Tools
from relay.scrub.minidump import scrub_minidump


def scrub(item: Item, document: Any, tools: Tools) -> bytes:  # noqa: ARG001 - it is no JSON
    """Scrub a minidump; see `model.ItemScrubber`."""
    return scrub_minidump(item.payload, tools.text)
