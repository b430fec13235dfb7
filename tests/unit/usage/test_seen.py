"""What the rules have looked at and found nothing in."""

from relay.usage.attributes import Attribute, Type, Value
from relay.usage.seen import MOST, Seen
from tests.unit.usage.events import READY, attribute


def seen_of(one: Attribute, *values: Value) -> Seen:
    seen = Seen()
    for value in values:
        seen.remember("a", one, value)
    return seen


def test_words_flags_and_numbers_are_known_by_their_text() -> None:
    """A text that was kept is kept again without reading it."""
    attributes = READY.attributes
    seen = seen_of(attributes["mode"], "normal")
    seen.remember("a", attributes["dark"], value=True)
    seen.remember("a", attributes["count"], 3)
    expected = {("mode", "normal"): "normal", ("dark", "true"): True, ("count", "3"): 3}
    assert expected == seen.texts("a")
    assert {} == seen.texts("b")


def test_lists_and_buckets_are_known_by_what_is_kept() -> None:
    """Many texts are one bucket: none of them is held."""
    attributes = READY.attributes
    seen = seen_of(attributes["size"], "1-9")
    seen.remember("a", attributes["parts"], ["a", "b"])
    known = [
        seen.is_clean("a", "size", "1-9"),
        seen.is_clean("a", "size", "10+"),
        seen.is_clean("a", "parts", ["a", "b"]),
        seen.is_clean("a", "parts", ["a"]),
        seen.is_clean("b", "size", "1-9"),
    ]
    assert [True, False, True, False, False] == known
    assert {} == seen.texts("a")


def test_versions_and_languages_are_known_as_they_are_kept() -> None:
    """Not as they came: what is not kept of them is not held either."""
    for kind, sent, kept in (
        (Type.VERSION, "203.0.113.7", "203"),
        (Type.VERSION, "2.7.2", "2.7.2"),
        (Type.LANGUAGE, "PT-br", "pt-BR"),
    ):
        one = attribute("x", kind)
        value = one.read(sent)
        assert kept == value
        seen = seen_of(one, value)
        assert ({("x", kept): kept}, True) == (seen.texts("a"), seen.is_clean("a", "x", kept))
        assert kept == one.read(kept)


def test_a_text_is_not_remembered() -> None:
    """It is looked at each time."""
    seen = seen_of(attribute("x", Type.TEXT), "PLANTED")
    assert (False, {}, 0) == (seen.is_clean("a", "x", "PLANTED"), seen.texts("a"), len(seen))


def test_it_is_bounded() -> None:
    """Whoever asks is told when it is time to begin anew."""
    seen = Seen()
    for number in range(MOST):
        seen.headers.add(("a", f"{number}"))
    assert not seen.full
    seen.commits.add("one more")
    assert seen.full
