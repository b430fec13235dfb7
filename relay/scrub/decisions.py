"""What was decided about a document, and how it is carried out: written, removed, renamed, noted.

Law of this file: nothing is decided here. Notes show keys by their new names, for a key can hold
what was redacted in it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from relay.rules.compiling import TextRule
from relay.rules.model import Rule
from relay.rules.paths import Path
from relay.scrub.lists import ListText, list_text
from relay.scrub.redact import KINDS, Mark
from relay.scrub.remarks import Note
from relay.scrub.walked import Container, Link, Place, Slot, path_of


class Draft(NamedTuple):
    """A note whose path is written when all keys have their new names."""

    place: Place
    remarks: tuple[tuple[str, str, int, int] | tuple[str, str], ...]
    length: int | None = None


@dataclass(slots=True)
class Change:
    """A value or key whose text changes: where, what stands there, which rules look there."""

    place: Place = field(repr=False)
    text: str = field(repr=False)
    length: int
    marks: list[Mark]
    keyed: tuple[TextRule, ...]


@dataclass(slots=True)
class Decisions:
    """All decisions about one document.

    Attributes:
        changes: values and keys whose text changes.
        removals: places whose value goes, and the id of the rule that takes it.
        drafts: notes so far.
    """

    changes: list[Change] = field(default_factory=list, repr=False)
    removals: list[tuple[Place, str]] = field(default_factory=list, repr=False)
    drafts: list[Draft] = field(default_factory=list, repr=False)
    _by_place: dict[Slot, Change] = field(default_factory=dict, repr=False)
    _addresses: dict[int, Path] = field(default_factory=dict, repr=False)

    def carry_out(self, rules: Sequence[Rule]) -> list[Note]:
        """Write what was decided; return notes about it, under the keys' new names.

        Args:
            rules: by number.
        """
        notes: list[Note] = []
        for change in self.changes:
            if not change.place.is_key:
                change.place.container.node[change.place.slot] = change.text
            self.drafts.append(_draft(change, rules))
        for place, rule_id in self.removals:
            node = place.container.node
            if type(node) is dict:
                node.pop(place.slot, None)
            else:
                node[place.slot] = None
            self.drafts.append(Draft(place, ((rule_id, "x"),)))
        renamed = self._rename()
        for draft in self.drafts:
            place = draft.place
            above = self._addresses_of(place.container.link, renamed)
            slot = renamed.get(place.id, place.slot) if renamed else place.slot
            notes.append(Note((*above, slot), draft.remarks, draft.length))
        return notes

    def lists_now(self) -> Iterator[tuple[Container, list[Any], ListText]]:
        """Give each list in which something changes: its container, what will stand in it, read."""
        touched: dict[int, tuple[Container, list[Any]]] = {}

        def new(place: Place) -> list[Any]:
            container = place.container
            known = touched.get(id(container.link))
            if known is None:
                known = touched[id(container.link)] = container, list(container.node)
            return known[1]

        for change in self.changes:
            if type(change.place.container.node) is list:
                new(change.place)[change.place.slot] = change.text
        for place, _ in self.removals:
            if type(place.container.node) is list:
                new(place)[place.slot] = None
        for draft in self.drafts:
            # What was redacted whole stands there already.
            if type(draft.place.container.node) is list:
                new(draft.place)
        for container, node in touched.values():
            read = list_text(node, under=container.spot.name)
            if read is not None:
                yield container, node, read

    def at(self, place: Place, text: str) -> Change:
        """Return the change at an element of a list; a fresh one where its text is as it came."""
        if not self._by_place:
            self._by_place.update((change.place.id, change) for change in self.changes)
        return self._by_place.get(place.id) or Change(place, text, len(text), [], ())

    def keep(self, change: Change) -> None:
        """Add a change that `at` gave, if it is fresh."""
        if change.place.id not in self._by_place:
            self._by_place[change.place.id] = change
            self.changes.append(change)

    @property
    def any(self) -> bool:
        """Whether anything is decided."""
        return bool(self.changes or self.removals or self.drafts)

    def _addresses_of(self, link: Link, renamed: Mapping[Slot, str]) -> Path:
        """Return where a container is, as `_meta` shows it: real indexes, and keys as they are now.

        Asked for once for each, however much stands in it.
        """
        known = self._addresses.get(id(link))
        if known is None:
            known = path_of(link)
            if renamed:
                parts = list(known)
                at = link
                for place in range(len(parts) - 1, -1, -1):
                    assert at is not None
                    above, part = at
                    parts[place] = renamed.get((id(above), part), part)
                    at = above
                known = tuple(parts)
            self._addresses[id(link)] = known
        return known

    def _rename(self) -> dict[Slot, str]:
        """Rename keys in their order, made unique; return the new name of each renamed place."""
        by_node: dict[int, list[Change]] = {}
        for change in self.changes:
            if change.place.is_key:
                by_node.setdefault(id(change.place.container.node), []).append(change)
        renamed: dict[Slot, str] = {}
        for changes in by_node.values():
            node = changes[0].place.container.node
            names = {change.place.slot: change for change in changes}
            taken = {key for key in node if key not in names}
            numbers: dict[str, int] = {}
            entries: list[tuple[str, Any]] = []
            for key, value in node.items():
                new = key
                if key in names:
                    change = names[key]
                    new = _unique(change.text, taken, numbers)
                    taken.add(new)
                    renamed[change.place.id] = new
                entries.append((new, value))
            node.clear()
            node.update(entries)
            # A key whose value was removed is gone, but its note must not show the old name.
            for change in changes:
                renamed.setdefault(change.place.id, change.text)
        return renamed


def _draft(change: Change, rules: Sequence[Rule]) -> Draft:
    if change.place.is_key:
        named = {m.rule: rules[m.rule] for m in change.marks}
        return Draft(
            change.place,
            tuple((rule.id, KINDS[rule.redaction.method]) for rule in named.values()),
        )
    remarks = tuple(
        (rules[m.rule].id, KINDS[rules[m.rule].redaction.method], m.start, m.end)
        for m in change.marks
    )
    return Draft(change.place, remarks, change.length)


def _unique(name: str, taken: set[str], numbers: dict[str, int]) -> str:
    """Return the name, with a number after it if it is taken; `numbers` says where to go on."""
    if name not in taken:
        return name
    number = numbers.get(name, 2)
    while f"{name} ({number})" in taken:
        number += 1
    numbers[name] = number + 1
    return f"{name} ({number})"
