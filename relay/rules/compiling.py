"""A set of rules made ready for speed: one RE2 set over all patterns, direct look-ups by key."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from relay.detectors import CHECKS, COSTS, Check
from relay.rules.model import Rule, Status, normalise_key
from relay.rules.paths import Path
from relay.rules.patterns import Pattern, compile_pattern
from relay.rules.prefilter import Prefilter
from relay.rules.selectors import Selector

_KEY_MEMORY: Final = 4_096
"""So many keys are remembered as hot or cold; then the memory starts afresh."""
_KEY_LENGTH: Final = 24
"""Longer keys are looked up each time and not remembered: they may be an address, which has 25
characters or more."""


@dataclass(frozen=True, slots=True)
class TextRule:
    """A rule that looks into text, ready to run; `marker` is what it writes, if always the same."""

    number: int
    rule: Rule
    pattern: Pattern
    check: Check | None
    cost: int
    claims: bool
    marker: str | None


class Hot(NamedTuple):
    """What may fire at a key.

    Attributes:
        whole: numbers of the rules about whole values, `any` rules among them.
        keyed: rules with a pattern, which look into the value.
    """

    whole: tuple[int, ...]
    keyed: tuple[TextRule, ...]


_COLD: Final = Hot((), ())


@dataclass(slots=True)
class CompiledRules:
    """Rules that are not off, and indexes over those that are enforced.

    A rule's number is its place in `rules`.

    Attributes:
        rules: in the order they were loaded.
        text: the rules with a pattern that look everywhere; those with the same pattern together.
        prefilter: asks their patterns at once, then `extra` patterns (the views' triggers).
        by_key: numbers of whole-value rules by normalised key; `*key` stands for all that end so.
        keyed: rules with a pattern that look under a key only, by normalised key.
        by_place: numbers of `any` rules by the last key of their selectors, case-folded.
        anywhere: numbers of `any` rules that no single key stands for.
        key_words: a pattern that finds any hot key inside text; None if no rule has keys.
        digest: SHA-256 over the rules, hex; the same for the same set.
        markers: by number, the text that a rule writes if it is always the same one.
        plain: numbers of the rules whose hits count wherever they stand.
        endings: the keys that begin with `*`.
    """

    rules: tuple[Rule, ...]
    text: tuple[tuple[TextRule, ...], ...]
    prefilter: Prefilter
    by_key: dict[str, tuple[int, ...]]
    keyed: dict[str, tuple[TextRule, ...]]
    by_place: dict[str, tuple[int, ...]]
    anywhere: tuple[int, ...]
    key_words: Pattern | None
    digest: str
    markers: tuple[str | None, ...]
    plain: frozenset[int]
    endings: tuple[str, ...]
    _tails: tuple[str, ...] = field(init=False, repr=False)
    _remembered: dict[str, Hot | None] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        """Make ready what is asked for most."""
        self._tails = tuple(end[1:] for end in self.endings)

    def hot(self, key: str) -> Hot | None:
        """Return the rules that may fire at a key; mostly none."""
        known = self._remembered.get(key, _COLD)
        if known is _COLD:
            known = self._look_up(key)
            if len(key) <= _KEY_LENGTH:
                if len(self._remembered) >= _KEY_MEMORY:
                    self._remembered.clear()
                self._remembered[key] = known
        return known

    def _look_up(self, key: str) -> Hot | None:
        names = {normalise_key(key), normalise_key(key.rpartition(".")[2])}
        if any(name.endswith(self._tails) for name in names):
            names.update(
                end for end in self.endings for name in tuple(names) if name.endswith(end[1:])
            )
        whole = {number for name in names for number in self.by_key.get(name, ())}
        whole.update(self.by_place.get(key.casefold(), ()))
        keyed = {rule.number: rule for name in names for rule in self.keyed.get(name, ())}
        if not whole and not keyed:
            return None
        return Hot(tuple(sorted(whole)), tuple(keyed[number] for number in sorted(keyed)))


def compile_rules(
    rules: Iterable[Rule], extra: Sequence[str] = (), *, claims: bool = True
) -> CompiledRules:
    """Make a set ready.

    Args:
        rules: those that are not enforced are in the digest, and nothing looks for them.
        extra: more patterns to ask for in the same pass over a text.
        claims: whether what one rule has found need not be found by others.
    """
    active = tuple(rule for rule in rules if rule.status is not Status.OFF)
    enforced = {n: rule for n, rule in enumerate(active) if rule.status is Status.ENFORCE}
    text: list[TextRule] = []
    by_key: dict[str, tuple[int, ...]] = {}
    keyed: dict[str, tuple[TextRule, ...]] = {}
    by_place: dict[str, tuple[int, ...]] = {}
    anywhere: list[int] = []
    for number, rule in enforced.items():
        match = rule.match
        if match.pattern is not None:
            check = CHECKS[match.check] if match.check else None
            cost = COSTS[match.check] if match.check else 0
            own = rule.claims and claims
            ready = TextRule(number, rule, match.pattern, check, cost, own, rule.marker)
            for key in match.keys:
                keyed[key] = (*keyed.get(key, ()), ready)
            if not match.keys:
                text.append(ready)
        else:
            for key in match.keys:
                by_key[key] = (*by_key.get(key, ()), number)
        if match.any:
            keys = _last_keys(rule.where)
            if keys is None:
                anywhere.append(number)
            for key in keys or ():
                by_place[key] = (*by_place.get(key, ()), number)
    spelled = {key for rule in enforced.values() for key in rule.match.spelled}
    key_words = key_pattern({*spelled, *by_place})
    # Rules without a check come first, then checks in their own order, the cheap ones first: what
    # they find needs no second look.
    order = {check: place for place, check in enumerate(CHECKS)}
    text.sort(key=lambda ready: order.get(ready.rule.match.check, -1))
    alike: dict[str, tuple[TextRule, ...]] = {}
    for ready in text:
        source = ready.pattern.source
        alike[source] = (*alike.get(source, ()), ready)
    return CompiledRules(
        rules=active,
        text=tuple(alike.values()),
        prefilter=Prefilter([*alike, *extra, *([key_words.source] if key_words else [])]),
        by_key=by_key,
        keyed=keyed,
        endings=tuple(sorted(key for key in {*by_key, *keyed} if key.startswith("*"))),
        by_place=by_place,
        anywhere=tuple(anywhere),
        key_words=key_words,
        digest=_digest(active),
        markers=tuple(rule.marker for rule in active),
        plain=frozenset(number for number, rule in enumerate(active) if rule.everywhere),
    )


def applies(rule: Rule, path: Path, value_type: str, root_type: str) -> bool:
    """Return whether `where` selects this place and `except` does not."""
    for selector in rule.where:
        if selector.holds(path, value_type, root_type):
            break
    else:
        if rule.where:
            return False
    return not rule.excepts or not any(
        selector.holds(path, value_type, root_type) for selector in rule.excepts
    )


def _last_keys(where: tuple[Selector, ...]) -> frozenset[str] | None:
    """Return the keys that a value must stand under for any of the selectors to hold."""
    keys: set[str] = set()
    for selector in where:
        if selector.last_keys is None or any(key.isdigit() for key in selector.last_keys):
            return None
        keys |= selector.last_keys
    return frozenset(keys)


def key_pattern(keys: Iterable[str]) -> Pattern | None:
    """Return a pattern for any of the keys in text: `"key":`, `key=`, `[key] =>`, `"key",`.

    Args:
        keys: as rules spell them; of `*key` the end is found.
    """
    named = {key.lstrip("*") for key in keys}
    spelled = sorted({"[_ -]?".join(map(_quoted, _words(key))) for key in named})
    return compile_pattern(_of_words(spelled)) if spelled else None


def _of_words(spelled: Iterable[str]) -> str:
    return f"(?i)(?:{'|'.join(spelled)})(?:[\"'\\\\]*\\s*(?:=>?|:)|\\]\\s?=>|\\\\*[\"'],)"


def _words(key: str) -> list[str]:
    """Return the words that a key is made of: `device_id` and `deviceId` have two."""
    spaced = "".join(
        f" {c}" if c.isupper() and not before.isupper() else c
        for before, c in zip(" " + key, key, strict=False)
    )
    return [word.lower() for word in spaced.replace("_", " ").replace("-", " ").split()] or [key]


def _quoted(word: str) -> str:
    return "".join(c if c.isalnum() else f"\\x{{{ord(c):x}}}" for c in word)


def _digest(rules: Iterable[Rule]) -> str:
    digest = hashlib.sha256()
    for rule in sorted(rules, key=lambda r: r.id):
        match = rule.match
        parts = (
            rule.id,
            rule.status,
            match.pattern.source if match.pattern else "",
            match.check,
            ",".join(sorted(match.keys)),
            str(match.any),
            ",".join(match.near),
            ",".join(s.source for s in rule.where),
            ",".join(s.source for s in rule.excepts),
            rule.redaction.method,
            rule.redaction.text,
            rule.redaction.family,
        )
        digest.update("\0".join(parts).encode() + b"\n")
    return digest.hexdigest()
