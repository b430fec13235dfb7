"""Rules that find too much: patterns that match ordinary text, keys that every event has."""

from collections.abc import Iterator
from typing import Final

from relay.errors import ScrubError
from relay.rules.model import Rule, normalise_key
from relay.rules.prefilter import Prefilter
from relay.scrub.budget import budget_for
from relay.scrub.scrubber import Scrubber
from relay.scrub.search import search
from relay.workbench.linting.fields import COMMON_KEYS
from relay.workbench.linting.model import Code, Finding, Lines, found
from relay.workbench.linting.ordinary import ORDINARY

MOST: Final = 0.5
"""Share of the texts, of all kinds or of one, that is too much."""


def too_wide(rule: Rule, alone: Scrubber, lines: Lines) -> Iterator[Finding]:
    """Find out how much of ordinary text a rule finds something in.

    Args:
        rule: enforced.
        alone: its scrubber.
        lines: of its file.
    """
    match = rule.match
    if match.keys or match.any:
        yield from _common_keys(rule, lines)
        return
    line = lines.at("match", "pattern")
    shares = {kind: _share(alone, texts) for kind, texts in ORDINARY.items()}
    total = sum(shares[kind] * len(ORDINARY[kind]) for kind in shares)
    share = total / sum(map(len, ORDINARY.values()))
    wide = [kind for kind in shares if shares[kind] >= MOST]
    if share >= MOST:
        message = f"it finds something in {share:.0%} of ordinary texts"
        yield found(rule, Code.MATCHES_ANYTHING, message, line=line)
    elif wide and not rule.where:
        message = f"it finds something in most {', '.join(wide)}"
        yield found(rule, Code.MATCHES_KIND, message, line=line)
    if match.pattern is not None and Prefilter([match.pattern.source]).always:
        message = "nothing in the pattern tells a text apart, so each is searched"
        yield found(rule, Code.NOTHING_TELLING, message, line=line)


def _share(alone: Scrubber, texts: tuple[str, ...]) -> float:
    try:
        by_text = search(alone.compiled, texts, budget_for(sum(map(len, texts))))
    except ScrubError:
        return 1.0
    return sum(any(not h.wants_word for h in hits) for hits in by_text.values()) / len(texts)


def _common_keys(rule: Rule, lines: Lines) -> Iterator[Finding]:
    if rule.match.pattern is not None or rule.where:
        return
    for number, key in enumerate(rule.match.spelled):
        if normalise_key(key).lstrip("*") in COMMON_KEYS:
            message = f"every event has '{key}', and the rule takes all that stands under it"
            line = lines.at("match", "key", item=number)
            yield found(rule, Code.COMMON_KEY, message, line=line)
