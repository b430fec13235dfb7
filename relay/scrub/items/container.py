"""Containers of spans, logs and metrics, `{"items": […]}`, and one of them alone.

Source: https://develop.sentry.dev/sdk/data-model/envelope-items/.
"""

from typing import Any

from relay import jsonio
from relay.protocol.envelope import Item
from relay.scrub.items.model import Tools, object_in


def scrub(item: Item, document: Any, tools: Tools) -> bytes:
    """Scrub a container; see `model.ItemScrubber`."""
    container = tools.value(object_in(item, document), len(item.payload))
    settings = container.get("ingest_settings")
    if isinstance(settings, dict):
        settings.update(infer_ip="never", infer_user_agent="never")
    return jsonio.dumps(container)
