"""The nodes of a recorded page: where they stand, what they say, and where that is written.

Law of this file: a node knows its neighbours, so that putting it in or out costs the same anywhere.
"""

from typing import Any, Final

_ELEMENT, _TEXT, _CDATA = 2, 3, 4
_INLINE: Final = frozenset({
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn",
    "em", "font", "i", "ins", "kbd", "label", "mark", "nobr", "output", "q", "ruby", "s",
    "samp", "slot", "small", "span", "strike", "strong", "sub", "sup", "text", "textpath",
    "time", "tspan", "tt", "u", "var", "wbr",
})  # fmt: skip
"""Elements that stand in a line of text; all others begin and end one."""
_NO_TEXT: Final = frozenset(("script", "style"))


class Piece:
    """One text that a node had: where it stands in the document, and what it was at first."""

    __slots__ = ("_holder", "_key", "original")

    def __init__(self, holder: dict[str, Any], key: str) -> None:
        self._holder = holder
        self._key = key
        self.original: str = holder[key]

    @property
    def text(self) -> str:
        """What stands there now."""
        value = self._holder.get(self._key)
        return value if isinstance(value, str) else ""

    def write(self, text: str) -> None:
        """Put another text there, unless a rule took the place away."""
        if self._key in self._holder:
            self._holder[self._key] = text


class Node:
    """A node of the page.

    Attributes:
        tag: an element's name in small letters; empty for texts, and where it is not known.
        known: False for a node that was made before this segment.
        origin: the node that it was put into.
        attributes: the maps that gave it attributes, in their order.
        pieces: the texts that it had.
    """

    __slots__ = (
        "attributes", "first", "known", "last", "next", "origin", "parent", "pieces", "previous",
        "silent", "tag",
    )  # fmt: skip

    def __init__(self, tree: dict[str, Any] | None) -> None:
        self.parent: Node | None = None
        self.origin: Node | None = None
        self.previous: Node | None = None
        self.next: Node | None = None
        self.first: Node | None = None
        self.last: Node | None = None
        self.attributes: list[dict[str, Any]] = []
        self.pieces: list[Piece] = []
        self.known = tree is not None
        self.tag = ""
        self.silent = False
        if tree is None:
            return
        kind = tree.get("type")
        if kind in (_TEXT, _CDATA):
            self.say(tree, "textContent")
        elif kind == _ELEMENT:
            self.tag = str(tree.get("tagName", "")).lower()
            self.give(tree.get("attributes"))
        self.silent = self.tag in _NO_TEXT

    @property
    def parts(self) -> bool:
        """Whether it parts the texts before, in and behind it."""
        return bool(self.tag) and self.tag not in _INLINE

    def say(self, holder: dict[str, Any], key: str) -> None:
        """Take a text of this node."""
        if isinstance(holder.get(key), str):
            self.pieces.append(Piece(holder, key))

    def give(self, attributes: Any) -> None:
        """Take attributes of this node."""
        if isinstance(attributes, dict):
            self.attributes.append(attributes)

    def put(self, parent: "Node", before: "Node | None") -> None:
        """Stand in a parent, before one of its children or as the last."""
        if before is not None and before.parent is not parent:
            before = None
        self.parent = self.origin = parent
        self.silent = self.silent or parent.silent
        self.next = before
        self.previous = parent.last if before is None else before.previous
        if self.previous is None:
            parent.first = self
        else:
            self.previous.next = self
        if before is None:
            parent.last = self
        else:
            before.previous = self

    def leave(self) -> None:
        """Stand nowhere."""
        if self.parent is not None:
            if self.previous is None:
                self.parent.first = self.next
            else:
                self.previous.next = self.next
            if self.next is None:
                self.parent.last = self.previous
            else:
                self.next.previous = self.previous
        self.parent = self.previous = self.next = None
