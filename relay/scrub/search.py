"""Search: all distinct strings of a document in, what the rules find in them out.

Law of this file: it looks at text, never at places. Strings are searched joined, in one RE2 set
pass; only rules that can hit look closer, and only views that would differ are made. Each round
reads what the round before has opened, to a small depth. Work is counted, not timed.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from relay.rules.compiling import CompiledRules, TextRule
from relay.scrub.budget import Budget
from relay.scrub.buffer import Buffer, Claims, Span, covers, join
from relay.scrub.hits import Hit, Hits, is_near
from relay.scrub.keys import KeysInText, in_value
from relay.scrub.readings import Reading
from relay.scrub.views import VIEWS, fold, may_hide

MAX_ROUNDS: Final = 7
"""How deep views nest: an identity round and so many minus one of opened text."""


def search(compiled: CompiledRules, texts: Sequence[str], budget: Budget) -> dict[int, list[Hit]]:
    """Find everything in these strings.

    Args:
        compiled: rules compiled with `TRIGGERS` as their extra patterns.
        texts: distinct strings; the numbers in the answer are their places.
        budget: work left for the document.

    Returns:
        Hits by string, in no particular order, none twice; strings without any are left out.

    Raises:
        ScrubError: the budget has run out.
    """
    return _Search(compiled, budget).run(texts)


def search_keyed(
    compiled: CompiledRules, rules: Sequence[TextRule], text: str, budget: Budget
) -> list[Hit]:
    """Find what rules that look under a key find in one value, through its views too.

    Raises:
        ScrubError: the budget has run out.
    """
    return _Search(compiled, budget).run_keyed(rules, text)


@dataclass(slots=True)
class _Search:
    """One search: what it may spend, what it has found."""

    compiled: CompiledRules
    budget: Budget
    hits: Hits = field(default_factory=Hits)
    claims: Claims = field(default_factory=Claims)
    seen: set[tuple[int, int, int, str]] = field(default_factory=set, repr=False)

    def run(self, texts: Sequence[str]) -> dict[int, list[Hit]]:
        """Search texts with all rules that look everywhere."""
        buffer = join(texts)
        for turn in range(MAX_ROUNDS):
            self.budget.spend(len(buffer.data))
            opened = self.fresh(self.round(buffer, last=turn == MAX_ROUNDS - 1))
            if not opened:
                break
            buffer = join([reading.text for reading in opened], opened)
        return self.hits.by_text()

    def run_keyed(self, rules: Sequence[TextRule], text: str) -> list[Hit]:
        """Search one value with a few rules."""
        self.budget.spend(len(text))
        found = in_value(rules, text, self.budget)
        hides = may_hide(text) and not any(h.end - h.start == len(text) for h in found)
        if not hides:
            return found
        for hit in found:
            self.hits.add(0, hit)
        buffer = join([text])
        for turn in range(1, MAX_ROUNDS):
            folded = self.fold(buffer)
            opened = [
                r for view in range(len(VIEWS)) for r in self.open(view, buffer, None, folded)
            ]
            opened = self.fresh([*opened, *folded.values()])
            if not opened:
                break
            buffer = join([reading.text for reading in opened], opened)
            self.budget.spend(len(buffer.data))
            for rule in rules:
                self.apply((rule,), buffer)
            if turn == MAX_ROUNDS - 1 or not any(map(may_hide, buffer.texts)):
                break
        return self.hits.by_text().get(0, [])

    def round(self, buffer: Buffer, *, last: bool) -> list[Reading]:
        """Search texts, add what is found, return the readings that their views open."""
        candidates = self.compiled.prefilter.stretches(buffer.data, buffer.starts)
        folded = {} if buffer.ascii or last else self.fold(buffer)
        rules = len(self.compiled.text)
        opened: list[Reading] = []
        for number in sorted(candidates):
            stretches = candidates[number]
            if number < rules:
                self.apply(self.compiled.text[number], buffer, stretches)
            elif number >= rules + len(VIEWS):
                KeysInText(self.compiled, self.budget, self.hits).run(buffer, stretches)
            elif not last:
                opened += self.open(number - rules, buffer, stretches, folded)
        return [*opened, *folded.values()]

    # --- rules that look everywhere --------------------------------------------------------------

    def apply(
        self, rules: Sequence[TextRule], buffer: Buffer, stretches: Sequence[Span] | None = None
    ) -> None:
        """Run rules with the same pattern over the buffer, or over stretches of it."""
        work, candidates = buffer.hits(rules[0].pattern, stretches)
        if not candidates:
            return
        self.budget.spend(work)
        opened, texts, claimed = buffer.opened, buffer.texts, self.claims.spans
        for place, start, end in candidates:
            reading = None if opened is None else opened[place]
            text, origin = (
                (texts[place], place) if reading is None else (reading.text, reading.origin)
            )
            for rule in rules:
                check = rule.check
                if check is None:
                    self.note(rule, text, origin, reading, ((start, end),))
                    continue
                if origin in claimed:
                    source = (start, end) if reading is None else reading.source(start, end)
                    if covers(claimed[origin], *source):
                        # Rules without a check come first.
                        break
                if rule.cost > 1:
                    self.budget.spend(rule.cost * (end - start))
                spans = check(text, start, end)
                if spans:
                    self.note(rule, text, origin, reading, spans)

    def note(
        self,
        rule: TextRule,
        text: str,
        origin: int,
        reading: Reading | None,
        spans: Sequence[Span],
    ) -> None:
        """Add what a rule found in one text."""
        near = rule.rule.match.near
        for begin, stop in spans:
            if begin >= stop:
                continue
            source = (begin, stop) if reading is None else reading.source(begin, stop)
            if rule.claims:
                self.claims.add(origin, source)
            # A marker that stands already would be replaced by itself.
            if reading is None and text[begin:stop] == rule.marker:
                continue
            near_by = not near or is_near(near, text, begin, stop)
            self.hits.add(origin, Hit(*source, rule.number, (), not near_by))

    def fresh(self, opened: Sequence[Reading]) -> list[Reading]:
        """Leave out what has been read already: views in another order often give the same text."""
        new: list[Reading] = []
        for reading in opened:
            known = (reading.origin, *reading.source(0, len(reading.text)), reading.text)
            if known not in self.seen:
                self.seen.add(known)
                new.append(reading)
        return new

    # --- views -----------------------------------------------------------------------------------

    def open(
        self,
        view: int,
        buffer: Buffer,
        stretches: Sequence[Span] | None,
        folded: Collection[int],
    ) -> Iterator[Reading]:
        """Make one view of every reading that its trigger fires in.

        Texts that read differently when folded are passed over: their folded reading is opened in
        the next round, and two ways to the same text would multiply with each view.
        """
        work, candidates = buffer.hits(VIEWS[view].trigger, stretches)
        if not candidates:
            return
        self.budget.spend(work + VIEWS[view].cost * len(candidates))
        spans: dict[int, list[Span]] = {}
        for number, start, end in candidates:
            if number not in folded:
                spans.setdefault(number, []).append((start, end))
        by_token, claimed = VIEWS[view].by_token, self.claims.spans
        for number, found in spans.items():
            reading = buffer.reading(number)
            if by_token and reading.origin in claimed:
                # What is redacted anyway needs no opening.
                spoken_for = claimed[reading.origin]
                found = [  # noqa: PLW2901
                    span for span in found if not covers(spoken_for, *reading.source(*span))
                ]
            for text, way in VIEWS[view].make(reading.text, iter(found), self.budget):
                self.budget.spend(len(text))
                if text:
                    yield reading.derive(text, way)

    def fold(self, buffer: Buffer) -> dict[int, Reading]:
        """Make the view of look-alikes of every text that is not ASCII, by the text's number."""
        made: dict[int, Reading] = {}
        for number, text in enumerate(buffer.texts):
            if text.isascii():
                continue
            self.budget.spend(len(text))
            folded = fold(text)
            if folded is not None and folded[0]:
                made[number] = buffer.reading(number).derive(*folded)
        return made


TRIGGERS: Final = tuple(view.trigger.source for view in VIEWS)
"""The views' triggers, to ride in the rules' set pass."""
