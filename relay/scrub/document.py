"""One JSON document: walk it, search it, decide at each place, have the decisions carried out.

Law of this file: decide at places with what `search` found in texts. A text is searched again after
its redaction until nothing more is found, so that scrubbing twice changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from relay import jsonio
from relay.errors import ScrubError
from relay.rules.compiling import CompiledRules, TextRule
from relay.rules.model import Method, Redaction, Status
from relay.rules.selectors import PathPart
from relay.scrub.budget import Budget
from relay.scrub.decisions import Change, Decisions, Draft
from relay.scrub.hashing import HashKeys
from relay.scrub.hits import Hit
from relay.scrub.memory import Memory
from relay.scrub.plans import Plan, path_has
from relay.scrub.protected import WORDS
from relay.scrub.redact import KINDS, Cut, Mark, redact, replacement
from relay.scrub.remarks import Note
from relay.scrub.search import search, search_keyed
from relay.scrub.walk import VALUE_TYPES, Walk, number_text
from relay.scrub.walked import Container, Link, Place, Slot, Walked

PROTECTED_ID: Final = "protected/shape"
"""The rule id of remarks about protected fields that had not their shape."""

_MAX_PASSES: Final = 16
_SCALARS: Final = frozenset({str, int, float})


@dataclass(slots=True)
class _Keyed:
    """A value that rules look into because of its key, and what they found in it."""

    place: Place
    text: str = field(repr=False)
    found: Sequence[Hit]
    rules: tuple[TextRule, ...]


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
        shadow: hits of shadow rules by number, filled by `run`.
    """

    compiled: CompiledRules
    keys: HashKeys = field(repr=False)
    budget: Budget
    root_type: str = "event"
    structural: bool = True
    memory: Memory | None = field(default=None, repr=False)
    notes: list[Note] = field(default_factory=list)
    shadow: dict[int, int] = field(default_factory=dict)
    _made: Decisions = field(default_factory=Decisions, repr=False)
    _redacted: dict[tuple[str, tuple[Cut, ...]], tuple[str, list[Mark]]] = field(
        default_factory=dict, repr=False
    )
    _keyed: list[_Keyed] = field(default_factory=list, repr=False)
    _decided: dict[Slot, Link] = field(default_factory=dict, repr=False)

    def run(self, root: Any) -> None:
        """Scrub a map or list, in place.

        Raises:
            ScrubError: too deep, or too much work for its size.
        """
        memory = self.memory = self.memory or Memory(self.compiled)
        spot = memory.root(self.root_type, structural=self.structural)
        walked = Walk(memory, self._special).run(root, spot)
        for keyed in self._keyed:
            if keyed.text not in memory.texts:
                walked.texts.setdefault(keyed.text, [])
        by_text = self._search(list(walked.texts))
        memory.remember_numbers(n for text, n in walked.numbers.items() if text not in by_text)
        if by_text or self._keyed:
            self._decide(walked, by_text)
            self._settle()
        self.notes += self._made.carry_out(self.compiled.rules)

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
                if plan.keyed and kind is str and plan.shape in WORDS:
                    place = Place(container, slot, plan, "string")
                    self._text(place, value, self._under_key(plan, value))
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
        self._keyed.append(_Keyed(place, text, self._under_key(plan, text), plan.keyed))
        return True

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
        number, shadows = plan.taken(VALUE_TYPES[kind])
        for shadow in shadows:
            self._count_shadow(shadow)
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
            new = self._stand_in(rule.redaction, value)
        if new != value:
            container.node[slot] = new
            self._made.drafts.append(Draft(place, ((rule.id, KINDS[method], 0, len(new)),), length))
        return True

    def _stand_in(self, redaction: Redaction, value: Any) -> str:
        """Return what stands for a whole map or list."""
        if redaction.method is Method.MASK:
            return _MASKED
        return replacement(redaction, jsonio.dumps(value).decode(), self.keys)

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
        cuts = tuple(self._cuts(hits, place))
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

    def _cuts(self, hits: Sequence[Hit], place: Place, *, counted: bool = False) -> list[Cut]:
        """Return what of the hits in a text counts at this place."""
        cuts: list[Cut] = []
        plain = self.compiled.plain
        plan = place.plan
        for start, end, number, inner, wants_word in hits:
            if number in plain and not wants_word:
                cuts.append(Cut(start, end, number))
                continue
            rule = self.compiled.rules[number]
            if wants_word and not path_has(plan.path + inner, rule.match.near):
                continue
            if not plan.allows(number, "string" if inner else place.value_type, inner):
                continue
            if rule.status is Status.SHADOW:
                if not counted:
                    self._count_shadow(number)
                continue
            cuts.append(Cut(start, end, number))
        return cuts

    def _count_shadow(self, number: int) -> None:
        self.shadow[number] = self.shadow.get(number, 0) + 1

    # --- settling and applying -------------------------------------------------------------------

    def _settle(self) -> None:
        """Search changed texts again until a search finds nothing that would change them."""
        memory = self.memory
        assert memory is not None
        pending = self._made.changes
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
                cuts = self._cuts(found, change.place, counted=True) if found else ()
                if not cuts:
                    continue
                new, marks = redact(change.text, cuts, self.compiled.rules, self.keys, change.marks)
                if new != change.text:
                    change.text, change.marks = new, marks
                    again.append(change)
            pending = again
        if pending:
            raise ScrubError("a text does not come to rest")


_MASKED: Final = "***"
"""What a map or list becomes under `mask`: its size is nobody's business."""
