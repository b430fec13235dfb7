"""Places: what the rules say about where a value stands, worked out once for each kind of place.

A document's paths differ in the numbers of list elements and hardly in anything else. So places
with the same keys on the way share one `Plan`, and a map's keys, in their order, say at once which
of its values any rule cares about.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from relay.rules.compiling import CompiledRules, Hot, TextRule, applies
from relay.rules.model import Rule, Status
from relay.rules.selectors import Path, PathPart
from relay.scrub.protected import KEYS, WORDS, Shape, must_have_shape, shape_at

_MOST: Final = 20_000
"""Plans, spots and layouts that are remembered; then the memory starts afresh."""
_KEY_LENGTH: Final = 48
"""What stands under longer keys is worked out each time: they may hold a value."""
_KEYS: Final = 64
"""Maps with more keys are lists of a kind, and hardly two of them are alike."""
_TEXTS: Final = 1_000
"""Texts that are remembered at one kind of place."""
_LONGEST: Final = 512

ANY_INDEX: Final = -1
"""Stands in a path for the number of a list's element, where no rule tells them apart."""


@dataclass(slots=True)
class Plan:
    """What the rules say about values at one kind of place.

    Attributes:
        path: as selectors see it: the value of a pair stands under the pair's key.
        whole: numbers of the rules about whole values that may apply here.
        keyed: rules with a pattern that look into values here.
        shape: what protects a scalar here from being searched, if anything.
        must: whether a scalar without that shape is dropped.
        alone: the shape, where a value that has it needs nothing more, and is fresh each time.
        special: whether there is more to do here than to look for what was found in the text.
        clean: texts in which the `keyed` rules find nothing.
        shaped: texts that have the shape.
    """

    places: "Places" = field(repr=False)
    path: Path = field(repr=False)
    whole: tuple[int, ...]
    keyed: tuple[TextRule, ...]
    shape: Shape | None
    must: bool
    alone: Shape | None = field(init=False)
    special: bool = field(init=False)
    clean: set[str] = field(default_factory=set, repr=False)
    shaped: set[str] = field(default_factory=set, repr=False)
    _taken: dict[str, tuple[int | None, tuple[int, ...]]] = field(default_factory=dict, repr=False)
    _allowed: dict[tuple[int, str, Path], bool] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        """Work out what is asked for most."""
        only_shape = not self.whole and not self.keyed and self.shape not in WORDS
        self.alone = self.shape if only_shape else None
        self.special = bool(self.whole or self.keyed or self.shape is not None)

    def taken(self, value_type: str) -> tuple[int | None, tuple[int, ...]]:
        """Return the rule that takes a whole value of this type, and shadow rules that would."""
        known = self._taken.get(value_type)
        if known is None:
            known = self._taken[value_type] = self._take(value_type)
        return known

    def _take(self, value_type: str) -> tuple[int | None, tuple[int, ...]]:
        shadows: list[int] = []
        for number in self.whole:
            rule = self.places.compiled.rules[number]
            near = rule.match.near
            if (near and not path_has(self.path, near)) or not self.allows(number, value_type):
                continue
            if rule.status is not Status.SHADOW:
                return number, tuple(shadows)
            shadows.append(number)
        return None, tuple(shadows)

    def allows(self, number: int, value_type: str, inner: Path = ()) -> bool:
        """Return whether a rule's `where` selects values of this type here, `except` does not.

        Args:
            number: of the rule.
            value_type: the selector type of the value.
            inner: the path inside of the value, when it is a string that holds a document.
        """
        known = self._allowed.get((number, value_type, inner))
        if known is None:
            places = self.places
            rule = places.compiled.rules[number]
            # What a rule about places found inside a string has been held against `where` there.
            path = inner if inner and rule.match.any else self.path + inner
            known = applies(rule, path, value_type, places.root_type)
            if sum(len(str(part)) for part in inner) <= _KEY_LENGTH:
                places.grow()
                self._allowed[number, value_type, inner] = known
        return known

    def has_shape(self, value: Any) -> bool:
        """Return whether a scalar has the shape that protects it here.

        Names and versions of packages come again with each event, unlike ids and times.
        """
        shape = self.shape
        if shape not in WORDS or type(value) is not str:
            return shape is not None and shape(value)
        if value in self.shaped:
            return True
        fits = shape(value)
        if fits:
            _remember(self.shaped, value)
        return fits

    def remember(self, text: str) -> None:
        """Note a text in which the `keyed` rules find nothing."""
        _remember(self.clean, text)


