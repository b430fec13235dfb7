"""Reading typed values out of YAML nodes, collecting mistakes instead of stopping at the first.

Law of this file: it knows types, and no setting. After a mistake the default stands in, so that
reading can go on; the caller must not use what was read if there are any mistakes.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from string import ascii_letters, digits
from typing import Final, TypeVar

from relay.config import values
from relay.errors import Mistake
from relay.yamlio import Node, shown_key, type_name, unknown_keys

T = TypeVar("T")

WORD: Final = frozenset(ascii_letters + digits + "-_")
"""What a word may have."""


class Origins:
    """Where each node comes from: the file, or the environment variable that set it."""

    def __init__(self, file: str) -> None:
        self.file = file
        self._nodes: dict[int, tuple[Node, str]] = {}

    def mark(self, node: Node, origin: str) -> Node:
        """Say that a node comes from elsewhere than the file."""
        self._nodes[id(node)] = (node, origin)
        return node

    def of(self, node: Node) -> str:
        """Return where a node comes from."""
        return self._nodes.get(id(node), (node, self.file))[1]


@dataclass(frozen=True, slots=True)
class Section:
    """A map of settings and where it stands, such as `spool` or `projects.0`."""

    node: Node
    place: str
    origins: Origins
    mistakes: list[Mistake]

    def path(self, key: str) -> str:
        """Return the full path of a key in here."""
        return f"{self.place}.{key}" if self.place else key

    def wrong(self, node: Node, message: str, hint: str = "") -> None:
        """Note a mistake at a node."""
        self.mistakes.append(Mistake(self.origins.of(node), node.line, message, hint))

    def only(self, *known: str) -> None:
        """Note a mistake for every key that is not one of these."""
        for mistake in unknown_keys(self.node, known, self.origins.file, self.place):
            self.mistakes.append(self._located(mistake))

    def has(self, key: str) -> bool:
        """Return whether a key is given."""
        return key in self.node.value

    def get(self, key: str) -> Node | None:
        """Return the node of a key; nothing if it is not given."""
        node: Node | None = self.node.value.get(key)
        return node

    def section(self, key: str) -> "Section":
        """Return the map under a key; an empty one if it is not given or has no value."""
        node = self.get(key)
        if node is not None and node.kind != "map":
            if node.value is not None or node.kind != "scalar":
                self._expected(key, node, "must be a map of settings")
            node = None
        empty = Node({}, self.node.line, "map")
        return Section(node or empty, self.path(key), self.origins, self.mistakes)

    def sections(self, key: str) -> Iterator["Section"]:
        """Yield the maps of the list under a key."""
        for index, node in enumerate(self.nodes(key)):
            place = f"{self.path(key)}.{index}"
            if node.kind != "map":
                self._expected(f"{key}.{index}", node, "must be a map of settings")
            else:
                yield Section(node, place, self.origins, self.mistakes)

    def places(self) -> Iterator[tuple[str, tuple[str, int]]]:
        """Yield path, file and line of every value in here that is no map, at any depth.

        A list is such a value, and the maps in it have their own below it: `projects.0.key`.
        """
        for key, node in self.node.value.items():
            path = self.path(key)
            if node.kind != "map":
                yield path, (self.origins.of(node), node.line)
            inside = enumerate(node.value) if node.kind == "list" else ()
            below = [(path, node), *((f"{path}.{index}", one) for index, one in inside)]
            for place, one in below:
                if one.kind == "map":
                    yield from Section(one, place, self.origins, self.mistakes).places()

    def nodes(self, key: str) -> Sequence[Node]:
        """Return the entries of the list under a key; none if it is not given or has no value."""
        node = self.get(key)
        if node is None or (node.kind == "scalar" and node.value is None):
            return ()
        if node.kind != "list":
            self._expected(key, node, "must be a list")
            return ()
        entries: list[Node] = node.value
        return entries

    def text(self, key: str, default: str, *, digits: bool = False, secret: bool = False) -> str:
        """Return text; with `digits`, a number counts as the text that was written.

        Of a `secret` nothing is shown, whatever is wrong with it.
        """
        node = self.get(key)
        if node is None:
            return default
        return self._text(key, node, default, digits=digits, secret=secret)

    def texts(self, key: str, default: tuple[str, ...], *, secret: bool = False) -> tuple[str, ...]:
        """Return a list of texts; `secret` as for `text`."""
        if not self.has(key):
            return default
        return tuple(
            self._text(f"{key}.{i}", n, "", secret=secret) for i, n in enumerate(self.nodes(key))
        )

    def boolean(self, key: str, default: bool) -> bool:
        """Return true or false."""
        node = self.get(key)
        if node is None:
            return default
        if not isinstance(node.value, bool):
            self._expected(key, node, "must be true or false")
            return default
        return node.value

    def integer(self, key: str, default: int, low: int, high: int) -> int:
        """Return a whole number between two bounds, both allowed."""
        node = self.get(key)
        if node is None:
            return default
        wanted = f"must be a whole number from {low} to {high}"
        if not isinstance(node.value, int) or isinstance(node.value, bool):
            hint = "digits alone" if node.kind == "scalar" else ""
            self._expected(key, node, wanted, hint)
            return default
        if not low <= node.value <= high:
            self._expected(key, node, wanted)
            return default
        return node.value

    def size(self, key: str, default: int) -> int:
        """Return a size in bytes."""
        return self.parsed(key, default, values.parse_size)

    def duration(self, key: str, default: float) -> float:
        """Return a duration in seconds."""
        return self.parsed(key, default, values.parse_duration)

    def wait(self, key: str, default: float) -> float:
        """Return a duration in seconds that is not nothing."""
        seconds = self.duration(key, default)
        if seconds <= 0:
            self.wrong(self.get(key) or self.node, f"{self.path(key)} must be more than 0s")
            return default
        return seconds

    def name(self, key: str, default: str) -> str:
        """Return a text that is not empty: an empty name would find nothing, or everything."""
        text = self.text(key, default)
        if not text:
            self.wrong(self.get(key) or self.node, f"{self.path(key)} is empty")
            return default
        return text

    def word(self, key: str, default: str) -> str:
        """Return a name of letters, digits, `-` and `_`, as NATS takes it."""
        text = self.text(key, default)
        if not text or not WORD.issuperset(text):
            message = f"{self.path(key)} must be letters, digits, '-' and '_'"
            self.wrong(self.get(key) or self.node, message)
            return default
        return text

    def parsed(self, key: str, default: T, parse: Callable[[str], T]) -> T:
        """Return what a function makes of a text; its ValueError is the mistake."""
        node = self.get(key)
        if node is None:
            return default
        try:
            return parse(node.raw)
        except ValueError as error:
            self._expected(key, node, str(error))
            return default

    def choice(
        self, key: str, default: str, words: Sequence[str], known: Sequence[str] = ()
    ) -> str:
        """Return one of some words; a wrong one is told only if it is `known`."""
        node = self.get(key)
        if node is None:
            return default
        if node.kind != "scalar" or node.raw not in words:
            wanted = f"must be one of {', '.join(words)}"
            if node.kind == "scalar" and node.raw in known:
                self.wrong(node, f"{self.path(key)} {wanted}, not {node.raw}")
            else:
                # What was written may be anything, a secret too.
                self._expected(key, node, wanted)
            return default
        return node.raw

    def _text(
        self, key: str, node: Node, default: str, *, digits: bool = False, secret: bool = False
    ) -> str:
        if isinstance(node.value, str) and node.kind == "scalar":
            return node.value
        if digits and isinstance(node.value, int) and not isinstance(node.value, bool):
            return node.raw
        if node.kind == "scalar" and self.origins.of(node) != self.origins.file:
            return node.raw  # the environment has no quotes
        hint = "quote it" if node.kind == "scalar" and node.value is not None else ""
        self._expected(key, node, "must be text", hint, secret=secret)
        return default

    def _expected(
        self, key: str, node: Node, wanted: str, hint: str = "", *, secret: bool = False
    ) -> None:
        found = type_name(node, secret=secret)
        self.wrong(node, f"{self.path(key)} {wanted}, not {found}", hint)

    def _located(self, mistake: Mistake) -> Mistake:
        """Name the environment variable instead of the file where a key came from one."""
        for key, node in self.node.value.items():
            origin = self.origins.of(node)
            if origin != self.origins.file and f"unknown key {shown_key(key)}" in mistake.message:
                return Mistake(origin, 1, mistake.message, mistake.hint)
        return mistake
