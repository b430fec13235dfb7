"""Recall: fresh identifiers in every place and spelling, and which of them a scrubber leaves.

Each event carries one identifier in each of its places. A scrubbed event is read as one who looks
for leaks would: all its strings and keys, decoded, each spelling undone. An identifier counts as
missed if a piece of it is left (`Identifier.leaks`), so half an address is a miss.
"""

import argparse
import json
import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import relay
from benchmarks.identifiers import Identifier, draw
from benchmarks.identifiers.identifier import segment
from benchmarks.places import Item, Packing, Place, empty_event, layouts, packings
from benchmarks.spellings import FIRST, SECOND, SPELLINGS, TRUNCATED, Spelling, skipped
from benchmarks.undoing import unescaped, unspaced, words_only
from relay.errors import RelayError
from relay.protocol.envelope import parse

Scrub = Callable[[bytes], bytes]
Tally = dict[str, tuple[int, int]]
Way = tuple[str, str, str, str]
"""Block, family, place, spelling."""

BLOCKS = (FIRST, SECOND, TRUNCATED)
_BY_BLOCK = {block: [one for one in SPELLINGS if one.block == block] for block in BLOCKS}
_STRUCTURED = [one for one in SPELLINGS if one.structured]
_STRUCTURES = 0.1
"""Share of lists and maps where a place takes any value."""
_SHARES = (0.6, 0.32, 0.08)
_ALONE = 0.02
"""Share of identifiers that are tried again in an event of their own."""
_TRIES = 12
_EXAMPLE = 400
"""Characters of a miss that are shown."""


@dataclass(frozen=True, slots=True)
class Miss:
    """What was left, how often, and one text that shows it (made up, as all here)."""

    block: str
    family: str
    place: str
    spelling: str
    count: int
    example: str


@dataclass(frozen=True, slots=True)
class Recall:
    """What a run found: pairs are (found, total)."""

    seed: int
    total: int
    by_block: Tally
    by_family: dict[str, Tally]
    by_place: Tally
    by_spelling: dict[str, Tally]
    misses: tuple[Miss, ...]
    refused: int
    """Documents that the scrubber gave up; what was in them was tried one by one."""

    def share(self, block: str) -> float:
        """Return which part of a block was found."""
        found, total = self.by_block.get(block, (0, 0))
        return found / total if total else 1.0


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


class _Reader:
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


def missed(
    planted: Sequence[Planted], write: Callable[[Sequence[Planted]], bytes], scrub: Scrub,
    left: Callable[[bytes], str],
) -> tuple[list[bool], int]:  # fmt: skip
    """Scrub one document; return which of its identifiers are left, and how many were refused."""
    try:
        reader = _Reader(left(scrub(write(planted))))
    except RelayError:
        if len(planted) == 1:
            return [False], 1
        alone = [missed([one], write, scrub, left) for one in planted]
        return [outcome[0] for outcome, _ in alone], 1
    return [reader.leaks(one) for one in planted], 0


class _Counts:
    """Collects outcomes."""

    def __init__(self) -> None:
        self.total: Counter[Way] = Counter()
        self.misses: Counter[Way] = Counter()
        self.examples: dict[Way, str] = {}
        self.refused = 0

    def add(self, planted: Sequence[Planted], outcome: Sequence[bool], refused: int) -> None:
        self.refused += refused
        for one, leaks in zip(planted, outcome, strict=True):
            way = (one.block, one.identifier.family, one.place.name, one.spelling.name)
            self.total[way] += 1
            if leaks:
                self.misses[way] += 1
                self.examples.setdefault(way, one.shown())

    def tally(self, name: Callable[[Way], str], block: str = "") -> Tally:
        totals: Counter[str] = Counter()
        missed: Counter[str] = Counter()
        for way, count in self.total.items():
            if not block or way[0] == block:
                totals[name(way)] += count
                missed[name(way)] += self.misses[way]
        return {key: (totals[key] - missed[key], totals[key]) for key in sorted(totals)}


