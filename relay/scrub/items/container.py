"""Containers of spans, logs and metrics, `{"items": […]}`, and one of them alone.

Source: https://develop.sentry.dev/sdk/data-model/envelope-items/, and under telemetry there what
versions and ingest settings of containers mean.
"""

from typing import Any, Final

from relay import jsonio
from relay.protocol.envelope import Item
from relay.scrub.items.address import forget_in_span
from relay.scrub.items.model import Tools, object_in
from relay.scrub.protected import Shape
from relay.scrub.versions import is_release, is_sdk_version

_VERSION: Final = 2
"""The first whose ingest settings Sentry reads; from older ones it infers the browser."""


def scrub(item: Item, document: Any, tools: Tools) -> bytes:
    """Scrub a container; see `model.ItemScrubber`. Sentry is told to infer nothing."""
    container = object_in(item, document)
    kept = []
    for path, entry in _entries(container):
        tools.note(forget_in_span(entry, path))
        if isinstance(entry, dict):
            # Rules about an attribute know it by its type, which it has in the end.
            _type(entry.get("attributes"))
        kept.append(_take_versions(entry))
    container = tools.value(container, len(item.payload))
    for (_, entry), versions in zip(_entries(container), kept, strict=True):
        if isinstance(entry, dict):
            _type(entry.get("attributes"))
            _put_back(entry, versions)
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


def _take_versions(entry: Any) -> list[tuple[str, str, Any]]:
    """Take out attributes that hold a version as `release` and `sdk` of an event do, in place.

    Four numbers are a version there and an address elsewhere.

    Returns:
        (where attributes stand, key, attribute) of each.
    """
    taken: list[tuple[str, str, Any]] = []
    for name in ("attributes", "data") if isinstance(entry, dict) else ():
        attributes = entry.get(name)
        for key, shape in _VERSIONS if isinstance(attributes, dict) else ():
            attribute = attributes.get(key)
            if shape(attribute) or (
                isinstance(attribute, dict)
                and attribute == {"type": "string", "value": attribute.get("value")}
                and shape(attribute["value"])
            ):
                taken.append((name, key, attributes.pop(key)))
    return taken


_VERSIONS: Final[tuple[tuple[str, Shape], ...]] = (
    ("sentry.release", is_release),
    ("release", is_release),
    ("sentry.sdk.version", is_sdk_version),
)


def _put_back(entry: dict[str, Any], versions: list[tuple[str, str, Any]]) -> None:
    for name, key, attribute in versions:
        if isinstance(entry.get(name), dict):
            entry[name][key] = attribute


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
