"""A PII configuration in, rule files and a list of what they do not hold out."""

from dataclasses import dataclass, field, replace
from typing import Any, Final

from relay.errors import RuleError
from relay.rules.examples import MakeScrubber
from relay.rules.loading import RuleText, load_rules
from relay.rules.model import Method, normalise_key
from relay.rules.selectors import SelectorError, parse_selector
from relay.rules.sentry_import.document import Config, read_document
from relay.rules.sentry_import.model import (
    Find,
    Imported,
    ImportedRule,
    Leaf,
    Loss,
    Redact,
    below,
    distinct,
    shown,
)
from relay.rules.sentry_import.proving import prove
from relay.rules.sentry_import.resolving import Resolver
from relay.rules.sentry_import.selectors import Place, places_of
from relay.rules.sentry_import.writing import examples_text, rule_text, todo_text

FOLDER: Final = "sentry"
"""The first word of every id, and the folder that the files go into."""
_PSEUDONYM: Final = "[hashed]"
_NO_TEXT: Final = ("$object", "$array", "$boolean")
_LONGEST_NAME: Final = 80
_PLACEHOLDERS: Final = examples_text([{"in": "a", "out": "b"}] * 2, ["a", "b"])


def convert(document: Any, make: MakeScrubber) -> Imported:
    """Turn a parsed document into rule files.

    Args:
        document: a PII configuration, a project's configuration or settings that hold one.
        make: makes a scrubber of rules; examples are tried on it.

    Raises:
        NotPiiConfigError: there is no PII configuration in it.
    """
    losses: list[Loss] = []
    drafts: dict[Any, _Draft] = {}
    for config in read_document(document, losses):
        lost: list[Loss] = []
        _collect(config, drafts, lost)
        losses += [replace(loss, path=config.path) for loss in lost] if config.made else lost
    rules: list[ImportedRule] = []
    taken: set[str] = set()
    for draft in drafts.values():
        made = _finish(draft, taken, make, losses)
        if made is not None:
            rules.append(made)
    return Imported(tuple(rules), distinct(losses))


@dataclass(slots=True)
class _Draft:
    """A rule file to be: what it finds, and every place that an application adds to it."""

    leaf: Leaf
    find: Find
    place: Place
    path: str
    selectors: list[str] = field(default_factory=list)


def _collect(config: Config, drafts: dict[Any, _Draft], losses: list[Loss]) -> None:
    """Draft a file for each thing to find; places with the same redaction go together."""
    resolver = Resolver(config.rules, below(config.path, "rules"), losses)
    for selector, names in config.applications.items():
        path = below(config.path, "applications", selector)
        if not isinstance(names, list):
            losses.append(Loss(path, "it must be a list of names of rules"))
            continue
        try:
            places, lost = places_of(selector)
        except SelectorError as error:
            losses.append(Loss(path, f"not a selector: {error}"))
            places, lost = [], []
        losses += [Loss(path, reason) for reason in lost]
        seen: set[str] = set()
        for at, name in enumerate(names):
            if not isinstance(name, str):
                losses.append(Loss(below(path, at), "it must be the name of a rule"))
                continue
            for leaf in resolver.leaves(name, below(path, at), seen):
                for find in leaf.finds:
                    for place in places:
                        _draft(drafts, losses, leaf, find, place, path, selector)
    for name in config.rules:
        if name not in resolver.used:
            losses.append(Loss(below(config.path, "rules", name), "no application names it"))


