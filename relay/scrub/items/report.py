"""Reports that browsers send by themselves: a security or network report, or a list of them.

Source: Content Security Policy Level 3 and the Reporting API (W3C).
"""

from typing import Any, Final

from relay import jsonio
from relay.protocol.envelope import Item
from relay.scrub.items.model import Tools

_ABOUT_THE_CLIENT: Final = ("user_agent", "user-agent", "server_ip", "server-ip")


def scrub(item: Item, document: Any, tools: Tools) -> bytes:
    """Scrub a report; see `model.ItemScrubber`. What it says of browser and address goes."""
    report = jsonio.loads(item.payload) if document is None else document
    if not isinstance(report, dict | list):
        raise jsonio.JsonError("not a report")
    for one in report if isinstance(report, list) else [report]:
        if isinstance(one, dict):
            # What is said stands in `body`, or under the name of the report's kind.
            for inner in (one, *one.values()):
                if isinstance(inner, dict):
                    for key in _ABOUT_THE_CLIENT:
                        inner.pop(key, None)
    return jsonio.dumps(tools.value(report, len(item.payload)))
