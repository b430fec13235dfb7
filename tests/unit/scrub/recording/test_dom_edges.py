"""The page of a recording at its edges: what is read as one text, after each kind of change."""

import json
from typing import Any

import pytest

from relay.errors import ScrubError
from relay.scrub.recording import scrub_recording
from relay.scrub.recording.dom import REACH, Mirror

ADDRESS = "203.0.113.77"


def said(content: str, number: int) -> dict[str, Any]:
    """A text."""
    return {"type": 3, "textContent": content, "id": number}


def element(tag: str, number: int, *children: dict[str, Any]) -> dict[str, Any]:
    """An element."""
    return {"type": 2, "tagName": tag, "id": number, "childNodes": list(children)}


def page(*children: dict[str, Any]) -> dict[str, Any]:
    """A page whose body is node 2."""
    root = {"type": 0, "id": 1, "childNodes": [element("body", 2, *children)]}
    return {"type": 2, "data": {"node": root}}


def change(**data: Any) -> dict[str, Any]:
    """What changed."""
    return {"type": 3, "data": {"source": 0, **data}}


def put(node: dict[str, Any], parent: int | None, behind: int | None = None) -> dict[str, Any]:
    """One node that is added, before another or as the last."""
    return {"node": node, "parentId": parent, "nextId": behind}


def lines(*events: Any) -> list[str]:
    """What is read after each event; a stroke where something parts two texts."""
    mirror = Mirror(1_000)
    for event in events:
        mirror.play(event)
    return [
        "".join("|" * (parted and bool(at)) + piece.text for at, (piece, parted) in enumerate(run))
        for run in mirror.runs
    ]


@pytest.mark.parametrize(
    ("node", "behind", "expected"),
    [
        (said("x", 9), 4, "axbc"),
        (said("x", 9), 3, "xabc"),
        (said("x", 9), None, "abcx"),
        # The next one stands in another parent: as the last, as a player has it.
        (said("x", 9), 7, "abcx"),
        (element("div", 9, said("x", 10)), 5, "ab|x|c"),
        (element("b", 9, said("x", 10)), 5, "abxc"),
        (element("BR", 9), 5, "ab|c"),
    ],
)
def test_where_a_node_is_put(node: dict[str, Any], behind: int | None, expected: str) -> None:
    """Before its next sibling, between the texts that stand there."""
    first = page(
        element("p", 8, said("a", 3), said("b", 4), said("c", 5)), element("p", 6, said("z", 7))
    )
    whole = lines(first, change(adds=[put(node, 8, behind)], texts=[{"id": 4, "value": "b"}]))
    assert f"{expected}|z" == whole[-1]


def test_a_node_that_comes_again_moves() -> None:
    """Where it stood its neighbours are one text, and it is not read there."""
    first = page(element("p", 8, said("a", 3), said("b", 4), said("c", 5)))
    assert "acb" == lines(first, change(adds=[put(said("b", 4), 8)]))[-1]
    assert "bac" == lines(first, change(adds=[put(said("b", 4), 8, 3)]))[-1]
    assert "abc" == lines(first, change(adds=[put(said("b", 4), 8, 5)]))[-1]
    # Before itself: where it stood.
    assert "abc" == lines(first, change(adds=[put(said("b", 4), 8, 4)]))[-1]
    assert "Abc" == lines(first, change(adds=[put(said("A", 3), 8, 3)]))[-1]


@pytest.mark.parametrize(("gone", "expected"), [(3, "bc"), (4, "ac"), (5, "ab")])
def test_what_is_taken_away_brings_its_neighbours_together(gone: int, expected: str) -> None:
    """At the beginning, between two, at the end."""
    first = page(element("p", 8, said("a", 3), said("b", 4), said("c", 5)))
    assert expected == lines(first, change(removes=[{"id": gone, "parentId": 8}]))[-1]
    # What is put there later finds them as they are now.
    then = [change(removes=[{"id": gone}]), change(adds=[put(said("x", 9), 8)])]
    assert f"{expected}x" == lines(first, *then)[-1]


@pytest.mark.parametrize("tag", ["script", "style", "STYLE"])
def test_what_a_page_does_not_show_is_no_text(tag: str) -> None:
    """Nor is what stands in it, also where it is added later; what stands beside is one text."""
    hidden = element(tag, 6, element("b", 7, said("y", 9)), said("x", 10))
    first = page(said("a", 3), hidden, said("b", 4))
    assert ["a|b"] == lines(first)
    more = [
        change(adds=[put(said("z", 11), 6), put(element("i", 12, said("w", 13)), 7)]),
        change(texts=[{"id": 9, "value": "v"}]),
    ]
    assert ["a|b"] == lines(first, *more)


def test_children_wait_for_their_parents_and_next_siblings() -> None:
    """In whatever order they come, they stand as the page has them."""
    adds = [put(said("a", 10), 12, 11), put(said("b", 11), 12), put(element("p", 12), 2)]
    for order in ((0, 1, 2), (0, 2, 1), (1, 0, 2), (2, 1, 0), (2, 0, 1), (1, 2, 0)):
        assert ["ab"] == lines(page(), change(adds=[adds[at] for at in order]))
    # Two that wait for each other are put somewhere, and read.
    both = [put(element("p", 10, said("a", 11)), 12), put(element("p", 12, said("b", 13)), 10)]
    assert {"a", "b"} == set("".join(lines(page(), change(adds=both))).replace("|", ""))


