"""Rules changed a little, ready to run without being compiled anew.

Law of this file: they find nothing where the rules as they are have no candidate, so prefilter and
indexes still hold.
"""

from collections.abc import Mapping
from dataclasses import replace

from relay.detectors import CHECKS
from relay.rules.compiling import CompiledRules, TextRule, key_pattern
from relay.rules.model import Rule, Status
from relay.scrub.memory import Memory
from relay.scrub.scrubber import Scrubber


def enforced(rule: Rule) -> Rule:
    """Return a rule as if it were enforced."""
    return rule if rule.status is Status.ENFORCE else replace(rule, status=Status.ENFORCE)


def varied(alone: Scrubber, rule: Rule) -> Scrubber:
    """Return the scrubber of one rule with another in its place, which finds nothing elsewhere.

    Args:
        alone: of one rule.
        rule: that rule with less in its pattern, keys or words, or with more that it accepts of
            what its pattern finds.
    """
    compiled = alone.compiled
    keys = rule.match.keys
    text = tuple(tuple(_text(ready, rule) for ready in group) for group in compiled.text)
    keyed = {k: tuple(_text(r, rule) for r in v) for k, v in compiled.keyed.items() if k in keys}
    return _scrubber(
        alone,
        replace(
            compiled,
            rules=(rule,),
            text=text,
            keyed=keyed,
            by_key={k: v for k, v in compiled.by_key.items() if k in keys},
            endings=tuple(key for key in compiled.endings if key in keys),
            key_words=key_pattern({*rule.match.spelled, *compiled.by_place}),
            plain=frozenset({0}) if rule.everywhere else frozenset(),
            _remembered={},
        ),
    )


def _text(ready: TextRule, rule: Rule) -> TextRule:
    pattern = rule.match.pattern
    assert pattern is not None
    check = CHECKS[rule.match.check] if rule.match.check else None
    return replace(ready, rule=rule, pattern=pattern, check=check, claims=rule.claims)


def without(whole: Scrubber, number: int) -> Scrubber:
    """Return a scrubber in which one rule finds nothing; `number` is its place in the set."""
    compiled = whole.compiled
    deaf = tuple(
        tuple(r for r in group if r.number != number)
        or tuple(replace(r, check=_nothing, cost=0, claims=False) for r in group)
        for group in compiled.text
    )
    return _scrubber(
        whole,
        replace(
            compiled,
            text=deaf,
            keyed={
                key: left
                for key, group in compiled.keyed.items()
                if (left := tuple(r for r in group if r.number != number))
            },
            by_key=_less(compiled.by_key, number),
            by_place=_less(compiled.by_place, number),
            anywhere=tuple(n for n in compiled.anywhere if n != number),
            _remembered={},
        ),
    )


def _nothing(_text: str, _start: int, _end: int) -> tuple[tuple[int, int], ...]:
    return ()


def _less(index: Mapping[str, tuple[int, ...]], number: int) -> dict[str, tuple[int, ...]]:
    left = {key: tuple(n for n in numbers if n != number) for key, numbers in index.items()}
    return {key: numbers for key, numbers in left.items() if numbers}


def _scrubber(made: Scrubber, compiled: CompiledRules) -> Scrubber:
    return Scrubber(compiled, made.keys, Memory(compiled))
