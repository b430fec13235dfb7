"""Whole documents of every kind of item, and what is planted in them.

`fields/*.yaml` holds them: what no rule may touch under `document`, and under `personal` what goes
because of where it stands, whatever it says.
"""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from relay.jsonio import dumps, loads
from relay.protocol.envelope import Item
from relay.scrub.scrubber import Scrubber

Spot = tuple[str | int, ...]

GONE = "(gone)"
"""Stands for what is not there."""

_XPUB = (
    "xpub6BiVtCpG9fQPxnPmHXG8PhtzQdWC2Su4qWu6XW9tpWFYhxydCLJGrWBJZ5H6qTAHdPQ7pQhtpjiYZVZARo14qHiay"
    "2fvrX996oEP42u8wZy"
)
_WORDS = (
    "gravity machine north sort system female filter attitude volume fold club stay feature office "
    "ecology stable narrow fog"
)

PLANTS = {
    "address": ("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",) * 2,
    "xpub": (_XPUB, _XPUB),
    "ipv4": ("203.0.113.42", "203.0.113.42"),
    "ipv6": ("2001:db8:85a3::8a2e:370:7334",) * 2,
    "home": ("/home/jane/wallet.log", "jane"),
    "windows": (r"C:\Users\jane\wallet.log", "jane"),
    "email": ("jane.doe@example.com", "jane"),
}
"""By name: what is planted, and the part of it that must be gone."""

PHRASE = (_WORDS, "attitude")
"""A recovery phrase (BIP39's own test vector), which is planted only where text stands."""


@dataclass(frozen=True)
class Document:
    """One file: an item as a real one would be."""

    name: str
    kind: str
    headers: dict[str, Any]
    document: Any = field(repr=False)
    personal: list[tuple[Spot, Any, Any]] = field(repr=False)

    def item(self, document: Any) -> Item:
        """Return the item with this document in it."""
        return Item.make({"type": self.kind, **self.headers}, dumps(document))


def _read(path: Path) -> Document:
    data = yaml.safe_load(path.read_text("utf-8"))
    personal = [(tuple(spot), value, becomes) for spot, value, becomes in data.get("personal", ())]
    return Document(path.stem, data["kind"], data.get("headers", {}), data["document"], personal)


DOCUMENTS = {
    path.stem: _read(path) for path in sorted((Path(__file__).parent / "fields").glob("*.yaml"))
}


def scrubbed(scrubber: Scrubber, item: Item) -> tuple[Any, bytes]:
    """Return an item's document after the scrub, without `_meta`, and all of its bytes."""
    done = scrubber.scrub_item(0, item)
    assert done.item is not None, done.outcome
    document = loads(done.item.payload)
    if isinstance(document, dict):
        document.pop("_meta", None)
    return document, done.item.payload + dumps(done.item.headers)


def texts(node: Any, above: Spot = ()) -> Iterator[Spot]:
    """Return where texts stand in a document."""
    for key, value in node.items() if isinstance(node, dict) else enumerate(node):
        if isinstance(value, str):
            yield (*above, key)
        elif isinstance(value, dict | list):
            yield from texts(value, (*above, key))


def maps(node: Any, above: Spot = ()) -> Iterator[Spot]:
    """Return where maps stand in a document."""
    if isinstance(node, dict):
        yield above
    for key, value in node.items() if isinstance(node, dict) else enumerate(node):
        if isinstance(value, dict | list):
            yield from maps(value, (*above, key))


def at(node: Any, spot: Spot) -> Any:
    """Return what stands at a spot."""
    for part in spot:
        node = node[part]
    return node


def planted(document: Any, spot: Spot, value: Any) -> Any:
    """Return a copy with a value at a spot; maps on the way are made."""
    copy = node = deepcopy(document)
    for part in spot[:-1]:
        if isinstance(node, dict):
            node.setdefault(part, {})
        node = node[part]
    node[spot[-1]] = value
    return copy


def without(document: Any, spot: Spot) -> Any:
    """Return a copy in which nothing stands at a spot; an element of a list leaves its place."""
    copy = deepcopy(document)
    container = at(copy, spot[:-1])
    if isinstance(container, list):
        container[spot[-1]] = None
    elif isinstance(container, dict):
        container.pop(spot[-1], None)
    return copy


def forms(was: str, plant: str) -> tuple[str, ...]:
    """Return how a value may stand in a field: alone, behind what was there, in a URL."""
    url = (f"{was}/{plant}/x?y={plant}",) if "://" in was else ()
    return (plant, f"{was} {plant}", *url)


def changed(before: Any, after: Any, above: str = "") -> dict[str, Any]:
    """Return what differs, by its path: what was there before, and after."""
    if isinstance(before, dict) and isinstance(after, dict):
        pairs = {key: (before.get(key, GONE), after.get(key, GONE)) for key in {**before, **after}}
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        pairs = dict(enumerate(zip(before, after, strict=True)))
    else:
        # 1 is not true here, and 1.0 is not 1.
        return {} if dumps(before) == dumps(after) else {above: (before, after)}
    found: dict[str, Any] = {}
    for key, (one, other) in pairs.items():
        found |= changed(one, other, f"{above}.{key}" if above else str(key))
    return found