def _draft(
    drafts: dict[Any, _Draft],
    losses: list[Loss],
    leaf: Leaf,
    find: Find,
    place: Place,
    path: str,
    selector: str,
) -> None:
    if find.any and not place.where:
        place = Place(("**",), place.excepts, place.shows)
    if not find.any and "**" in place.where:
        place = Place((), place.excepts, place.shows)
    if find.pattern and place.where:
        # Sentry's rules about text do nothing at a map or a list itself.
        where = tuple(word for word in place.where if word not in _NO_TEXT)
        if not where:
            losses.append(Loss(path, f"{shown(leaf.name)} looks into text, and here is none"))
            return
        place = replace(place, where=where)
    if find.keys and place.where:
        find, place = _keys_at(find, place)
        if not place.where:
            return
    key = (
        path.partition("applications")[0],
        leaf.origin,
        leaf.name,
        find,
        leaf.redact,
        place.excepts,
        bool(place.where),
    )
    draft = drafts.get(key)
    if draft is None:
        drafts[key] = _Draft(leaf, find, place, path, [selector])
        return
    draft.place = Place(
        tuple(dict.fromkeys((*draft.place.where, *place.where))),
        place.excepts,
        tuple(dict.fromkeys((*draft.place.shows, *place.shows))),
    )
    draft.selectors.append(selector)


def _keys_at(find: Find, place: Place) -> tuple[Find, Place]:
    """Leave out selectors that name a key which the rule says nothing of.

    A key that a selector names and the rule knows by a part of it is taken as it stands.
    """
    words = [normalise_key(key).lstrip("*") for key in find.keys]
    where: list[str] = []
    more: list[str] = []
    for selector in place.where:
        last = parse_selector(selector).last_keys
        known = [key for key in last or () if any(word in normalise_key(key) for word in words)]
        if last is None or known:
            where.append(selector)
            more += sorted(known)
    keys = tuple(dict.fromkeys((*find.keys, *more)))
    return replace(find, keys=keys), Place(tuple(where), place.excepts, place.shows)


def _finish(
    draft: _Draft, taken: set[str], make: MakeScrubber, losses: list[Loss]
) -> ImportedRule | None:
    """Write a file, with the examples that the engine agrees to."""
    leaf, find, place = draft.leaf, draft.find, draft.place
    rule_id = _new_id(_name(leaf, find), taken)
    rule = shown(leaf.name)
    within = f" inside of {shown(leaf.origin)}" if leaf.origin != leaf.name else ""
    head = rule_text(
        rule_id,
        f"{find.noun[:1].upper()}{find.noun[1:]} (Sentry's rule {rule})",
        f"Sentry's PII configuration has it: rule {rule}{within}.",
        find,
        place.where,
        place.excepts,
        leaf.redact,
    )
    try:
        rules = load_rules([RuleText(rule_id, rule_id, head + _PLACEHOLDERS)])
    except RuleError as error:
        losses += [
            Loss(draft.path, f"{rule} makes no rule of ours: {mistake.message}")
            for mistake in error.mistakes
        ]
        taken.discard(rule_id)
        return None
    proof = prove(find, place, make(rules))
    if not proof.enough and leaf.redact.method is Method.HASH:
        # A pseudonym inside of text: no example can say what it will be.
        other = replace(draft, leaf=replace(leaf, redact=Redact(Method.REPLACE, _PSEUDONYM)))
        taken.discard(rule_id)
        made = _finish(other, taken, make, losses)
        if made is not None and made.finished:
            reason = f"{rule}: no example can show a hash inside of text; it writes {_PSEUDONYM}"
            losses.append(Loss(draft.path, reason))
            return made
    tail = todo_text()
    if proof.enough:
        made_up = bool(find.pattern and not find.hits)
        tail = examples_text(proof.scrubs, proof.leaves, made_up=made_up)
    return ImportedRule(rule_id, head + tail, proof.enough)


def _name(leaf: Leaf, find: Find) -> str:
    names = [leaf.origin] if leaf.origin == leaf.name else [leaf.origin, leaf.name]
    if len(leaf.finds) > 1:
        names.append(find.part)
    return "-".join(names)


def _new_id(name: str, taken: set[str]) -> str:
    """Return an id that no other file has: lower-case words, a number behind the second alike."""
    letters = (c if c.isascii() and c.isalnum() else " " for c in name.lower())
    slug = "-".join("".join(letters).split())[:_LONGEST_NAME].strip("-") or "rule"
    number, rule_id = 1, f"{FOLDER}/{slug}"
    while rule_id in taken:
        number += 1
        rule_id = f"{FOLDER}/{slug}-{number}"
    taken.add(rule_id)
    return rule_id
