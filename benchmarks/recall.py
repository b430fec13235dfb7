"""Recall: fresh identifiers in every place and spelling, and which of them a scrubber leaves.

Each event carries one identifier in each of its places. A scrubbed event is read as one who looks
for leaks would: all its strings and keys, decoded, each spelling undone. An identifier counts as
missed if a piece of it is left (`Identifier.leaks`), so half an address is a miss.
"""

import argparse
import json
import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

import relay
from benchmarks.packings import Packing, packings
from benchmarks.places import Place, layouts
from benchmarks.planting import (
    BLOCKS,
    ENVELOPE,
    EVENT,
    Outcome,
    Planted,
    Scrub,
    outcomes,
    plant,
)
from benchmarks.spellings import FIRST

Tally = dict[str, tuple[int, int]]
Way = tuple[str, str, str, str]
"""Block, family, place, spelling."""

_WEAK = 0.8
"""Share from which a spelling or a family is not named by itself."""
_ALONE = 0.02
"""Share of identifiers that are tried again in an event of their own."""


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
    dropped: Mapping[str, int]
    """By place: what went with its item or its document; it counts neither as tried nor found."""

    def weak(self) -> Iterator[tuple[str, str, int, int]]:
        """Yield the spellings and families of which little is found: block, name, found, total."""
        for kind, tallies in (("family", self.by_family), ("spelling", self.by_spelling)):
            for block, tally in tallies.items():
                for name, (found, total) in tally.items():
                    if found < _WEAK * total:
                        yield block, f"{kind} {name}", found, total

    def share(self, block: str) -> float:
        """Return which part of a block was found."""
        found, total = self.by_block.get(block, (0, 0))
        return found / total if total else 1.0


class _Counts:
    """Collects outcomes."""

    def __init__(self) -> None:
        self.total: Counter[Way] = Counter()
        self.first = 0
        self.misses: Counter[Way] = Counter()
        self.examples: dict[Way, str] = {}
        self.dropped: Counter[str] = Counter()
        self.refused = 0

    def add(self, planted: Sequence[Planted], found: Sequence[Outcome], refused: int) -> None:
        self.refused += refused
        for one, outcome in zip(planted, found, strict=True):
            if outcome is Outcome.DROPPED:
                self.dropped[one.place.name] += 1
                continue
            way = (one.block, one.identifier.family, one.place.name, one.spelling.name)
            self.total[way] += 1
            self.first += one.block == FIRST
            if outcome is Outcome.LEFT:
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
    """Try fresh combinations of identifier, spelling and place: of the first block so many.

    Args:
        scrub: a scrubber of events, JSON in and JSON out.
        count: how many of the first block to plant at least; the others come on top.
        seed: of everything random here.
        scrub_envelope: a scrubber of envelopes, for the places that only they have.
    """
    chance = Random(seed)
    counts = _Counts()
    events, envelopes = layouts(), packings()
    turn = 0
    while counts.first < count:
        turn += 1
        places: Sequence[Place | Packing] = events[turn % len(events)]
        for batch in _documents(places, chance):
            counts.add(batch, *outcomes(batch, EVENT, scrub))
        if scrub_envelope is None or turn % 3:
            continue
        for batch in _documents(envelopes[turn // 3 % len(envelopes)], chance):
            counts.add(batch, *outcomes(batch, ENVELOPE, scrub_envelope))
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
        dropped=dict(sorted(counts.dropped.items())),
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
    for place, count in recall.dropped.items():
        yield f"  dropped {count} x {place}"
    for block, name, found, total in recall.weak():
        yield f"  under {_WEAK:.0%}: {block}, {name}, {found} of {total}"
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
