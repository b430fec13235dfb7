"""Drawings made of elements: a QR code in SVG or in a grid of boxes shows an address as text does.

Law of this file: what has so many parts that it may be a QR code is hidden, whatever it is. The
smallest that holds an address has 25 by 25 modules, half of them dark: 150 runs in a row or more,
in 60 shapes or more where they are traced. Icons have fewer than 40 shapes.
"""

from collections import Counter
from typing import Any, Final

from relay.scrub.recording.nodes import Node

_MOST_SHAPES: Final = 40
_MOST_PATH: Final = 4_000
"""Characters of all paths of one SVG."""
_SHAPES: Final = frozenset({
    "circle", "ellipse", "image", "line", "path", "polygon", "polyline", "rect", "use",
})  # fmt: skip
_MOST_BOXES: Final = 150
"""Elements with nothing in them, under one element and its children."""
_BOXES: Final = frozenset(("b", "div", "em", "i", "li", "p", "span", "td", "th"))
_LOOKS: Final = ("align", "bgcolor", "class", "color", "height", "style", "width")


def hide_drawings(nodes: list[Node]) -> None:
    """Empty the attributes of what may be the modules of a QR code.

    Args:
        nodes: all nodes that a recording had, parents first.
    """
    _hide_shapes(nodes)
    _hide_boxes(nodes)


def _hide_shapes(nodes: list[Node]) -> None:
    drawing: dict[Node, Node] = {}
    shapes: Counter[Node] = Counter()
    paths: Counter[Node] = Counter()
    drawn: list[tuple[Node, Node]] = []
    for node in nodes:
        within = drawing.get(node.origin) if node.origin is not None else None
        if within is None and node.tag == "svg":
            within = node
        if within is not None:
            drawing[node] = within
        if node.tag not in _SHAPES and node.known:
            continue
        if within is None:
            # The SVG, or the shape itself, was there before this segment.
            within = node if node.origin is None else node.origin
        weights = [_weight(attributes) for attributes in node.attributes]
        if node.known or any(weight != (0, 0) for weight in weights):
            shapes[within] += max((weight[0] for weight in weights), default=0) or 1
            paths[within] += max((weight[1] for weight in weights), default=0)
            drawn.append((node, within))
    for node, within in drawn:
        if shapes[within] >= _MOST_SHAPES or paths[within] > _MOST_PATH:
            for attributes in node.attributes:
                _empty(attributes, tuple(attributes))


def _weight(attributes: dict[str, Any]) -> tuple[int, int]:
    """Return how many shapes a path has, and how long it is."""
    texts = [value for key in ("d", "points") if isinstance(value := attributes.get(key), str)]
    return sum(t.count("M") + t.count("m") for t in texts), sum(map(len, texts))


def _hide_boxes(nodes: list[Node]) -> None:
    empty = [n for n in nodes if n.tag in _BOXES and not _says_something(n)]
    around: Counter[Node] = Counter()
    for node in empty:
        parent = node.origin
        if parent is not None:
            around[parent] += 1
            if parent.origin is not None:
                around[parent.origin] += 1
    for node in empty:
        parent = node.origin
        if parent is not None and (
            around[parent] >= _MOST_BOXES
            or (parent.origin is not None and around[parent.origin] >= _MOST_BOXES)
        ):
            for attributes in node.attributes:
                _empty(attributes, _LOOKS)


def _says_something(node: Node) -> bool:
    """Return whether anything but blanks stands in a node."""
    child = node.first
    while child is not None:
        if child.tag or any(not piece.original.isspace() for piece in child.pieces):
            return True
        child = child.next
    return False


def _empty(attributes: dict[str, Any], keys: tuple[str, ...]) -> None:
    for key in keys:
        if isinstance(attributes.get(key), str):
            attributes[key] = ""
        elif isinstance(attributes.get(key), dict):
            attributes[key] = {}
