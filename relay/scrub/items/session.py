"""Sessions, one or summed up: without the client's address and browser; `did` is for the rules.

Source: https://develop.sentry.dev/sdk/telemetry/sessions/.
"""

from typing import Any

from relay import jsonio
from relay.protocol.envelope import Item
from relay.scrub.items.address import forget_attributes
from relay.scrub.items.model import Tools, object_in


def scrub(item: Item, document: Any, tools: Tools) -> bytes:
    """Scrub a session; see `model.ItemScrubber`."""
    session = object_in(item, document)
    tools.note(forget_attributes(session.get("attrs")))
    sums = session.get("aggregates")
    for index, one in enumerate(sums if isinstance(sums, list) else ()):
        if isinstance(one, dict):
            tools.note(forget_attributes(one.get("attrs"), ("aggregates", index, "attrs")))
    return jsonio.dumps(tools.value(session, len(item.payload)))
