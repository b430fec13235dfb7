"""Why a rule did something at a place, or why it did nothing.

Law of this file: no condition is judged here. A rule is asked again with conditions left out
(`probing`): the one without which it would fire is the one that keeps it. Of the document nothing
is said but paths, which are written clean.
"""

import difflib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from relay.rules.model import Rule, Status, normalise_key
from relay.rules.paths import Path
from relay.rules.selectors import Selector
from relay.scrub.document import PROTECTED_ID
from relay.scrub.plans import path_has
from relay.scrub.remarks import show_path
from relay.scrub.scrubber import Scrubber
from relay.scrub.walk import number_text
from relay.workbench.explaining import show_raw, shower, strictly
from relay.workbench.probing import ALL, Asked, Condition, Places, Probed, holding, is_nothing
from relay.workbench.watching import Seen, Target, Watched, Watching


class Cause(StrEnum):
    """Why a rule did what it did at a place."""

    FIRED = "fired"
    TAKEN = "taken"
    SHADOW = "shadow"
    OFF = "off"
    STANDS = "stands"
    EMPTY = "empty"
    PROTECTED = "protected"
    INSIDE = "inside"
    KEY = "key"
    PATTERN = "pattern"
    CHECK = "check"
    NEAR = "near"
    WHERE = "where"
    EXCEPT = "except"
    TOGETHER = "together"
    WORK = "work"


MEANINGS: Final = {
    Cause.FIRED: "it has redacted something here",
    Cause.TAKEN: "another rule has redacted it",
    Cause.SHADOW: "its status is shadow: it would have redacted something here",
    Cause.OFF: "its status is off",
    Cause.STANDS: "what it would write stands here already",
    Cause.EMPTY: "null, true, false and what is empty stay",
    Cause.PROTECTED: "the value has the shape that Sentry needs here, and is not searched",
    Cause.INSIDE: "it looks into texts: ask about a value below",
    Cause.KEY: "the value stands under another key",
    Cause.PATTERN: "its pattern finds nothing in the value",
    Cause.CHECK: "its check refuses what the pattern finds",
    Cause.NEAR: "none of the words that it wants stands close by, or in the path",
    Cause.WHERE: "`where` does not select this place",
    Cause.EXCEPT: "`except` leaves this place out",
    Cause.TOGETHER: "two of its conditions keep it together",
    Cause.WORK: "it finds so much without its conditions that it was not asked to the end",
}
"""What each cause means, for people."""

MOST_PLACES: Final = 20
"""Places that a pattern is answered for."""