def _remember(texts: set[str], text: str) -> None:
    if len(text) <= _LONGEST:
        if len(texts) >= _TEXTS:
            texts.clear()
        texts.add(text)


@dataclass(slots=True)
class Layout:
    """What a map with certain keys is like at one kind of place.

    Attributes:
        plans: for each key, in their order, its plan if its value needs more than a look.
        clean: whether the keys are known to hold nothing; set by the walk.
    """

    plans: tuple[Plan | None, ...]
    clean: bool = False


@dataclass(slots=True)
class Spot:
    """One kind of place where a map or list stands.

    Attributes:
        path: as selectors see it.
        name: the key that a list's elements stand under, through lists in lists.
        pair: for `["key", value]` in a list of pairs, the path of its value; else None.
        layouts: of the maps here, by their keys.
        children: the maps and lists that are values of a map here, by their key.
    """

    places: "Places" = field(repr=False)
    path: Path = field(repr=False)
    name: str = field(repr=False)
    pair: Path | None = field(default=None, repr=False)
    layouts: dict[tuple[str, ...], Layout] = field(default_factory=dict, repr=False)
    children: dict[str, "Spot"] = field(default_factory=dict, repr=False)
    _plans: dict[Any, Plan] = field(default_factory=dict, repr=False)
    _below: dict[Any, "Spot"] = field(default_factory=dict, repr=False)
    _pairs: dict[str, "Spot"] = field(default_factory=dict, repr=False)

    def layout(self, keys: tuple[str, ...]) -> Layout:
        """Return what a map with these keys is like here."""
        known = self.layouts.get(keys)
        if known is None:
            known = Layout(tuple(self._special(key) for key in keys))
            if len(keys) <= _KEYS and all(len(key) <= _KEY_LENGTH for key in keys):
                self.places.grow()
                self.layouts[keys] = known
        return known

    def _special(self, key: str) -> Plan | None:
        if not self.places.may_be_special(self.path, key):
            return None
        plan = self.plan(key, key)
        return plan if plan.special else None

    def plan(self, slot: PathPart, name: str) -> Plan:
        """Return the plan for a value in a map.

        Args:
            slot: its key.
            name: what addresses it for rules about keys: mostly the key.
        """
        return self._plan((slot, name), slot, self.places.hot(name))

    def element(self, index: int) -> Plan:
        """Return the plan for an element of a list."""
        slot = self.places.index(index)
        return self._plan(slot, slot, self.places.hot(self.name))

    def half(self, index: int, key: str) -> Plan:
        """Return the plan for the first or second part of a pair with this key.

        Where its first part is a key that rules know, it is no secret itself.
        """
        own, around = self.places.hot(key), self.places.hot(self.name)
        if own is not None:
            around = _both(own, around) if index else None
        return self._plan((index, key, None), index, around)

    def _plan(self, mark: Any, slot: PathPart, hot: Hot | None) -> Plan:
        known = self._plans.get(mark)
        if known is None:
            places = self.places
            path = (*self.path, slot) if self.pair is None or slot != 1 else self.pair
            known = places.plan(path, slot, hot)
            if type(mark) is int or len(str(mark[1])) <= _KEY_LENGTH >= len(str(slot)):
                places.grow()
                self._plans[mark] = known
        return known

    def below(self, slot: PathPart, name: str) -> "Spot":
        """Return where a map or list stands that is a value here.

        Args:
            slot: its key or index.
            name: the key that it stands under.
        """
        slot = self.places.index(slot) if type(slot) is int and self.pair is None else slot
        known = self._below.get((slot, name))
        if known is None:
            known = Spot(self.places, (*self.path, slot), name)
            if len(name) <= _KEY_LENGTH >= len(str(slot)):
                self.places.grow()
                self._below[slot, name] = known
                if slot == name:
                    self.children[name] = known
        return known

    def paired(self, index: int, key: str) -> "Spot":
        """Return where a pair with this key stands, as an element of a list of pairs."""
        known = self._pairs.get(key)
        if known is None or self.places.exact:
            path = (*self.path, self.places.index(index))
            known = Spot(self.places, path, self.name, (*self.path, key))
            if len(key) <= _KEY_LENGTH:
                self.places.grow()
                self._pairs[key] = known
        return known

    def forget(self) -> None:
        """Forget everything below."""
        memories: tuple[dict[Any, Any], ...] = (
            self.layouts,
            self.children,
            self._plans,
            self._below,
            self._pairs,
        )
        for memory in memories:
            memory.clear()


