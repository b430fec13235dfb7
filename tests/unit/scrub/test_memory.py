"""The memory of clean texts and places: it changes what a document costs, never what comes out."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.rules.compiling import compile_rules
from relay.scrub import memory, places
from relay.scrub.memory import NOTHING, Memory
from tests.inline_rules import DEVICE, IP, NUMBER, rules, scrubber
from tests.strategies import json_documents

ADDRESS = "192.168.10.23"
AT = "id: t/at\nmatch: {any: true}\nwhere: ['a.0', 'b.*.c']\nredact: {method: replace, text: '[x]'}"
UNDER = (
    "id: t/under\nmatch: {pattern: 'qq+'}\nwhere: ['a.1.**']"
    "\nredact: {method: replace, text: '[q]'}"
)
NEAR = (
    "id: t/near\nmatch: {pattern: 'zz+', near: ['list.2']}\nredact: {method: replace, text: '[z]'}"
)


@settings(deadline=None)
@given(st.lists(json_documents, min_size=2, max_size=5))
def test_what_came_before_changes_nothing(documents: list[Any]) -> None:
    """A document comes out as it does for a scrubber that has seen nothing."""
    one = scrubber(IP, NUMBER, DEVICE, AT, UNDER)
    for document in documents * 4:
        data = json.dumps(document).encode()
        fresh = scrubber(IP, NUMBER, DEVICE, AT, UNDER)
        assert fresh.scrub_json(data).body == one.scrub_json(data).body


@pytest.mark.parametrize(("before", "after"), [(-0.0, 0.0), (0.0, -0.0), (0, 0.0), (1, 1.0)])
def test_equal_numbers_that_are_written_otherwise(before: float, after: float) -> None:
    """That one way to write a number is clean says nothing of the other."""
    rule = f"id: t/number\nmatch: {{pattern: '^{after}$'}}\nredact: {{method: remove}}"
    made = scrubber(rule)
    assert {"n": before} == json.loads(made.scrub_json(json.dumps({"n": before}).encode()).body)
    assert "" == json.loads(made.scrub_json(json.dumps({"n": after}).encode()).body)["n"]


def test_a_name_for_a_key_says_nothing_of_its_value() -> None:
    """A message that named the first part of a pair does not decide about the second of another."""
    made = scrubber(DEVICE)
    for message in ("x: %s", "%s x: %s", "x: %s"):
        document = {"logentry": {"message": message, "params": ["label", "Zauberkasse"]}}
        got = json.loads(made.scrub_json(json.dumps(document).encode()).body)
        assert ["label", "[d]"] == got["logentry"]["params"]


def test_a_known_document_is_scrubbed_like_a_new_one() -> None:
    """What was decided about one list is not taken for what was decided about another."""
    path = "id: t/path\nmatch: {pattern: '2147483692(?:, [0-9]+)+'}\nredact: {method: remove}"
    document = {
        "extra": {"path": [2147483692, 2147483648, 2147483648, 0, 5]},
        "sdk": {"name": "sentry.javascript.electron", "integrations": list("abcdefgh")},
    }
    made = scrubber(path)
    data = json.dumps(document).encode()
    bodies = {made.scrub_json(data).body for _ in range(5)}
    assert 1 == len(bodies)
    assert b"2147483648" not in bodies.pop()


@pytest.mark.parametrize(
    ("rule", "document", "expected"),
    [
        (AT, {"a": ["s", "s"], "b": [{"c": "s"}, {"c": "s"}]},
         {"a": ["[x]", "s"], "b": [{"c": "[x]"}, {"c": "[x]"}]}),
        (UNDER, {"a": [["qq"], ["qq"], "qq"]}, {"a": [["qq"], ["[q]"], "qq"]}),
        (NEAR, {"list": ["zz", "zz", "zz"]}, {"list": ["zz", "zz", "[z]"]}),
    ],
)  # fmt: skip
def test_rules_that_tell_elements_apart(rule: str, document: Any, expected: Any) -> None:
    """Where a rule names an element of a list by its number, the others are another place."""
    made = scrubber(rule)
    for _ in range(2):
        data = json.dumps(document).encode()
        got = json.loads(made.scrub_json(data).body)
        got.pop("_meta")
        assert expected == got


def test_it_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Texts, numbers and places that never come again do not pile up."""
    monkeypatch.setattr(memory, "_TEXTS", 50)
    monkeypatch.setattr(places, "_MOST", 50)
    made = scrubber(IP, NUMBER, DEVICE, AT)
    for n in range(200):
        made.scrub_json(json.dumps({f"k{n}": {"x": [n % 1000, n / 4]}, "t": f"text {n}"}).encode())
    known = made.memory.remembered()
    assert len(known.texts) <= 60
    assert len(known.integers) + len(known.floats) <= 60
    root = made.memory.root("event", structural=True)
    assert len(root.layouts) + len(root.children) <= 60


