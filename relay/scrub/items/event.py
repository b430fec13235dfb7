"""Events, transactions, feedback and security events: what the protocol asks beside the rules."""

from collections.abc import Mapping
from typing import Any, Final

from relay import jsonio
from relay.protocol.envelope import Item
from relay.scrub.items.address import forget_client_address, never_infer_address
from relay.scrub.items.model import Tools, object_in
from relay.scrub.items.rules_tag import put_tag, take_tag
from relay.scrub.remarks import write_meta


def scrub(item: Item, document: Any, tools: Tools) -> bytes:
    """Scrub an event; see `model.ItemScrubber`. Remarks stand in its `_meta`, which comes last."""
    event = object_in(item, document)
    _rename(event)
    notes = forget_client_address(event)
    tools.note(notes)
    if tools.rules_tag:
        take_tag(event)
    event = tools.value(event, len(item.payload), remarks=True)
    never_infer_address(event)
    if tools.rules_tag:
        put_tag(event, tools.rules_tag)
    if notes:
        write_meta(event.setdefault("_meta", {}), notes)
    if "_meta" in event:
        event["_meta"] = event.pop("_meta")
    return jsonio.dumps(event)


_OLD_NAMES: Final[Mapping[str, str]] = {
    "sentry.interfaces.User": "user",
    "sentry.interfaces.Http": "request",
    "sentry.interfaces.Contexts": "contexts",
    "sentry.interfaces.Breadcrumbs": "breadcrumbs",
    "sentry.interfaces.Exception": "exception",
    "sentry.interfaces.Stacktrace": "stacktrace",
    "sentry.interfaces.Message": "logentry",
    "sentry.interfaces.Template": "template",
    "sentry.interfaces.Csp": "csp",
}
"""What Sentry still reads from clients older than envelopes (the aliases in Relay's schema)."""


def _rename(event: dict[str, Any]) -> None:
    """Give fields their names of today, in place: rules know places by those."""
    for old, new in _OLD_NAMES.items():
        if old in event:
            event.setdefault(new, event.pop(old))
