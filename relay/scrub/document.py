"""One JSON document: walk it, search it, decide at each place, have the decisions carried out.

Law of this file: decide at places with what `search` found in texts. A text is searched again after
its redaction until nothing more is found, so that scrubbing twice changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from relay.errors import ScrubError
from relay.rules.compiling import CompiledRules, TextRule
from relay.rules.model import Method
from relay.rules.paths import PathPart
from relay.scrub.budget import Budget
from relay.scrub.cuts import Keyed, cuts_at
from relay.scrub.decisions import Change, Decisions, Draft
from relay.scrub.hashing import HashKeys
from relay.scrub.hits import Hit
from relay.scrub.memory import Memory
from relay.scrub.plans import Plan
from relay.scrub.protected import WORDS
from relay.scrub.redact import KINDS, Cut, Mark, redact, replacement, stand_in
from relay.scrub.remarks import Note
from relay.scrub.search import search, search_keyed
from relay.scrub.walk import VALUE_TYPES, Walk, number_text
from relay.scrub.walked import Container, Link, Place, Slot, Walked

PROTECTED_ID: Final = "protected/shape"
"""The rule id of remarks about protected fields that had not their shape."""

_MAX_PASSES: Final = 16
_SCALARS: Final = frozenset({str, int, float})


@dataclass(slots=True)
class DocumentScrubber:
    """Scrubs one document in place.

    Attributes:
        compiled: the rules.
        keys: for pseudonyms.
        root_type: the selector type of the root, such as `event`.
        structural: whether rules about keys and places apply (not in `_meta`).
        memory: of the documents before.
        notes: filled by `run`.
    """

    compiled: CompiledRules
    keys: HashKeys = field(repr=False)
    budget: Budget
    root_type: str = "event"
    structural: bool = True
    memory: Memory | None = field(default=None, repr=False)
    notes: list[Note] = field(default_factory=list)
    _made: Decisions = field(default_factory=Decisions, repr=False)
    _redacted: dict[tuple[str, tuple[Cut, ...]], tuple[str, list[Mark]]] = field(
        default_factory=dict, repr=False
    )
    _keyed: list[Keyed] = field(default_factory=list, repr=False)
    _decided: dict[Slot, Link] = field(default_factory=dict, repr=False)

    def run(self, root: Any) -> None:
        """Scrub a map or list, in place.

        Raises:
            ScrubError: too deep, or too much work for its size.
        """
        self.look(root)
        if self._made.any:
            self._settle(self._made.changes)
            self._settle_lists()
        self.notes += self._made.carry_out(self.compiled.rules)

    def look(self, root: Any) -> None:
        """Decide about everything in a map or list.

        Raises:
            ScrubError: too deep, or too much work for its size.
        """
        memory = self.memory = self.memory or Memory(self.compiled)
        spot = memory.root(self.root_type, structural=self.structural)
        walked = Walk(memory, self._special, self._effects).run(root, spot)
        for keyed in self._keyed:
            if keyed.text not in memory.texts:
                walked.texts.setdefault(keyed.text, [])
        by_text = self._search(list(walked.texts))
        memory.remember_numbers(n for text, n in walked.numbers.items() if text not in by_text)
        if by_text or self._keyed or self._made.any:
            self._decide(walked, by_text)

    def _search(self, texts: list[str]) -> dict[str, list[Hit]]:
        """Return what is found in texts; those in which nothing is are remembered."""
        assert self.memory is not None
        if not texts:
            return {}
        hits = search(self.compiled, texts, self.budget)
        by_text = {texts[number]: found for number, found in hits.items()}
        self.memory.remember(text for text in texts if text not in by_text)
        return by_text

    # --- values that rules name by their place ---------------------------------------------------

    def _special(self, container: Container, slot: PathPart, plan: Plan, value: Any) -> bool:
        """Decide about a value before anything is searched.

        A rule about the whole may take it, its shape may protect it, rules may look into it because
        of its key. Returns whether that was all there is to do about it.
        """
        kind = type(value)
        if plan.whole and self._whole(container, slot, plan, value):
            return self._is_decided(container, slot)
        if kind not in _SCALARS:
            return False
        if plan.shape is not None:
            if plan.has_shape(value):
                # A shape of words says what a value is not; not that a password is none.
                keyed = plan.keyed and kind is str and plan.shape in WORDS
                found = self._under_key(plan, value) if keyed else ()
                if found:
                    self._text(Place(container, slot, plan, "string"), value, found)
                    return self._is_decided(container, slot)
                # A word of a phrase has the shape of a word too, so a list of them is read.
                return plan.shape in WORDS or self._is_decided(container, slot)
            if plan.must:
                place = Place(container, slot, plan, VALUE_TYPES[kind])
                self._made.removals.append((place, PROTECTED_ID))
                return self._is_decided(container, slot)
        if not plan.keyed:
            return False
        text = value if kind is str else number_text(value)
        if not text:
            return True
        place = Place(container, slot, plan, VALUE_TYPES[kind])
        self._keyed.append(Keyed(place, text, self._under_key(plan, text), plan.keyed))
        return True

    def _effects(self) -> int:
        """Return how much has been decided, or left for when the texts have been searched."""
        made = self._made
        return len(self._keyed) + len(made.changes) + len(made.removals) + len(made.drafts)

    def _is_decided(self, container: Container, slot: PathPart) -> bool:
        if type(container.node) is list:
            # What is found across elements has nothing to say about this one.
            # The link is kept, for a slot is named by where in memory it lies.
            self._decided[id(container.link), slot] = container.link
        return True

    def _under_key(self, plan: Plan, text: str) -> Sequence[Hit]:
        if text in plan.clean:
            return ()
        found = search_keyed(self.compiled, plan.keyed, text, self.budget)
        if not found:
            plan.remember(text)
        return found

    def _whole(self, container: Container, slot: PathPart, plan: Plan, value: Any) -> bool:
        """Redact a whole value if a rule asks for it; null, true and false stay."""
        if value is None or value is True or value is False or value in ("", [], {}):
            return False
        kind = type(value)
        number = plan.taken(VALUE_TYPES[kind])
        if number is None:
            return False
        place = Place(container, slot, plan, VALUE_TYPES[kind])
        rule = self.compiled.rules[number]
        method = rule.redaction.method
        if method is Method.REMOVE:
            self._made.removals.append((place, rule.id))
            return True
        length = None
        if kind in _SCALARS:
            text = value if kind is str else number_text(value)
            new = replacement(rule.redaction, text, self.keys)
            length = len(text)
        else:
            new = stand_in(rule.redaction, value, self.keys)
        if new != value:
            container.node[slot] = new
            self._made.drafts.append(Draft(place, ((rule.id, KINDS[method], 0, len(new)),), length))
        return True

    # --- what was found in texts -----------------------------------------------------------------

    def _decide(self, walked: Walked, by_text: dict[str, list[Hit]]) -> None:
        """Go through every place where something was found."""
        across = self._across(walked, by_text) if walked.lists or walked.forms else {}
        for text, hits in by_text.items():
            for place in walked.texts[text]:
                more = across.pop(place.id, None) if across else None
                self._text(place, text, hits if more is None else [*hits, *more[1]])
        for keyed in self._keyed:
            hits = by_text.get(keyed.text, [])
            more = across.pop(keyed.place.id, None) if across else None
            found = [*hits, *keyed.found, *(more[1] if more is not None else ())]
            self._text(keyed.place, keyed.text, found, keyed.rules)
        for place, hits in across.values():
            value = place.container.node[place.slot]
            self._text(place, value if type(value) is str else number_text(value), hits)

    def _across(
        self, walked: Walked, by_text: dict[str, list[Hit]]
    ) -> dict[Slot, tuple[Place, list[Hit]]]:
        """Return what was found across elements of lists, by element."""
        found: dict[Slot, tuple[Place, list[Hit]]] = {}
        for container, read in walked.lists:
            for index, hits in read.covered(by_text.get(read.text, ())).items():
                plan = container.spot.element(index)
                place = Place(container, index, plan, VALUE_TYPES[type(container.node[index])])
                if place.id not in self._decided:
                    found[place.id] = place, hits
        for places, read in walked.forms:
            for index, hits in read.covered(by_text.get(read.text, ())).items():
                if places[index].id not in self._decided:
                    found[places[index].id] = places[index], hits
        return found

    def _text(
        self,
        place: Place,
        text: str,
        hits: Sequence[Hit],
        keyed: tuple[TextRule, ...] = (),
    ) -> None:
        """Note the change that hits make to a text."""
        cuts = tuple(cuts_at(self.compiled, hits, place))
        if not cuts:
            return
        # A text often stands in many places; the same cuts make the same text of it.
        known = self._redacted.get((text, cuts))
        if known is None:
            known = redact(text, cuts, self.compiled.rules, self.keys)
            self._redacted[text, cuts] = known
        new, marks = known
        if new != text:
            self._made.changes.append(Change(place, new, len(text), marks, keyed))

    # --- settling and applying -------------------------------------------------------------------

    def _settle_lists(self) -> None:
        """Read lists in which something changed again: a marker can part what was one run."""
        for _ in range(_MAX_PASSES):
            reads = list(self._made.lists_now())
            by_text = self._search(list({read.text for _, _, read in reads}))
            again: list[Change] = []
            for container, node, read in reads:
                for index, hits in read.covered(by_text.get(read.text, ())).items():
                    kind = VALUE_TYPES[type(container.node[index])]
                    place = Place(container, index, container.spot.element(index), kind)
                    if place.id in self._decided:
                        continue
                    value = node[index]
                    text = value if type(value) is str else number_text(value)
                    cuts = cuts_at(self.compiled, hits, place)
                    change = self._made.at(place, text)
                    if self._change(change, cuts):
                        self._made.keep(change)
                        again.append(change)
            if not again:
                return
            self._settle(again)
        raise ScrubError("a list does not come to rest")

    def _change(self, change: Change, cuts: Sequence[Cut]) -> bool:
        """Cut more of a text that may be changed already; return whether that changes it."""
        new, marks = redact(change.text, cuts, self.compiled.rules, self.keys, change.marks)
        if new == change.text:
            return False
        change.text, change.marks = new, marks
        return True

    def _settle(self, pending: list[Change]) -> None:
        """Search changed texts again until a search finds nothing that would change them."""
        memory = self.memory
        assert memory is not None
        for _ in range(_MAX_PASSES):
            if not pending:
                return
            hits = self._search(memory.unknown(dict.fromkeys([change.text for change in pending])))
            again: list[Change] = []
            for change in pending:
                found: Sequence[Hit] = hits.get(change.text, ())
                if change.keyed:
                    found = [
                        *found,
                        *search_keyed(self.compiled, change.keyed, change.text, self.budget),
                    ]
                cuts = cuts_at(self.compiled, found, change.place) if found else ()
                if cuts and self._change(change, cuts):
                    again.append(change)
            pending = again
        if pending:
            raise ScrubError("a text does not come to rest")