def measure(scrub: Scrub, count: int, seed: int, scrub_envelope: Scrub | None = None) -> Recall:
    """Try at least so many fresh combinations of identifier, spelling and place.

    Args:
        scrub: a scrubber of events, JSON in and JSON out.
        count: how many identifiers to plant.
        seed: of everything random here.
        scrub_envelope: a scrubber of envelopes, for the places that only they have.
    """
    chance = Random(seed)
    counts = _Counts()
    events, envelopes = layouts(), packings()
    turn = 0
    while counts.total.total() < count:
        turn += 1
        places: Sequence[Place | Packing] = events[turn % len(events)]
        for batch in _documents(places, chance):
            outcome, refused = missed(batch, event_of, scrub, left_in_event)
            counts.add(batch, outcome, refused)
        if scrub_envelope is None or turn % 3:
            continue
        for batch in _documents(envelopes[turn // 3 % len(envelopes)], chance):
            outcome, refused = missed(batch, envelope_of, scrub_envelope, left_in_envelope)
            counts.add(batch, outcome, refused)
    return _result(counts, seed)


def _documents(places: Sequence[Place | Packing], chance: Random) -> Iterator[list[Planted]]:
    """Yield one document with every place in it, and a few with one place each."""
    yield [plant(place, chance) for place in places]
    for place in places:
        if chance.random() < _ALONE:
            yield [plant(place, chance)]


def _result(counts: _Counts, seed: int) -> Recall:
    used = [block for block in BLOCKS if any(way[0] == block for way in counts.total)]
    misses = (
        Miss(block, family, place, spelling, count, counts.examples[block, family, place, spelling])
        for (block, family, place, spelling), count in counts.misses.most_common()
    )
    return Recall(
        seed=seed,
        total=counts.total.total(),
        by_block=counts.tally(lambda way: way[0]),
        by_family={block: counts.tally(lambda way: way[1], block) for block in used},
        by_place=counts.tally(lambda way: way[2]),
        by_spelling={block: counts.tally(lambda way: way[3], block) for block in used},
        misses=tuple(misses),
        refused=counts.refused,
    )


def ours() -> tuple[Scrub, Scrub]:
    """Return our scrubber of events and of envelopes, with the rules that ship."""
    scrubber = relay.load_scrubber(verify=False)
    return (
        lambda event: scrubber.scrub_json(event).body,
        lambda envelope: scrubber.scrub_envelope(envelope).body,
    )


def report(recall: Recall) -> Iterator[str]:
    """Yield the lines of a report."""
    yield f"seed {recall.seed}: {recall.total:,} combinations, {recall.refused} documents refused"
    for block, (found, total) in recall.by_block.items():
        yield f"\n{block}: {found:,} of {total:,}, {100 * found / max(1, total):.3f} %"
        for name, tally in (("family", recall.by_family), ("spelling", recall.by_spelling)):
            for key, (found_here, total_here) in tally[block].items():
                mark = "" if found_here == total_here else f"  {total_here - found_here} missed"
                yield f"  {name:9}{key:34}{found_here:>7} of {total_here:<7}{mark}"
    yield "\nby place"
    for key, (found, total) in recall.by_place.items():
        yield f"  {key:43}{found:>7} of {total:<7}" + ("" if found == total else "  missed")
    yield "\nmisses by block, family and spelling"
    groups: dict[tuple[str, str, str], list[Miss]] = {}
    for miss in recall.misses:
        groups.setdefault((miss.block, miss.family, miss.spelling), []).append(miss)
    for (block, family, spelling), some in sorted(
        groups.items(), key=lambda pair: (pair[0][0], -sum(miss.count for miss in pair[1]))
    ):
        count = sum(miss.count for miss in some)
        places = ", ".join(sorted({miss.place for miss in some})[:3])
        yield f"  {block}: {count:4} {family} | {spelling} | {places}: {some[0].example!r}"


def main(arguments: list[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    seed = secrets.randbelow(1 << 32) if options.seed is None else options.seed
    scrub, scrub_envelope = ours()
    recall = measure(scrub, options.count, seed, scrub_envelope)
    if options.json:
        print(json.dumps(recall, default=lambda one: {k: getattr(one, k) for k in one.__slots__}))
    else:
        print("\n".join(report(recall)))
    return 0 if recall.share(FIRST) == 1 else 1


if __name__ == "__main__":
    import sys

    raise SystemExit(main(sys.argv[1:]))
