"""Rules that are tried out (`status: shadow`): what they would redact, and where.

Law of this file: it reads what the enforced rules are about to clean, and leaves no trace in it.
The shadow rules are a set of their own, so they cannot get in the way of the others. Of what they
find only a path is kept, and of a path only the keys that are plain words and hold nothing that a
rule knows.
"""

import string
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from relay.errors import ScrubError
from relay.rules.compiling import CompiledRules, TextRule, compile_rules
from relay.rules.model import Rule, Status
from relay.rules.paths import Path, PathPart
from relay.scrub.budget import budget_for
from relay.scrub.cuts import cuts_at
from relay.scrub.document import DocumentScrubber
from relay.scrub.hashing import HashKeys
from relay.scrub.hits import Hit
from relay.scrub.memory import Memory
from relay.scrub.plans import KEY_LENGTH, Plan
from relay.scrub.search import TRIGGERS, search
from relay.scrub.walk import VALUE_TYPES
from relay.scrub.walked import Container, Place

MOST_PATHS: Final = 200
"""Paths that are told apart in one envelope; what is found elsewhere counts under `OTHERS`."""

OTHERS: Final = "…others"
"""Stands for all paths that are not told apart; no path is written so."""

GIVEN_UP: Final = "…given up"
"""Counts documents that could not be read to the end: enforced, the rule might drop them."""

ShadowHits = Mapping[tuple[str, str], int]
"""(rule id, path) -> how often the rule would have redacted something there."""

_LONGEST: Final = 32
_DEEPEST: Final = 12
"""Parts of a path that are shown; `**` stands for what comes between, as in a selector."""
_SHOWN: Final = 2_000
_WORD: Final = frozenset(string.ascii_letters + "_-")
_NO_KEYS: Final = HashKeys(b"")


def add_hits(into: dict[tuple[str, str], int], hits: ShadowHits) -> None:
    """Add hits to others, so that no more than `MOST_PATHS` are told apart."""
    for (rule, path), count in hits.items():
        place = (rule, path)
        if place not in into and len(into) >= MOST_PATHS:
            place = (rule, OTHERS)
        into[place] = into.get(place, 0) + count


def added(parts: Iterable[ShadowHits]) -> ShadowHits:
    """Return hits added up; mostly there are none."""
    hits: dict[tuple[str, str], int] = {}
    for part in parts:
        if part:
            add_hits(hits, part)
    return hits


def by_rule(hits: ShadowHits) -> Mapping[str, int]:
    """Return how often each rule would have redacted something, by its id."""
    counts: dict[str, int] = {}
    for (rule, path), count in hits.items():
        if path != GIVEN_UP:
            counts[rule] = counts.get(rule, 0) + count
    return counts


