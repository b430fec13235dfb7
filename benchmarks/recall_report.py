"""What was found of fresh identifiers, and what was missed, as sections of the report."""

from collections import Counter
from collections.abc import Mapping
from random import Random

from benchmarks.identifiers import draw
from benchmarks.recall import Miss, Recall, Tally
from benchmarks.report import NOT_TRIED, Bar, Listing, Section, Table
from benchmarks.skips import SKIPS
from benchmarks.spellings import FIRST, SECOND, SPELLINGS, TRUNCATED

BARS = {FIRST: 1.0, SECOND: 0.95}
MOST_LISTED = 150

_NAMES = {
    FIRST: "ordinary spellings (first block)",
    SECOND: "hidden spellings (second block)",
    TRUNCATED: "cut off at 500 characters",
}

_ABOUT = """\
Fresh random identifiers, valid by their own format, each in one place of an event and one
spelling. A scrubbed event is read as somebody would who looks for leaks: everything decoded, each
spelling undone. An identifier counts as missed when any piece of it is left, eight characters of
an address say. What is dropped with the item that held it counts neither as tried nor as found.
The peer has its *generous* ten rules. Its events come from the same generator and
seed, but are not the same one by one: ours gets whole envelopes in between, which the peer does
not take."""

_ABOUT_SKIPS = """\
What is not tried, because such text cannot be told from what must survive, or because nobody
writes so. The share is that of all pairs of an identifier and a spelling, of a sample. Beside
these, what only its key tells stands bare only where a place has a key, lists and maps stand only
where a place takes any value, and words of hex letters are not glued to IPv6 and hardware
addresses by nothing or a colon: they would be a group of them."""


def recall_sections(ours: Recall, peer: Recall) -> list[Section]:
    """Return the sections on recall."""
    tables = (
        _by_block(ours, peer),
        _weak(ours),
        *(_by_family(block, ours, peer) for block in (FIRST, SECOND)),
        *(_by_spelling(block, ours, peer) for block in (FIRST, SECOND)),
        _table("place", ours.by_place, peer.by_place),
        _dropped(ours),
    )
    listings = tuple(_misses(block, ours) for block in (FIRST, SECOND, TRUNCATED))
    return [
        Section(
            "Recall",
            _ABOUT,
            tuple(_bar(block, ours) for block in BARS),
            tables,
            tuple(listing for listing in listings if listing.items),
        ),
        Section("What is not tried", _ABOUT_SKIPS, tables=(_skips(),)),
    ]


def _bar(block: str, ours: Recall) -> Bar:
    demanded = BARS[block]
    return Bar(
        f"Found of identifiers in {_NAMES[block]}",
        f"{demanded:.0%}",
        f"{_percent(ours.by_block.get(block, (0, 0)))} of {ours.by_block[block][1]:,}",
        ours.share(block) >= demanded,
    )


def _by_block(ours: Recall, peer: Recall) -> Table:
    return _table(
        "tried",
        {_NAMES[block]: pair for block, pair in ours.by_block.items()},
        {_NAMES[block]: pair for block, pair in peer.by_block.items()},
    )


def _weak(ours: Recall) -> Table:
    """Return what the shares of whole blocks hide."""
    rows = [
        (f"{name} ({block} block)", f"{total:,}", f"{total - found:,}", _percent((found, total)))
        for block, name, found, total in ours.weak()
    ]
    none = ("no spelling and no family", "", "", "")
    return Table(("less than 80 % found", "tried", "missed", "found"), tuple(rows) or (none,))


def _dropped(ours: Recall) -> Table:
    rows = tuple((place, f"{count:,}") for place, count in ours.dropped.items())
    return Table(("dropped with what held it", "identifiers"), rows or (("nothing", "0"),))


def _by_family(block: str, ours: Recall, peer: Recall) -> Table:
    return _table(f"family, {block} block", ours.by_family[block], peer.by_family[block])


def _by_spelling(block: str, ours: Recall, peer: Recall) -> Table:
    return _table(f"spelling, {block} block", ours.by_spelling[block], peer.by_spelling[block])


def _table(name: str, ours: Tally, peer: Mapping[str, tuple[int, int]]) -> Table:
    rows = tuple(
        (key, f"{total:,}", f"{total - found:,}", _percent((found, total)), _percent(peer.get(key)))
        for key, (found, total) in ours.items()
    )
    return Table((name, "tried", "missed", "found", "found by the peer"), rows)


def _percent(pair: tuple[int, int] | None) -> str:
    """Return a share; what is not all never reads as all."""
    if pair is None or not pair[1]:
        return NOT_TRIED
    found, total = pair
    if found == total:
        return "100 %"
    return f"{min(99.99, 100 * found / total):.2f} %"


def _misses(block: str, ours: Recall) -> Listing:
    """Return the misses of a block, those of one family and spelling in one line."""
    groups: dict[tuple[str, str], list[Miss]] = {}
    for miss in ours.misses:
        if miss.block == block:
            groups.setdefault((miss.family, miss.spelling), []).append(miss)
    counts = Counter({key: sum(miss.count for miss in some) for key, some in groups.items()})
    items = [
        (groups[key][0].example, f"{count:,} x {key[0]}, {key[1]}, {_places(groups[key])}")
        for key, count in counts.most_common()
    ]
    left_out = sum(count for _, count in counts.most_common()[MOST_LISTED:])
    return Listing(f"Missed in {_NAMES[block]}", tuple(items[:MOST_LISTED]), left_out)


def _places(misses: list[Miss]) -> str:
    places = sorted({miss.place for miss in misses})
    return ", ".join(places[:2]) + (f" and {len(places) - 2} other places" if places[2:] else "")


def _skips() -> Table:
    shares = skip_shares()
    rows = tuple(
        (
            ("all but " if skip.but else "") + ", ".join(skip.spellings),
            skip.reason,
            f"{100 * share:.2f} %",
        )
        for skip, share in zip(SKIPS, shares, strict=True)
    )
    return Table(("spelling", "why it is left out for some families", "share"), rows)


def skip_shares(count: int = 10_000, seed: int = 1) -> list[float]:
    """Return which share of all pairs of identifier and spelling each exclusion takes.

    A pair that two exclude counts with the first.
    """
    chance = Random(seed)
    taken = [0] * len(SKIPS)
    for _ in range(count):
        identifier = draw(chance)
        for spelling in SPELLINGS:
            for at, skip in enumerate(SKIPS):
                if skip.takes(spelling, identifier):
                    taken[at] += 1
                    break
    return [some / (count * len(SPELLINGS)) for some in taken]
