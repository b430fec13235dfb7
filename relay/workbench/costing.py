"""What each rule costs on a corpus: counted and timed inside of a real scrub.

Law of this file: pure; who calls it brings the clock. The time of a rule is measured where it is
spent, in its searches and its check. To leave a rule out and take the difference would be nearer to
what is saved without it, but on a few events most rules cost less than two runs differ.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, cast

from relay.errors import RelayError
from relay.jsonio import JsonError
from relay.rules.compiling import CompiledRules, TextRule
from relay.rules.model import Status
from relay.rules.patterns import Pattern
from relay.rules.prefilter import Prefilter, Span
from relay.scrub.memory import Memory
from relay.scrub.remarks import Note
from relay.scrub.scrubber import Scrubber
from relay.workbench.trying import Kind

Clock = Callable[[], int]
"""Nanoseconds that only ever grow."""


@dataclass(frozen=True, slots=True)
class Document:
    """One part of a corpus."""

    kind: Kind
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class RuleCost:
    """What one rule cost, for each time that the corpus was scrubbed.

    Attributes:
        rule: its id.
        hits: redactions that name it.
        searches: how often its pattern was searched for; the prefilter spared it all others.
        candidates: what the pattern matched.
        checks: how often its check was asked.
        micros: microseconds in all of these. Rules with the same pattern share the searches.
    """

    rule: str
    hits: int
    searches: int
    candidates: int
    checks: int
    micros: float


@dataclass(frozen=True, slots=True)
class Costs:
    """What a corpus cost.

    Attributes:
        documents: how many.
        size: bytes of all of them.
        dropped: how many could not be scrubbed.
        micros: microseconds to scrub all, without the clocks inside.
        prefilter: of these in asking which patterns can match.
        keys: of these in looking for keys inside of texts.
        rules: of rules that are enforced, the dearest first.
    """

    documents: int
    size: int
    dropped: int
    micros: float
    prefilter: float
    keys: float
    rules: tuple[RuleCost, ...]

    @property
    def of_rules(self) -> float:
        """Microseconds in all rules."""
        return sum(rule.micros for rule in self.rules)

    def shares(self) -> dict[str, float]:
        """Return the part of each rule in the time of all rules, by id."""
        return self._parts(self.of_rules)

    def shares_of_all(self) -> dict[str, float]:
        """Return the part of each rule in the whole time, by id."""
        return self._parts(self.micros)

    def _parts(self, micros: float) -> dict[str, float]:
        whole = micros or 1.0
        return {rule.rule: rule.micros / whole for rule in self.rules}


def measure(scrubber: Scrubber, corpus: Sequence[Document], clock: Clock, rounds: int = 3) -> Costs:
    """Scrub a corpus so often, and say what each rule cost.

    Each round starts with an empty memory, as the first events after a start do.

    Args:
        scrubber: of the rules.
        corpus: what to scrub.
        clock: to measure with.
        rounds: how often, without clocks inside and with them; the quickest counts.
    """
    whole: list[int] = []
    for _ in range(rounds):
        fresh = _with(scrubber, scrubber.compiled)
        start = clock()
        for document in corpus:
            _scrub(fresh, document)
        whole.append(clock() - start)
    turns = [_turn(scrubber, corpus, clock) for _ in range(rounds)]
    costs = [_quickest(same) for same in zip(*(turn.rules for turn in turns), strict=True)]
    return Costs(
        documents=len(corpus),
        size=sum(len(document.data) for document in corpus),
        dropped=turns[0].dropped,
        micros=min(whole) / _NANOS,
        prefilter=min(turn.prefilter for turn in turns) / _NANOS,
        keys=min(turn.keys for turn in turns) / _NANOS,
        rules=tuple(sorted(costs, key=lambda cost: (-cost.micros, cost.rule))),
    )


@dataclass(frozen=True, slots=True)
class _Turn:
    """One round with clocks inside."""

    dropped: int
    prefilter: int
    keys: int
    rules: tuple[RuleCost, ...]


def _turn(scrubber: Scrubber, corpus: Sequence[Document], clock: Clock) -> _Turn:
    meters = _Meters(scrubber.compiled, clock)
    metered = _with(scrubber, meters.compiled())
    hits: Counter[str] = Counter()
    dropped = 0
    for document in corpus:
        notes = _scrub(metered, document)
        dropped += notes is None
        hits.update(remark[0] for note in notes or () for remark in note.remarks)
    rules = tuple(meters.cost(number, hits) for number in meters.numbers())
    return _Turn(dropped, meters.prefilter.nanos, meters.keys.nanos, rules)


def _quickest(turns: Sequence[RuleCost]) -> RuleCost:
    """Return the round in which a rule took least: in the others something else ran, too."""
    return min(turns, key=lambda cost: cost.micros)


_NANOS: Final = 1_000
"""Nanoseconds in a microsecond."""


def _with(scrubber: Scrubber, compiled: CompiledRules) -> Scrubber:
    return Scrubber(compiled, scrubber.keys, Memory(compiled))


def _scrub(scrubber: Scrubber, document: Document) -> Sequence[Note] | None:
    """Scrub; return the notes, or None where it cannot be done."""
    try:
        match document.kind:
            case Kind.EVENT:
                return scrubber.scrub_json(document.data).notes
            case Kind.ENVELOPE:
                return scrubber.scrub_envelope(document.data).notes
            case Kind.TEXT:
                text = document.data.decode("utf-8", "replace")
                return scrubber.run([text], len(text), "text").notes
    except (RelayError, JsonError):
        return None


@dataclass(slots=True)
class _Meter:
    """What is counted of one pattern, or one check."""

    calls: int = 0
    found: int = 0
    nanos: int = 0


@dataclass(frozen=True, slots=True)
class _MeteredPattern(Pattern):
    """A pattern that is counted."""

    meter: _Meter = field(compare=False, repr=False)
    clock: Clock = field(compare=False, repr=False)

    def find(self, buffer: bytes, start: int = 0, end: int | None = None) -> list[tuple[int, int]]:
        begin = self.clock()
        spans = Pattern.find(self, buffer, start, end)
        self.meter.nanos += self.clock() - begin
        self.meter.calls += 1
        self.meter.found += len(spans)
        return spans


class _MeteredPrefilter:
    """A prefilter that is counted."""

    def __init__(self, real: Prefilter, meter: _Meter, clock: Clock) -> None:
        self._real, self._meter, self._clock = real, meter, clock

    def stretches(self, data: bytes, starts: Sequence[int]) -> dict[int, list[Span]]:
        begin = self._clock()
        found = self._real.stretches(data, starts)
        self._meter.nanos += self._clock() - begin
        return found


class _Meters:
    """The meters of a set of rules, and the set with them inside."""

    def __init__(self, compiled: CompiledRules, clock: Clock) -> None:
        self._compiled = compiled
        self._clock = clock
        self.prefilter, self.keys = _Meter(), _Meter()
        self._patterns: dict[str, _Meter] = {}
        self._sharing: dict[str, set[int]] = {}
        self._checks: dict[int, _Meter] = {}
        for ready in self._ready():
            source = ready.pattern.source
            self._patterns.setdefault(source, _Meter())
            self._sharing.setdefault(source, set()).add(ready.number)
            self._checks[ready.number] = _Meter()

    def _ready(self) -> Iterator[TextRule]:
        for group in (*self._compiled.text, *self._compiled.keyed.values()):
            yield from group

    def numbers(self) -> Iterator[int]:
        """Yield the numbers of the rules that are enforced."""
        for number, rule in enumerate(self._compiled.rules):
            if rule.status is Status.ENFORCE:
                yield number

    def compiled(self) -> CompiledRules:
        """Return the rules with meters inside."""
        compiled = self._compiled
        prefilter = _MeteredPrefilter(compiled.prefilter, self.prefilter, self._clock)
        words = compiled.key_words
        return replace(
            compiled,
            text=tuple(tuple(map(self._metered, group)) for group in compiled.text),
            keyed={key: tuple(map(self._metered, group)) for key, group in compiled.keyed.items()},
            prefilter=cast("Prefilter", prefilter),
            key_words=None if words is None else self._pattern(words, self.keys),
            _remembered={},
        )

    def _pattern(self, pattern: Pattern, meter: _Meter) -> Pattern:
        return _MeteredPattern(
            pattern.source, pattern.groups, pattern._match, meter, self._clock  # noqa: SLF001
        )  # fmt: skip

    def _metered(self, ready: TextRule) -> TextRule:
        pattern = self._pattern(ready.pattern, self._patterns[ready.pattern.source])
        check, meter, clock = ready.check, self._checks[ready.number], self._clock
        if check is None:
            return replace(ready, pattern=pattern)

        def metered(text: str, start: int, end: int) -> Any:
            begin = clock()
            spans = check(text, start, end)
            meter.nanos += clock() - begin
            meter.calls += 1
            return spans

        return replace(ready, pattern=pattern, check=metered)

    def cost(self, number: int, hits: Mapping[str, int]) -> RuleCost:
        """Return what a rule cost."""
        rule = self._compiled.rules[number]
        source = rule.match.pattern.source if rule.match.pattern else ""
        search = self._patterns.get(source, _Meter())
        check = self._checks.get(number, _Meter())
        nanos = search.nanos / max(1, len(self._sharing.get(source, ()))) + check.nanos
        return RuleCost(
            rule.id,
            hits.get(rule.id, 0),
            search.calls,
            search.found,
            check.calls,
            nanos / _NANOS,
        )
