"""A rule from a sample: a value is chosen, and a whole rule file with proven examples comes out.

Law of this file: nothing is handed out that does not load, pass its own examples and change the
value that was chosen; and no example holds that value, because rule files get committed.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from relay.errors import RelayError, RuleError, ScrubError
from relay.rules.examples import run_examples
from relay.rules.loading import RuleText, load_rules
from relay.rules.model import Method, Rule, Status
from relay.rules.selectors import PathPart, SelectorError, ValueType
from relay.rules.sentry_import.model import Find, Redact
from relay.rules.sentry_import.proving import Proof, prove
from relay.rules.sentry_import.selectors import Place
from relay.rules.sentry_import.writing import examples_text, rule_text
from relay.scrub.hashing import HashKeys
from relay.scrub.scrubber import Scrubber
from relay.workbench.locating import Located, LocateError, locate, occurrence
from relay.workbench.recognised import recognise
from relay.workbench.shapes import LONGEST, Shape, invent, shape_of
from relay.workbench.suggesting import Suggestion, Way, general, selects, suggest

__all__ = [
    "DraftError", "LocateError", "Located", "Suggestion", "Way", "draft", "locate", "occurrence",
    "suggest",
]  # fmt: skip

TO_FILL_IN: Final = "TODO: say why nobody upstream may see it."
"""The `why` of a draft whose author has not said it yet."""

_MARKERS: Final = {
    "network": "[host]", "paths": "[path]", "wallet": "[wallet]", "suite": "[id]",
    "people": "[person]", "secrets": "[secret]",
}  # fmt: skip
_GENERAL_KEYS: Final = frozenset(
    ("value", "values", "message", "name", "data", "type", "title", "description", "text", "url",
     "body", "id", "key", "label", "params", "args", "arguments", "formatted", "filename",
     "function", "module", "content", "level", "category", "transaction", "op", "method", "release")
)  # fmt: skip
"""Keys under which anything stands: a rule by one of them would blank everything."""

_SHORT_KEY: Final = 2
_SENTENCE: Final = 3
"""Spaces in a text that has no shape but its words."""

_PLACEHOLDERS: Final = "examples: {scrubs: [{in: a, out: b}, {in: a, out: b}], leaves: [a, b]}\n"
_SEEDS: Final = 24
_LEAST: Final = 4
"""Shorter texts stand in any other by chance."""
_KEYS: Final = HashKeys(bytes(32))
"""For trying only; what examples show of a pseudonym is `hash:*`."""


class DraftError(RelayError):
    """No rule can be drafted; `detail` says why, without the value."""

    reason = "draft"


@dataclass(frozen=True, slots=True)
class _Plan:
    """One way to find the value."""

    find: Find
    where: tuple[str, ...] = ()
    remark: str = ""


def draft(
    rule_id: str,
    located: Located,
    *,
    description: str = "",
    why: str = "",
    way: Way | None = None,
    selector: str = "",
    key: str = "",
    status: Status = Status.ENFORCE,
    method: Method = Method.REPLACE,
    text: str = "",
) -> str:
    """Return a rule file that redacts what was chosen.

    It begins as `enforce`: the leak is known, the examples prove what goes, and a shadow rule would
    let it through until somebody comes back. A value under a telling key goes by that key, what a
    detector knows by its check, a part of a text by its shape; what says too little by itself is
    bound to its place.

    Args:
        rule_id: the id, `folder/name`.
        located: the value, of `locate`.
        description: what it finds; made from the value's place if empty.
        why: why nobody may see it; to be filled in if empty.
        way: what it goes by; the best that works if None.
        selector: its `where`, which must select the value.
        key: the key for `Way.KEY`, if not the value's own.
        status: the rule's status.
        method: what is done with what it finds.
        text: what `replace` writes; a marker of the folder if empty.

    Raises:
        DraftError: no rule that was tried changes the value and can prove it.
        RuleError: the id or a selector is none, with every mistake.
    """
    if located.value_type is ValueType.BOOLEAN:
        raise DraftError("true, false and null tell nothing, and no rule changes them")
    if selector:
        _hold(selector, located)
    redact = Redact(method, text or marker(rule_id))
    for plan in _plans(located, way, selector, key):
        noun = plan.find.noun
        head = rule_text(
            rule_id, description or noun, why or TO_FILL_IN, plan.find, plan.where, (), redact,
            status=status,
        )  # fmt: skip
        made = _proven(rule_id, head, plan, located)
        if made is not None:
            return f"{plan.remark}{made}"
    raise DraftError("no rule of this kind changes what stands there and can prove it")


def marker(rule_id: str) -> str:
    """Return what a rule writes by default: the word of its folder, or the last of its own name."""
    folder, _, name = rule_id.rpartition("/")
    return _MARKERS.get(folder.partition("/")[0], f"[{name.rpartition('-')[2]}]")


def _hold(selector: str, located: Located) -> None:
    try:
        holds = selects(selector, located)
    except SelectorError as error:
        raise DraftError(f"the selector does not parse: {error}") from None
    if not holds:
        raise DraftError("the selector does not select the value that was chosen")


# --- ways to find it -----------------------------------------------------------------------------


def _plans(located: Located, way: Way | None, selector: str, key: str) -> Iterator[_Plan]:
    """Yield the ways that make sense, best first; only those of one kind if it is given."""
    offered = suggest(located)
    keys = tuple(s for s in offered if s.way is Way.KEY)
    named = key or (located.key if keys else "")
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
    elif partial or (by_pattern and by_pattern[0].find.check):
        yield from (*by_pattern, *by_place)
    elif len(named) > _SHORT_KEY and named.casefold() not in _GENERAL_KEYS:
        yield from (*by_key, *by_place, *by_pattern)
    else:
        telling = [plan for plan in by_pattern if not plan.where]
        yield from (*telling, *by_place, *by_pattern)


def _by_key(key: str, selector: str) -> _Plan:
    return _Plan(Find("", f"What stands under {key}", keys=(key,)), (selector,) if selector else ())


def _by_place(located: Located, selector: str) -> _Plan:
    shown = ".".join(general(located))
    return _Plan(Find("", f"What stands at {shown}", any=True), (selector,))


def _by_pattern(located: Located, selector: str) -> Iterator[_Plan]:
    if located.value_type in (ValueType.OBJECT, ValueType.ARRAY):
        return
    known = recognise(located.selected)
    where: tuple[str, ...] = (selector,) if selector else ()
    if known is not None:
        # The person's value may be the published one.
        published = [text for text in known.hits if not _holds(text, located.selected)]
        carried = [text for one in published for text in _carried(one)]
        yield _Plan(replace(known, hits=tuple(carried)), where)
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
    yield _Plan(find, where, _remark(shape))


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
    if not shape.words:
        return ""
    words = ", ".join(shape.words)
    return f"# The pattern keeps these words: {words}. See that they name nobody.\n"


# --- proof ---------------------------------------------------------------------------------------


def _proven(rule_id: str, head: str, plan: _Plan, located: Located) -> str | None:
    """Return the file with examples, or None if it does not do what it is for.

    Raises:
        RuleError: the rule does not load.
    """
    (rule,) = load_rules([RuleText(rule_id, rule_id, head + _PLACEHOLDERS)])
    scrubber = _alone(rule)
    if not _changes(scrubber, located):
        return None
    find = plan.find
    if not find.hits:
        hits = [invent(located.selected, seed) for seed in range(_SEEDS)]
        find = replace(find, hits=tuple(text for text in hits if text != located.selected))
    place = _place(located, plan.where, find.keys[0] if find.keys else "")
    proof = prove(find, place, scrubber)
    proof = Proof(
        [one for one in proof.scrubs if not _holds(one, located.selected)],
        [one for one in proof.leaves if not _holds(one, located.selected)],
    )
    if not proof.enough:
        return None
    whole = head + examples_text(proof.scrubs, proof.leaves)
    try:
        rules = load_rules([RuleText(rule_id, f"{rule_id}.yaml", whole)])
    except RuleError:
        return None
    results = run_examples(rules, lambda some: Scrubber.from_rules(some, _KEYS))
    return whole if all(result.passed for result in results) else None


def _alone(rule: Rule) -> Scrubber:
    return Scrubber.from_rules((replace(rule, status=Status.ENFORCE),), _KEYS)


def _place(located: Located, where: tuple[str, ...], key: str) -> Place:
    """Return where to show the rule: the value's own place first, with nobody's data in it."""
    steps: list[PathPart] = []
    for part, shown in zip(located.path, general(located), strict=True):
        steps.append(0 if isinstance(part, int) else "some" if shown == "*" else part)
    while key in steps and steps[-1] != key:
        steps.pop()
    named = steps[-1] if steps and steps[-1] != 0 else "note"
    others = (("extra", named), ("contexts", "app", named))
    return Place(where, (), tuple(dict.fromkeys(filter(None, (tuple(steps), *others)))))


def _holds(example: Any, chosen: str) -> bool:
    """Return whether an example holds the text that was chosen."""
    match example:
        case str():
            return chosen == example or (len(chosen) >= _LEAST and chosen in example)
        case dict():
            return any(_holds(value, chosen) for value in example.values())
        case list():
            return any(_holds(value, chosen) for value in example)
        case _:
            return str(example) == chosen


def _changes(scrubber: Scrubber, located: Located) -> bool:
    """Return whether a rule changes the value that was chosen, where it stood."""
    if not located.path:
        return located.selected not in scrubber.scrub_text(located.value)
    document, steps = _around(located)
    try:
        clean = scrubber.scrub_plain(document)
    except ScrubError:
        return False
    for step in steps:
        holds = isinstance(clean, dict) and step in clean
        if not holds and not (isinstance(clean, list) and isinstance(step, int)):
            return True  # removed with its key
        clean = clean[step]
    if located.span is None:
        return bool(clean != located.value)
    first, last = located.span
    kept = located.value[:first], located.value[last:]
    return (
        isinstance(clean, str)
        and clean != located.value
        and kept[0] + located.selected + kept[1] != clean
    )


def _around(located: Located) -> tuple[Any, list[PathPart]]:
    """Return a document with nothing but the value at its place, and the way to it."""
    steps: list[PathPart] = [0 if isinstance(part, int) else part for part in located.path]
    leaf: Any = located.value
    path = list(steps)
    if path[-1] == "value" and located.key not in ("", "value"):
        typed = len(path) > 1 and path[-2] == located.key
        leaf = {"value": leaf, "type": "string"} if typed else {"key": located.key, "value": leaf}
        path.pop()
    for part in reversed(path):
        leaf = [leaf] if isinstance(part, int) else {part: leaf}
    return leaf, steps