def test_long_keys_are_not_kept() -> None:
    """A key that may hold a value is not in memory after its document."""
    made = scrubber(DEVICE)
    key = "x" * 25
    made.scrub_json(json.dumps({key: {"label": "s"}, "a": {key: [1]}}).encode())
    root = made.memory.root("event", structural=True)
    assert not [keys for keys in root.layouts if key in keys]
    assert key not in root.children


PART: Any = {"name": "app", "list": ["one", 2, 2.5, {"deep": None}]}


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"extra": [{**PART, "list": ["one", 2.0, 2.5, {"deep": None}]}]}, "2 is not 2.0"),
        ({"extra": [{**PART, "name": ADDRESS}]}, "another text"),
        ({"extra": [{**PART, ADDRESS: 1}]}, "another key"),
        ({"other": [PART]}, "another place"),
        ({"extra": {"device": PART}}, "a place under another key"),
    ],
)
def test_a_part_is_known_where_it_stands(other: Any, why: str) -> None:
    """A part in which nothing is to do is walked twice, then known; any other one is not it."""
    number = "id: t/float\nmatch: {pattern: '2[.]0'}\nredact: {method: replace, text: '[n]'}"
    deep = "id: t/deep\nmatch: {any: true}\nwhere: ['other.*.name', 'extra.device.name']"
    made = scrubber(IP, number, deep + "\nredact: {method: remove}")
    data, another = (json.dumps(document).encode() for document in ({"extra": [PART]}, other))
    for _ in range(3):
        made.scrub_json(data)
    assert 1 <= len([one for one in made.memory.wholes if b'"name":"app"' in one])
    fresh = scrubber(IP, number, deep + "\nredact: {method: remove}").scrub_json(another).body
    for _ in range(4):
        assert fresh == made.scrub_json(another).body, why
    assert fresh != another


@pytest.mark.parametrize(
    "part",
    [{"x": ADDRESS}, {"label": "s"}, {"x": [{ADDRESS: 1}]}, {"x": ["7", 1234567890123, "t" * 600]}],
)
def test_a_part_in_which_something_is_to_do_is_not_kept(part: Any) -> None:
    """Neither is one with a text that is too long to be remembered."""
    made = scrubber(IP, DEVICE)
    for _ in range(4):
        made.scrub_json(json.dumps({"extra": [part]}).encode())
    kept = b"".join(made.memory.wholes)
    assert ADDRESS.encode() not in kept
    assert b'"label"' not in kept
    assert b"ttt" not in kept


def test_parts_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them together, and each; what never comes again is no longer looked for."""
    monkeypatch.setattr(memory, "_WHOLES", 400)
    monkeypatch.setattr(memory, "_LARGEST", 100)
    made = scrubber(IP)
    for n in range(300):
        for _ in range(3):
            made.scrub_json(json.dumps({"a": {"b": [n, "x" * (n % 200)]}}).encode())
    assert sum(map(len, made.memory.wholes)) <= 500
    assert max(map(len, made.memory.wholes)) <= 100
    spot = made.memory.root("event", structural=True).children["a"]
    lucks = set()
    for n in range(1200):
        made.scrub_json(json.dumps({"a": {"b": [n, f"text {n}"]}}).encode())
        lucks.add(spot.luck)
    assert min(lucks) < 0 < max(lucks)
    assert 0 not in lucks


def test_forget() -> None:
    """Everything can be forgotten, or all but what was known at some time."""
    known = Memory(compile_rules(rules(IP)))
    known.remember(["a", "b" * 1_000])
    known.remember_numbers([1, 2.5, 1 << 70])
    before = known.remembered()
    assert ({"", "a"}, {1}, {2.5}, set()) == before
    known.remember(["c"])
    known.remember_whole(b"{}")
    known.forget(before)
    assert before == known.remembered()
    known.forget()
    assert NOTHING == known.remembered()
    assert "secret" not in repr(known.remembered()) + repr(known)
