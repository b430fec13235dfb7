"""The proof of a draft: it loads, changes the value that was chosen, and its examples hold.

Law of this file: no example holds the chosen value, because rule files get committed.
"""

import copy
from dataclasses import replace
from typing import Any, Final

from relay import jsonio
from relay.errors import RuleError, ScrubError
from relay.rules.examples import run_examples
from relay.rules.loading import RuleText, load_rules
from relay.rules.model import Method, Rule, Status
from relay.rules.paths import PathPart, ValueType
from relay.rules.sentry_import.model import Find
from relay.rules.sentry_import.proving import Proof, prove
from relay.rules.sentry_import.selectors import Place
from relay.rules.sentry_import.writing import examples_text
from relay.scrub.hashing import HashKeys
from relay.scrub.scrubber import Scrubber
from relay.workbench.locating import Located, every, narrowed
from relay.workbench.shapes import invent
from relay.workbench.suggesting import general

_PLACEHOLDERS: Final = "examples: {scrubs: [{in: a, out: b}, {in: a, out: b}], leaves: [a, b]}\n"
_SEEDS: Final = 24
_SIZE: Final = 1 << 20
"""Bytes that the work on one value is bounded for."""
_LEAST: Final = 4
"""Shorter texts stand in any other by chance."""
_KEYS: Final = HashKeys(bytes(32))
"""For trying only; what examples show of a pseudonym is `hash:*`."""


def caught_by(located: Located, scrubber: Scrubber) -> tuple[str, ...]:
    """Return the ids of the rules that redact what was chosen already; none if it stays."""
    document, steps = _around(located)
    try:
        clean, done = scrubber.scrub_value(document, _SIZE, located.root_type)
    except ScrubError:
        return ()
    if not _is_gone(clean, steps, located, removes=True):
        return ()
    return tuple(dict.fromkeys(remark[0] for note in done.notes for remark in note.remarks))


def left_at(sample: str, kind: str, chosen: str, scrubber: Scrubber) -> tuple[str, ...]:
    """Return where in a sample a chosen text stays; no place is named by somebody's data.

    Args:
        sample: the sample as it is shown.
        kind: `event`, `envelope` or `text`.
        chosen: the text; a short one stands anywhere by chance, and is not looked for.
        scrubber: of all rules, the new one too.
    """
    if len(chosen) < _LEAST:
        return ()
    places: dict[str, None] = {}
    for located in every(sample, kind):
        found = narrowed(located, chosen) if isinstance(located.value, str) else None
        if found is not None and not caught_by(found, scrubber):
            places[".".join(general(found)) or "the text"] = None
    return tuple(places)


def proven(
    rule_id: str, head: str, find: Find, where: tuple[str, ...], located: Located
) -> str | None:
    """Return the file with examples, or None if it does not do what it is for.

    Raises:
        RuleError: the rule does not load.
    """
    (rule,) = load_rules([RuleText(rule_id, rule_id, head + _PLACEHOLDERS)])
    scrubber = _alone(rule)
    if not _changes(scrubber, located, removes=rule.redaction.method is Method.REMOVE):
        return None
    if not find.hits:
        hits = [invent(located.selected, seed) for seed in range(_SEEDS)]
        find = replace(find, hits=tuple(text for text in hits if text != located.selected))
    place = _place(located, where, find.keys[0] if find.keys else "")
    proof = prove(find, place, scrubber)
    proof = Proof(
        [one for one in proof.scrubs if not holds_chosen(one, located.selected)],
        [one for one in proof.leaves if not holds_chosen(one, located.selected)],
    )
    if not proof.enough:
        return None
    if located.value_type is not ValueType.STRING:
        typed = Proof(*(_typed(part, find.hits) for part in (proof.scrubs, proof.leaves)))
        whole = head + examples_text(typed.scrubs, typed.leaves)
        if _passes(rule_id, whole):
            return whole
    whole = head + examples_text(proof.scrubs, proof.leaves)
    return whole if _passes(rule_id, whole) else None


def _passes(rule_id: str, whole: str) -> bool:
    try:
        rules = load_rules([RuleText(rule_id, f"{rule_id}.yaml", whole)])
    except RuleError:
        return False
    results = run_examples(rules, lambda some: Scrubber.from_rules(some, _KEYS))
    return all(result.passed for result in results)


def _typed(example: Any, hits: tuple[str, ...]) -> Any:
    """Return an example with numbers, maps and lists in place of invented texts of them."""
    match example:
        case {"in": _}:
            return example
        case dict():
            return {key: _value(value, hits) for key, value in example.items()}
        case list():
            return [_typed(one, hits) for one in example]
        case _:
            return example


def _value(value: Any, hits: tuple[str, ...]) -> Any:
    if isinstance(value, str) and value in hits:
        try:
            return jsonio.loads(value)
        except jsonio.JsonError:
            return value  # was cut to a readable length
    return _typed(value, hits)


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


def holds_chosen(example: Any, chosen: str) -> bool:
    """Return whether an example holds the text that was chosen."""
    match example:
        case str():
            return chosen == example or (len(chosen) >= _LEAST and chosen in example)
        case dict():
            return any(holds_chosen(value, chosen) for value in example.values())
        case list():
            return any(holds_chosen(value, chosen) for value in example)
        case _:
            return str(example) == chosen


def _changes(scrubber: Scrubber, located: Located, *, removes: bool) -> bool:
    """Return whether a rule changes the value that was chosen, where it stood, and not its keys."""
    document, steps = _around(located)
    try:
        clean = scrubber.scrub_plain(document)
    except ScrubError:
        return False
    return _is_gone(clean, steps, located, removes=removes)


def _is_gone(clean: Any, steps: list[PathPart], located: Located, *, removes: bool) -> bool:
    for step in steps:
        if isinstance(clean, dict) and step not in clean:
            return removes
        if not isinstance(clean, (dict, list)):
            return True  # a map or list around it went as a whole
        clean = clean[step]  # type: ignore[index]
    return bool(clean != located.value) and located.selected not in str(clean)


def _around(located: Located) -> tuple[Any, list[PathPart]]:
    """Return a document with nothing but the value at its place, and the way to it."""
    steps: list[PathPart] = [0 if isinstance(part, int) else part for part in located.path]
    leaf: Any = copy.deepcopy(located.value)  # scrubbing changes it in place
    if not steps:
        return [leaf], [0]
    path = list(steps)
    if path[-1] == "value" and located.key not in ("", "value"):
        typed = len(path) > 1 and path[-2] == located.key
        leaf = {"value": leaf, "type": "string"} if typed else {"key": located.key, "value": leaf}
        path.pop()
    for part in reversed(path):
        leaf = [leaf] if isinstance(part, int) else {part: leaf}
    return leaf, steps
