"""Rules changed a little, and sets in which one rule finds nothing."""

from dataclasses import replace

from relay.rules.model import Status
from relay.workbench.linting.variants import enforced, varied, without
from tests.inline_rules import DEVICE, EMAIL, NUMBER, rules, scrubber

PLACE = "id: t/place\nmatch: {any: true}\nwhere: [extra.a, '**']\nredact: {method: remove}"
KEYED = (
    "id: t/keyed\nmatch: {key: ['*flat'], pattern: '[0-9]+'}\nredact: {method: replace, text: f}"
)
LIKE = NUMBER.replace("t/number", "t/like").replace("[n]", "[l]")


def test_a_rule_that_finds_nothing() -> None:
    """The others find what they found, those with the same pattern too."""
    bodies = (NUMBER, LIKE, DEVICE, EMAIL, KEYED)
    event = {"label": "x", "a": "12345 me@example.com", "b_flat": "1"}
    whole = scrubber(*bodies)
    assert {"label": "[d]", "a": "[n] ", "b_flat": "f"} == whole.scrub_plain(dict(event))
    expected = [
        {"label": "[d]", "a": "[l] ", "b_flat": "f"},
        {"label": "[d]", "a": "[n] ", "b_flat": "f"},
        {"label": "x", "a": "[n] ", "b_flat": "f"},
        {"label": "[d]", "a": "[n] me@example.com", "b_flat": "f"},
        {"label": "[d]", "a": "[n] ", "b_flat": "1"},
    ]
    for number, clean in enumerate(expected):
        assert clean == without(whole, number).scrub_plain(dict(event))
    assert {"label": "[d]", "a": "[n] ", "b_flat": "f"} == whole.scrub_plain(dict(event))


def test_places_too() -> None:
    """A rule about places, and one with a pattern of its own."""
    whole = scrubber(PLACE, NUMBER)
    event = {"extra": {"a": "12345"}}
    assert event == without(without(whole, 0), 1).scrub_plain({"extra": {"a": "12345"}})
    assert {"extra": {"a": "[n]"}} == without(whole, 0).scrub_plain({"extra": {"a": "12345"}})


def test_a_changed_rule() -> None:
    """It runs in the place of the one that was compiled."""
    (rule,) = rules(DEVICE)
    less = replace(rule, match=replace(rule.match, keys=frozenset({"label"}), spelled=("label",)))
    changed = varied(scrubber(DEVICE), less)
    assert {"label": "[d]", "device_id": "x"} == changed.scrub_plain(
        {"label": "x", "device_id": "x"}
    )


def test_enforced() -> None:
    """A rule that is tried is told as if it counted; one that counts is the same."""
    (rule,) = rules(NUMBER)
    assert enforced(rule) is rule
    assert rule == enforced(replace(rule, status=Status.SHADOW))
