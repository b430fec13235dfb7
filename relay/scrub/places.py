"""Places: what the rules say about where a value stands, worked out once for each kind of place.

A document's paths differ in the numbers of list elements and hardly in anything else. So places
with the same keys on the way share one `Plan`, and a map's keys, in their order, say at once which
of its values any rule cares about.
"""

from dataclasses import dataclass, field
from typing import Any, Final

from relay.rules.compiling import CompiledRules, Hot
from relay.rules.model import Rule, Status
from relay.rules.paths import Path, PathPart
from relay.scrub.lists import are_numbered
from relay.scrub.named import has_holes
from relay.scrub.plans import ANY_INDEX, KEY_LENGTH, Plan
from relay.scrub.protected import KEYS, Shape, must_have_shape, shape_at

_MOST: Final = 20_000
"""Plans, spots, layouts, and texts that are known at a place; then the memory starts afresh."""
_KEYS: Final = 64
"""Maps with more keys are lists of a kind, and hardly two of them are alike."""
_LUCK: Final = 64
_GAIN: Final = 3
"""How often a look for a whole that is known may fail, and what one that does not makes up for."""
_REST: Final = 1_000
"""How often nobody looks where it failed too often."""
_PAIR_SIZE: Final = 4
_FORM_SIZE: Final = 16
"""A cookie of a browser and a field of a form say more of themselves than a pair does."""