def test_nodes_that_were_there_before_are_made_up() -> None:
    """A segment begins anywhere: texts are set and added in nodes that nobody has described."""
    adds = [put(said("a", 10), 50), put(said("b", 11), 50), put(said("x", 12), 50, 10)]
    assert ["xab"] == lines(change(adds=adds))
    assert ["ab"] == lines(
        change(adds=[put(said("b", 11), 50), put(said("a", 10), 50, 11)]),
    )
    before = change(adds=[put(said("a", 10), 50, 60)], texts=[{"id": 60, "value": "b"}])
    assert ["ab"] == lines(before)


def test_a_new_page_forgets_the_old() -> None:
    """A number means another node then."""
    first = page(said("a", 3), said("b", 4))
    assert ["ab", "cd", "Cd"] == lines(
        first, page(said("c", 3), said("d", 4)), change(texts=[{"id": 3, "value": "C"}])
    )


@pytest.mark.parametrize("number", [0, -1, None, "3", True])
def test_what_is_no_number_of_a_node(number: Any) -> None:
    """It names nothing, so nothing moves or goes because of it."""
    first = page(said("a", 3), said("b", 4))
    odd = change(removes=[{"id": number}], adds=[put(said("x", number), 2)], texts=[{"id": number}])
    assert "abx" == lines(first, odd)[-1]
    twice = page(said("a", number), said("b", number))
    assert ["ab"] == lines(twice)


def test_how_far_is_read_around_a_change() -> None:
    """So many characters on both sides, and so many nodes; what is further stands for itself."""
    many = [said("y", 100 + at) for at in range(1_000)]
    changed = change(texts=[{"id": 600, "value": "X"}])
    (_, around) = lines(page(*many), changed)
    before, behind = around.split("X")
    assert [REACH] * 2 == [len(before), len(behind)]
    empty = [element("b", 100 + at) for at in range(1_000)]
    empty[500:501] = [said("x", 600)]
    empty[200:201], empty[800:801] = [said("far", 300)], [said("far", 900)]
    empty[260:261], empty[740:741] = [said("<", 360)], [said(">", 840)]
    assert "<X>" == lines(page(*empty), changed)[-1]


def test_a_long_text_ends_what_is_read() -> None:
    """It is read itself; what stands behind it is not."""
    parts = [said("far", 3), said("y" * REACH, 4), said("x", 5), said("z" * REACH, 6),
             said("far", 7)]  # fmt: skip
    changed = change(texts=[{"id": 5, "value": "X"}])
    assert "y" * REACH + "X" + "z" * REACH == lines(page(*parts), changed)[-1]


def test_a_text_alone_is_no_run() -> None:
    """It is scrubbed as it stands."""
    assert [] == lines(page(said("a", 3)))
    assert [] == lines(page(), change(texts=[{"id": 40, "value": "x"}]))


def test_work_has_a_bound() -> None:
    """Each node that is looked at is a step, and a recording has so many for its size."""
    small, large = Mirror(0), Mirror(1_000)
    assert small._steps + 4_000 == large._steps
    small._steps = 300
    with pytest.raises(ScrubError):
        small.play(page(*[said("b", 10 + at) for at in range(300)]))
    small._steps = 1_000
    small.play(page(*[said("b", 10 + at) for at in range(300)]))


@pytest.mark.parametrize("document", [ADDRESS, {"at": ADDRESS}, [ADDRESS]])
def test_what_is_no_list_of_events_is_scrubbed_too(document: Any) -> None:
    """A segment may be anything that is JSON."""

    def forget(value: Any, size: int) -> Any:
        for key, part in value.items() if isinstance(value, dict) else enumerate(value):
            value[key] = json.loads(json.dumps(part).replace(ADDRESS, "[ip]"))
        return value

    payload = b'{"segment_id":0}\n' + json.dumps(document).encode()
    clean = scrub_recording(payload, forget, 10_000)
    assert json.dumps(document).replace(ADDRESS, "[ip]") == json.dumps(
        json.loads(clean.partition(b"\n")[2])
    )


@pytest.mark.parametrize(("count", "kept"), [(149, True), (150, False)])
def test_how_many_boxes_may_be_a_drawing(count: int, *, kept: bool) -> None:
    """Empty ones, under one element or its children."""
    style = {"style": "background: black"}
    flat = [{**element("i", 10 + at), "attributes": dict(style)} for at in range(count)]
    rows = [element("p", 500 + at, *flat[at::5]) for at in range(5)]
    for children in (flat, rows):
        payload = b'{"segment_id":0}\n' + json.dumps([page(*children)]).encode()
        clean = scrub_recording(payload, lambda value, size: value, 1_000_000)
        assert (count if kept else 0) == clean.count(b"background: black")


INLINE = (
    "a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark nobr output"
    " q ruby s samp slot small span strike strong sub sup text textpath time tspan tt u var wbr"
)


@pytest.mark.parametrize("tag", INLINE.split())
def test_an_element_that_stands_in_a_line(tag: str) -> None:
    """HTML's phrasing content: an address that it cuts is read as one text."""
    assert ["abc"] == lines(page(said("a", 3), element(tag, 4, said("b", 5)), said("c", 6)))


@pytest.mark.parametrize("tag", ["p", "div", "td", "li", "br", "button", "option", "h1", "xx"])
def test_an_element_that_begins_a_line(tag: str) -> None:
    """What stands in it is another text."""
    assert ["a|b|c"] == lines(page(said("a", 3), element(tag, 4, said("b", 5)), said("c", 6)))
