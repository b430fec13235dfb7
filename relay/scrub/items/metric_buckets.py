"""Metric buckets: a JSON list of them."""

from typing import Any

from relay import jsonio
from relay.protocol.envelope import Item
from relay.scrub.items.model import Tools


def scrub(item: Item, document: Any, tools: Tools) -> bytes:
    """Scrub metric buckets; see `model.ItemScrubber`."""
    buckets = jsonio.loads(item.payload) if document is None else document
    if not isinstance(buckets, dict | list):
        raise jsonio.JsonError("no list of buckets")
    return jsonio.dumps(tools.value(buckets, len(item.payload)))