@dataclass(slots=True)
class Layout:
    """What a map with certain keys is like at one kind of place.

    Attributes:
        plans: for each key, in their order, its plan if its value needs more than a look.
        clean: whether the keys are known to hold nothing; set by the walk.
        numbered: whether the keys differ in a number alone, as those of a form for a phrase do.
        holed: whether it may be a message beside what fills its holes.
    """

    plans: tuple[Plan | None, ...]
    numbered: bool = False
    holed: bool = False
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
        every: the plan for any element of a list here, once it is known that all share it.
        mark: tells the place from all others; empty while it is not remembered.
        luck: above 0 where what stands here is worth being looked for as a whole; else it rests.
    """

    places: "Places" = field(repr=False)
    path: Path = field(repr=False)
    name: str = field(repr=False)
    pair: Path | None = field(default=None, repr=False)
    layouts: dict[tuple[str, ...], Layout] = field(default_factory=dict, repr=False)
    children: dict[str, "Spot"] = field(default_factory=dict, repr=False)
    every: Plan | None = field(default=None, repr=False)
    mark: bytes = b""
    luck: int = 0
    _plans: dict[Any, Plan] = field(default_factory=dict, repr=False)
    _below: dict[Any, "Spot"] = field(default_factory=dict, repr=False)
    _pairs: dict[str, "Spot"] = field(default_factory=dict, repr=False)

    def layout(self, keys: tuple[str, ...]) -> Layout:
        """Return what a map with these keys is like here."""
        known = self.layouts.get(keys)
        if known is None:
            plans = tuple(self._special(key) for key in keys)
            known = Layout(plans, are_numbered(keys), self.places.structural and has_holes(keys))
            if len(keys) <= _KEYS and all(len(key) <= KEY_LENGTH for key in keys):
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
        plan = self._plan(slot, slot, self.places.hot(self.name))
        if not self.places.exact:
            self.every = plan
        return plan

    def half(self, index: int, key: str) -> Plan:
        """Return the plan for the first or second part of a pair with this key.

        Where its first part is a key that rules know, it is no secret itself.
        """
        own, around = self.places.hot(key), self.places.hot(self.name)
        if own is not None:
            around = _both(own, around) if index else None
        return self._plan((index, key, None), index, around)

    def named(self, slot: PathPart, name: str, key: str | None) -> Plan:
        """Return the plan for a value that a text beside it names, whatever else it stands under.

        Args:
            slot: its key, or its number in a list.
            name: what it is called.
            key: its key, or the first part of the pair that it is the second of.
        """
        places = self.places
        # The first part of a pair is not named by itself. This is part of the mark below: where
        # elements are one place, a first part is not what a second one is.
        key = key if slot else None
        own = places.hot(key) if key is not None else None
        if type(slot) is int:
            own = _both(own, places.hot(self.name))
            slot = places.index(slot)
        return self._plan((slot, f"{name} {key}", "named"), slot, _both(places.hot(name), own))

    def _plan(self, mark: Any, slot: PathPart, hot: Hot | None) -> Plan:
        known = self._plans.get(mark)
        if known is None:
            places = self.places
            path = (*self.path, slot) if self.pair is None or slot != 1 else self.pair
            known = places.plan(path, slot, hot)
            if type(mark) is int or len(str(mark[1])) <= KEY_LENGTH >= len(str(slot)):
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
            if len(name) <= KEY_LENGTH >= len(str(slot)):
                self.places.grow()
                self._below[slot, name] = self.places.marked(known)
                if slot == name:
                    self.children[name] = known
        return known

    def paired(self, index: int, key: str) -> "Spot":
        """Return where a pair with this key stands, as an element of a list of pairs."""
        known = self._pairs.get(key)
        if known is None or self.places.exact:
            path = (*self.path, self.places.index(index))
            known = Spot(self.places, path, self.name, (*self.path, key))
            if len(key) <= KEY_LENGTH:
                self.places.grow()
                self._pairs[key] = self.places.marked(known)
        return known

    def met(self) -> None:
        """Note that what stands here was known as a whole."""
        self.luck = min(self.luck + _GAIN, _LUCK)

    def missed(self) -> None:
        """Note that it was not."""
        self.luck -= 1
        if self.luck <= 0:
            self.luck = -_REST

    def rest(self) -> None:
        """Note that nobody looked."""
        self.luck += 1
        if self.luck >= 0:
            self.luck = _LUCK

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

    __slots__ = ("_marks", "_size", "compiled", "exact", "root", "root_type", "structural")

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
        enforced = (rule for rule in compiled.rules if rule.status is Status.ENFORCE)
        self.exact = any(map(_tells_indexes_apart, enforced))
        self._size = 0
        self._marks = 0
        self.root = self.marked(Spot(self, (), ""))

    def grow(self) -> None:
        """Count one thing more that is remembered."""
        self._size += 1
        if self._size > _MOST:
            self.root.forget()
            self._size = 0

    def marked(self, spot: Spot) -> Spot:
        """Give a place a mark of its own, which no other ever has, forgotten or not."""
        self._marks += 1
        spot.mark = f"\0{self.root_type} {self.structural:d} {self._marks}".encode()
        spot.luck = _LUCK
        return spot

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
        keyed = hot.keyed if hot is not None else ()
        shape: Shape | None = None
        must = False
        if self.structural:
            whole = (*(hot.whole if hot is not None else ()), *self.compiled.anywhere)
            if slot in KEYS or path[0] in KEYS:
                shape = shape_at(path, str(slot))
                must = must_have_shape(path, str(slot))
        return Plan(self.compiled, self.root_type, path, whole, keyed, shape, must, self.grow)


def _tells_indexes_apart(rule: Rule) -> bool:
    """Return whether it can matter to a rule which element of a list it is."""
    return any(selector.names_index for selector in (*rule.where, *rule.excepts)) or any(
        piece.isdigit() for word in rule.match.near for piece in word.split(".")
    )


def _both(one: Hot | None, other: Hot | None) -> Hot | None:
    if one is None or other is None or one is other:
        return one or other
    return Hot((*one.whole, *other.whole), (*one.keyed, *other.keyed))


def pair_key_of(node: dict[str, Any], under: PathPart | None) -> str | None:
    """Return the key that addresses `value` in `{"key": …, "value": …}` or a typed attribute.

    A typed attribute, `{"value": …, "type": …}`, stands under its key.
    """
    size = len(node)
    if size > _PAIR_SIZE and (size > _FORM_SIZE or type(node["value"]) is not str):
        return None
    for name in ("key", "name"):
        key = node.get(name)
        if type(key) is str:
            return key
    return under if size <= _PAIR_SIZE and "type" in node and type(under) is str else None
