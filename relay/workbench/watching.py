"""A scrubber that is looked at while it works: what it redacts, and where that stood before.

Law of this file: it decides nothing. It is the service's own scrubber, with a note of each
decision; what was found stays in here, for `repr` shows none of it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from relay import jsonio
from relay.rules.compiling import TextRule
from relay.rules.paths import Path, PathPart
from relay.scrub.budget import budget_for
from relay.scrub.cuts import cuts_at
from relay.scrub.decisions import Change, Draft
from relay.scrub.document import DocumentScrubber
from relay.scrub.hits import Hit
from relay.scrub.memory import Memory
from relay.scrub.plans import Plan
from relay.scrub.redact import Cut, Mark, merged
from relay.scrub.remarks import Note
from relay.scrub.scrubber import Scrubber
from relay.scrub.walked import Container, Place, path_of

Span = tuple[int, int]
_Name = tuple[int, Any, bool]


class Target(StrEnum):
    """What a redaction is of."""

    WHOLE = "value"
    PART = "part"
    KEY = "key"


@dataclass(frozen=True, slots=True)
class Seen:
    """One redaction, as it was made.

    Attributes:
        rule: id of the rule.
        kind: the letter of its remark.
        target: what it is of.
        path: where it is now, in a document that is clean.
        before: where it was; its keys may be what was redacted.
        span: of a part: where it stood in the text; None where that cannot be told.
        clean_span: of a part: where the replacement stands in the clean text.
        found: what was redacted.
    """

    rule: str
    kind: str
    target: Target
    path: Path = field(repr=False)
    before: Path = field(repr=False)
    span: Span | None = None
    clean_span: Span | None = None
    found: Any = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Watched:
    """One document of a sample: an event, the headers of an item, a text.

    Attributes:
        label: what it is.
        root_type: what selectors call its root.
        structural: whether rules about keys and places apply.
        size: in bytes.
        document: as it came; None where that is too deep to be copied.
        seen: what was redacted in it.
    """

    label: str
    root_type: str
    structural: bool
    size: int
    document: Any = field(repr=False)
    seen: tuple[Seen, ...]
    notes: tuple[Note, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Watching(Scrubber):
    """A scrubber that keeps what it does; `log` grows with each document."""

    log: list[Watched] = field(default_factory=list, repr=False)

    @classmethod
    def of(cls, scrubber: Scrubber) -> "Watching":
        """Look at a scrubber; nothing of what it remembers is used or changed."""
        compiled = scrubber.compiled
        return cls(compiled, scrubber.keys, Memory(compiled), scrubber.shadow)

    def clean(
        self, root: Any, size: int, root_type: str, label: str, *, structural: bool
    ) -> list[Note]:
        """Clean as the scrubber does, and keep what is done.

        Args:
            root: a parsed map or list; changed in place.
            size: of its bytes, which bounds the work.
            root_type: what selectors call it, such as `event`.
            label: names it for people.
            structural: whether rules about keys and places apply.

        Raises:
            ScrubError: it is too deep, or needs more work than its size allows.
        """
        before = _copied(root)
        watch = _Watch(
            self.compiled, self.keys, budget_for(size), root_type, structural, self.memory
        )
        watch.run(root)
        seen = tuple(watch.seen())
        notes = tuple(watch.notes)
        self.log.append(Watched(label, root_type, structural, size, before, seen, notes))
        return watch.notes


def _copied(root: Any) -> Any:
    try:
        return jsonio.loads(jsonio.dumps(root))
    except jsonio.JsonError:
        return None


class _Start(NamedTuple):
    """A text before it was changed, and the cuts that were made first."""

    text: str
    cuts: Sequence[Cut]
    marks: Sequence[Mark]


@dataclass(slots=True)
class _Watch(DocumentScrubber):
    """Scrubs a document, and notes what stood where something changes."""

    started: dict[_Name, _Start] = field(default_factory=dict, repr=False)
    values: dict[_Name, Any] = field(default_factory=dict, repr=False)
    again: set[int] = field(default_factory=set, repr=False)

    def seen(self) -> Iterator[Seen]:
        """Yield what was redacted; asked for after `run`."""
        changes = {_name(change.place): change for change in self._made.changes}
        for draft, note in zip(self._made.drafts, self.notes, strict=True):
            yield from self._seen(draft, note, changes.get(_name(draft.place)))

    def _seen(self, draft: Draft, note: Note, change: Change | None) -> Iterator[Seen]:
        place = draft.place
        before = (*path_of(place.container.link), place.slot)
        start = self.started.get(_name(place))
        if place.is_key or change is None:
            target = Target.KEY if place.is_key else Target.WHOLE
            found = place.slot if place.is_key else self.values.get(_name(place))
            for remark in note.remarks:
                yield Seen(remark[0], remark[1], target, note.path, before, found=found)
            return
        origins: Sequence[Span | None] = [None] * len(note.remarks)
        if start is not None and id(change) not in self.again:
            origins = _origins(start)
        text = start.text if start is not None else None
        for remark, origin in zip(note.remarks, origins, strict=True):
            assert len(remark) == 4
            found = text if text is None or origin is None else text[slice(*origin)]
            yield Seen(
                remark[0], remark[1], Target.PART, note.path, before, origin, remark[2:], found
            )

    def _special(self, container: Container, slot: PathPart, plan: Plan, value: Any) -> bool:
        made = len(self._made.removals) + len(self._made.drafts)
        done = super(_Watch, self)._special(container, slot, plan, value)
        if len(self._made.removals) + len(self._made.drafts) > made:
            self.values[id(container.link), slot, False] = value
        return done

    def _text(
        self, place: Place, text: str, hits: Sequence[Hit], keyed: tuple[TextRule, ...] = ()
    ) -> None:
        made = len(self._made.changes)
        super(_Watch, self)._text(place, text, hits, keyed)
        if len(self._made.changes) > made:
            cuts = merged(cuts_at(self.compiled, hits, place))
            self.started[_name(place)] = _Start(text, cuts, tuple(self._made.changes[-1].marks))

    def _change(self, change: Change, cuts: Sequence[Cut]) -> bool:
        changed = super(_Watch, self)._change(change, cuts)
        if changed:
            self.again.add(id(change))
        return changed


def _name(place: Place) -> _Name:
    return (*place.id, place.is_key)


def _origins(start: _Start) -> list[Span | None]:
    """Return where each mark comes from; a cut that wrote what stood there has left none."""
    origins: list[Span | None] = []
    shift = 0
    marks = iter(start.marks)
    mark = next(marks, None)
    for begin, end, rule in start.cuts:
        if mark is None:
            break
        if mark.rule == rule and mark.start == begin + shift:
            origins.append((begin, end))
            shift = mark.end - end
            mark = next(marks, None)
    origins += [None] * (len(start.marks) - len(origins))
    return origins
