"""The total walk."""

from typing import Any

import pytest
from hypothesis import example, given, settings

from relay.errors import ScrubError
from relay.rules.compiling import compile_rules
from relay.scrub.memory import Memory
from relay.scrub.walk import MAX_DEPTH, Walk, number_text
from relay.scrub.walked import Place, Walked, path_of
from tests.inline_rules import DEVICE, plain, rules, scrubber
from tests.strategies import json_documents


def walk(root: Any, *memory: Memory, structural: bool = True) -> Walked:
    """Walk, and leave all values to be searched."""
    known = memory[0] if memory else Memory(compile_rules(rules(DEVICE)))
    spot = known.root("event", structural=structural)
    return Walk(known, lambda *_: False).run(root, spot)


def places(walked: Walked) -> list[Place]:
    """All places of texts."""
    return [place for found in walked.texts.values() for place in found]


def texts_of(value: Any) -> set[str]:
    """All strings, keys and numbers of a document, by recursion."""
    if isinstance(value, dict):
        return {t for k, v in value.items() for t in (k, *texts_of(v))}
    if isinstance(value, list):
        return {t for v in value for t in texts_of(v)}
    if isinstance(value, bool) or value is None:
        return set()
    return {value if isinstance(value, str) else number_text(value)}


@settings(deadline=None)
@given(json_documents)
def test_nothing_is_passed_over(document: Any) -> None:
    """Every string, key and number of a document is there to be searched, once."""
    root = document if isinstance(document, dict | list) else [document]
    walked = walk(root, structural=False)
    across = {read.text for _, read in walked.lists}
    assert texts_of(root) - {""} | across == set(walked.texts)


@settings(deadline=None)
@given(json_documents)
@example({"a": 0.0, "b": -0.0})
def test_what_is_known_is_passed_over(document: Any) -> None:
    """A text, key or number that is remembered as clean is not there; all else is."""
    root = document if isinstance(document, dict | list) else [document]
    memory = Memory(compile_rules(rules(DEVICE)))
    walked = walk(root, memory)
    half = set(sorted(walked.texts)[::2])
    strings = {text for text in half for p in walked.texts[text] if p.value_type == "string"}
    memory.remember(strings | (half - set(walked.numbers)))
    memory.remember_numbers(n for text, n in walked.numbers.items() if text in half)
    again = walk(root, memory)
    # Far numbers are not remembered, nor are the two zeros with a point.
    passing = {text for text in half if len(text) >= 20 or text in {"0.0", "-0.0"}}
    assert set(walked.texts) - half == set(again.texts) - passing
    memory.remember(again.texts)
    assert not {text for text in walk(root, memory).texts if len(text) < 20}


@pytest.mark.parametrize(
    ("root", "expected"),
    [
        ({"a": {"b": [{"c": 1}]}}, {(), ("a",), ("a", "b", 0)}),
        ([["k", "v"], ["k", {"x": 1}]], {(0,), (1,), (1, 1)}),
        ([[1, 2], ["a"]], {(0,), (1,)}),
    ],
)
def test_paths(root: Any, expected: set) -> None:
    """What stands in a map or list has its path."""
    assert expected == {path_of(place.container.link) for place in places(walk(root))}


@pytest.mark.parametrize(
    "root",
    [
        [["device_id", "v"]],
        ["device_id", "v"],
        {"key": "device_id", "value": "v"},
        {"name": "device_id", "value": "v", "type": "t"},
        {"name": "device_id", "value": "v", "path": "/", "secure": True, "httpOnly": False},
        {"device_id": {"value": "v", "type": "string"}},
        {"device_id": ["v"]},
        {"device_id": [["v"]]},
        [["device_id", ["v"]]],
        {"key": "device_id", "value": ["v"]},
    ],
)
def test_keys_that_stand_elsewhere(root: Any) -> None:
    """A value that is addressed by a key beside it, or stands in a list under one, has that key."""
    (place,) = walk(root).texts["v"]
    assert place.plan.whole


def test_ids_and_times_need_no_search() -> None:
    """A value that has the shape of its protected field is passed by; another one is not."""
    known = {"timestamp": 1.5, "event_id": "0" * 32, "spans": [{"span_id": "0" * 16}]}
    assert {"timestamp", "event_id", "spans", "span_id"} == set(walk(known).texts)
    assert "0x0" in walk({"span_id": "0x0"}).texts


def test_paths_of_pairs() -> None:
    """Selectors see the value of a pair under the pair's key; other indexes are all the same."""
    walked = walk({"a": [["k", "v"], ["l", {"m": "w"}]], "b": ["x", "y", "z"]})
    shown = {text: walked.texts[text][0].plan.path for text in ("k", "v", "w", "z")}
    assert {"k": ("a", -1, 0), "v": ("a", "k"), "w": ("a", -1, 1, "m"), "z": ("b", -1)} == shown


def test_too_deep() -> None:
    """A document that is nested too deeply is refused, however deep, without recursion."""
    for depth in (MAX_DEPTH + 1, 100_000):
        root: Any = [1]
        for _ in range(depth):
            root = [root]
        with pytest.raises(ScrubError):
            walk(root)


def test_containers_do_not_show_their_content() -> None:
    """A container in a traceback shows no payload."""
    assert "secret" not in repr(walk({"secret": "secret"}))
    assert "secret" not in repr(places(walk({"secret": "secret"})))


def test_a_map_of_numbered_words_is_read_as_one_again() -> None:
    """The second of two alike, whose keys are known by then, leads to the same place."""
    words = ["abandon"] * 11 + ["about"]
    known = Memory(compile_rules(rules(DEVICE)))
    spot = known.root("event", structural=True)
    for _ in range(3):
        root = {"a": {str(at): word for at, word in enumerate(words)}}
        walked = Walk(known, lambda *_: False).run(root, spot)
        known.remember([text for text in walked.texts if " " not in text])
        forms = [place for found in walked.texts.values() for place in found]
        assert all(place.container.spot is not None for place in forms)


@pytest.mark.parametrize("where", ["extra.k.value", "**.value", "extra.*.value"])
@pytest.mark.parametrize(
    "beside", [{"type": "string"}, {"key": "owner"}, {"name": "owner"}, {"other": 1}]
)
def test_a_place_named_value_is_one_in_a_pair_too(where: str, beside: dict[str, Any]) -> None:
    """What addresses the value of a pair for rules about keys takes no place from it."""
    made = scrubber(
        f"id: t/v\nmatch: {{any: true}}\nwhere: ['{where}']\n"
        "redact: {method: replace, text: '[v]'}"
    )
    document = {"extra": {"k": {**beside, "value": "secret"}}}
    assert {"extra": {"k": {**beside, "value": "[v]"}}} == plain(made, document)
