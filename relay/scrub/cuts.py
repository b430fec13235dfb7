"""Which of the hits in a text count at a place where it stands; values that have their own."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from relay.rules.compiling import CompiledRules, TextRule
from relay.scrub.hits import Hit
from relay.scrub.plans import path_has
from relay.scrub.redact import Cut
from relay.scrub.walked import Place


@dataclass(slots=True)
class Keyed:
    """A value that rules look into because of its key, and what they found in it."""

    place: Place
    text: str = field(repr=False)
    found: Sequence[Hit]
    rules: tuple[TextRule, ...]


def cuts_at(compiled: CompiledRules, hits: Sequence[Hit], place: Place) -> list[Cut]:
    """Return what to cut of a text at this place."""
    cuts: list[Cut] = []
    plain = compiled.plain
    plan = place.plan
    for start, end, number, inner, wants_word in hits:
        if number in plain and not wants_word:
            cuts.append(Cut(start, end, number))
            continue
        rule = compiled.rules[number]
        if wants_word and not path_has(plan.path + inner, rule.match.near):
            continue
        if plan.allows(number, "string" if inner else place.value_type, inner):
            cuts.append(Cut(start, end, number))
    return cuts
