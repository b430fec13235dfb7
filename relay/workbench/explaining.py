"""What was redacted in a sample, by which rule, where; and what happened to it without a rule.

Law of this file: pure, and nothing is decided here: the service's scrubber is looked at while it
works (`watching`). Of what was redacted nothing is in any text but `Redaction.found`, which only a
person at a terminal may be shown; paths are those of the clean sample.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final, assert_never

from relay import jsonio
from relay.errors import RelayError
from relay.outcomes import Reason
from relay.protocol.envelope import parse
from relay.rules.model import Method, Rule, Status
from relay.rules.paths import Path, PathPart
from relay.scrub.document import PROTECTED_ID
from relay.scrub.hashing import HashKeys
from relay.scrub.items.address import CLIENT_ADDRESS
from relay.scrub.remarks import Note, show_path
from relay.scrub.scrubber import Scrubber
from relay.scrub.shadow import ShadowHits
from relay.workbench.from_sentry import as_event
from relay.workbench.marking import METHODS
from relay.workbench.probing import Condition, with_only
from relay.workbench.trying import Kind
from relay.workbench.watching import Seen, Span, Target, Watched, Watching

WITHOUT_RULE: Final = {
    PROTECTED_ID: "a field that Sentry gives a meaning, and not of its shape",
    CLIENT_ADDRESS: "the client's address, which goes whatever the rules say",
}
"""What is redacted though no rule asks for it, by the id in its remark."""


@dataclass(frozen=True, slots=True)
class Redaction:
    """One redaction.

    Attributes:
        rule: id of the rule, or one of `WITHOUT_RULE`.
        path: where, as a selector that finds it in the clean sample; empty in a text.
        method: what was done.
        target: a whole value, a part of a text, or a key.
        span: of a part, in the text as it came; None where that cannot be told.
        clean_span: of a part, in the clean text.
        document: the document of the part that it stands in, such as `item_header`.
        found: what was redacted; for a person at a terminal only.
    """

    rule: str
    path: str
    method: Method
    target: Target
    span: Span | None = None
    clean_span: Span | None = None
    document: str = ""
    found: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Part:
    """An item of an envelope, its headers, or the whole of another sample.

    Attributes:
        kind: what it is: a kind of item, `envelope_header`, `event` or `text`.
        index: of the item, from 0; None where it is none.
        dropped: why it does not go on; None if it does.
        redactions: in no particular order.
        shadow: what shadow rules would have redacted, by rule and path.
        headers_left_out: how many headers are of none of the names that go on.
        documents: as they were when the rules came to them.
    """

    kind: str
    index: int | None = None
    dropped: Reason | None = None
    redactions: tuple[Redaction, ...] = ()
    shadow: ShadowHits = field(default_factory=dict)
    headers_left_out: int = 0
    documents: tuple[Watched, ...] = field(default=(), repr=False)

    @property
    def title(self) -> str:
        """What people call it."""
        return self.kind if self.index is None else f"item {self.index + 1}, {self.kind}"


@dataclass(frozen=True, slots=True)
class Explanation:
    """What is to be said about a sample.

    Attributes:
        parts: of it.
        problem: why the relay would drop it, in words without any of it; empty if it would not.
        from_sentry: whether it was an event as Sentry's API shows it, read as an event.
    """

    parts: tuple[Part, ...] = ()
    problem: str = ""
    from_sentry: bool = False

    @property
    def broken(self) -> bool:
        """Whether it, or an item of it, could not be read or scrubbed."""
        reasons = (part.dropped for part in self.parts)
        return bool(self.problem) or any(r in _BROKEN for r in reasons)


_BROKEN: Final = frozenset({Reason.INVALID, Reason.SCRUB_FAILED, Reason.UNKNOWN_ITEM})


def explain(scrubber: Scrubber, data: bytes, kind: Kind) -> Explanation:
    """Scrub a sample as the service does, and say what was done; consent is not asked.

    Args:
        scrubber: a set of rules.
        data: the sample.
        kind: what it is. An event may be as Sentry's API shows it.
    """
    watching = Watching.of(scrubber)
    show = shower(scrubber)
    try:
        match kind:
            case Kind.EVENT:
                return _event(watching, data, show)
            case Kind.ENVELOPE:
                return Explanation(tuple(_envelope(watching, data, show)))
            case Kind.TEXT:
                text = data.decode("utf-8", "replace")
                done = watching.run([text], len(text), "text")
                return Explanation((_part(watching, "text", done.notes, done.shadow_paths, show),))
            case _:
                assert_never(kind)
    except jsonio.JsonError as error:
        line, column = jsonio.place_of_fault(data)
        return Explanation(problem=f"it is no JSON: {error}, at line {line}, column {column}")
    except RelayError as error:
        return Explanation(problem=f"the relay would drop it: {error.detail}")


Show = Callable[[Path], str]


def shower(scrubber: Scrubber) -> Show:
    """Return what writes the path of a clean sample; what shadow rules know of a key is hidden."""
    rules = scrubber.compiled.rules
    if all(rule.status is not Status.SHADOW for rule in rules):
        return show_path
    strict = strictly(rules, scrubber.keys)
    return lambda path: show_path(tuple(_hidden(strict, part) for part in path))


def strictly(rules: Iterable[Rule], keys: HashKeys) -> Scrubber:
    """Return a scrubber in which shadow rules are enforced, and all hold wherever they may."""
    kept = (Condition.CHECK, Condition.NEAR)
    active = (rule for rule in rules if rule.status is not Status.OFF)
    return Scrubber.from_rules(tuple(with_only(rule, kept) for rule in active), keys)


def show_raw(strict: Scrubber, path: Path) -> str:
    """Write the path of a sample as it came, with what rules know of it hidden."""
    words = " ".join(str(part) for part in path)
    if _hidden(strict, words) != words and all(_hidden(strict, part) == part for part in path):
        # Words that say nothing each are a phrase together.
        return ".".join("*" for _ in path)
    return show_path(tuple(_hidden(strict, part) for part in path))


def _hidden(strict: Scrubber, part: PathPart) -> PathPart:
    try:
        return part if isinstance(part, int) else strict.scrub_text(part)
    except RelayError:
        return "…"


def _event(watching: Watching, data: bytes, show: Show) -> Explanation:
    event = as_event(jsonio.loads(data))
    done = watching.scrub_json(data if event is None else jsonio.dumps(event))
    part = _part(watching, "event", done.notes, done.shadow_paths, show)
    return Explanation((part,), from_sentry=event is not None)


def _envelope(watching: Watching, data: bytes, show: Show) -> Iterator[Part]:
    """Yield the parts of an envelope, scrubbed as `Scrubber.scrub_envelope` does."""
    envelope = parse(data)
    headers, done = watching.scrub_envelope_headers(envelope.headers, None)
    part = _part(watching, "envelope_header", done.notes, done.shadow_paths, show)
    yield replace(part, headers_left_out=len(envelope.headers) - len(headers))
    for index, item in enumerate(envelope.items):
        of_item = watching.scrub_item(index, item)
        outcome = of_item.outcome
        part = _part(watching, outcome.kind, of_item.notes, of_item.shadow_paths, show)
        if of_item.item is None:
            yield Part(outcome.kind, index, outcome.reason)
        else:
            left_out = len(item.headers) - len(of_item.item.headers)
            yield replace(part, index=index, headers_left_out=max(left_out, 0))


def _part(
    watching: Watching, kind: str, notes: Iterable[Note], shadow: ShadowHits, show: Show
) -> Part:
    """Make a part of what was logged since the last; the log is empty afterwards."""
    documents = tuple(watching.log)
    watching.log.clear()
    made = [
        _redaction(seen, "" if document.label == kind else document.label, show)
        for document in documents
        for seen in document.seen
    ]
    by_rules = {id(note) for document in documents for note in document.notes}
    for note in notes:
        if id(note) not in by_rules:
            # What the protocol asks was done before the rules came.
            made += [
                Redaction(r[0], show(note.path), METHODS[r[1]], Target.WHOLE) for r in note.remarks
            ]
    return Part(kind, None, None, tuple(made), shadow, 0, documents)


def _redaction(seen: Seen, document: str, show: Show) -> Redaction:
    found = seen.found
    if not isinstance(found, str):
        found = jsonio.dumps(found).decode()
    path = "" if document == "text" or seen.path == (0,) else show(seen.path)
    method = METHODS[seen.kind]
    spans = (seen.span, seen.clean_span)
    return Redaction(seen.rule, path, method, seen.target, *spans, document, found)


def as_plain(explanation: Explanation) -> dict[str, Any]:
    """Return an explanation as plain data for a script; no value is in it."""
    return {
        "problem": explanation.problem,
        "from_sentry": explanation.from_sentry,
        "parts": [
            {
                "part": part.title,
                "dropped": part.dropped,
                "headers_left_out": part.headers_left_out,
                "redactions": [
                    {
                        "rule": one.rule,
                        "path": one.path,
                        "method": one.method,
                        "target": one.target,
                        "span": one.span,
                        "clean_span": one.clean_span,
                        "document": one.document,
                    }
                    for one in part.redactions
                ],
                "shadow": [
                    {"rule": rule, "path": path, "count": count}
                    for (rule, path), count in sorted(part.shadow.items())
                ],
            }
            for part in explanation.parts
        ],
    }
