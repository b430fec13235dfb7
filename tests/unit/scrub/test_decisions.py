"""Decisions are carried out as they were made, and noted under the names that stand there then."""

from typing import Any

from relay.scrub.decisions import Change, Decisions, Draft, Place
from relay.scrub.redact import Mark
from relay.scrub.remarks import Note
from relay.scrub.walk import Container
from tests.inline_rules import IP, rules

RULES = rules(IP)


def place(node: Any, slot: Any, link: Any = None) -> Place:
    """A value in a map or list."""
    return Place(Container(node, link), slot, "", "string")


def change(where: Place, text: str, *, is_key: bool = False) -> Change:
    """A text that is redacted whole."""
    return Change(where, is_key, text, 9, [Mark(0, 0, len(text))], ())


def test_values_keys_and_removals() -> None:
    """A value is written, a key renamed in its place, another removed, each with its note."""
    node: Any = {"a": "203.0.113.1", "203.0.113.2": 1, "c": "x", "d": 2}
    made = Decisions(
        changes=[change(place(node, "a"), "[ip]"),
                 change(place(node, "203.0.113.2"), "[ip]", is_key=True)],
        removals=[(place(node, "c"), "t/other")],
    )  # fmt: skip
    notes = made.carry_out(RULES)
    assert [("a", "[ip]"), ("[ip]", 1), ("d", 2)] == list(node.items())
    assert [
        Note(("a",), (("t/ip", "s", 0, 4),), 9),
        Note(("[ip]",), (("t/ip", "s"),), None),
        Note(("c",), (("t/other", "x"),), None),
    ] == notes


def test_keys_that_get_the_same_name_stay_apart() -> None:
    """The second of two keys with one new name gets a number, also where the name is taken."""
    node: Any = {"203.0.113.1": 1, "[ip]": 2, "203.0.113.2": 3}
    keys = [change(place(node, key), "[ip]", is_key=True) for key in list(node) if key != "[ip]"]
    Decisions(changes=keys).carry_out(RULES)
    assert {"[ip] (2)": 1, "[ip]": 2, "[ip] (3)": 3} == node


def test_what_stands_in_something_gone_is_not_noted() -> None:
    """A map that went as a whole has one note; what was in it has none."""
    inner: Any = {"b": "203.0.113.1"}
    outer: Any = {"a": inner}
    whole = place(outer, "a")
    link = (None, "a")
    made = Decisions(
        changes=[change(place(inner, "b", link), "[ip]")],
        gone={whole.id},
        drafts=[Draft(whole, (("t/whole", "s", 0, 3),))],
    )
    assert [("a",)] == [note.path for note in made.carry_out(RULES)]
