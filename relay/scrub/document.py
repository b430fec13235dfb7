"""One JSON document: walk it, search it, decide at each place, have the decisions carried out.

Law of this file: decide at places with what `search` found in texts. A text is searched again after
its redaction until nothing more is found, so that scrubbing twice changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from relay import jsonio
from relay.errors import ScrubError
from relay.rules.compiling import CompiledRules, Hot, TextRule, applies
from relay.rules.model import Method, Redaction, Status
from relay.rules.selectors import Path
from relay.scrub.decisions import Change, Decisions, Draft, Place
from relay.scrub.hashing import HashKeys
from relay.scrub.lists import ListText, list_text
from relay.scrub.protected import KEYS, WORDS, Shape, must_have_shape, shape_at
from relay.scrub.redact import KINDS, Cut, Mark, redact, replacement
from relay.scrub.remarks import Note
from relay.scrub.search import Budget, Hit, search, search_keyed
from relay.scrub.walk import Container, Link, Walked, number_text, path_of, walk

PROTECTED_ID: Final = "protected/shape"
"""The rule id of remarks about protected fields that had not their shape."""

_MAX_PASSES: Final = 16
_NUMBER_STARTS: Final = frozenset("-0123456789")
_SCALARS: Final = frozenset({str, int, float})
_TYPES: Final = {
    str: "string", int: "number", float: "number", bool: "boolean", list: "array", dict: "object",
    type(None): "null",
}  # fmt: skip


@dataclass(slots=True)
class DocumentScrubber:
    """Scrubs one document in place.

    Attributes:
        compiled: the rules.
        keys: for pseudonyms.
        root_type: the selector type of the root, such as `event`.
        structural: whether rules about keys and places apply (not in `_meta`).
        notes: filled by `run`.
        shadow: hits of shadow rules by number, filled by `run`.
    """

    compiled: CompiledRules
    keys: HashKeys = field(repr=False)
    budget: Budget
    root_type: str = "event"
    structural: bool = True
    notes: list[Note] = field(default_factory=list)
    shadow: dict[int, int] = field(default_factory=dict)
    _made: Decisions = field(default_factory=Decisions, repr=False)
    _redacted: dict[tuple[str, tuple[Cut, ...]], tuple[str, list[Mark]]] = field(
        default_factory=dict, repr=False
    )
    _lists: dict[int, ListText] = field(default_factory=dict, repr=False)
    _last: tuple[Link, Path] = field(default=(None, ()), repr=False)

    def run(self, root: Any) -> None:
        """Scrub a map or list, in place.

        Raises:
            ScrubError: too deep, or too much work for its size.
        """
        walked = walk(root)
        self._read_lists(walked)
        texts = self.compiled.unknown(walked.texts)
        hits = search(self.compiled, texts, self.budget)
        by_text = {texts[number]: found for number, found in hits.items()}
        self.compiled.remember_clean(text for text in texts if text not in by_text)
        self._decide(walked, by_text)
        self._settle()
        self.notes += self._made.carry_out(self.compiled.rules)

    def _read_lists(self, walked: Walked) -> None:
        """Have each list of words or numbers searched as one text too."""
        for container in walked.containers:
            if type(container.node) is list:
                read = list_text(container.node)
                if read is not None:
                    self._lists[id(container.node)] = read
                    walked.texts.setdefault(read.text, len(walked.texts))

    # --- deciding --------------------------------------------------------------------------------

    def _decide(self, walked: Walked, by_text: dict[str, list[Hit]]) -> None:
        """Go through every place once; only those with a hit or a hot key cost more than a look."""
        compiled = self.compiled
        hot: dict[str, Hot] = {}
        guarded: frozenset[str] | set[str] = frozenset()
        if self.structural:
            hot = {key: rules for key in walked.keys if (rules := compiled.hot(key)) is not None}
            guarded = KEYS & walked.keys
        everywhere = compiled.anywhere if self.structural else ()
        # Writing a number as text costs more than a look; mostly no number has a hit.
        numbers = any(text[0] in _NUMBER_STARTS for text in by_text)
        for container in walked.containers:
            node = container.node
            if type(node) is dict:
                pair_key = container.key
                # Values change while this goes on, keys do not.
                for key, value in node.items():
                    kind = type(value)
                    name = pair_key if pair_key is not None and key == "value" else key
                    if (
                        (kind is str and value in by_text)
                        or name in hot
                        or key in guarded
                        or everywhere
                        or (
                            numbers
                            and (kind is int or kind is float)
                            and number_text(value) in by_text
                        )
                    ):
                        place = Place(container, key, name, _TYPES[kind])
                        self._value(place, value, hot.get(name), by_text)
                    if key in by_text:
                        self._key(container, key, by_text[key])
            elif node:
                self._elements(container, node, hot, by_text, numbers=numbers)

    def _elements(
        self,
        container: Container,
        node: list[Any],
        hot: dict[str, Hot],
        by_text: dict[str, list[Hit]],
        *,
        numbers: bool,
    ) -> None:
        everywhere = self.compiled.anywhere if self.structural else ()
        outer = container.name
        # A rule about whole values has mostly taken the list; where it wants text, it has not.
        around = hot.get(outer)
        read = self._lists.get(id(node))
        across = read.covered(by_text.get(read.text, ())) if read is not None else {}
        pair: Hot | None = None
        if len(node) == 2 and type(node[0]) is str and self.structural:
            # A pair, in a list of pairs or alone, as in the arguments of a log call.
            pair = self.compiled.hot(node[0])
        for index, value in enumerate(node):
            kind = type(value)
            name = outer
            rules = around
            if pair is not None:
                # Its first part is a key that rules know, and so no secret.
                name, rules = (outer, None) if index == 0 else (node[0], _both(pair, around))
            if (
                rules is not None
                or everywhere
                or index in across
                or (kind is str and value in by_text)
                or (numbers and (kind is int or kind is float) and number_text(value) in by_text)
            ):
                place = Place(container, index, name, _TYPES[kind])
                self._value(place, value, rules, by_text, across.get(index, ()))

    def _path(self, place: Place) -> Path:
        """Return a path as selectors see it: the value of a pair stands under the pair's key."""
        container, slot = place.container, place.slot
        if container.key is not None and slot == 1:
            link, slot = container.pair_parent, container.key
        else:
            link = container.link
        if self._last[0] is not link:
            self._last = link, path_of(link)
        return (*self._last[1], slot)

    def _value(
        self,
        place: Place,
        value: Any,
        rules: Hot | None,
        by_text: dict[str, list[Hit]],
        across: Sequence[Hit] = (),
    ) -> None:
        """Decide about one value: a rule about the whole, its shape, or what was found in it."""
        kind = type(value)
        if self.structural:
            path = self._path(place)
            whole = rules.whole if rules is not None else ()
            if whole or self.compiled.anywhere:
                number = self._whole(place, path, value, whole)
                if number is not None:
                    self._redact_whole(place, value, number)
                    return
            if kind in _SCALARS and (place.slot in KEYS or path[0] in KEYS):
                key = str(place.slot)
                shape = shape_at(path, key)
                if shape is not None:
                    if shape(value):
                        self._only_keyed(place, value, rules, shape)
                        return
                    if must_have_shape(path, key):
                        self._made.removals.append((place, PROTECTED_ID))
                        return
        if kind is str:
            text = value
        elif kind is int or kind is float:
            text = number_text(value)
        else:
            return
        found: Sequence[Hit] = by_text.get(text, ())
        if across:
            found = [*found, *across]
        if rules is not None and rules.keyed:
            found = [*found, *search_keyed(self.compiled, rules.keyed, text, self.budget)]
        self._text(place, text, found, rules.keyed if rules is not None else ())

    def _only_keyed(self, place: Place, value: Any, rules: Hot | None, shape: Shape) -> None:
        """Apply rules about keys, and no others, to a value that has its shape.

        A shape of words says what a value is not; it does not say that a password is none.
        """
        if rules is not None and rules.keyed and type(value) is str and shape in WORDS:
            found = search_keyed(self.compiled, rules.keyed, value, self.budget)
            self._text(place, value, found, is_key=False)

    def _key(self, container: Container, key: str, hits: Sequence[Hit]) -> None:
        self._text(Place(container, key, "", "string"), key, hits, is_key=True)

    def _text(
        self,
        place: Place,
        text: str,
        hits: Sequence[Hit],
        keyed: tuple[TextRule, ...] = (),
        *,
        is_key: bool = False,
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
            self._made.changes.append(Change(place, is_key, new, len(text), marks, keyed))

    def _whole(self, place: Place, path: Path, value: Any, rules: tuple[int, ...]) -> int | None:
        """Return the rule that takes this whole value, if any; null, true and false stay."""
        if value is None or value is True or value is False or value in ("", [], {}):
            return None
        for number in (*rules, *self.compiled.anywhere):
            rule = self.compiled.rules[number]
            if not applies(rule, path, place.value_type, self.root_type):
                continue
            if rule.match.near and not _path_has(path, rule.match.near):
                continue
            if rule.status is Status.SHADOW:
                self._count_shadow(number)
                continue
            return number
        return None

    def _cuts(self, hits: Sequence[Hit], place: Place, *, counted: bool = False) -> list[Cut]:
        """Return what of the hits in a text counts at this place."""
        cuts: list[Cut] = []
        plain = self.compiled.plain
        path: Path | None = None
        for start, end, number, inner, wants_word in hits:
            if number in plain and not wants_word:
                cuts.append(Cut(start, end, number))
                continue
            rule = self.compiled.rules[number]
            path = self._path(place) if path is None else path
            full = path + inner
            if wants_word and not _path_has(full, rule.match.near):
                continue
            # What a rule about places found inside a string has been held against `where` there.
            where = inner if rule.match.any else full
            value_type = "string" if inner else place.value_type
            if not applies(rule, where, value_type, self.root_type):
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
        pending = self._made.changes
        for _ in range(_MAX_PASSES):
            if not pending:
                return
            texts = self.compiled.unknown(dict.fromkeys([change.text for change in pending]))
            numbers = {text: number for number, text in enumerate(texts)}
            hits = search(self.compiled, texts, self.budget) if texts else {}
            self.compiled.remember_clean(text for text in texts if numbers[text] not in hits)
            again: list[Change] = []
            for change in pending:
                found: Sequence[Hit] = ()
                if hits:
                    found = hits.get(numbers.get(change.text, -1), ())
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

    def _redact_whole(self, place: Place, value: Any, number: int) -> None:
        rule = self.compiled.rules[number]
        method = rule.redaction.method
        if type(value) not in _SCALARS:
            self._made.gone.add(place.id)
        if method is Method.REMOVE:
            self._made.removals.append((place, rule.id))
            return
        length = None
        if type(value) in _SCALARS:
            text = value if type(value) is str else number_text(value)
            new = replacement(rule.redaction, text, self.keys)
            length = len(text)
        else:
            new = self._stand_in(rule.redaction, value)
        if new == value:
            return
        place.container.node[place.slot] = new
        self._made.drafts.append(Draft(place, ((rule.id, KINDS[method], 0, len(new)),), length))

    def _stand_in(self, redaction: Redaction, value: Any) -> str:
        """Return what stands for a whole map or list."""
        if redaction.method is Method.MASK:
            return _MASKED
        return replacement(redaction, jsonio.dumps(value).decode(), self.keys)


def _both(one: Hot | None, other: Hot | None) -> Hot | None:
    if one is None or other is None or one is other:
        return one or other
    return Hot((*one.whole, *other.whole), (*one.keyed, *other.keyed))


_MASKED: Final = "***"
"""What a map or list becomes under `mask`: its size is nobody's business."""


def _path_has(path: Path, words: tuple[str, ...]) -> bool:
    shown = ".".join(str(part) for part in path).casefold()
    return any(word in shown for word in words)
