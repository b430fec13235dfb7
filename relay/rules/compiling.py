"""A set of rules made ready for speed: one RE2 set over all patterns, direct look-ups by key."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from relay.detectors import CHECKS, Check
from relay.rules.model import Rule, Status, normalise_key
from relay.rules.patterns import Pattern, PatternSet, compile_pattern
from relay.rules.selectors import Path, Selector

_KEY_MEMORY: Final = 4_096
"""So many keys are remembered as hot or cold; then the memory starts afresh."""
_KEY_LENGTH: Final = 48
"""Longer keys are looked up each time and not remembered: they may hold a value."""


@dataclass(frozen=True, slots=True)
class TextRule:
    """A rule that looks into text, ready to run."""

    number: int
    rule: Rule
    pattern: Pattern
    check: Check | None


@dataclass(slots=True)
class CompiledRules:
    """Rules that are not off, and the indexes over them. A rule's number is its place in `rules`.

    Attributes:
        rules: in the order they were loaded.
        text: the rules with a pattern.
        patterns: the set over their patterns, then `extra` patterns (the views' triggers).
        by_key: numbers of whole-value rules by normalised key.
        by_place: numbers of `any` rules by the last key of their selectors, case-folded.
        anywhere: numbers of `any` rules that no single key stands for.
        key_words: a pattern that finds any hot key inside text; None if no rule has keys.
        digest: SHA-256 over the rules, hex; the same for the same set.
    """

    rules: tuple[Rule, ...]
    text: tuple[TextRule, ...]
    patterns: PatternSet
    by_key: dict[str, tuple[int, ...]]
    by_place: dict[str, tuple[int, ...]]
    anywhere: tuple[int, ...]
    key_words: Pattern | None
    digest: str
    _remembered: dict[str, tuple[int, ...]] = field(default_factory=dict, repr=False)

    def hot(self, key: str) -> tuple[int, ...]:
        """Return the whole-value and `any` rules that may fire at a key; often none."""
        known = self._remembered.get(key)
        if known is None:
            known = self._look_up(key)
            if len(key) <= _KEY_LENGTH:
                if len(self._remembered) >= _KEY_MEMORY:
                    self._remembered.clear()
                self._remembered[key] = known
        return known

    def _look_up(self, key: str) -> tuple[int, ...]:
        found = list(self.by_key.get(normalise_key(key), ()))
        if "." in key:
            found += self.by_key.get(normalise_key(key.rpartition(".")[2]), ())
        found += self.by_place.get(key.casefold(), ())
        return tuple(sorted(set(found)))

    def has_key(self, number: int, key: str) -> bool:
        """Return whether a rule that names keys names this one."""
        keys = self.rules[number].match.keys
        return normalise_key(key) in keys or normalise_key(key.rpartition(".")[2]) in keys


def compile_rules(rules: Iterable[Rule], extra: Sequence[str] = ()) -> CompiledRules:
    """Make a set ready. `extra` are more patterns to ask for in the same pass over a text."""
    active = tuple(rule for rule in rules if rule.status is not Status.OFF)
    text: list[TextRule] = []
    by_key: dict[str, tuple[int, ...]] = {}
    by_place: dict[str, tuple[int, ...]] = {}
    anywhere: list[int] = []
    for number, rule in enumerate(active):
        match = rule.match
        if match.pattern is not None:
            check = CHECKS[match.check] if match.check else None
            text.append(TextRule(number, rule, match.pattern, check))
        for key in match.keys if match.pattern is None else ():
            by_key[key] = (*by_key.get(key, ()), number)
        if match.any:
            keys = _last_keys(rule.where)
            if keys is None:
                anywhere.append(number)
            for key in keys or ():
                by_place[key] = (*by_place.get(key, ()), number)
    named = set(by_key) | set(by_place)
    named.update(key for rule in active for key in rule.match.keys)
    key_words = compile_pattern(_key_pattern(named)) if named else None
    sources = [rule.pattern.source for rule in text]
    return CompiledRules(
        rules=active,
        text=tuple(text),
        patterns=PatternSet([*sources, *extra, *([key_words.source] if key_words else [])]),
        by_key=by_key,
        by_place=by_place,
        anywhere=tuple(anywhere),
        key_words=key_words,
        digest=_digest(active),
    )


def applies(rule: Rule, path: Path, value_type: str, root_type: str) -> bool:
    """Return whether `where` selects this place and `except` does not."""
    if not any(s.holds(path, value_type, root_type) for s in rule.where or _EVERYWHERE):
        return False
    return not any(s.holds(path, value_type, root_type) for s in rule.excepts)


class _Everywhere:
    def holds(self, path: Path, value_type: str, root_type: str) -> bool:  # noqa: ARG002
        return True


_EVERYWHERE: Final = (_Everywhere(),)


def _last_keys(where: tuple[Selector, ...]) -> frozenset[str] | None:
    """Return the keys that a value must stand under for any of the selectors to hold."""
    keys: set[str] = set()
    for selector in where:
        if selector.last_keys is None or any(key.isdigit() for key in selector.last_keys):
            return None
        keys |= selector.last_keys
    return frozenset(keys)


def _key_pattern(keys: Iterable[str]) -> str:
    """Return a pattern for any of the keys in text, as in `"key":`, `key=` or `key: `."""
    spelled = sorted(
        "[_ -]?".join(f"\\x{{{ord(c):x}}}" if not c.isalnum() else c for c in key if c not in "_- ")
        for key in keys
    )
    return f"(?i)(?:{'|'.join(spelled)})[\"'\\\\]{{0,12}}\\s{{0,3}}(?:=>?|:)"


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
