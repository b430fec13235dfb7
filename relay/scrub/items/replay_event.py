"""Replay events: scrubbed as events are, with no `_meta`, which Sentry does not read there."""

from typing import Any

from relay import jsonio
from relay.protocol.envelope import Item
from relay.scrub.items.address import forget_client_address, never_infer_address
from relay.scrub.items.model import Tools, object_in
from relay.scrub.items.rules_tag import put_tag, take_tag


def scrub(item: Item, document: Any, tools: Tools) -> bytes:
    """Scrub a replay's event; see `model.ItemScrubber`."""
    event = object_in(item, document)
    event.pop("_meta", None)
    tools.note(forget_client_address(event))
    if tools.rules_tag:
        take_tag(event)
    event = tools.value(event, len(item.payload))
    never_infer_address(event)
    if tools.rules_tag:
        put_tag(event, tools.rules_tag)
    return jsonio.dumps(event)
