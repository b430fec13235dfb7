"""Items that are one JSON object and nothing more: the rules say all there is to say."""

from typing import Any

from relay import jsonio
from relay.protocol.envelope import Item
from relay.scrub.items.model import Tools, object_in


def scrub(item: Item, document: Any, tools: Tools) -> bytes:
    """Scrub a JSON object; see `model.ItemScrubber`."""
    return jsonio.dumps(tools.value(object_in(item, document), len(item.payload)))
