"""Places: which plan holds where, and what kinds of places are the same one."""

import pytest

from relay.scrub import places
from relay.scrub.places import Places
from relay.scrub.plans import ANY_INDEX
from tests.inline_rules import DEVICE, IP, scrubber

ANYWHERE = "id: t/any\nmatch: {any: true}\nwhere: ['extra.**']\nredact: {method: remove}"
FIRST = "id: t/first\nmatch: {any: true}\nwhere: ['a.0']\nredact: {method: remove}"


def made(*rules: str, structural: bool = True) -> Places:
    return Places(scrubber(*rules).compiled, "event", structural)


def test_elements_are_one_place_unless_a_rule_names_one() -> None:
    """The number of an element is left out of paths where no rule can tell."""
    same = made(DEVICE).root.below("a", "a")
    assert same.element(0) is same.element(7)
    assert ("a", ANY_INDEX) == same.element(3).path
    apart = made(FIRST).root.below("a", "a")
    assert ("a", 0) == apart.element(0).path
    assert apart.element(0) is not apart.element(1)


def test_a_layout_says_which_values_are_special() -> None:
    """Keys that rules name, and protected fields, have a plan; others have none."""
    root = made(DEVICE, IP).root
    layout = root.layout(("label", "x", "event_id"))
    label, other, event_id = layout.plans
    assert other is None
    assert label is not None
    assert (0,) == label.whole
    assert event_id is not None
    assert event_id.must
    assert layout is root.layout(("label", "x", "event_id"))
    assert layout is not root.layout(("x", "label", "event_id"))


def test_without_structure_nothing_is_special() -> None:
    """In `_meta`, rules about keys and places do not apply, nor do protected shapes."""
    root = made(DEVICE, ANYWHERE, structural=False).root
    assert (None, None) == root.layout(("label", "event_id")).plans
    assert not root.below("extra", "extra").plan("x", "x").special


def test_pairs() -> None:
    """The value of a pair stands under the pair's key; the key that rules know is no secret."""
    pair = made(DEVICE).root.below("tags", "tags").paired(4, "label")
    key, value = pair.half(0, "label"), pair.half(1, "label")
    assert ((), (0,)) == (key.whole, value.whole)
    assert (("tags", ANY_INDEX, 0), ("tags", "label")) == (key.path, value.path)
    unknown = made(DEVICE).root.below("label", "label").paired(0, "x")
    assert (0,) == unknown.half(0, "x").whole == unknown.half(1, "x").whole


def test_a_value_with_two_names() -> None:
    """What a text beside it calls a value does not take away what its key, or its list's, says."""
    root = made(DEVICE).root
    assert (0,) == root.named("k", "label", "k").whole
    assert (0,) == root.named("label", "x", "label").whole
    assert (0,) == root.named(1, "x", "label").whole
    assert () == root.named(0, "x", "label").whole
    assert () == root.named("k", "x", "k").whole
    under = root.below("label", "label")
    assert (0,) == under.named(0, "x", None).whole
    assert ("label", "k") == under.named("k", "x", "k").path


@pytest.mark.parametrize("key", ["x" * 25, "y" * 1_000])
def test_what_may_hold_a_value_is_not_kept(key: str) -> None:
    """Long keys are worked out each time."""
    root = made(DEVICE).root
    assert root.plan(key, key) is not root.plan(key, key)
    assert root.below(key, key) is not root.below(key, key)
    assert root.layout((key,)) is not root.layout((key,))


def test_it_starts_afresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """When too much is known, all of it goes."""
    monkeypatch.setattr(places, "_MOST", 10)
    root = made(DEVICE).root
    first = root.plan("k", "k")
    for n in range(20):
        root.plan(f"k{n}", f"k{n}")
    assert first is not root.plan("k", "k")


def test_texts_at_places_count_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many texts at many places have one bound together."""
    monkeypatch.setattr(places, "_MOST", 100)
    root = made(DEVICE).root
    for n in range(30):
        for m in range(10):
            root.plan(f"k{n}", f"k{n}").remember(f"text {n} {m}")
    kept = sum(len(plan.clean) for plan in root._plans.values())
    assert 0 < kept <= 100
