"""Planting identifiers into documents, and looking for what a scrubber has left of them."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from random import Random
from typing import Any

from benchmarks.identifiers import Identifier, draw
from benchmarks.identifiers.identifier import segment
from benchmarks.packings import Item, Packing
from benchmarks.places import Place, empty_event
from benchmarks.skips import skipped
from benchmarks.spellings import FIRST, SECOND, SPELLINGS, TRUNCATED, Spelling
from benchmarks.undoing import unescaped, unspaced, words_only
from relay.errors import RelayError
from relay.protocol.envelope import parse

Scrub = Callable[[bytes], bytes]

BLOCKS = (FIRST, SECOND, TRUNCATED)
_BY_BLOCK = {block: [one for one in SPELLINGS if one.block == block] for block in BLOCKS}
_STRUCTURED = [one for one in SPELLINGS if one.structured]
_STRUCTURES = 0.1
"""Share of lists and maps where a place takes any value."""
_SHARES = (0.6, 0.32, 0.08)
_TRIES = 12
_EXAMPLE = 400
"""Characters of a miss that are shown."""


@dataclass(frozen=True, slots=True)
class Planted:
    """One identifier in one place."""

    identifier: Identifier
    spelling: Spelling
    place: Place | Packing
    text: Any
    key: str

    @property
    def block(self) -> str:
        """Return where it counts: a place that hides may move it."""
        own = self.place.block if isinstance(self.place, Packing) else ""
        hides = own or (SECOND if self.identifier.kind == "number" else "")
        return hides if hides and self.spelling.block == FIRST else self.spelling.block

    def shown(self) -> str:
        """Return it for a report: its key if that matters, and its end, where a text was filled."""
        key = f"{self.identifier.key}: " if self.identifier.key else ""
        text = self.text if isinstance(self.text, str) else json.dumps(self.text)
        text = text if len(text) <= _EXAMPLE else f"[{len(text)}]{text[-300:]}"
        return key + text


def plant(place: Place | Packing, chance: Random) -> Planted:
    """Draw an identifier and a spelling that fit this place."""
    while True:
        identifier = draw(chance)
        key = identifier.key or segment(chance, low=6)
        (block,) = chance.choices(BLOCKS, _SHARES)
        some = _BY_BLOCK[block]
        if place.free and chance.random() < _STRUCTURES:
            some = _STRUCTURED
        # Some spellings are for few kinds only; another is drawn before another identifier is.
        for spelling in chance.sample(some, k=min(_TRIES, len(some))):
            if not skipped(spelling, identifier) and _fits(place, spelling, identifier):
                text = spelling.write(identifier, chance)
                return Planted(identifier, spelling, place, text, key)


def _fits(place: Place | Packing, spelling: Spelling, identifier: Identifier) -> bool:
    if identifier.key and spelling.name in ("alone", "numbers in a list") and not place.keyed:
        return False
    return place.free or not spelling.structured


def event_of(planted: Sequence[Planted]) -> bytes:
    """Write an event that holds all of these."""
    event = empty_event()
    for one in planted:
        assert isinstance(one.place, Place)
        one.place.put(event, one.text, one.key)
    return json.dumps(event, ensure_ascii=False).encode("utf-8", "surrogatepass")


def envelope_of(planted: Sequence[Planted]) -> bytes:
    """Write an envelope that holds all of these."""
    head: dict[str, Any] = {"event_id": "fc6d8c0c43fc4630ad850ee518f1b9d0"}
    items: list[Item] = []
    for one in planted:
        assert isinstance(one.place, Packing)
        more, packed = one.place.wrap(one.text, one.key)
        for name, value in more.items():
            held = head.setdefault(name, value)
            if isinstance(held, dict):
                held |= value
        items += packed
    lines = [json.dumps(head).encode()]
    for headers, payload in items:
        lines += [json.dumps({**headers, "length": len(payload)}).encode(), payload]
    return b"\n".join(lines)


def strings(value: Any) -> Iterator[str]:
    """Yield every string and key of a document, and its numbers as text."""
    todo = [value]
    while todo:
        here = todo.pop()
        if isinstance(here, dict):
            # In the order of the document, each key before its value.
            for name, held in reversed(here.items()):
                todo += (held, name)
        elif isinstance(here, list):
            todo += reversed(here)
        elif here is not None:
            yield str(here)


def left_in_event(body: bytes) -> str:
    """Return all text of a scrubbed event, decoded."""
    return "\0".join(strings(json.loads(body)))


def left_in_envelope(data: bytes) -> str:
    """Return all text of a scrubbed envelope: headers, documents, attachments in any encoding."""
    envelope = parse(data)
    found = [*strings(dict(envelope.headers))]
    for item in envelope.items:
        found += strings(dict(item.headers))
        payload = bytes(item.payload)
        try:
            found += strings(json.loads(payload))
        except ValueError:
            encodings = ("utf-16-le", "utf-16-be") if b"\0" in payload else ("utf-8",)
            found += [payload.decode(encoding, "replace") for encoding in encodings]
    return "\0".join(found)


class Reader:
    """What is left of a document, read in each way at most once."""

    def __init__(self, left: str) -> None:
        self.read: dict[Any, str] = {str: f"{left}\0{unescaped(left)}"}
        self.words: dict[Any, str] = {}

    def leaks(self, planted: Planted) -> bool:
        spelling, identifier = planted.spelling, planted.identifier
        text = self.read.get(spelling.read)
        if text is None:
            plain = self.read[str]
            text = self.read[spelling.read] = f"{plain}\0{spelling.read(plain)}"
        pieces = spelling.leaks(identifier, planted.text)
        if identifier.kind == "words":
            if spelling.read not in self.words:
                self.words[spelling.read] = words_only(text)
            text = self.words[spelling.read]
            pieces = tuple(words_only(piece).strip() for piece in pieces)
        elif spelling.name == "upper case":
            pieces = tuple(piece.upper() for piece in pieces)
        elif spelling.read is unspaced:
            pieces = tuple(spelling.read(piece) for piece in pieces)
        return any(piece in text for piece in pieces)


class Outcome(Enum):
    """What became of an identifier."""

    FOUND = "found"
    LEFT = "left"
    DROPPED = "dropped"
    """The document or the item that held it is gone, which proves nothing of what is found."""


@dataclass(frozen=True, slots=True)
class Form:
    """A kind of document: how it is written, what is left of it, and which places are gone."""

    write: Callable[[Sequence[Planted]], bytes]
    left: Callable[[bytes], str]
    gone: Callable[[Sequence[Planted], bytes], frozenset[str]]


def _items_gone(planted: Sequence[Planted], scrubbed: bytes) -> frozenset[str]:
    """Return the places whose items, or others of their kind, an envelope has lost."""
    after = Counter(item.headers.get("type") for item in parse(scrubbed).items)
    kinds: dict[Any, list[str]] = {}
    for one in planted:
        assert isinstance(one.place, Packing)
        for headers, _ in one.place.wrap(one.text, one.key)[1]:
            kinds.setdefault(headers["type"], []).append(one.place.name)
    lost = {kind: names for kind, names in kinds.items() if after[kind] < len(names)}
    return frozenset(name for names in lost.values() for name in names)


EVENT = Form(event_of, left_in_event, lambda _planted, _scrubbed: frozenset())
ENVELOPE = Form(envelope_of, left_in_envelope, _items_gone)


def outcomes(planted: Sequence[Planted], form: Form, scrub: Scrub) -> tuple[list[Outcome], int]:
    """Scrub one document; return what became of its identifiers, and how often it was refused.

    What was in a document that the scrubber refuses is tried one by one.
    """
    document = form.write(planted)
    try:
        scrubbed = scrub(document)
    except RelayError:
        if len(planted) == 1:
            return [Outcome.DROPPED], 1
        alone = [outcomes([one], form, scrub) for one in planted]
        return [each[0] for each, _ in alone], 1 + sum(refused for _, refused in alone)
    reader = Reader(form.left(scrubbed))
    gone = form.gone(planted, scrubbed)
    found = []
    for one in planted:
        outcome = Outcome.LEFT if reader.leaks(one) else Outcome.FOUND
        if one.place.name in gone:
            # Of several items of a kind it is not known which are gone.
            outcome = outcomes([one], form, scrub)[0][0] if planted[1:] else Outcome.DROPPED
        found.append(outcome)
    return found, 0
