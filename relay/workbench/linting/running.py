"""Lint: a set of rules in, everything that is wrong with it out, in the order of its files."""

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from typing import Final

from relay.rules.loading import RuleText
from relay.rules.model import Rule, Status
from relay.scrub.scrubber import Scrubber
from relay.workbench.linting.exercise import failing, unexercised
from relay.workbench.linting.fields import selects_nothing
from relay.workbench.linting.model import Code, Finding, Lines, found
from relay.workbench.linting.near_misses import no_near_miss
from relay.workbench.linting.sets import RuleSet
from relay.workbench.linting.silences import audible
from relay.workbench.linting.texts import file_name, hash_for_ever, marker_form, thin_text
from relay.workbench.linting.variants import enforced
from relay.workbench.linting.width import too_wide

MakeScrubber = Callable[[tuple[Rule, ...]], Scrubber]

SLOW_SHARE: Final = 0.05
"""Share of the time for an event that is much for one rule of many."""


def lint(
    rules: Sequence[Rule],
    files: Sequence[RuleText],
    make: MakeScrubber,
    *,
    only: Container[str] | None = None,
    rotates: bool = True,
    shares: Mapping[str, float] | None = None,
) -> tuple[Finding, ...]:
    """Find what is wrong with rules beyond mistakes and examples that fail.

    Args:
        rules: the whole set, loaded.
        files: what it was loaded from.
        make: makes a scrubber of some of them.
        only: ids of the rules that are of interest, each still as part of the set; None for all.
        rotates: whether the key of pseudonyms changes.
        shares: of the time for an event, by id, if it was measured.
    """
    texts = {file.file: file for file in files}
    whole = RuleSet(rules, make(tuple(rules)))
    findings: list[Finding] = []
    for rule in rules:
        if only is not None and rule.id not in only:
            continue
        file = texts[rule.file]
        lines = Lines.of(rule, file.text)
        own = [
            *_of_text(rule, rules, file.name, lines, rotates=rotates),
            *(_of_behaviour(rule, whole, make, lines) if rule.status is not Status.OFF else ()),
            *_slow(rule, shares or {}),
        ]
        findings += sorted(audible(rule, file.text, own), key=lambda finding: finding.line)
    return tuple(findings)


def _of_text(
    rule: Rule, rules: Sequence[Rule], name: str, lines: Lines, *, rotates: bool
) -> Iterator[Finding]:
    """Find what can be told without running the rule."""
    yield from file_name(rule, name)
    yield from thin_text(rule, lines)
    yield from marker_form(rule, rules, lines)
    yield from hash_for_ever(rule, lines, rotates=rotates)
    yield from selects_nothing(rule, lines)
    yield from no_near_miss(rule, lines)


def _of_behaviour(
    rule: Rule, whole: RuleSet, make: MakeScrubber, lines: Lines
) -> Iterator[Finding]:
    """Find what shows when the rule runs: alone, changed a little, among the others."""
    live = enforced(rule)
    alone = make((live,))
    yield from too_wide(live, alone, lines)
    yield from whole.alike(rule, lines)
    fails = failing(live, alone)
    if fails is not None:
        message = "an example fails, so it is not known what the rule does"
        yield found(rule, Code.FAILS, message, line=fails.line)
        return
    yield from unexercised(live, alone, lines)
    yield from whole.shadowed(rule)
    yield from whole.overlaps(rule)
    yield from whole.marker_found(rule, lines)


def _slow(rule: Rule, shares: Mapping[str, float]) -> Iterator[Finding]:
    share = shares.get(rule.id, 0.0)
    if share >= SLOW_SHARE:
        yield found(rule, Code.SLOW, f"it takes {share:.0%} of the time for an event")
