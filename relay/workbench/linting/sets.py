"""What rules do to each other: shadowed ones, the same twice, two on one span, found markers."""

import copy
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from relay import jsonio
from relay.errors import ScrubError
from relay.rules.compiling import compile_rules
from relay.rules.model import Method, Rule, Scrubs, Status, normalise_key
from relay.scrub.budget import budget_for
from relay.scrub.scrubber import Scrubber
from relay.scrub.search import TRIGGERS, search
from relay.workbench.linting.model import Code, Finding, Lines, found
from relay.workbench.linting.variants import without

_PSEUDONYM: Final = re.compile(r"hash:[0-9a-f-]+")  # noqa: TID251 - reads what we wrote


class RuleSet:
    """A whole set, made ready to ask what its rules do to each other."""

    def __init__(self, rules: Sequence[Rule], whole: Scrubber) -> None:
        """Take a set and its scrubber."""
        self.rules = tuple(rule for rule in rules if rule.status is not Status.OFF)
        self.whole = whole
        self._markers = sorted(
            {r.redaction.text for r in rules if r.redaction.method is Method.REPLACE} - {""},
            key=len,
            reverse=True,
        )
        self._apart = compile_rules(self.rules, TRIGGERS, claims=False)

    def shadowed(self, rule: Rule) -> Iterator[Finding]:
        """Find out whether the set without a rule cleans all its examples as well."""
        if rule.status is not Status.ENFORCE:
            return
        less = without(self.whole, self.rules.index(rule))
        takers: Counter[str] = Counter()
        for example in rule.scrubs:
            try:
                as_it_is, _ = _scrubbed(self.whole, example)
                as_it_would_be, by = _scrubbed(less, example)
            except ScrubError:
                return
            if self._blank(as_it_is) != self._blank(as_it_would_be):
                return
            takers.update(by)
        others = [name for name, _ in takers.most_common(_NAMED)]
        message = f"without it its examples come out as clean, by {', '.join(others) or 'no rule'}"
        yield found(rule, Code.SHADOWED, message, other=others[0] if others else "")

    def _blank(self, value: Any) -> Any:
        """Put one marker in the place of all of them: which rule writes is not what counts."""
        match value:
            case str():
                for marker in self._markers:
                    value = value.replace(marker, _BLANK)
                return _PSEUDONYM.sub(_BLANK, value)
            case dict():
                return {self._blank(key): self._blank(child) for key, child in value.items()}
            case list():
                return [self._blank(child) for child in value]
            case _:
                return value

    def overlaps(self, rule: Rule) -> Iterator[Finding]:
        """Find the rules that find the same spans as a rule in its own examples."""
        own = self.rules.index(rule)
        if rule.status is not Status.ENFORCE or rule.match.keys or rule.match.any:
            return
        texts = list(dict.fromkeys(text for e in rule.scrubs for text in _texts(e.before)))
        try:
            by_text = search(self._apart, texts, budget_for(sum(map(len, texts))))
        except ScrubError:
            return
        common: Counter[int] = Counter()
        for hits in by_text.values():
            spans = {(h.start, h.end) for h in hits if h.rule == own and not h.wants_word}
            common.update({
                h.rule for h in hits
                if (h.start, h.end) in spans and h.rule != own
                and not h.wants_word and h.rule in self._apart.plain
            })  # fmt: skip
        for number, count in sorted(common.items()):
            other = self.rules[number].id
            wins = self._winner(rule.id, other, [texts[n] for n in by_text])
            message = f"{other} finds the same span in {count} of its examples; {wins} wins"
            yield found(rule, Code.OVERLAPS, message, other=other)

    def _winner(self, one: str, other: str, texts: Sequence[str]) -> str:
        """Return which of two rules is named more often where both could be."""
        named: Counter[str] = Counter()
        for text in texts:
            done = self.whole.run([text], len(text), "text")
            named.update({remark[0] for note in done.notes for remark in note.remarks})
        return one if named[one] >= named[other] else other

    def alike(self, rule: Rule, lines: Lines) -> Iterator[Finding]:
        """Find rules before it that look for the same, or name the same key."""
        for other in self.rules[: self.rules.index(rule)]:
            if other.status is not rule.status:
                continue
            if not rule.match.any and _looks_for(other) == _looks_for(rule):
                message = f"{other.id} looks for the same at the same places"
                yield found(rule, Code.SAME_MATCH, message, other=other.id)
            elif not (rule.match.pattern or other.match.pattern):
                yield from self._same_keys(rule, other, lines)

    def _same_keys(self, rule: Rule, other: Rule, lines: Lines) -> Iterator[Finding]:
        both = rule.match.keys & other.match.keys
        if both and _writes(rule) != _writes(other):
            first = next(
                n for n, key in enumerate(rule.match.spelled) if normalise_key(key) in both
            )
            message = f"{other.id} takes whole values under {_listed(both)} too, and comes first"
            line = lines.at("match", "key", item=first)
            yield found(rule, Code.SAME_KEY, message, line=line, other=other.id)

    def marker_found(self, rule: Rule, lines: Lines) -> Iterator[Finding]:
        """Find out whether a rule finds something in what another, or itself, writes."""
        marker = rule.redaction.text
        if rule.redaction.method is not Method.REPLACE or not marker:
            return
        holder: list[Any] = [marker]
        done = self.whole.run(holder, len(marker), "text")
        by = {remark[0] for note in done.notes for remark in note.remarks}
        if holder[0] != marker:
            message = f"what it writes is redacted by {', '.join(sorted(by))}"
            line = lines.at("redact", "text")
            yield found(rule, Code.MARKER_FOUND, message, line=line, other=min(by, default=""))


_NAMED: Final = 3
_BLANK: Final = "\x00"


def _scrubbed(scrubber: Scrubber, example: Scrubs) -> tuple[Any, list[str]]:
    """Return what comes out of an example, and the ids of the rules that did it."""
    if example.is_document:
        value = copy.deepcopy(example.before)
        size = len(jsonio.dumps(value))
        clean, done = scrubber.scrub_value(value, size, write_remarks=False)
    else:
        holder = [example.before]
        done = scrubber.run(holder, len(example.before), "text")
        clean = holder[0]
    return clean, [remark[0] for note in done.notes for remark in note.remarks]


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for child in value.values():
                yield from _texts(child)
        case list():
            for child in value:
                yield from _texts(child)
        case _:
            pass


def _looks_for(rule: Rule) -> tuple[Any, ...]:
    match = rule.match
    return (
        match.pattern.source if match.pattern else "",
        match.check,
        match.keys,
        frozenset(match.near),
        frozenset(selector.source for selector in rule.where),
        frozenset(selector.source for selector in rule.excepts),
    )


def _writes(rule: Rule) -> tuple[str, str, str]:
    return (rule.redaction.method, rule.redaction.text, rule.redaction.family)


def _listed(keys: Iterable[str]) -> str:
    shown = sorted(keys)
    more = f" and {len(shown) - _NAMED} more" if len(shown) > _NAMED else ""
    return ", ".join(f"'{key}'" for key in shown[:_NAMED]) + more
