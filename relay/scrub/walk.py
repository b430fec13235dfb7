"""The total walk: every string, key and number of a document, with the place where it stands.

Law of this file: nothing is passed over, and nothing recurses, however deep or wide the input. What
is known to be clean is looked at and left; whoever asks decides about values that rules name.
"""

from collections.abc import Callable
from typing import Any, Final

from relay import jsonio
from relay.errors import ScrubError
from relay.rules.paths import PathPart
from relay.scrub.lists import SOURCE, ListText, field_words, list_text, words_text
from relay.scrub.memory import Memory
from relay.scrub.named import Names, filled, flagged
from relay.scrub.places import Spot, pair_key_of
from relay.scrub.plans import Plan
from relay.scrub.walked import Container, Link, Place, Walked

MAX_DEPTH: Final = 128
"""Deeper documents are dropped; no SDK sends them (`normalizeDepth` is 3 to 10). Every remark has
its path: a deeper bound would let a document take that many times its size in memory."""

Special = Callable[[Container, PathPart, Plan, Any], bool]
"""Decides about a value that rules name by its place; True when nobody else has to look at it."""

Effects = Callable[[], int]
"""Counts what has been decided so far."""

_ROOM: Final = 1 << 20
"""Bytes of parts that are looked for in vain, in one document: all of it would be written again at
each level."""

VALUE_TYPES: Final = {
    str: "string", int: "number", float: "number", bool: "boolean", list: "array", dict: "object",
    type(None): "null",
}  # fmt: skip


def number_text(value: float) -> str:
    """Return a number as JSON writes it, which is what rules see of it."""
    return str(value)


