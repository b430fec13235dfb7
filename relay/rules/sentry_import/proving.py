"""Examples for an imported rule: samples are tried on the engine, and what it does is the proof.

Nothing is guessed: a sample that the rule changes, and that stays as it is when scrubbed again,
becomes one of `scrubs` with what came out; one that it leaves alone one of `leaves`.
"""

import copy
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final

from relay.errors import ScrubError
from relay.rules.examples import ExampleScrubber
from relay.rules.loading import LEAST_EXAMPLES
from relay.rules.paths import PathPart
from relay.rules.sentry_import.builtin import FINDS
from relay.rules.sentry_import.model import Find
from relay.rules.sentry_import.sampling import samples
from relay.rules.sentry_import.selectors import Place

_MOST: Final = 3
_MOST_PLACES: Final = 6
_HASH: Final = "hash:"
_ANY_HASH: Final = "hash:*"
_MORE: Final = (
    "TKT-48213", "ABC-1234", "user-42", "user_17", "order 48213", "0123456789", "12345", "42",
    "secret", "hunter2", "abc", "+1 555 0100", "+420 777 123 456", "1980-02-29", "A1B2C3D4",
    "sk_live_4eC39HqLyjWDarjtT1zdp7dc", "deadbeefdeadbeefdeadbeefdeadbeef", "Jane Doe",
)  # fmt: skip
SAMPLES: Final = tuple(
    dict.fromkeys(chain(_MORE, (hit for finds in FINDS.values() for f in finds for hit in f.hits)))
)
"""What a pattern that we know nothing of is tried on."""
_ORDINARY: Final = ("Request failed", "at 12:34:56", "a quick brown fox")


@dataclass(slots=True)
class Proof:
    """Examples of a rule as they go into its file."""

    scrubs: list[dict[str, Any]] = field(default_factory=list)
    leaves: list[Any] = field(default_factory=list)

    @property
    def enough(self) -> bool:
        """Whether the loader takes them."""
        return min(len(self.scrubs), len(self.leaves)) >= LEAST_EXAMPLES


def prove(find: Find, place: Place, scrubber: ExampleScrubber) -> Proof:
    """Return examples for a rule, as many as there are.

    Args:
        find: what the rule finds.
        place: where.
        scrubber: a scrubber of this rule alone.
    """
    proof = Proof()
    hits = find.hits or ("hunter2", "Jane Doe")
    if find.pattern and not find.hits:
        made = samples(find.pattern)
        hits = (*made, *(f"{text} seen" for text in made), *SAMPLES)
    good: list[str] = []
    for hit, before in _candidates(find, place, hits):
        if len(proof.scrubs) == _MOST:
            break
        if hit in good:
            continue
        after = _changed(scrubber, before)
        if after is not None:
            names = ("event", "becomes") if isinstance(before, dict) else ("in", "out")
            proof.scrubs.append({names[0]: before, names[1]: after})
            good.append(hit)
    for sample in _near(find, place, good):
        if len(proof.leaves) == _MOST:
            break
        if sample not in proof.leaves and _unchanged(scrubber, sample):
            proof.leaves.append(sample)
    return proof


def _candidates(find: Find, place: Place, hits: Iterable[str]) -> Iterator[tuple[str, Any]]:
    shows = place.shows[:_MOST_PLACES]
    for number, hit in enumerate(hits):
        if find.keys:
            key = find.keys[number % len(find.keys)].lstrip("*")
            for show in shows:
                for path in ((*show[:-1], key), (*show, key), show):
                    yield hit, _document(path, hit)
                    yield hit, _document(path, {"name": hit})
            continue
        if find.pattern and (not place.where or "$string" in place.where):
            yield hit, hit
        for show in shows:
            yield hit, _document(show, hit)
            if find.any:
                yield hit, _document(show, {"name": hit})
                yield hit, _document(show, [hit])


def _near(find: Find, place: Place, good: list[str]) -> Iterator[Any]:
    """Yield samples that should stay: nearly hits first, then a hit elsewhere, then any text."""
    texts = find.pattern and (not place.where or "$string" in place.where)
    cut = (piece for hit in good for piece in (hit[1:], hit[:-1]) if piece)
    nearly = list(find.misses or cut) if find.pattern else []
    show = place.shows[0]
    for text in nearly:
        yield text if texts else _document(show, text)
    for hit in good or ["hunter2"]:
        for path in (("extra", "elsewhere"), ("contexts", "other", "elsewhere"), ("transaction",)):
            yield _document(path, hit)
    if find.keys:
        yield _document(("extra", "label"), "x1")
        yield "an ordinary text"
    for text in _ORDINARY:
        yield text if texts else _document(show, text)
    yield {"extra": {"count": 1}}
    yield {"extra": {"ready": True}}


def _document(path: tuple[PathPart, ...], leaf: Any) -> Any:
    for part in reversed(path):
        leaf = [None] * part + [leaf] if isinstance(part, int) else {part: leaf}
    return leaf if isinstance(leaf, dict) else {"extra": {"sample": leaf}}


def _scrub(scrubber: ExampleScrubber, value: Any) -> Any:
    if isinstance(value, str):
        return scrubber.scrub_text(value)
    return scrubber.scrub_plain(copy.deepcopy(value))


def _changed(scrubber: ExampleScrubber, before: Any) -> Any:
    """Return what becomes of a sample if an example can say so; else None."""
    try:
        after = _scrub(scrubber, before)
        again = _scrub(scrubber, after)
    except ScrubError:
        return None
    if after in (before, "") or again != after:
        return None
    return _without_pseudonyms(after)


def _unchanged(scrubber: ExampleScrubber, before: Any) -> bool:
    try:
        return bool(_scrub(scrubber, before) == before)
    except ScrubError:
        return False


def _without_pseudonyms(value: Any) -> Any:
    """Write `hash:*` for pseudonyms, which nobody can know beforehand; None if one is inside text.

    A part that is None stays so, for an element that was removed from a list is null.
    """
    match value:
        case str():
            if _HASH not in value:
                return value
            alone = value.startswith(_HASH) and " " not in value and value.count(_HASH) == 1
            return _ANY_HASH if alone else None
        case dict():
            made = {key: _without_pseudonyms(inner) for key, inner in value.items()}
            broken = any(made[key] is None and value[key] is not None for key in value)
            return None if broken else made
        case list():
            items = [_without_pseudonyms(inner) for inner in value]
            broken = any(a is None and b is not None for a, b in zip(items, value, strict=True))
            return None if broken else items
        case _:
            return value
