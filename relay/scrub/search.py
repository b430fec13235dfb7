"""Search: all distinct strings of a document in, what the rules find in them out.

Law of this file: it looks at text, never at places. Strings are searched joined, in one RE2 set
pass; only rules that can hit look closer, and only views that would differ are made. Each round
reads what the round before has opened, to a small depth. Work is counted, not timed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from relay.errors import ScrubError
from relay.rules.compiling import CompiledRules, TextRule
from relay.rules.model import NEAR_WINDOW
from relay.rules.selectors import Path
from relay.scrub.buffer import Buffer, Span, join
from relay.scrub.readings import Reading
from relay.scrub.structure import entries, looks_like_json, value_after
from relay.scrub.views import VIEWS, fold, may_hide

MAX_ROUNDS: Final = 6
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


@dataclass(slots=True)
class Budget:
    """Work left for one document, in characters looked at. Running out drops the item."""

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


_WORK_FLOOR: Final = 2_000_000
_WORK_PER_BYTE: Final = 64


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
    found: dict[int, set[Hit]] = {}
    buffer = join(texts)
    for turn in range(MAX_ROUNDS):
        budget.spend(len(buffer.data))
        opened = _round(compiled, buffer, budget, found, last=turn == MAX_ROUNDS - 1)
        if not opened:
            break
        buffer = join([reading.text for reading in opened], opened)
    return {number: list(hits) for number, hits in found.items()}


def _round(
    compiled: CompiledRules,
    buffer: Buffer,
    budget: Budget,
    found: dict[int, set[Hit]],
    *,
    last: bool,
) -> list[Reading]:
    """Search texts, add what is found, return the readings that their views open."""
    candidates = buffer.candidates(compiled.patterns)
    rules = len(compiled.text)
    opened: list[Reading] = []
    for number in sorted(candidates):
        stretches = candidates[number]
        if number < rules:
            _run(compiled.text[number], buffer, budget, found, stretches)
        elif number < rules + len(VIEWS):
            if not last:
                opened += _open(number - rules, buffer, budget, stretches)
        else:
            _run_keys(compiled, buffer, budget, found, stretches)
    if not buffer.ascii and not last:
        opened += _folded(buffer, budget)
    return opened


def search_keyed(rules: Sequence[TextRule], text: str, budget: Budget) -> list[Hit]:
    """Find what rules that look under a key find in one value, through its views too.

    Raises:
        ScrubError: the budget has run out.
    """
    found: dict[int, set[Hit]] = {}
    buffer = join([text])
    for turn in range(MAX_ROUNDS):
        budget.spend(len(buffer.data))
        for rule in rules:
            _run(rule, buffer, budget, found)
        if turn == MAX_ROUNDS - 1 or not any(map(may_hide, buffer.texts)):
            break
        opened = [r for view in range(len(VIEWS)) for r in _open(view, buffer, budget)]
        opened += _folded(buffer, budget)
        if not opened:
            break
        buffer = join([reading.text for reading in opened], opened)
    return list(found.get(0, ()))


def _run(
    rule: TextRule,
    buffer: Buffer,
    budget: Budget,
    found: dict[int, set[Hit]],
    stretches: Sequence[Span] | None = None,
) -> None:
    """Run one rule over the buffer, or over stretches of it."""
    match = rule.rule.match
    check = rule.check
    for left, right in buffer.spans(rule.pattern, stretches):
        budget.spend(_HIT_COST + right - left)
        if check is not None and buffer.is_claimed(left, right):
            continue
        number, start, end = buffer.locate(left, right)
        reading = buffer.reading(number)
        spans = ((start, end),) if check is None else check(reading.text, start, end)
        for begin, stop in spans:
            if begin >= stop:
                continue
            near = not match.near or _is_near(match.near, reading.text, begin, stop)
            hit = Hit(*reading.source(begin, stop), rule.number, (), not near)
            found.setdefault(reading.origin, set()).add(hit)
            if rule.claims:
                buffer.claim(number, begin, stop)


_HIT_COST: Final = 24
"""What a candidate costs beyond its length: the calls around it."""


def _is_near(words: Sequence[str], text: str, start: int, end: int) -> bool:
    before = text[max(0, start - NEAR_WINDOW) : start].casefold()
    after = text[end : end + NEAR_WINDOW].casefold()
    return any(word in before or word in after for word in words)


def _open(
    view: int, buffer: Buffer, budget: Budget, stretches: Sequence[Span] | None = None
) -> Iterator[Reading]:
    """Make one view of every reading that its trigger fires in."""
    spans: dict[int, list[tuple[int, int]]] = {}
    for left, right in buffer.spans(VIEWS[view].trigger, stretches):
        number, start, end = buffer.locate(left, right)
        budget.spend(_HIT_COST + end - start)
        spans.setdefault(number, []).append((start, end))
    for number, found in spans.items():
        reading = buffer.reading(number)
        for text, starts, ends in VIEWS[view].make(reading.text, iter(found)):
            budget.spend(len(text))
            if text:
                yield reading.derive(text, starts, ends)


def _folded(buffer: Buffer, budget: Budget) -> Iterator[Reading]:
    for number, text in enumerate(buffer.texts):
        if text.isascii():
            continue
        budget.spend(len(text))
        folded = fold(text)
        if folded is not None and folded[0]:
            yield buffer.reading(number).derive(*folded)


def _run_keys(
    compiled: CompiledRules,
    buffer: Buffer,
    budget: Budget,
    found: dict[int, set[Hit]],
    stretches: Sequence[Span],
) -> None:
    """Find values under hot keys inside text."""
    if compiled.key_words is None:
        return
    documents: set[int] = set()
    for left, right in buffer.spans(compiled.key_words, stretches):
        number, start, end = buffer.locate(left, right)
        reading = buffer.reading(number)
        budget.spend(_HIT_COST)
        pair = value_after(reading.text, start, end)
        if pair is not None:
            key, (begin, stop) = pair
            budget.spend(stop - begin)
            hits = found.setdefault(reading.origin, set())
            _keyed(compiled, reading, key, (begin, stop), hits, budget)
        if compiled.by_place and number not in documents and looks_like_json(reading.text):
            documents.add(number)
            _walk_inside(compiled, reading, budget, found)


def _keyed(
    compiled: CompiledRules,
    reading: Reading,
    key: str,
    span: tuple[int, int],
    hits: set[Hit],
    budget: Budget,
) -> None:
    source = reading.source(*span)
    hot = compiled.hot(key)
    if hot is None:
        return
    for number in hot.whole:
        match = compiled.rules[number].match
        if match.keys:
            near = not match.near or _is_near(match.near, reading.text, *span)
            hits.add(Hit(*source, number, (key,), wants_word=not near))
    for rule in hot.keyed:
        _run_within(rule, reading, span, key, hits, budget)


def _run_within(
    rule: TextRule,
    reading: Reading,
    span: tuple[int, int],
    key: str,
    hits: set[Hit],
    budget: Budget,
) -> None:
    """Run a rule that names keys over one value inside a text."""
    local: dict[int, set[Hit]] = {}
    _run(rule, join([reading.text[slice(*span)]]), budget, local)
    for hit in local.get(0, ()):
        source = reading.source(span[0] + hit.start, span[0] + hit.end)
        hits.add(Hit(*source, hit.rule, (key,), wants_word=hit.wants_word))


def _walk_inside(
    compiled: CompiledRules, reading: Reading, budget: Budget, found: dict[int, set[Hit]]
) -> None:
    """Apply `any` rules inside a string that holds a document, by the paths in it."""
    limit = max(1_000, len(reading.text) // 2)
    budget.spend(len(reading.text))
    for path, span, value_type in entries(reading.text, limit):
        hot = compiled.hot(str(path[-1]))
        for number in hot.whole if hot is not None else ():
            rule = compiled.rules[number]
            if rule.match.any and any(s.holds(path, value_type) for s in rule.where):
                source = reading.source(*span)
                found.setdefault(reading.origin, set()).add(Hit(*source, number, path))


TRIGGERS: Final = tuple(view.trigger.source for view in VIEWS)
"""The views' triggers, to ride in the rules' set pass."""
