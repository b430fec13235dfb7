"""The total walk: every string, object key and number of a JSON document, without recursion.

Law of this file: it decides nothing. Selectors narrow a rule; they never decide what is looked at.
"""

from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from relay.errors import ScrubError
from relay.rules.selectors import Path, PathPart

MAX_DEPTH: Final = 128
"""Deeper documents are dropped; no SDK sends them (`normalizeDepth` is 3 to 10). Every remark has
its path: a deeper bound would let a document take that many times its size in memory."""

Link = tuple["Link | None", PathPart] | None
"""A path as a linked list from the leaf up; None is the root."""


class Container(NamedTuple):
    """A map or list in the document, and what its children are called.

    Attributes:
        node: the map or list itself; redactions change it in place.
        link: its path.
        key: for an element of a list of pairs, for `{"key": …, "value": …}` and for a typed
            attribute, the key that addresses its value; else None.
        pair_parent: for an element of a list of pairs, the path of that list.
        name: for a list, the key that its elements stand under, through lists in lists.
    """

    node: Any
    link: Link
    key: str | None = None
    pair_parent: Link = None
    name: str = ""

    def __repr__(self) -> str:
        return f"Container({type(self.node).__name__} of {len(self.node)})"


@dataclass(slots=True)
class Walked:
    """A document taken apart.

    Attributes:
        containers: every map and list, parents first.
        texts: every distinct string, key and number text, each with its number.
        keys: every distinct object key and pair key.
    """

    containers: list[Container] = field(default_factory=list, repr=False)
    texts: dict[str, int] = field(default_factory=dict, repr=False)
    keys: set[str] = field(default_factory=set, repr=False)


def number_text(value: float) -> str:
    """Return a number as JSON writes it, which is what rules see of it."""
    return repr(value) if type(value) is float else str(value)


def walk(root: Any) -> Walked:  # noqa: PLR0915 - one loop, for speed
    """Take a document (a map or a list) apart.

    Raises:
        ScrubError: it is nested more deeply than `MAX_DEPTH`.
    """
    walked = Walked()
    containers, keys = walked.containers, walked.keys
    strings: dict[str, None] = {}
    integers: set[int] = set()
    floats: set[float] = set()
    stack: list[tuple[Any, Link, int, str]] = [(root, None, 0, "")]
    while stack:
        node, link, depth, name = stack.pop()
        if depth > MAX_DEPTH:
            raise ScrubError("the document is nested too deeply")
        if type(node) is dict:
            pair_key = _pair_key(node, link) if "value" in node else None
            containers.append(Container(node, link, pair_key))
            keys.update(node)
            if pair_key is not None:
                keys.add(pair_key)
            for key, value in node.items():
                kind = type(value)
                if kind is str:
                    strings[value] = None
                elif kind is dict or kind is list:
                    if value:
                        own = pair_key if key == "value" and pair_key is not None else key
                        stack.append((value, (link, key), depth + 1, own))
                elif kind is int:
                    integers.add(value)
                elif kind is float:
                    floats.add(value)
        else:
            containers.append(Container(node, link, name=name))
            for index, value in enumerate(node):
                kind = type(value)
                if kind is str:
                    strings[value] = None
                elif kind is dict:
                    stack.append((value, (link, index), depth + 1, name))
                elif kind is list:
                    if len(value) == 2 and type(value[0]) is str:
                        _pair(
                            walked,
                            value,
                            here := (link, index),
                            link,
                            name,
                            strings,
                            integers,
                            floats,
                        )
                        if type(value[1]) in (dict, list):
                            stack.append((value[1], (here, 1), depth + 2, value[0]))
                    else:
                        stack.append((value, (link, index), depth + 1, name))
                elif kind is int:
                    integers.add(value)
                elif kind is float:
                    floats.add(value)
    strings.update(dict.fromkeys(keys))
    strings.update(dict.fromkeys(map(str, integers)))
    strings.update(dict.fromkeys(map(repr, floats)))
    strings.pop("", None)
    walked.texts = {text: number for number, text in enumerate(strings)}
    return walked


def _pair(
    walked: Walked,
    pair: list[Any],
    link: Link,
    parent: Link,
    name: str,
    strings: dict[str, None],
    integers: set[int],
    floats: set[float],
) -> None:
    """Take `["key", value]`, an element of a list of pairs; its value is addressed by its key."""
    key, value = pair
    walked.containers.append(Container(pair, link, key, parent, name))
    walked.keys.add(key)
    kind = type(value)
    if kind is str:
        strings[value] = None
    elif kind is int:
        integers.add(value)
    elif kind is float:
        floats.add(value)


def _pair_key(node: dict[str, Any], link: Link) -> str | None:
    """Return the key that addresses `value` in `{"key": …, "value": …}` or a typed attribute.

    A typed attribute, `{"value": …, "type": …}`, stands under its key.
    """
    if len(node) > _PAIR_SIZE:
        return None
    for name in ("key", "name"):
        key = node.get(name)
        if type(key) is str:
            return key
    if "type" in node and link is not None and type(link[1]) is str:
        return link[1]
    return None


_PAIR_SIZE: Final = 4


def path_of(link: Link) -> Path:
    """Return a linked path as a tuple from the root down."""
    parts: list[PathPart] = []
    while link is not None:
        link, part = link
        parts.append(part)
    parts.reverse()
    return tuple(parts)