class Walk:
    """One walk over one document."""

    __slots__ = (
        "_effects",
        "_floats",
        "_integers",
        "_known",
        "_memory",
        "_named",
        "_room",
        "_seen",
        "_special",
        "_stack",
        "_wholes",
        "walked",
    )

    def __init__(self, memory: Memory, special: Special, effects: Effects = lambda: 0) -> None:
        """Prepare a walk that passes by what is in a memory, and asks about special values.

        Args:
            memory: of the documents before.
            special: asked about values that rules name.
            effects: how much has come of that.
        """
        self._memory = memory
        self._known = memory.texts
        self._integers = memory.integers
        self._floats = memory.floats
        self._wholes = memory.wholes
        self._special = special
        self._effects = effects
        # How much was seen that is not the same each time, or has to be looked at.
        self._seen = 0
        self._room = _ROOM
        self._stack: list[tuple[Any, Spot | None, Link, int]] = []
        # Each with its container, which must live as long as it is known by its id.
        self._named: dict[int, tuple[Any, Names]] = {}
        self.walked = Walked()

    def run(self, root: Any, spot: Spot) -> Walked:
        """Take a document (a map or a list) apart.

        Raises:
            ScrubError: it is nested more deeply than `MAX_DEPTH`.
        """
        stack = self._stack
        stack.append((root, spot, None, 0))
        while stack:
            node, at, link, depth = stack.pop()
            if at is None:
                # All of a part has been walked.
                if self._seen + self._effects() == depth:
                    self._memory.remember_whole(node)
                continue
            if at.luck < 0:
                at.rest()
            elif at.luck and self._room > 0 and id(node) not in self._named:
                raw = jsonio.exact(node)
                if raw is not None:
                    raw += at.mark
                    if raw in self._wholes:
                        at.met()
                        continue
                    at.missed()
                    self._room -= len(raw)
                    stack.append((raw, None, None, self._seen + self._effects()))
            if depth > MAX_DEPTH:
                raise ScrubError("the document is nested too deeply")
            if type(node) is dict:
                self._map(node, at, link, depth + 1)
            elif node:
                self._list(node, at, link, depth + 1)
        return self.walked

    def _map(self, node: dict[str, Any], spot: Spot, link: Link, below: int) -> None:
        keys = tuple(node)
        layout = spot.layouts.get(keys) or spot.layout(keys)
        known, integers, floats = self._known, self._integers, self._floats
        here: Container | None = None
        if not layout.clean:
            here = Container(node, link, spot)
            layout.clean = self._keys(here, keys)
        if layout.numbered and (read := words_text(tuple(node.values()))) is not None:
            here = here or Container(node, link, spot)
            self._form([(here, key, spot.plan(key, key)) for key in keys], read)
        plans = layout.plans
        pair_key = pair_key_of(node, None if link is None else link[1]) if "value" in node else None
        if pair_key is not None:
            of_pair = spot.named("value", pair_key, "value")
            at = keys.index("value")
            plans = (*plans[:at], of_pair if of_pair.special else None, *plans[at + 1 :])
        if layout.holed:
            self._named.update((id(part), (part, names)) for part, names in filled(node))
        if self._named and id(node) in self._named:
            plans = self._renamed(spot, keys, plans, self._named.pop(id(node))[1])
        for key, value, plan in zip(keys, node.values(), plans, strict=True):
            kind = type(value)
            if plan is not None:
                # The commonest of all: a time or an id that has its shape.
                if plan.alone is not None and plan.alone(value):
                    self._seen += 1
                    continue
                here = here or Container(node, link, spot)
                if self._special(here, key, plan, value):
                    continue
            if kind is str:
                if value in known:
                    continue
                value_type, text = "string", value
            elif kind is dict or kind is list:
                if value:
                    name = pair_key if pair_key is not None and key == "value" else key
                    child = spot.children.get(name) if name is key else None
                    self._stack.append((value, child or spot.below(key, name), (link, key), below))
                continue
            elif (kind is int and value not in integers) or (kind is float and value not in floats):
                value_type, text = "number", self._number(value)
                if text in known:
                    continue
            else:
                continue
            here = here or Container(node, link, spot)
            name = pair_key if pair_key is not None and key == "value" else key
            at_key = spot.plan(key, name) if plan is None else plan
            self._add(text, Place(here, key, at_key, value_type))

    def _renamed(
        self, spot: Spot, keys: tuple[str, ...], plans: tuple[Plan | None, ...], names: Names
    ) -> tuple[Plan | None, ...]:
        """Return the plans of a map in which a text beside it names values."""
        made = list(plans)
        for at, key in enumerate(keys):
            if key in names:
                plan = spot.named(key, names[key], key)
                made[at] = plan if plan.special else None
        return tuple(made)

    def _keys(self, here: Container, keys: tuple[str, ...]) -> bool:
        """Take the keys of a map; return whether all are known as clean."""
        unknown = [key for key in keys if key not in self._known]
        for key in unknown:
            self._add(key, Place(here, key, here.spot.plan(key, key), "string", is_key=True))
        return not unknown

    def _list(self, node: list[Any], spot: Spot, link: Link, below: int) -> None:
        read = list_text(node, under=spot.name)
        if read is not None and read.text in self._known:
            read = None
        key = node[0] if len(node) == 2 and type(node[0]) is str else None
        # A pair, in a list of pairs or alone, as in the arguments of a log call.
        paired = key if key is not None and spot.places.structural else None
        plan = spot.every or spot.element(0)
        exact = spot.places.exact
        named = self._names(node, spot) if spot.places.structural else None
        if (
            read is None
            and paired is None
            and named is None
            and not (plan.special or exact)
            and self._all_known(node)
        ):
            return
        here = Container(node, link, spot)
        if read is not None:
            self._seen += 1
            self.walked.texts.setdefault(read.text, [])
            self.walked.lists.append((here, read))
        name = key if key is not None and spot.pair is not None else spot.name
        child: Spot | None = None
        for index, value in enumerate(node):
            if paired is not None:
                plan = spot.half(index, paired)
            elif exact:
                plan = spot.element(index)
            at_index = plan
            if named is not None and index in named:
                at_index = spot.named(index, named[index], paired)
            if at_index.special and self._special(here, index, at_index, value):
                continue
            kind = type(value)
            if kind is str:
                if value not in self._known:
                    self._add(value, Place(here, index, at_index, "string"))
            elif kind is dict or kind is list:
                if not value:
                    continue
                if kind is list and len(value) == 2 and type(value[0]) is str:
                    at = spot.paired(index, value[0])
                else:
                    at = child = child or spot.below(index, name)
                    if exact or paired is not None:
                        child = None
                self._stack.append((value, at, (link, index), below))
            elif (kind is int and value not in self._integers) or (
                kind is float and value not in self._floats
            ):
                text = self._number(value)
                if text not in self._known:
                    self._add(text, Place(here, index, at_index, "number"))
        if type(node[0]) is dict or type(node[0]) is list:
            self._fields(node)

    def _names(self, node: list[Any], spot: Spot) -> Names | None:
        """Return the names that texts beside them give to elements of a list."""
        known = self._named.pop(id(node), None) if self._named else None
        if known is not None:
            return known[1]
        return None if spot.name in SOURCE else flagged(node, spot.name)

    def _fields(self, node: list[Any]) -> None:
        """Take the words of a list of maps or pairs as one text; they were put on the stack."""
        found = field_words(node)
        parts = self._stack[-len(node) :]
        # Where a rule took an element away, what is left is no phrase.
        if found is None or [id(part[0]) for part in parts] != list(map(id, node)):
            return
        slot, read = found
        fields = []
        for part, spot, link, _ in parts:
            assert spot is not None
            plan = spot.plan(slot, slot) if isinstance(slot, str) else spot.element(slot)
            fields.append((Container(part, link, spot), slot, plan))
        self._form(fields, read)

    def _form(self, fields: list[tuple[Container, Any, Plan]], read: ListText) -> None:
        if read.text not in self._known:
            self._seen += 1
            self.walked.texts.setdefault(read.text, [])
            places = [Place(here, slot, plan, "string") for here, slot, plan in fields]
            self.walked.forms.append((places, read))

    def _all_known(self, node: list[Any]) -> bool:
        """Return whether a list is of clean texts alone; cheaper than a look at each."""
        if type(node[0]) is not str:
            return False
        try:
            return self._known.issuperset(node)
        except TypeError:
            # A map or a list among them.
            return False

    def _add(self, text: str, place: Place) -> None:
        self._seen += 1
        places = self.walked.texts.get(text)
        if places is None:
            self.walked.texts[text] = [place]
        else:
            places.append(place)

    def _number(self, value: float) -> str:
        text = number_text(value)
        self.walked.numbers[text] = value
        return text
