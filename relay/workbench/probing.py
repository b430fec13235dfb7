"""What rules would do at places of a document, each as if it were alone, with conditions left out.

Law of this file: the scrubber decides. Its walk goes over the document and its search over the
texts; here it is noted what they come to, and nothing is changed.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from relay.errors import ScrubError
from relay.rules.compiling import CompiledRules, TextRule, compile_rules
from relay.rules.model import Match, Method, Redaction, Rule, Status
from relay.rules.paths import Path, PathPart
from relay.rules.selectors import Selector, parse_selector
from relay.scrub.budget import Budget, budget_for
from relay.scrub.cuts import cuts_at
from relay.scrub.document import DocumentScrubber
from relay.scrub.hashing import HashKeys
from relay.scrub.hits import Hit
from relay.scrub.memory import Memory
from relay.scrub.plans import Plan
from relay.scrub.search import TRIGGERS
from relay.scrub.walk import VALUE_TYPES
from relay.scrub.walked import Container, Place, path_of


class Condition(StrEnum):
    """What narrows a rule beside its pattern and keys."""

    CHECK = "check"
    NEAR = "near"
    WHERE = "where"
    EXCEPT = "except"


ALL: Final = frozenset(Condition)


def with_only(rule: Rule, conditions: Iterable[Condition]) -> Rule:
    """Return a rule as if it were enforced and had no conditions but these."""
    kept = frozenset(conditions)
    match = replace(
        rule.match,
        check=rule.match.check if Condition.CHECK in kept else "",
        near=rule.match.near if Condition.NEAR in kept else (),
    )
    return replace(
        rule,
        status=Status.ENFORCE,
        match=match,
        where=rule.where if Condition.WHERE in kept else (),
        excepts=rule.excepts if Condition.EXCEPT in kept else (),
    )


_EVERY: Final = Rule(
    id="workbench/every",
    description="",
    why="",
    status=Status.ENFORCE,
    match=Match(any=True),
    # The second one tells the elements of lists apart.
    where=(parse_selector("**"), parse_selector("**.0")),
    excepts=(),
    redaction=Redaction(Method.REMOVE),
    scrubs=(),
    leaves=(),
)
"""So that the scrubber asks about every value."""

_PATIENCE: Final = 20
"""So much more work than in the service: without their checks, rules find much."""
_NO_KEYS: Final = HashKeys(b"")


@dataclass(frozen=True, slots=True)
class Asked:
    """A value at a place that was asked about.

    Attributes:
        path: in the document, with indexes.
        clean: the same, as it is in the clean document.
        plan: what the rules say about values there; its path is as selectors see it.
        value: what stands there.
        value_type: the selector type of the value.
    """

    path: Path = field(repr=False)
    clean: Path = field(repr=False)
    plan: Plan = field(repr=False)
    value: Any = field(repr=False)
    value_type: str


@dataclass(frozen=True, slots=True)
class Probed:
    """What rules would do at the places that were asked about.

    Attributes:
        asked: the places, in the order of the walk.
        would: by path, ids of the rules that would redact something there.
        stands: by path, ids of those that would write what stands there.
        paths: of all places, as selectors see them.
    """

    asked: tuple[Asked, ...]
    would: dict[Path, frozenset[str]] = field(repr=False)
    stands: dict[Path, frozenset[str]] = field(repr=False)
    paths: tuple[Path, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Probe:
    """Rules, ready to be asked what they would do."""

    compiled: CompiledRules = field(repr=False)

    @classmethod
    def of(cls, rules: Iterable[Rule]) -> "Probe":
        """Make rules ready; none keeps another from being seen."""
        return cls(compile_rules((*rules, _EVERY), TRIGGERS, claims=False))

    def probe(self, places: "Places") -> Probed:
        """Return what the rules would do at places; their document stays as it is.

        Raises:
            ScrubError: it is too deep, or needs far more work than its size allows.
        """
        budget = budget_for(places.size)
        patient = Budget(budget.left * _PATIENCE, budget.room)
        run = _Run(
            self.compiled,
            _NO_KEYS,
            patient,
            places.root_type,
            memory=Memory(self.compiled),
            places=places,
        )
        run.look(places.document)
        rules = self.compiled.rules
        every = rules.index(_EVERY)

        def ids(numbers: Iterable[int]) -> frozenset[str]:
            return frozenset(rules[number].id for number in numbers if number != every)

        return Probed(
            tuple(run.asked.values()),
            {path: found for path, numbers in run.would.items() if (found := ids(numbers))},
            {path: found for path, numbers in run.stands.items() if (found := ids(numbers))},
            tuple(run.paths),
        )


@dataclass(slots=True)
class _Run(DocumentScrubber):
    """Goes over a document as a scrubber does, and notes what it is asked."""

    places: "Places" = field(kw_only=True)
    asked: dict[Path, Asked] = field(default_factory=dict, repr=False)
    would: dict[Path, set[int]] = field(default_factory=dict, repr=False)
    stands: dict[Path, set[int]] = field(default_factory=dict, repr=False)
    paths: list[Path] = field(default_factory=list, repr=False)

    def _effects(self) -> int:
        # No part of a document is passed over because it is known.
        return super(_Run, self)._effects() + len(self.paths)

    def _special(self, container: Container, slot: PathPart, plan: Plan, value: Any) -> bool:
        self.paths.append(plan.path)
        kind = VALUE_TYPES[type(value)]
        path = (*path_of(container.link), slot)
        clean = self.places.clean(path)
        holds, root = self.places.selector.holds, self.root_type
        if any(holds(known, kind, root) for known in (plan.path, path, clean)):
            self.asked[path] = Asked(path, clean, plan, value, kind)
        return super(_Run, self)._special(container, slot, plan, value)

    def _whole(self, container: Container, slot: PathPart, plan: Plan, value: Any) -> bool:
        """Note the rules that would take a whole value, and go on as if none did."""
        path = (*path_of(container.link), slot)
        if path in self.asked and not is_nothing(value):
            numbers = plan.all_that_take(VALUE_TYPES[type(value)])
            markers = self.compiled.markers
            for number in numbers:
                stands = value == markers[number]
                (self.stands if stands else self.would).setdefault(path, set()).add(number)
        return False

    def _text(
        self, place: Place, text: str, hits: Sequence[Hit], keyed: tuple[TextRule, ...] = ()
    ) -> None:
        del keyed
        path = (*path_of(place.container.link), place.slot)
        if place.is_key or path not in self.asked:
            return
        for start, end, number in cuts_at(self.compiled, hits, place):
            stands = text[start:end] == self.compiled.markers[number]
            (self.stands if stands else self.would).setdefault(path, set()).add(number)


def is_nothing(value: Any) -> bool:
    """Return whether it is a value that no rule redacts: null, true, false, or empty."""
    return value is None or value is True or value is False or value in ("", [], {})


@dataclass(frozen=True, slots=True)
class Places:
    """What is asked about: places in a document.

    Attributes:
        document: a map or list.
        size: in bytes.
        root_type: what selectors call its root.
        selector: holds at the places.
        renamed: by the path of a key in which something is redacted, its new name.
    """

    document: Any = field(repr=False)
    size: int
    root_type: str
    selector: Selector = field(repr=False)
    renamed: Mapping[Path, PathPart] = field(default_factory=dict, repr=False)

    def clean(self, path: Path) -> Path:
        """Return a path as it is in the clean document."""
        if not self.renamed:
            return path
        return tuple(self.renamed.get(path[: at + 1], part) for at, part in enumerate(path))

    def probe(self, rules: Sequence[Rule], conditions: Iterable[Condition]) -> Probed | None:
        """Ask rules that have only some of their conditions; None where it is too much work."""
        ready = Probe.of(with_only(rule, conditions) for rule in rules)
        try:
            return ready.probe(self)
        except ScrubError:
            return None


def holding(selectors: Sequence[Selector], asked: Asked, root_type: str) -> Iterator[Selector]:
    """Yield the selectors that hold where a value stands."""
    for selector in selectors:
        if selector.holds(asked.plan.path, asked.value_type, root_type):
            yield selector