@dataclass(frozen=True, slots=True)
class Why:
    """Why one rule did, or did not do, something at one place.

    Attributes:
        rule: its id.
        cause: the reason in a word.
        detail: what of the rule keeps it: its words, selectors or keys; or which rule was first.
        path: the place, as it may be shown.
        far: whether the rule has nothing to do with the place; most have not.
    """

    rule: str
    cause: Cause
    detail: str = ""
    path: str = ""
    far: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What is to be said about places in one document.

    Attributes:
        whys: by place, then by rule in the order of the set.
        places: how many the path selects; no more than `MOST_PLACES` are answered for.
        nearest: where it selects none, the place that is most like it; empty if none is.
    """

    whys: tuple[Why, ...] = ()
    places: int = 0
    nearest: str = ""


def why_not(
    rules: Sequence[Rule],
    scrubber: Scrubber,
    document: Watched,
    selector: Selector,
    only: Collection[str] | None = None,
) -> Answer:
    """Say of each rule why it did, or did not do, something where a selector holds.

    Args:
        rules: the whole set, those that are off too.
        scrubber: of these rules.
        document: as `explaining.explain` or `watched` gives it.
        selector: the places, as a rule would name them.
        only: ids of the rules to speak of; None for all.
    """
    if document.document is None or not document.structural:
        return Answer()
    renamed = {s.before: s.path[-1] for s in document.seen if s.target is Target.KEY}
    places = Places(document.document, document.size, document.root_type, selector, renamed)
    asked = [rule for rule in rules if only is None or rule.id in only]
    probed = places.probe(asked, ALL)
    if probed is None:
        return Answer()
    if not probed.asked:
        return Answer(nearest=_nearest(selector, probed.paths, strictly(rules, scrubber.keys)))
    show = shower(scrubber)
    reasons = _Reasons(asked, places, probed, document.seen)
    whys = [
        replace(why, path=show(place.clean))
        for place in probed.asked[:MOST_PLACES]
        for why in reasons.at(place, only)
    ]
    return Answer(tuple(whys), len(probed.asked))


def watched(scrubber: Scrubber, value: Any, size: int, root_type: str = "event") -> Watched:
    """Scrub a parsed map or list, and return it with what was done; it may be changed in place.

    Raises:
        ScrubError: it is too deep, or needs more work than its size allows.
    """
    watching = Watching.of(scrubber)
    watching.run(value, size, root_type)
    return watching.log[-1]


def _nearest(selector: Selector, paths: Sequence[Path], strict: Scrubber) -> str:
    by_text = {show_path(path).casefold(): path for path in paths[:_MOST_PATHS]}
    close = difflib.get_close_matches(selector.source.casefold(), by_text, n=1, cutoff=0.5)
    return show_raw(strict, by_text[close[0]]) if close else ""


_MOST_PATHS: Final = 5_000


@dataclass(slots=True)
class _Reasons:
    """The rules asked about places, with all of their conditions and with some."""

    rules: Sequence[Rule]
    places: Places
    probed: Probed
    seen: Sequence[Seen]
    bare: Probed | None = field(init=False)
    single: dict[Condition, Probed | None] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Ask again without conditions, and then with each alone."""
        firing = frozenset().union(*self.probed.would.values())
        silent = [rule for rule in self.rules if rule.status is not Status.OFF]
        if firing and len(self.probed.asked) == 1:
            silent = [rule for rule in silent if rule.id not in firing]
        self.bare = self.places.probe(silent, ())
        found = frozenset() if self.bare is None else frozenset().union(*self.bare.would.values())
        kept = [rule for rule in silent if rule.id in found]
        self.single = {c: self.places.probe(kept, (c,)) if kept else self.bare for c in Condition}

    def at(self, place: Asked, only: Collection[str] | None) -> Iterator[Why]:
        """Yield what is to be said about one place."""
        here = [seen for seen in self.seen if seen.before == place.path]
        if any(s.rule == PROTECTED_ID for s in here) and (only is None or PROTECTED_ID in only):
            yield Why(PROTECTED_ID, Cause.FIRED, "the field has not its shape: remove")
        above = [
            seen
            for seen in self.seen
            if seen.target is Target.WHOLE and seen.before == place.path[: len(seen.before)]
        ]
        for rule in self.rules:
            own = [seen for seen in here if seen.rule == rule.id]
            if own:
                targets = dict.fromkeys(seen.target for seen in own)
                yield Why(rule.id, Cause.FIRED, f"{rule.redaction.method}: {', '.join(targets)}")
                continue
            yield from self._silent(rule, place, [s.rule for s in (*above, *here)])

    def _silent(self, rule: Rule, place: Asked, others: Sequence[str]) -> Iterator[Why]:
        """Yield why a rule did nothing."""
        first = ", ".join(dict.fromkeys(others))
        if rule.status is Status.OFF:
            yield Why(rule.id, Cause.OFF, far=True)
        elif is_nothing(place.value):
            yield Why(rule.id, Cause.EMPTY, far=True)
        elif rule.id in self.probed.would.get(place.path, ()):
            if rule.status is Status.SHADOW:
                yield Why(rule.id, Cause.SHADOW)
            else:
                yield Why(rule.id, Cause.TAKEN if first else Cause.STANDS, first)
        elif rule.id in self.probed.stands.get(place.path, ()):
            yield Why(rule.id, Cause.STANDS)
        elif rule.match.any:
            yield from self._of_place(rule, place)
        else:
            yield from self._of_value(rule, place)

    def _of_place(self, rule: Rule, place: Asked) -> Iterator[Why]:
        """Yield why a rule about whatever stands at a place does not hold at this one."""
        root = self.places.root_type
        if not any(holding(rule.where, place, root)):
            yield Why(rule.id, Cause.WHERE, _sources(rule.where), far=True)
        yield from self._left_out(rule, place)
        if rule.match.near and not path_has(place.plan.path, rule.match.near):
            yield Why(rule.id, Cause.NEAR, ", ".join(rule.match.near))

    def _left_out(self, rule: Rule, place: Asked) -> Iterator[Why]:
        holds = list(holding(rule.excepts, place, self.places.root_type))
        if holds:
            yield Why(rule.id, Cause.EXCEPT, _sources(holds))

    def _of_value(self, rule: Rule, place: Asked) -> Iterator[Why]:
        """Yield why a rule about keys or texts finds nothing, or which condition keeps it."""
        if self.bare is None:
            yield Why(rule.id, Cause.WORK)
        elif rule.id not in self.bare.would.get(place.path, ()):
            yield self._finds_nothing(rule, place)
        else:
            kept = [c for c in Condition if self._keeps(c, rule, place)]
            for condition in kept:
                yield Why(rule.id, Cause(condition), self._detail(condition, rule, place))
            if not kept:
                yield Why(rule.id, Cause.TOGETHER)

    def _finds_nothing(self, rule: Rule, place: Asked) -> Why:
        match = rule.match
        is_text = not isinstance(place.value, dict | list)
        pattern = match.pattern
        if is_text and pattern is not None and _is_unsearched(place):
            text = place.value if isinstance(place.value, str) else number_text(place.value)
            if pattern.occurs(text.encode("utf-8", "replace")):
                if place.plan.has_shape(place.value):
                    return Why(rule.id, Cause.PROTECTED)
                return Why(rule.id, Cause.TAKEN, PROTECTED_ID)
        if match.keys and not self._under_its_key(rule, place):
            return _other_key(rule, place)
        if not is_text:
            return Why(rule.id, Cause.INSIDE, far=True)
        return Why(rule.id, Cause.PATTERN, far=True)

    def _under_its_key(self, rule: Rule, place: Asked) -> bool:
        rules = place.plan.compiled.rules
        numbers = (*place.plan.whole, *(keyed.number for keyed in place.plan.keyed))
        return any(rules[number].id == rule.id for number in numbers)

    def _keeps(self, condition: Condition, rule: Rule, place: Asked) -> bool:
        probed = self.single[condition]
        return probed is not None and rule.id not in probed.would.get(place.path, ())

    def _detail(self, condition: Condition, rule: Rule, place: Asked) -> str:
        match condition:
            case Condition.CHECK:
                return rule.match.check
            case Condition.NEAR:
                return ", ".join(rule.match.near)
            case Condition.WHERE:
                return _sources(rule.where)
            case Condition.EXCEPT:
                holds = list(holding(rule.excepts, place, self.places.root_type))
                return _sources(holds or rule.excepts)


def _is_unsearched(place: Asked) -> bool:
    """Return whether the shape of a value here says all about it, whether it has it or not."""
    plan = place.plan
    return plan.shape is not None and (plan.must or plan.has_shape(place.value))


def _sources(selectors: Sequence[Selector]) -> str:
    return "; ".join(selector.source for selector in selectors)


def _other_key(rule: Rule, place: Asked) -> Why:
    """Say which key of a rule is most like the one that the value stands under."""
    keys = {normalise_key(key).lstrip("*"): key for key in rule.match.spelled}
    own = normalise_key(str(place.plan.path[-1]))
    close = difflib.get_close_matches(own, keys, n=1, cutoff=_ALIKE)
    if close:
        return Why(rule.id, Cause.KEY, f"the nearest of its keys is {keys[close[0]]}")
    return Why(rule.id, Cause.KEY, f"its keys: {', '.join(rule.match.spelled)}", far=True)


_ALIKE: Final = 0.75
