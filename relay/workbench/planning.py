"""Ways in which a rule could find a value, best first: by a check, a shape, a key, its place."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from relay.rules.paths import ValueType
from relay.rules.sentry_import.model import Find
from relay.workbench.locating import Located
from relay.workbench.proof import holds_chosen
from relay.workbench.recognised import recognise
from relay.workbench.shapes import LONGEST, Shape, shape_of
from relay.workbench.suggesting import Way, general, suggest

_GENERAL_KEYS: Final = frozenset(
    ("value", "values", "message", "name", "data", "type", "title", "description", "text", "url",
     "body", "id", "key", "label", "params", "args", "arguments", "formatted", "filename",
     "function", "module", "content", "level", "category", "transaction", "op", "method", "release")
)  # fmt: skip
"""Keys under which anything stands: a rule by one of them would blank everything."""

_LOOK: Final = 64
_SHORT_KEY: Final = 2
_SENTENCE: Final = 3
"""Spaces in a text that has no shape but its words."""

_SEEDS: Final = 24


@dataclass(frozen=True, slots=True)
class Plan:
    """One way to find the value."""

    find: Find
    where: tuple[str, ...] = ()
    remark: str = ""
    varied: bool = False


def plans_for(located: Located, way: Way | None, selector: str, key: str) -> Iterator[Plan]:
    """Yield the ways that make sense, best first; only those of one kind if it is given."""
    offered = suggest(located)
    named = key or next((located.key for s in offered if s.way is Way.KEY), "")
    inside = _key_before(located)
    partial = located.span is not None
    by_key = [_by_key(named, selector)] if named else []
    by_pattern = list(_by_pattern(located, selector))
    place = selector or (offered[0].selector if offered else "")
    by_place = [_by_place(located, place)] if place else []
    if way is Way.KEY or key:
        yield from by_key
    elif way is Way.PATTERN:
        yield from by_pattern
    elif way is Way.PLACE:
        yield from by_place
    elif selector:
        yield from (*(by_pattern if partial else ()), *by_place, *by_pattern)
    elif by_pattern and by_pattern[0].find.check:
        yield from (*by_pattern, *by_place)
    elif partial or not located.path:
        # Words have no shape: the name before them in the text says more, or else their place.
        varied = [plan for plan in by_pattern if plan.varied]
        said = [_by_key(inside, selector)] if inside else []
        yield from (*varied, *said, *by_place, *by_pattern)
    elif len(named) > _SHORT_KEY and named.casefold() not in _GENERAL_KEYS:
        yield from (*by_key, *by_place, *by_pattern)
    else:
        telling = [plan for plan in by_pattern if not plan.where]
        yield from (*telling, *by_place, *by_pattern)


# A name before a value in a text, `owner: Jane`; a closed shape, not a rule pattern.
_NAMED: Final = re.compile(r"([A-Za-z][\w-]{2,39})[\"']?\s*[:=]\s*[\"']?\Z")  # noqa: TID251


def _key_before(located: Located) -> str:
    if located.span is None or not isinstance(located.value, str):
        return ""
    start = located.span[0]
    found = _NAMED.search(located.value, max(0, start - _LOOK), start)
    return found[1] if found is not None else ""


def _by_key(key: str, selector: str) -> Plan:
    return Plan(Find("", f"What stands under {key}", keys=(key,)), (selector,) if selector else ())


def _by_place(located: Located, selector: str) -> Plan:
    shown = ".".join(general(located))
    return Plan(Find("", f"What stands at {shown}", any=True), (selector,))


def _by_pattern(located: Located, selector: str) -> Iterator[Plan]:
    if located.value_type in (ValueType.OBJECT, ValueType.ARRAY):
        return
    known = recognise(located.selected)
    where: tuple[str, ...] = (selector,) if selector else ()
    if known is not None:
        # The person's value may be the published one.
        published = [text for text in known.hits if not holds_chosen(text, located.selected)]
        carried = [text for one in published for text in _carried(one)]
        yield Plan(replace(known, hits=tuple(carried)), where)
    sentence = located.span is None and located.selected.count(" ") >= _SENTENCE
    if sentence or len(located.selected) > LONGEST:
        return
    shape = shape_of(located.selected, free=_free(located))
    hits, misses = _texts(shape, located.selected)
    if not hits:
        return
    find = Find("", f"Texts such as {hits[1]}", shape.pattern, hits=hits, misses=misses)
    if not where and not shape.telling:
        where = tuple(s.selector for s in suggest(located)[:1])
    yield Plan(find, where, _remark(shape), shape.varied)


def _free(located: Located) -> tuple[bool, bool]:
    if located.span is None or not isinstance(located.value, str):
        return True, True
    start, end = located.span
    beside = located.value[max(0, start - 1) : start], located.value[end : end + 1]
    before, behind = (not (char.isascii() and (char.isalnum() or char == "_")) for char in beside)
    return (before or not beside[0]), (behind or not beside[1])


def _texts(shape: Shape, chosen: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return texts that a shape's pattern should find, and some that it nearly does."""
    made = [shape.invented(seed) for seed in range(_SEEDS)]
    made = [text for text in dict.fromkeys(made) if text != chosen]
    hits = [text for one in made for text in _carried(one)]
    misses = [text for one in made for text in (one[:-1], one[1:], f"{one[:-1]}.") if text.strip()]
    return tuple(hits), tuple(misses)


def _carried(text: str) -> tuple[str, ...]:
    return f"see {text}.", text, f"{text} and again"


def _remark(shape: Shape) -> str:
    if not shape.varied:
        return (
            "# The pattern finds words of this length only: make it say what stands around them.\n"
        )
    if not shape.words:
        return ""
    words = ", ".join(shape.words)
    return f"# The pattern keeps these words: {words}. See that they name nobody.\n"
