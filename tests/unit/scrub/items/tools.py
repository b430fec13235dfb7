"""A stand-in for the rules that knows one secret, and helpers around an item's scrubber."""

import json
from collections.abc import Iterable
from typing import Any

from relay.protocol.envelope import Item
from relay.protocol.limits import DEFAULT
from relay.scrub.items import SCRUBBERS
from relay.scrub.remarks import Note

SECRET = "203.0.113.77"


class FakeTools:
    """`items.model.Tools`: replaces the secret, and remembers what it was given."""

    limits = DEFAULT
    rules_tag = ""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.notes: list[Note] = []

    def value(self, value: Any, size: int, *, remarks: bool = False) -> Any:
        self.sizes.append(size)
        return json.loads(self.text(json.dumps(value)))

    def text(self, text: str) -> str:
        return text.replace(SECRET, "[ip]")

    def again(self, value: Any, size: int) -> Any:
        return json.loads(self.text(json.dumps(value)))

    def note(self, notes: Iterable[Note]) -> None:
        self.notes.extend(notes)


def scrub(by: str, payload: bytes | Any, tools: FakeTools | None = None, **headers: str) -> bytes:
    """Scrub a payload (bytes, or a document) by the scrubber of a name in the table of kinds."""
    data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return SCRUBBERS[by](Item.make(headers, data), None, tools or FakeTools())


def clean(by: str, document: Any) -> Any:
    """Scrub a document; return what came out, parsed."""
    return json.loads(scrub(by, document))
