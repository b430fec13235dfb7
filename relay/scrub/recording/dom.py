"""The page of a recording, kept up as a player does: which node stands where, and what it says.

Law of this file: it understands rrweb and changes nothing. Nothing recurses, every step costs the
same, and what is not as rrweb writes it is passed over: the rules see it anyway.
"""

from collections import deque
from collections.abc import Iterator
from typing import Any, Final

from relay.errors import ScrubError
from relay.scrub.recording.nodes import Node, Piece

_MUTATION: Final = 0
_SNAPSHOT, _INCREMENT = 2, 3
REACH: Final = 256
"""Characters, and nodes, that are read on both sides of a text that changed."""
_STEPS_FLOOR, _STEPS_PER_BYTE = 2_000_000, 4
"""Nodes that are looked at. A change of one text takes 130 bytes and up to 512 steps."""


Run = list[tuple[Piece, bool]]
"""Texts in the order of the page; each with whether something parts it from the one before."""


class Mirror:
    """The page, as it is after the events that were played.

    Attributes:
        made: every node that ever was, parents first.
        runs: texts that changed together with what stands around them, event by event.
    """

    __slots__ = ("_by_id", "_changed", "_steps", "made", "runs")

    def __init__(self, size: int) -> None:
        """Begin with an empty page, for a recording of so many bytes."""
        self._steps = _STEPS_FLOOR + _STEPS_PER_BYTE * size
        self._by_id: dict[int, Node] = {}
        self._changed: dict[Node, None] = {}
        self.made: list[Node] = []
        self.runs: list[Run] = []

    def play(self, event: Any) -> None:
        """Take one event.

        Raises:
            ScrubError: the events so far took more work than the size allows.
        """
        data = event.get("data") if isinstance(event, dict) else None
        kind = event.get("type") if isinstance(event, dict) else None
        if kind == _INCREMENT and isinstance(data, dict) and data.get("source") == _MUTATION:
            self._mutate(data)
        else:
            if kind == _SNAPSHOT:
                self._by_id = {}
            for tree in _trees(event):
                self._load(tree, None, None)
        self._read()

    def _mutate(self, data: dict[str, Any]) -> None:
        """Take a mutation in the order of rrweb's player: removes, adds, texts, attributes."""
        for removed in _maps(data.get("removes")):
            number = _number(removed.get("id"))
            node = None if number is None else self._by_id.pop(number, None)
            if node is not None:
                if node.parent is not None:
                    # What it parted stands together now.
                    self._changed.update(dict.fromkeys(_near(node)))
                node.leave()
        self._add(_maps(data.get("adds")))
        for said in _maps(data.get("texts")):
            node = self._node(said.get("id"))
            node.say(said, "value")
            if not node.silent:
                self._changed[node] = None
        for given in _maps(data.get("attributes")):
            self._node(given.get("id")).give(given.get("attributes"))

    def _add(self, adds: list[dict[str, Any]]) -> None:
        """Put nodes in; one whose parent or next sibling is still to come waits for it."""
        adds = [add for add in adds if isinstance(add.get("node"), dict)]
        coming = {_number(add["node"].get("id")) for add in adds} - {None}
        waiting: dict[int, list[dict[str, Any]]] = {}
        queue = deque(adds)
        while queue or waiting:
            if not queue:
                # They wait for each other; no player could put them anywhere either.
                coming = set()
                queue += [add for held in waiting.values() for add in held]
                waiting = {}
            add = queue.popleft()
            wanted = [_number(add.get(key)) for key in ("parentId", "nextId")]
            missing = next((n for n in wanted if n in coming and n not in self._by_id), None)
            number = _number(add["node"].get("id"))
            if missing is not None and missing != number:
                waiting.setdefault(missing, []).append(add)
                continue
            parent = self._node(wanted[0])
            before = None if wanted[1] is None else self._before(wanted[1], parent)
            self._load(add["node"], parent, before)
            if number is not None:
                coming.discard(number)
                queue += waiting.pop(number, ())

    def _before(self, number: int, parent: Node) -> Node:
        known = number in self._by_id
        node = self._node(number)
        if not known:
            # It was there before this segment.
            node.put(parent, None)
        return node

    def _node(self, number: Any) -> Node:
        """Return a node by its id; one that was made before this segment is made up."""
        key = _number(number)
        node = None if key is None else self._by_id.get(key)
        if node is None:
            node = Node(None)
            self.made.append(node)
            if key is not None:
                self._by_id[key] = node
        return node

    def _load(self, tree: dict[str, Any], parent: Node | None, before: Node | None) -> None:
        stack = [(tree, parent, before)]
        own: set[int] = set()
        while stack:
            tree, parent, before = stack.pop()
            node = Node(tree)
            self.made.append(node)
            number = _number(tree.get("id"))
            if number is not None:
                # Of two with one id in the same tree, both are shown.
                if number in self._by_id and number not in own:
                    old = self._by_id[number]
                    before = old.next if before is old else before
                    old.leave()
                own.add(number)
                self._by_id[number] = node
            if parent is not None:
                node.put(parent, before)
            if node.pieces and not node.silent:
                self._changed[node] = None
            stack += [(child, node, None) for child in reversed(_maps(tree.get("childNodes")))]

    # --- reading ---------------------------------------------------------------------------------

    def _read(self) -> None:
        """Keep what changed, with its surroundings, as runs."""
        seen: set[Node] = set()
        for node in self._changed:
            if node in seen:
                continue
            run: Run = []
            parted, begun = True, False
            left = _Reach()
            for here, breaks in _onward(_back(node)):
                self._step()
                begun = begun or here is node
                parted = parted or breaks
                # One that was read already begins nothing anew: the work stays linear.
                if here in self._changed and here not in seen:
                    seen.add(here)
                    left = _Reach()
                elif begun and not left.goes(here):
                    break
                if here.pieces and not here.silent:
                    run.append((here.pieces[-1], parted))
                    parted = False
            if len(run) > 1:
                self.runs.append(run)
        self._changed = {}

    def _step(self) -> None:
        self._steps -= 1
        if self._steps < 0:
            raise ScrubError("a recording needs more work than its size allows")