class Places:
    """All kinds of places in documents of one type."""

    __slots__ = ("_size", "compiled", "exact", "root", "root_type", "structural")

    def __init__(self, compiled: CompiledRules, root_type: str, structural: bool) -> None:
        """Begin with nothing known.

        Args:
            compiled: the rules.
            root_type: the selector type of the root, such as `event`.
            structural: whether rules about keys and places apply.
        """
        self.compiled = compiled
        self.root_type = root_type
        self.structural = structural
        self.exact = any(map(_tells_indexes_apart, compiled.rules))
        self.root = Spot(self, (), "")
        self._size = 0

    def grow(self) -> None:
        """Count one thing more that is remembered."""
        self._size += 1
        if self._size > _MOST:
            self.root.forget()
            self._size = 0

    def index(self, index: PathPart) -> PathPart:
        """Return an index as it stands in the paths here."""
        return index if self.exact else ANY_INDEX

    def hot(self, key: str) -> Hot | None:
        """Return the rules that may fire at a key; mostly none."""
        return self.compiled.hot(key) if self.structural else None

    def may_be_special(self, above: Path, key: str) -> bool:
        """Return whether a plan for a value under this key is worth making; a cheap test."""
        return self.structural and bool(
            self.compiled.hot(key) is not None
            or key in KEYS
            or (above and above[0] in KEYS)
            or self.compiled.anywhere
        )

    def plan(self, path: Path, slot: PathPart, hot: Hot | None) -> Plan:
        """Work out a plan."""
        whole: tuple[int, ...] = ()
        shape: Shape | None = None
        must = False
        if self.structural:
            whole = (*(hot.whole if hot is not None else ()), *self.compiled.anywhere)
            if slot in KEYS or path[0] in KEYS:
                shape = shape_at(path, str(slot))
                must = must_have_shape(path, str(slot))
        return Plan(self, path, whole, hot.keyed if hot is not None else (), shape, must)


def path_has(path: Path, words: Sequence[str]) -> bool:
    """Return whether a path holds one of these lower-case words."""
    shown = ".".join("0" if part == ANY_INDEX else str(part) for part in path).casefold()
    return any(word in shown for word in words)


def _tells_indexes_apart(rule: Rule) -> bool:
    """Return whether it can matter to a rule which element of a list it is."""
    return any(selector.names_index for selector in (*rule.where, *rule.excepts)) or any(
        piece.isdigit() for word in rule.match.near for piece in word.split(".")
    )


def _both(one: Hot | None, other: Hot | None) -> Hot | None:
    if one is None or other is None or one is other:
        return one or other
    return Hot((*one.whole, *other.whole), (*one.keyed, *other.keyed))
