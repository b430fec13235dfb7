"""View hierarchies: the tree of an app's windows, as JSON in an attachment.

Source: https://develop.sentry.dev/sdk/data-model/event-payloads/viewhierarchy/.
"""

from typing import Any

from relay import jsonio
from relay.protocol.envelope import Item
from relay.scrub.items.model import Tools, object_in


def scrub(item: Item, document: Any, tools: Tools) -> bytes:
    """Scrub a view hierarchy; see `model.ItemScrubber`. What is no JSON object is invalid."""
    return jsonio.dumps(tools.value(object_in(item, document), len(item.payload)))
