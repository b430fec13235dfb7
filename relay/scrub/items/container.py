"""Containers of spans, logs and metrics, `{"items": […]}`, and one of them alone.

Source: https://develop.sentry.dev/sdk/data-model/envelope-items/, and under telemetry there what
versions and ingest settings of containers mean.
"""

from typing import Any, Final

from relay import jsonio
from relay.protocol.envelope import Item
from relay.scrub.items.address import forget_in_span
from relay.scrub.items.model import Tools, object_in

_VERSION: Final = 2
"""The first whose ingest settings Sentry reads; from older ones it infers the browser."""


def scrub(item: Item, document: Any, tools: Tools) -> bytes:
    """Scrub a container; see `model.ItemScrubber`. Sentry is told to infer nothing."""
    container = object_in(item, document)
    for path, entry in _entries(container):
        tools.note(forget_in_span(entry, path))
    container = tools.value(container, len(item.payload))
    for _, entry in _entries(container):
        if isinstance(entry, dict):
            _type(entry.get("attributes"))
    if isinstance(container.get("items"), list):
        version, settings = container.get("version"), container.get("ingest_settings")
        if not isinstance(version, int) or version < _VERSION:
            container["version"] = _VERSION
        if not isinstance(settings, dict):
            settings = container["ingest_settings"] = {}
        settings.update(infer_ip="never", infer_user_agent="never")
    return jsonio.dumps(container)


def _entries(container: dict[str, Any]) -> list[tuple[tuple[str | int, ...], Any]]:
    """Return the spans, logs or metrics of a container, or the one that it is, and where."""
    items = container.get("items")
    if not isinstance(items, list):
        return [((), container)]
    return [(("items", index), entry) for index, entry in enumerate(items)]


def _type(attributes: Any) -> None:
    """Make typed attributes of what the rules left of them, in place.

    A rule may write text in place of a number or of a whole attribute, and Sentry throws away an
    attribute that is not of its type.
    """
    if not isinstance(attributes, dict):
        return
    for key, attribute in attributes.items():
        if isinstance(attribute, str):
            attributes[key] = {"type": "string", "value": attribute}
        elif isinstance(attribute, dict) and isinstance(attribute.get("value"), str):
            attribute["type"] = "string"
