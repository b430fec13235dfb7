"""What no example needs: take a part of a rule away, and see whether all its examples still pass.

Law of this file: a rule's own examples decide, held against the rule alone as `relay rules test`
holds them. Of a check and of a single `where` the same is asked the other way round: without
them more is found, and one of `leaves` must notice.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final, TypeVar

from relay.errors import ScrubError
from relay.rules.examples import held
from relay.rules.model import Leaves, Rule, Scrubs, normalise_key
from relay.rules.patterns import PatternError, compile_pattern
from relay.scrub.scrubber import Scrubber
from relay.workbench.linting.branches import Branch, branches
from relay.workbench.linting.model import Code, Finding, Lines, found
from relay.workbench.linting.variants import varied

T = TypeVar("T")


def failing(
    rule: Rule, alone: Scrubber, first: Scrubs | Leaves | None = None
) -> Scrubs | Leaves | None:
    """Return an example that the rule, alone and enforced, does not pass; None if none.

    Args:
        rule: with its examples.
        alone: of the rule, or of a variant of it.
        first: the example to begin with, if any: what one part needs mostly needs its neighbours.
    """
    examples: tuple[Scrubs | Leaves, ...] = (*rule.scrubs, *rule.leaves)
    for example in examples if first is None else (first, *examples):
        try:
            if not held(example, alone)[0]:
                return example
        except ScrubError:
            return example
    return None


def unexercised(rule: Rule, alone: Scrubber, lines: Lines) -> Iterator[Finding]:
    """Find the parts of a rule that none of its examples needs.

    Args:
        rule: enforced; it passes its examples.
        alone: its scrubber.
        lines: of its file.
    """
    last: Scrubs | Leaves | None = None
    for less, line, what in _lessened(rule, lines):
        needs = failing(rule, varied(alone, less), last)
        last = needs or last
        if needs is None:
            yield found(rule, Code.UNEXERCISED, f"no example needs {what}", line=line)
    yield from _branches(rule, alone, lines)


def _lessened(rule: Rule, lines: Lines) -> Iterator[tuple[Rule, int, str]]:
    """Yield a rule without each of its parts but the pattern's, its line, and what is gone."""
    match = rule.match
    for number, spelled in enumerate(match.spelled):
        key = normalise_key(spelled)
        left = tuple(other for other in match.spelled if normalise_key(other) != key)
        line = lines.at("match", "key", item=number)
        same = next(o for o in match.spelled if normalise_key(o) == key)
        if same != spelled:
            yield rule, line, f"the key '{spelled}', which is '{same}' in other letters"
        elif left:
            less = replace(match, spelled=left, keys=frozenset(map(normalise_key, left)))
            yield replace(rule, match=less), line, f"the key '{spelled}'"
    for number, word in enumerate(match.near):
        near = _but(match.near, number)
        if near:
            line = lines.at("match", "near", item=number)
            yield replace(rule, match=replace(match, near=near)), line, f"'{word}' in near"
    if match.near:
        line = lines.at("match", "near")
        yield replace(rule, match=replace(match, near=())), line, "near: nothing under leaves"
    if match.check:
        line = lines.at("match", "check")
        yield replace(rule, match=replace(match, check="")), line, "the check: nothing under leaves"
    for number, selector in enumerate(rule.where):
        where = _but(rule.where, number)
        if where or not match.any:
            line = lines.at("where", item=number)
            yield replace(rule, where=where), line, f"{selector.source} in where"
    for number, selector in enumerate(rule.excepts):
        line = lines.at("except", item=number)
        less_rule = replace(rule, excepts=_but(rule.excepts, number))
        yield less_rule, line, f"{selector.source} in except"


def _but(items: tuple[T, ...], number: int) -> tuple[T, ...]:
    return (*items[:number], *items[number + 1 :])


def _branches(rule: Rule, alone: Scrubber, lines: Lines) -> Iterator[Finding]:
    pattern = rule.match.pattern
    if pattern is None:
        return
    behind = 0
    for branch in branches(pattern.source):
        # What is inside of one that nothing needs is not needed either.
        if branch.start >= behind and _is_spare(rule, alone, branch):
            behind = branch.end
            what = f"no example needs the alternative {_short(branch.text)} of the pattern"
            yield found(rule, Code.UNEXERCISED, what, line=lines.at("match", "pattern"))


def _is_spare(rule: Rule, alone: Scrubber, branch: Branch) -> bool:
    pattern = rule.match.pattern
    assert pattern is not None
    try:
        less = compile_pattern(branch.without)
    except PatternError:
        return False  # it cannot do without
    if pattern.groups and not less.groups:
        return False
    match = replace(rule.match, pattern=less)
    return failing(rule, varied(alone, replace(rule, match=match))) is None


_SHOWN: Final = 60


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
