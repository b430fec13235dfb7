"""Decisions are carried out as they were made, and noted under the names that stand there then."""

from typing import Any

from relay.rules.compiling import compile_rules
from relay.scrub.decisions import Change, Decisions
from relay.scrub.memory import Memory
from relay.scrub.redact import Mark
from relay.scrub.remarks import Note
from relay.scrub.walked import Container, Place
from tests.inline_rules import IP, rules

RULES = rules(IP)
ROOT = Memory(compile_rules(RULES)).root("event", structural=True)


def place(node: Any, slot: Any, link: Any = None, *, is_key: bool = False) -> Place:
    """A value in a map or list, or a key."""
    return Place(Container(node, link, ROOT), slot, ROOT.plan(slot, slot), "string", is_key)


def change(where: Place, text: str) -> Change:
    """A text that is redacted whole."""
    return Change(where, text, 9, [Mark(0, 0, len(text))], ())


def test_values_keys_and_removals() -> None:
    """A value is written, a key renamed in its place, another removed, each with its note."""
    node: Any = {"a": "203.0.113.1", "203.0.113.2": 1, "c": "x", "d": 2}
    made = Decisions(
        changes=[change(place(node, "a"), "[ip]"),
                 change(place(node, "203.0.113.2", is_key=True), "[ip]")],
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
    keys = [change(place(node, key, is_key=True), "[ip]") for key in list(node) if key != "[ip]"]
    Decisions(changes=keys).carry_out(RULES)
    assert {"[ip] (2)": 1, "[ip]": 2, "[ip] (3)": 3} == node


def test_a_number_that_is_taken_is_passed_over() -> None:
    """A key that looks like one of ours keeps its name and its value."""
    node: Any = {"203.0.113.1": 1, "[ip]": 2, "[ip] (2)": 3, "203.0.113.2": 4}
    keys = [change(place(node, key, is_key=True), "[ip]") for key in node if key[0] != "["]
    Decisions(changes=keys).carry_out(RULES)
    assert {"[ip] (3)": 1, "[ip]": 2, "[ip] (2)": 3, "[ip] (4)": 4} == node
