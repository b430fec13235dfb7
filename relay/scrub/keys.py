"""Values under keys: what rules that name a key find in its value, and such keys inside of text."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from relay.rules.compiling import CompiledRules, TextRule
from relay.scrub.budget import Budget
from relay.scrub.buffer import Buffer, Span
from relay.scrub.code_lines import CodeLines
from relay.scrub.hits import Hit, Hits, is_near
from relay.scrub.readings import Reading
from relay.scrub.structure import entries, looks_like_json, value_after

_HIT_COST: Final = 24
"""What a match in a value costs: the calls around it."""
_KEY_COST: Final = 300
"""What a key inside text costs: finding where its value is."""
_VALUE_COST: Final = 900
"""What a value under a key costs: what is done with it."""

_WALK_COST: Final = 2
"""What a character of a document inside text costs: it may be a token of its own."""


def in_value(rules: Sequence[TextRule], text: str, budget: Budget) -> list[Hit]:
    """Return what rules find in one text as it stands."""
    hits: list[Hit] = []
    if any(text == rule.marker for rule in rules):
        # What one of them has written is no value for another: they would take turns for ever.
        return hits
    data = text.replace("\n", "\r").encode("utf-8", "replace")
    plain = len(data) == len(text)
    for rule in rules:
        check, near = rule.check, rule.rule.match.near
        for left, right in rule.pattern.find(data):
            budget.spend(_HIT_COST + right - left)
            if plain:
                start, end = left, right
            else:
                start = len(data[:left].decode("utf-8", "ignore"))
                end = start + len(data[left:right].decode("utf-8", "ignore"))
            spans = ((start, end),) if check is None else check(text, start, end)
            for begin, stop in spans:
                if begin < stop and text[begin:stop] != rule.marker:
                    near_by = not near or is_near(near, text, begin, stop)
                    hits.append(Hit(begin, stop, rule.number, (), not near_by))
    return hits


@dataclass(slots=True)
class KeysInText:
    """Finds values under hot keys inside text: in JSON in a string, a repr, pairs, headers.

    Attributes:
        compiled: the rules.
        budget: work left for the document.
        hits: where to add what is found.
    """

    compiled: CompiledRules
    budget: Budget
    hits: Hits

    def run(self, buffer: Buffer, stretches: Sequence[Span]) -> None:
        """Find values under hot keys inside text."""
        words = self.compiled.key_words
        if words is None:
            return
        documents: set[int] = set()
        judged: dict[int, CodeLines] = {}
        work, candidates = buffer.hits(words, stretches)
        self.budget.spend(work)
        for number, start, end in candidates:
            reading = buffer.reading(number)
            lines = judged.get(number)
            if lines is None:
                lines = judged[number] = CodeLines(reading.text, self.budget.spend)
            self.budget.spend(_KEY_COST)
            pair = value_after(reading.text, start, end, lines)
            if pair is not None:
                key, (begin, stop) = pair
                self.budget.spend(_VALUE_COST + stop - begin)
                self._under_key(reading, key, (begin, stop))
            if self.compiled.by_place and number not in documents:
                documents.add(number)
                if looks_like_json(reading.text):
                    self._walk_inside(reading)

    def _under_key(self, reading: Reading, key: str, span: Span) -> None:
        """Apply the rules that a key is named in to its value inside a text."""
        hot = self.compiled.hot(key)
        if hot is None:
            return
        source = reading.source(*span)
        text = reading.text[slice(*span)]
        markers = self.compiled.markers
        done = reading.parent is None and any(text == markers[number] for number in hot.whole)
        for number in () if done else hot.whole:
            match = self.compiled.rules[number].match
            if match.keys:
                near = not match.near or is_near(match.near, reading.text, *span)
                self.hits.add(reading.origin, Hit(*source, number, (key,), wants_word=not near))
        if not hot.keyed:
            return
        for hit in in_value(hot.keyed, text, self.budget):
            source = reading.source(span[0] + hit.start, span[0] + hit.end)
            self.hits.add(reading.origin, Hit(*source, hit.rule, (key,), hit.wants_word))

    def _walk_inside(self, reading: Reading) -> None:
        """Apply `any` rules inside a string that holds a document, by the paths in it."""
        self.budget.spend(_WALK_COST * len(reading.text))
        for path, span, value_type in entries(reading.text):
            hot = self.compiled.hot(str(path[-1]))
            for number in hot.whole if hot is not None else ():
                rule = self.compiled.rules[number]
                if rule.match.any and any(s.holds(path, value_type) for s in rule.where):
                    self.hits.add(reading.origin, Hit(*reading.source(*span), number, path))
