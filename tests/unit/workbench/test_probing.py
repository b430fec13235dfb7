"""What rules would do with some of their conditions."""

from relay.rules.selectors import parse_selector
from relay.workbench.probing import ALL, Condition, Places, with_only
from tests.inline_rules import DEVICE, NUMBER, rules

NARROW = f"{NUMBER}\nwhere: extra.**\nexcept: extra.b"
DOCUMENT = {"a": "12345", "extra": {"b": "12345", "c": "12345", "label": "x", "l": [["label", 1]]}}


def places(selector: str) -> Places:
    return Places(DOCUMENT, 100, "event", parse_selector(selector))


def test_conditions_are_left_out() -> None:
    """A rule without its conditions would redact more."""
    made = rules(NARROW)
    whole = places("**").probe(made, ALL)
    bare = places("**").probe(made, ())
    only = places("**").probe(made, (Condition.EXCEPT,))
    assert whole is not None
    assert bare is not None
    assert only is not None
    assert [("extra", "c")] == list(whole.would)
    assert {("a",), ("extra", "b"), ("extra", "c")} == set(bare.would)
    assert {("a",), ("extra", "c")} == set(only.would)


def test_a_rule_with_none() -> None:
    """Without conditions a rule is its pattern and keys alone, enforced."""
    (rule,) = rules(f"{NARROW}\nstatus: off")
    bare = with_only(rule, ())
    assert ((), (), "", "enforce") == (bare.where, bare.excepts, bare.match.check, bare.status)
    assert rule.match.pattern == bare.match.pattern


def test_places_are_named_as_selectors_do() -> None:
    """An element of a list of pairs by its key; each element by its index too."""
    probed = places("extra.l.label").probe(rules(DEVICE), ALL)
    assert probed is not None
    assert [("extra", "l", 0, 1)] == [asked.path for asked in probed.asked]
    assert {("extra", "l", 0, 1): frozenset({"t/device"})} == probed.would
    by_index = places("extra.l.0.1").probe(rules(DEVICE), ALL)
    assert by_index is not None
    assert probed.would == by_index.would