class _Reach:
    """How far it still goes from a text that changed."""

    __slots__ = ("_characters", "_nodes")

    def __init__(self) -> None:
        self._characters = self._nodes = REACH

    def goes(self, node: Node) -> bool:
        """Take one more node; return whether it is still inside."""
        inside = self._characters > 0 and self._nodes > 0
        self._nodes -= 1
        self._characters -= len(node.pieces[-1].original) if node.pieces else 0
        return inside


def _near(node: Node) -> Iterator[Node]:
    """Give a text close to a node, before or behind it."""
    for near in (node.previous, node.next):
        if near is not None and near.pieces and not near.silent:
            yield near


def _back(node: Node) -> Node:
    """Return where to begin to read, so that what stands before a node is read too."""
    left = _Reach()
    while True:
        if node.previous is not None:
            before = node.previous
            while before.last is not None and not before.silent:
                before = before.last
        elif node.parent is not None:
            before = node.parent
        else:
            return node
        if not left.goes(before):
            return node
        node = before


def _onward(start: Node) -> Iterator[tuple[Node, bool]]:
    """Walk on in the order of the page; each with whether a line of text ended or began."""
    node: Node | None = start
    breaks = start.parts
    while node is not None:
        yield node, breaks
        breaks = False
        if node.first is not None and not node.silent:
            node = node.first
        else:
            breaks = node.parts
            while node is not None and node.next is None:
                node = node.parent
                breaks = breaks or (node is not None and node.parts)
            node = None if node is None else node.next
        breaks = breaks or (node is not None and node.parts)


def _trees(event: Any) -> Iterator[dict[str, Any]]:
    """Give the nodes with children that stand in no other, wherever they are in an event."""
    stack = [event]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            if isinstance(value.get("childNodes"), list):
                yield value
            else:
                stack += value.values()
        elif isinstance(value, list):
            stack += value


def _maps(value: Any) -> list[dict[str, Any]]:
    return [part for part in value if isinstance(part, dict)] if isinstance(value, list) else []


def _number(value: Any) -> int | None:
    """Return an id; -1 and null stand for none."""
    return value if type(value) is int and value > 0 else None
