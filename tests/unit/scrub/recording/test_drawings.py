"""Drawings made of elements: which are hidden, to the last shape, and what of them."""

from typing import Any

import pytest

from relay.scrub.recording.drawings import hide_drawings
from relay.scrub.recording.nodes import Node

SHAPES = "circle ellipse image line path polygon polyline rect use"
BOXES = "b div em i li p span td th"


def node(tag: str, within: Node | None = None, **attributes: Any) -> Node:
    """An element with attributes, in another."""
    made = Node({"type": 2, "tagName": tag, "attributes": attributes})
    if within is not None:
        made.put(within, None)
    return made


def left(nodes: list[Node]) -> list[dict[str, Any]]:
    """The attributes of the nodes, after drawings are hidden."""
    hide_drawings(nodes)
    return [attributes for one in nodes for attributes in one.attributes]


@pytest.mark.parametrize(
    "tag", ["circle", "ellipse", "image", "line", "path", "polygon", "polyline", "rect", "use"]
)
@pytest.mark.parametrize("count", [39, 40])
def test_how_many_shapes_are_a_drawing(tag: str, count: int) -> None:
    """All of one SVG count together, in whatever groups they stand."""
    root = node("svg")
    groups = [node("g", root), node("g", root)]
    groups.append(node("svg", groups[0]))
    shapes = [node(tag, groups[at % 3], x="1", y={"a": 1}, z=3) for at in range(count)]
    expected = {"x": "1", "y": {"a": 1}, "z": 3} if count < 40 else {"x": "", "y": {}, "z": 3}
    assert [{}] * 4 + [expected] * count == left([root, *groups, *shapes])


def test_shapes_of_two_pictures_do_not_count_together() -> None:
    """A page has many icons."""
    roots = [node("svg"), node("svg")]
    shapes = [node("path", roots[at % 2], d="M1") for at in range(78)]
    assert [{"d": "M1"}] * 78 == left([*roots, *shapes])[2:]


@pytest.mark.parametrize("key", ["d", "points"])
def test_how_many_strokes_a_path_may_have(key: str) -> None:
    """Each `M` or `m` begins one; a path without any is one."""
    for strokes, kept in (("Mm" * 19 + "M", True), ("Mm" * 20, False)):
        root = node("svg")
        path = node("path", root, **{key: strokes})
        assert [{}, {key: strokes if kept else ""}] == left([root, path])


@pytest.mark.parametrize(("length", "kept"), [(2_000, True), (2_001, False)])
def test_how_long_paths_may_be(length: int, *, kept: bool) -> None:
    """All of one SVG together; no other attribute counts."""
    root = node("svg")
    paths = [
        node("path", root, d="h" * 2_000, id="a" * 9_000),
        node("polygon", root, points="1" * length),
    ]
    text = "h" * 2_000 if kept else ""
    assert text == left([root, *paths])[1]["d"]


def test_shapes_without_their_svg_count_where_they_stand() -> None:
    """What was there before this segment is not known; what is put into it counts together."""
    for count in (39, 40):
        before = Node(None)
        shapes = [node("rect", before, x="1") for _ in range(count)]
        assert [{"x": "1" if count < 40 else ""}] * count == left([before, *shapes])


def test_a_path_that_is_set_on_what_was_there_before() -> None:
    """Only what looks like a path: other attributes of a node that is not known are its own."""
    known_before = [Node(None) for _ in range(2)]
    known_before[0].give({"d": "M" * 40, "id": "a"})
    known_before[1].give({"class": "a"})
    assert [{"d": "", "id": ""}, {"class": "a"}] == left(known_before)


@pytest.mark.parametrize("tag", BOXES.split())
def test_what_of_boxes_is_hidden(tag: str) -> None:
    """What shows which ones are dark; the rest of them stays."""
    looks = dict.fromkeys(("align", "bgcolor", "class", "color", "height", "style", "width"), "x")
    looks |= {"id": "a", "title": "b"}
    root = node("main")
    boxes = [node(tag, root, **looks) for _ in range(150)]
    hidden = dict.fromkeys(looks, "") | {"id": "a", "title": "b"}
    assert [{}] + [hidden] * 150 == left([root, *boxes])


def test_boxes_that_say_something_are_none() -> None:
    """A table of numbers is no picture; blanks say nothing."""
    for text, kept in (("1", True), (" \n", False)):
        root = node("main")
        boxes = [node("td", root, style="x") for _ in range(150)]
        for box in boxes:
            Node({"type": 3, "textContent": text}).put(box, None)
        assert {"style": "x" if kept else ""} == left([root, *boxes])[-1]
