"""Events, transactions, feedback and security events: what the protocol asks beside the rules."""

from typing import Any

from relay import jsonio
from relay.protocol.envelope import Item
from relay.scrub.items.address import forget_client_address, never_infer_address
from relay.scrub.items.model import Tools, object_in
from relay.scrub.remarks import write_meta


def scrub(item: Item, document: Any, tools: Tools) -> bytes:
    """Scrub an event; see `model.ItemScrubber`. Remarks stand in its `_meta`, which comes last."""
    event = object_in(item, document)
    notes = forget_client_address(event)
    tools.note(notes)
    event = tools.value(event, len(item.payload), remarks=True)
    never_infer_address(event)
    if notes:
        write_meta(event.setdefault("_meta", {}), notes)
    if "_meta" in event:
        event["_meta"] = event.pop("_meta")
    return jsonio.dumps(event)
