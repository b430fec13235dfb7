"""Search: all distinct strings of a document in, what the rules find in them out.

Law of this file: it looks at text, never at places. Strings are searched joined, in one RE2 set
pass; only rules that can hit look closer, and only views that would differ are made. Each round
reads what the round before has opened, to a small depth. Work is counted, not timed.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from relay.errors import ScrubError
from relay.rules.compiling import CompiledRules, TextRule
from relay.rules.model import NEAR_WINDOW
from relay.rules.selectors import Path
from relay.scrub.buffer import Buffer, Claims, Span, covers, join
from relay.scrub.readings import Reading
from relay.scrub.structure import entries, looks_like_json, value_after
from relay.scrub.views import VIEWS, fold, may_hide

MAX_ROUNDS: Final = 7
"""How deep views nest: an identity round and so many minus one of opened text."""


class Hit(NamedTuple):
    """What one rule found in one string.

    Attributes:
        start: where it begins in the string, in characters.
        end: where it ends.
        rule: the rule's number.
        inner: the path inside the string, when it holds a document.
        wants_word: the rule wants a word close by; none stood there, so the path must hold one.
    """

    start: int
    end: int
    rule: int
    inner: Path = ()
    wants_word: bool = False

    def __repr__(self) -> str:
        # A path inside a string is made of the payload's keys.
        return f"Hit({self.start}, {self.end}, rule={self.rule}, depth={len(self.inner)})"


@dataclass(slots=True)
class Budget:
    """Work left for one document. Running out drops the item.

    A unit is a character looked at, or about 25 ns of a check (`relay.detectors.COSTS`).
    """

    left: int

    def spend(self, work: int) -> None:
        """Take so much.

        Raises:
            ScrubError: nothing is left.
        """
        self.left -= work
        if self.left < 0:
            raise ScrubError("the document needs more work than its size allows")


def budget_for(size: int) -> Budget:
    """Return the budget for a document of this many bytes: linear in its size."""
    return Budget(_WORK_FLOOR + _WORK_PER_BYTE * size)


_WORK_FLOOR: Final = 8_000_000
_WORK_PER_BYTE: Final = 160
"""Real events spend 2 to 30, JSON in JSON in one string 60. All of it is less than 20 times the CPU
time of an event of that size with much to scrub (`benchmarks/adversarial.py`)."""


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


_HIT_COST: Final = 24
"""What a key inside text costs: the calls around it."""


@dataclass(slots=True)
class _Search:
    """One search: what it may spend, what it has found."""

    compiled: CompiledRules
    budget: Budget
    found: dict[int, set[Hit]] = field(default_factory=dict, repr=False)
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
        return {number: list(hits) for number, hits in self.found.items()}

    def run_keyed(self, rules: Sequence[TextRule], text: str) -> list[Hit]:
        """Search one value with a few rules."""
        self.budget.spend(len(text))
        found = self.value(rules, text)
        hides = may_hide(text) and not any(h.end - h.start == len(text) for h in found)
        if not hides:
            return found
        self.found[0] = set(found)
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
        return list(self.found[0])

    def value(self, rules: Sequence[TextRule], text: str) -> list[Hit]:
        """Return what rules find in one text as it stands."""
        hits: list[Hit] = []
        data = text.replace("\n", "\r").encode("utf-8", "replace")
        plain = len(data) == len(text)
        for rule in rules:
            check, near = rule.check, rule.rule.match.near
            for left, right in rule.pattern.find(data):
                self.budget.spend(_HIT_COST + right - left)
                if plain:
                    start, end = left, right
                else:
                    start = len(data[:left].decode("utf-8", "ignore"))
                    end = start + len(data[left:right].decode("utf-8", "ignore"))
                spans = ((start, end),) if check is None else check(text, start, end)
                for begin, stop in spans:
                    if begin < stop and text[begin:stop] != rule.marker:
                        is_near = not near or _is_near(near, text, begin, stop)
                        hits.append(Hit(begin, stop, rule.number, (), not is_near))
        return hits

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
                self.keys(buffer, stretches)
            elif not last:
                opened += self.open(number - rules, buffer, stretches, folded)
        return [*opened, *folded.values()]

    def add(self, origin: int, hit: Hit) -> None:
        """Note a hit."""
        hits = self.found.get(origin)
        if hits is None:
            hits = self.found[origin] = set()
        hits.add(hit)

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
            is_near = not near or _is_near(near, text, begin, stop)
            self.add(origin, Hit(*source, rule.number, (), not is_near))

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
            for text, way in VIEWS[view].make(reading.text, iter(found)):
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

    # --- keys inside text ------------------------------------------------------------------------

    def keys(self, buffer: Buffer, stretches: Sequence[Span]) -> None:
        """Find values under hot keys inside text."""
        words = self.compiled.key_words
        if words is None:
            return
        documents: set[int] = set()
        work, candidates = buffer.hits(words, stretches)
        self.budget.spend(work)
        for number, start, end in candidates:
            reading = buffer.reading(number)
            pair = value_after(reading.text, start, end)
            if pair is not None:
                key, (begin, stop) = pair
                self.budget.spend(stop - begin)
                self.under_key(reading, key, (begin, stop))
            if self.compiled.by_place and number not in documents:
                documents.add(number)
                if looks_like_json(reading.text):
                    self.walk_inside(reading)

    def under_key(self, reading: Reading, key: str, span: Span) -> None:
        """Apply the rules that a key is named in to its value inside a text."""
        hot = self.compiled.hot(key)
        if hot is None:
            return
        source = reading.source(*span)
        text = reading.text[slice(*span)]
        markers = self.compiled.markers
        for number in hot.whole:
            match = self.compiled.rules[number].match
            if match.keys and not (reading.parent is None and text == markers[number]):
                near = not match.near or _is_near(match.near, reading.text, *span)
                self.add(reading.origin, Hit(*source, number, (key,), wants_word=not near))
        if not hot.keyed:
            return
        for hit in self.value(hot.keyed, text):
            source = reading.source(span[0] + hit.start, span[0] + hit.end)
            self.add(reading.origin, Hit(*source, hit.rule, (key,), hit.wants_word))

    def walk_inside(self, reading: Reading) -> None:
        """Apply `any` rules inside a string that holds a document, by the paths in it."""
        self.budget.spend(len(reading.text))
        for path, span, value_type in entries(reading.text, max(1_000, len(reading.text) // 2)):
            hot = self.compiled.hot(str(path[-1]))
            for number in hot.whole if hot is not None else ():
                rule = self.compiled.rules[number]
                if rule.match.any and any(s.holds(path, value_type) for s in rule.where):
                    self.add(reading.origin, Hit(*reading.source(*span), number, path))


def _is_near(words: Sequence[str], text: str, start: int, end: int) -> bool:
    before = text[max(0, start - NEAR_WINDOW) : start].casefold()
    after = text[end : end + NEAR_WINDOW].casefold()
    return any(word in before or word in after for word in words)


TRIGGERS: Final = tuple(view.trigger.source for view in VIEWS)
"""The views' triggers, to ride in the rules' set pass."""
