"""The tag that says which rules have cleaned an event."""

import json
from typing import Any

import pytest

from relay.scrub.items.rules_tag import put_tag, take_tag
from tests.inline_rules import IP, scrubber
from tests.unit.scrub.items.tools import FakeTools, scrub

OURS = "abcdef012345"
PAIR = ["relay.rules", OURS]


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"a": "b"}, {"a": "b", "relay.rules": OURS}),
        ({"relay.rules": "theirs", "a": "b"}, {"a": "b", "relay.rules": OURS}),
        ([["a", "b"]], [["a", "b"], PAIR]),
        ([], [PAIR]),
        ([["relay.rules", "theirs"], ["a", "b"]], [PAIR, ["a", "b"]]),
        ([["relay.rules"], ["relay.rules", 1, 2], 7, None, []], [PAIR, PAIR, 7, None, []]),
        ([{"key": "relay.rules", "value": 1}], [{"key": "relay.rules", "value": OURS}]),
        ([{"name": "relay.rules"}], [{"name": "relay.rules", "value": OURS}]),
        ([{"key": "a", "value": "b"}], [{"key": "a", "value": "b"}, PAIR]),
        (None, {"relay.rules": OURS}),
        ("text", {"relay.rules": OURS}),
        (7, {"relay.rules": OURS}),
    ],
)
def test_tags_keep_their_form(tags: Any, expected: Any) -> None:
    """The tag is put in as the others stand there; a client's own of that name is replaced."""
    event = {"tags": tags}
    for _ in range(2):
        take_tag(event)
        assert "theirs" not in json.dumps(event)
        put_tag(event, OURS)
        assert {"tags": expected} == event


def test_an_event_without_tags_gets_some() -> None:
    """Where there are none, it is the only one."""
    event: dict[str, Any] = {}
    take_tag(event)
    put_tag(event, OURS)
    assert {"tags": {"relay.rules": OURS}} == event


@pytest.mark.parametrize(
    ("tags", "place"),
    [({"relay.rules": "203.0.113.77"}, "relay.rules"), ([["relay.rules", "203.0.113.77"]], "0")],
)
@pytest.mark.parametrize("by", ["event", "replay_event"])
def test_nothing_is_said_about_the_tag(by: str, tags: Any, place: str) -> None:
    """Neither a client's remarks on its own tag go on, nor any of ours on what it said."""
    note = {"": {"rem": [["x", "s", 0, 3]]}}
    event = {"tags": tags, "_meta": {"tags": {place: note}, "a": note}}
    tools = FakeTools()
    tools.rules_tag = OURS
    made = json.loads(scrub(by, event, tools))
    assert [OURS] == [dict(made["tags"])["relay.rules"]]
    assert {"event": {"tags": {}, "a": note}, "replay_event": {}}[by] == made.get("_meta", {})


@pytest.mark.parametrize("meta", [None, [], "text", {"tags": None}, {"tags": []}, {"tags": {}}])
def test_a_strange_meta_is_no_matter(meta: Any) -> None:
    """It is read where it is one, and left to the scrubber else."""
    event = {"tags": {"relay.rules": 1}, "_meta": meta}
    take_tag(event)
    assert {"tags": {}, "_meta": meta} == event


def test_the_python_contract_is_without_it() -> None:
    """It is the relay's word: who scrubs by a function knows by which rules."""
    made = scrubber(IP)
    assert b"relay.rules" not in made.scrub_json(b'{"sdk":{"name":"x"},"tags":{}}').body
    envelope = b'{}\n{"type":"event"}\n{"tags":{}}\n'
    assert b"relay.rules" not in made.scrub_envelope(envelope).body
