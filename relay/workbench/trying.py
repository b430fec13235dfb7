"""Rules tried on a sample while they are written: mistakes, examples, and what comes out, marked.

Law of this file: pure, and nothing of its own decides anything. Rules are loaded by `load_rules`,
examples run by `run_examples`, samples scrubbed by the `Scrubber` that the service has; so what is
seen here is what the service does. Consent is not asked, for nothing is sent.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, assert_never

from relay import jsonio
from relay.errors import Mistake, RelayError, RuleError
from relay.outcomes import Outcome
from relay.protocol.envelope import Item, parse
from relay.rules.examples import ExampleResult, run_examples
from relay.rules.loading import RuleText, load_rules
from relay.rules.model import Rule, Status
from relay.scrub.hashing import HashKeys
from relay.scrub.remarks import Note
from relay.scrub.results import ScrubbedItem
from relay.scrub.scrubber import Scrubber
from relay.workbench.marking import Marked, Redaction, Segment, mark_document, mark_text

REMEMBERED: Final = 4
"""Sets of rules that stay compiled: who writes goes back and forth between a few."""


class Kind(StrEnum):
    """What a sample is."""

    EVENT = "event"
    ENVELOPE = "envelope"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Sample:
    """What rules are tried on."""

    kind: Kind
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Result:
    """What came out of a sample.

    Attributes:
        segments: the clean sample in pieces.
        removed: redactions of which nothing is left to be marked.
        dropped: items of an envelope that do not go on, with the reason.
        shadow: hits of shadow rules by id, which changed nothing.
        problem: why nothing came out, in words without a part of the sample; empty if it did.
    """

    segments: tuple[Segment, ...] = field(default=(), repr=False)
    removed: tuple[Redaction, ...] = ()
    dropped: tuple[Outcome, ...] = ()
    shadow: tuple[tuple[str, int], ...] = ()
    problem: str = ""

    @property
    def redactions(self) -> tuple[Redaction, ...]:
        """All of them: first those that are marked, in the order of the text."""
        marked = (segment.redaction for segment in self.segments)
        return (*(redaction for redaction in marked if redaction is not None), *self.removed)


@dataclass(frozen=True, slots=True)
class Tried:
    """What is to be said about rules and a sample.

    Attributes:
        mistakes: in the rules that are being written; with any of them nothing was tried.
        edited: ids of these rules.
        examples: how their examples went.
        result: what came out of the sample; None where there were mistakes.
    """

    mistakes: tuple[Mistake, ...] = ()
    edited: tuple[str, ...] = ()
    examples: tuple[ExampleResult, ...] = field(default=(), repr=False)
    result: Result | None = None


@dataclass(frozen=True, slots=True)
class Prepared:
    """A set of rules made ready, and how the examples of those that are being written went."""

    edited: tuple[str, ...]
    scrubber: Scrubber
    examples: tuple[ExampleResult, ...] = field(repr=False)


@dataclass(slots=True)
class Desk:
    """The rules that the service has loaded, and the sets that were made with them last.

    Attributes:
        loaded: the service's rules.
        keys: for pseudonyms; never the service's own.
    """

    loaded: tuple[Rule, ...]
    keys: HashKeys = field(repr=False)
    _sets: dict[Any, Prepared] = field(default_factory=dict, repr=False)

    def prepare(self, edited: Sequence[RuleText], *, with_loaded: bool) -> Prepared:
        """Make a set ready, or give it as it was made before.

        Raises:
            RuleError: with all mistakes.
        """
        name = (with_loaded, *edited)
        known = self._sets.pop(name, None) or self._make(edited, with_loaded=with_loaded)
        self._sets[name] = known
        if len(self._sets) > REMEMBERED:
            del self._sets[next(iter(self._sets))]
        return known

    def _make(self, edited: Sequence[RuleText], *, with_loaded: bool) -> Prepared:
        rules = load_rules(edited)
        ids = tuple(rule.id for rule in rules)
        whole = merged(self.loaded, rules) if with_loaded else rules
        made = _once(lambda some: Scrubber.from_rules(some, self.keys))
        examples = tuple(run_examples(whole, made, frozenset(ids))) if ids else ()
        return Prepared(ids, made(whole), examples)


def try_rules(
    desk: Desk, edited: Sequence[RuleText], sample: Sample, *, with_loaded: bool
) -> Tried:
    """Load rules that are being written, run their examples, and scrub a sample with them.

    Args:
        desk: what is loaded.
        edited: the rules; one with the id of a loaded rule stands in its place.
        sample: what to scrub.
        with_loaded: whether the loaded rules scrub too, as they do in the service.
    """
    try:
        ready = desk.prepare(edited, with_loaded=with_loaded)
    except RuleError as error:
        return Tried(mistakes=error.mistakes)
    return Tried((), ready.edited, ready.examples, scrub_sample(ready.scrubber, sample))


def merged(loaded: Iterable[Rule], edited: Iterable[Rule]) -> tuple[Rule, ...]:
    """Return a set in which some rules are new, or stand in the place of those with their id."""
    rules = {rule.id: rule for rule in loaded}
    rules.update((rule.id, rule) for rule in edited)
    return tuple(rules.values())


def scrub_sample(scrubber: Scrubber, sample: Sample) -> Result:
    """Scrub a sample; what cannot be scrubbed is told as a problem."""
    if not sample.text.strip():
        return Result(problem="there is no sample")
    try:
        match sample.kind:
            case Kind.EVENT:
                return _event(scrubber, sample.text)
            case Kind.ENVELOPE:
                return _envelope(scrubber, sample.text)
            case Kind.TEXT:
                return _text(scrubber, sample.text)
            case _:
                assert_never(sample.kind)
    except jsonio.JsonError as error:
        line, column = jsonio.place_of_fault(sample.text.encode("utf-8", "replace"))
        problem = f"the sample is no JSON: {error}, at line {line}, column {column}"
        guess = "; is it an envelope?" if _is_envelope(sample.text) else ""
        return Result(problem=f"{problem}{guess}")
    except RelayError as error:
        return Result(problem=f"the relay would drop it: {error.detail}")


def _is_envelope(text: str) -> bool:
    try:
        return bool(parse(text.encode("utf-8", "replace")).items)
    except RelayError:
        return False


def _event(scrubber: Scrubber, text: str) -> Result:
    done = scrubber.scrub_json(text.encode("utf-8", "replace"))
    marked = mark_document(_without_meta(jsonio.loads(done.body)), done.notes)
    return Result(marked.segments, marked.removed, shadow=tuple(sorted(done.shadow.items())))


def _text(scrubber: Scrubber, text: str) -> Result:
    holder = [text.encode("utf-8", "replace").decode()]
    done = scrubber.run(holder, len(text), "text")
    marked = mark_text(str(holder[0]), done.notes)
    return Result(marked.segments, marked.removed, shadow=tuple(sorted(done.shadow.items())))


def _envelope(scrubber: Scrubber, text: str) -> Result:
    """Scrub as `Scrubber.scrub_envelope` does, but keep apart what belongs to which item."""
    envelope = parse(text.encode("utf-8", "replace"))
    if not envelope.items:
        return Result(problem="the envelope has no items; is it an event?")
    headers, of_headers = scrubber.scrub_envelope_headers(envelope.headers, None)
    segments: list[Segment] = []
    removed: list[Redaction] = []
    dropped: list[Outcome] = []
    shadow: dict[str, int] = dict(of_headers.shadow)

    def add(title: str, marked: Marked) -> None:
        segments.extend((Segment(title, heading=True), *marked.segments))
        removed.extend(marked.removed)

    add("envelope", mark_document(headers, of_headers.notes, "envelope"))
    for index, item in enumerate(envelope.items):
        done = scrubber.scrub_item(index, item)
        for rule, count in done.shadow.items():
            shadow[rule] = shadow.get(rule, 0) + count
        if done.item is None:
            dropped.append(done.outcome)
            continue
        title = f"item {index + 1}, {done.outcome.kind}"
        add(title, _payload(done.item, done, title))
    return Result(tuple(segments), tuple(removed), tuple(dropped), tuple(sorted(shadow.items())))


def _payload(item: Item, done: ScrubbedItem, part: str) -> Marked:
    """Show an item's payload, if it is JSON or text."""
    try:
        return mark_document(_without_meta(jsonio.loads(item.payload)), done.notes, part)
    except jsonio.JsonError:
        pass
    try:
        text = item.payload.decode()
    except UnicodeDecodeError:
        return mark_text(f"({len(item.payload)} bytes)", _unplaced(done.notes), part)
    one = len({note.path for note in done.notes}) == 1
    return mark_text(text, done.notes if one else _unplaced(done.notes), part)


def _unplaced(notes: Iterable[Note]) -> list[Note]:
    """Return notes of which only rule and method are left: the text is not that of their spans."""
    return [Note(path, tuple((r[0], r[1]) for r in remarks)) for path, remarks, _ in notes]


def _without_meta(value: Any) -> Any:
    """Take the remarks away, which are shown at their places instead."""
    if isinstance(value, dict):
        value.pop("_meta", None)
    return value


def _once(make: Callable[[tuple[Rule, ...]], Scrubber]) -> Callable[[tuple[Rule, ...]], Scrubber]:
    """Make each set once: compiling all the rules takes longer than running the examples of one.

    Inside of one set an id and a status tell a rule: examples of a shadow rule run enforced.
    """
    made: dict[tuple[tuple[str, str], ...], Scrubber] = {}

    def known(rules: tuple[Rule, ...]) -> Scrubber:
        name = tuple((rule.id, rule.status) for rule in rules if rule.status is not Status.OFF)
        if name not in made:
            made[name] = make(rules)
        return made[name]

    return known
