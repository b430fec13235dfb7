"""Plans: which rule takes a whole value, where rules apply, what shape protects."""

import pytest

from relay.scrub import plans
from relay.scrub.places import Places
from relay.scrub.plans import ANY_INDEX, Plan, path_has
from tests.inline_rules import DEVICE, scrubber

SHADOW = "id: t/a-shadow\nstatus: shadow\nmatch: {key: [label]}\nredact: {method: remove}"
NUMBERS = "id: t/a-number\nmatch: {key: [label]}\nwhere: ['$number']\nredact: {method: remove}"
NEAR = "id: t/near\nmatch: {key: [label], near: [wallet]}\nredact: {method: remove}"
TAGS = "id: t/tags\nmatch: {pattern: 'q+'}\nexcept: ['tags.**']\nredact: {method: remove}"


def plan(*rules: str, at: tuple[str, ...] = ("label",)) -> Plan:
    """The plan of a value at a path of keys."""
    spot = Places(scrubber(*rules).compiled, "event", structural=True).root
    for key in at[:-1]:
        spot = spot.below(key, key)
    return spot.plan(at[-1], at[-1])


@pytest.mark.parametrize(
    ("made", "value_type", "expected"),
    [
        (plan(DEVICE), "string", 0),
        (plan(SHADOW, DEVICE), "string", 1),
        (plan(SHADOW), "string", None),
        (plan(NUMBERS), "string", None),
        (plan(NUMBERS), "number", 0),
        # What it leaves is text, which the other rule takes: so it does at once.
        (plan(NUMBERS, DEVICE), "number", 0),
        (plan(NUMBERS.replace("remove", "mask"), DEVICE), "number", 1),
        (plan(NEAR), "string", None),
        (plan(NEAR, at=("myWallet", "label")), "string", 0),
        (plan(DEVICE, at=("x",)), "string", None),
    ],
)
def test_who_takes_the_whole(made: Plan, value_type: str, expected: int | None) -> None:
    """The first rule that applies, asked twice; a shadow rule never does."""
    assert expected == made.taken(value_type)
    assert expected == made.taken(value_type)


def test_all_that_would_take_the_whole() -> None:
    """Every rule that applies, whichever is first."""
    other = DEVICE.replace("t/device", "t/other")
    assert (0, 2) == plan(DEVICE, NEAR, other).all_that_take("string")
    assert () == plan(NUMBERS).all_that_take("string")


def test_where_and_except() -> None:
    """A rule applies here or not, also by the path inside of a string that holds a document."""
    outside, inside = plan(TAGS, at=("a", "b")), plan(TAGS, at=("tags", "b"))
    assert outside.allows(0, "string")
    assert not inside.allows(0, "string")
    assert not plan(TAGS, at=("tags",)).allows(0, "string", ("label",))


def test_shapes() -> None:
    """A protected value needs its shape; words that have it are remembered, times are not."""
    sdk = plan(DEVICE, at=("sdk", "name"))
    assert sdk.has_shape("sentry.javascript")
    assert sdk.has_shape("sentry.javascript")
    assert not sdk.has_shape("/home/jane")
    assert {"sentry.javascript"} == sdk.shaped
    time = plan(DEVICE, at=("timestamp",))
    assert time.alone is time.shape is not None
    assert time.has_shape(1.5)
    assert not time.shaped
    assert not plan(DEVICE).has_shape("x")


def test_memories_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Texts and inner paths that never come again do not pile up."""
    monkeypatch.setattr(plans, "_TEXTS", 10)
    made = plan(TAGS)
    for n in range(50):
        made.remember(f"text {n}")
        made.allows(0, "string", (f"k{n}",))
    made.remember("x" * 513)
    assert len(made.clean) <= 10
    assert len(made._allowed) <= 10


def test_words_in_paths() -> None:
    """Case does not count, and an element whose number nobody asks for is no word."""
    assert path_has(("myWallet", ANY_INDEX, "x"), ["wallet"])
    assert path_has(("card", "last4"), ["card."])
    assert not path_has(("a", ANY_INDEX), ["-1", "-"])
