"""Profiles and their chunks, as JSON; one that carries a packed trace is not forwarded.

Source: https://develop.sentry.dev/sdk/telemetry/profiles/.
"""

from typing import Any, Final

from relay import jsonio
from relay.protocol.envelope import Item
from relay.scrub.items.model import NotForwardedError, Tools, object_in

_PACKED: Final = "sampled_profile"
"""Old Android profiles: a trace of the runtime in base64, whose names no rule can read."""


def scrub(item: Item, document: Any, tools: Tools) -> bytes:
    """Scrub a profile; see `model.ItemScrubber`."""
    profile = object_in(item, document)
    if _PACKED in profile:
        raise NotForwardedError
    return jsonio.dumps(tools.value(profile, len(item.payload)))