@dataclass(frozen=True, slots=True)
class Shadow:
    """Shadow rules, ready to be looked for.

    Attributes:
        compiled: the rules, as if they were enforced and there were no others.
        memory: what they find nothing in.
        enforced: what is known of the rules that are enforced.
    """

    compiled: CompiledRules = field(repr=False)
    memory: Memory = field(repr=False)
    enforced: Memory = field(repr=False)
    _shown: dict[Path, str] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, rules: Sequence[Rule], enforced: Memory) -> "Shadow | None":
        """Make the shadow rules among these ready; None if there are none."""
        tried = [replace(r, status=Status.ENFORCE) for r in rules if r.status is Status.SHADOW]
        if not tried:
            return None
        # None of them keeps another from being counted.
        compiled = compile_rules(tried, TRIGGERS, claims=False)
        return cls(compiled, Memory(compiled), enforced)

    def find(
        self, root: Any, size: int, root_type: str, label: str, *, structural: bool
    ) -> ShadowHits:
        """Return what the rules would redact in a document, by rule and path.

        Args:
            root: a map or list; it stays as it is.
            size: its length in bytes, which bounds the work.
            root_type: the selector type of the root.
            label: what paths begin with: the kind of item.
            structural: whether rules about keys and places apply.

        Raises:
            ScrubError: it is too deep, or the rules need more work than its size allows.
        """
        found = _Finder(
            self.compiled, _NO_KEYS, budget_for(size), root_type, structural, self.memory
        )
        found.look(root)
        shown = self.show(list(dict.fromkeys(path for _, path in found.found)))
        hits: dict[tuple[str, str], int] = {}
        rules = self.compiled.rules
        for (number, path), count in found.found.items():
            text = shown[path]
            place = text if text == OTHERS else f"{label}/{text}"
            add_hits(hits, {(rules[number].id, place): count})
        return hits

    def show(self, paths: Collection[Path]) -> Mapping[Path, str]:
        """Return paths as selectors, with `*` for all that could be more than a name of a field.

        Args:
            paths: as selectors see them. Of many `MOST_PATHS` are told apart; the rest is `OTHERS`.
        """
        shown = {path: self._shown[path] for path in paths if path in self._shown}
        fresh = [path for path in paths if path not in shown]
        # All keys at once: a search of each would cost more than the document.
        keys = {part for path in fresh for part in path if type(part) is str and _is_plain(part)}
        keys -= self._found_in(keys)
        forms: dict[tuple[str, ...], list[Path]] = {}
        for path in fresh:
            forms.setdefault(_form(path, keys), []).append(path)
        told = list(forms)[:MOST_PATHS]
        # Words that say nothing each can be a phrase together.
        phrases = {form: " ".join(part for part in form if part in keys) for form in told}
        hidden = self._found_in(set(phrases.values()) - keys)
        for form, alike in forms.items():
            text = OTHERS
            if form in phrases:
                plain = _form(alike[0], ()) if phrases[form] in hidden else form
                text = ".".join(map(_quoted, plain))
                self._remember(alike, text)
            shown.update(dict.fromkeys(alike, text))
        return shown

    def _remember(self, paths: Iterable[Path], text: str) -> None:
        """Note how paths are shown; not such with a long key, which may be an address."""
        for path in paths:
            if all(type(part) is int or len(str(part)) <= KEY_LENGTH for part in path):
                if len(self._shown) >= _SHOWN:
                    self._shown.clear()
                self._shown[path] = text

    def _found_in(self, texts: Collection[str]) -> set[str]:
        """Return the texts in which any rule finds something, or might, wherever it stands."""
        found: set[str] = set()
        for memory in (self.enforced, self.memory):
            unknown = memory.unknown(texts)
            if not unknown:
                continue
            try:
                hits = search(memory.compiled, unknown, budget_for(sum(map(len, unknown))))
            except ScrubError:
                return set(texts)
            found.update(unknown[number] for number in hits)
        return found


def _is_plain(key: str) -> bool:
    plain = len(key) <= _LONGEST and _WORD.issuperset(key.replace(".", ""))
    return plain and any(map(str.isalpha, key))


def _form(path: Path, keys: Collection[str]) -> tuple[str, ...]:
    """Return a path with `*` for what is not among the keys, and cut off where it is deep."""
    parts = [part if type(part) is str and part in keys else "*" for part in path]
    if len(parts) > _DEEPEST:
        parts[_DEEPEST - 2 : -1] = ["**"]
    return tuple(parts)


def _quoted(part: str) -> str:
    return f"'{part}'" if "." in part else part


@dataclass(slots=True)
class _Finder(DocumentScrubber):
    """Goes over a document as a scrubber does, and notes what it would have done.

    Attributes:
        found: by number of the rule, and the path as selectors see it.
    """

    found: dict[tuple[int, Path], int] = field(default_factory=dict, repr=False)

    def _effects(self) -> int:
        return super(_Finder, self)._effects() + sum(self.found.values())

    def _whole(self, container: Container, slot: PathPart, plan: Plan, value: Any) -> bool:
        """Note the rules that would take a whole value; what one takes, none looks into."""
        del container, slot
        if value is None or value is True or value is False or value in ("", [], {}):
            return False
        numbers = plan.all_that_take(VALUE_TYPES[type(value)])
        for number in numbers:
            self._note(number, plan.path)
        return bool(numbers)

    def _text(
        self, place: Place, text: str, hits: Sequence[Hit], keyed: tuple[TextRule, ...] = ()
    ) -> None:
        """Note what would be cut of a text; spans of one rule that overlap are one."""
        del keyed
        ends: dict[int, int] = {}
        for start, end, number in sorted(cuts_at(self.compiled, hits, place)):
            if text[start:end] == self.compiled.markers[number]:
                continue
            if start >= ends.get(number, 0):
                self._note(number, place.plan.path)
            ends[number] = max(end, ends.get(number, 0))

    def _note(self, number: int, path: Path) -> None:
        self.found[number, path] = self.found.get((number, path), 0) + 1
