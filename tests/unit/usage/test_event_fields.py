"""Fields of a file of the allow-list: what is shown of a name."""

import pytest

from relay.usage.event_fields import LONGEST_NAME, FieldReader, shown_name


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("device-connect", "'device-connect'"),
        ("settings/device/wipe", "'settings/device/wipe'"),
        ("app_ready", "'app_ready'"),
        ("a" * LONGEST_NAME, f"'{'a' * LONGEST_NAME}'"),
        ("a" * (LONGEST_NAME + 1), "(not shown)"),
        ("a b", "(not shown)"),
        ("a//b", "(not shown)"),
        ("", "(not shown)"),
        ("a\n", "(not shown)"),
    ],
)
def test_of_a_name_that_is_none_nothing_is_shown(name: str, shown: str) -> None:
    """It may be a secret."""
    assert shown == shown_name(name)


def test_words_of_any_script() -> None:
    """A unit may have a Greek letter; a comma is what stands between words."""
    reader = FieldReader("[μBTC, /a/b, 'x,y', 1, ok, ok]", "e.yaml")
    assert {"μBTC", "/a/b", "ok"} == reader.words(reader.root, "units")
    assert [
        "e.yaml:1: no word for 'units' (64 characters, no ',')",
        "e.yaml:1: a word must be text, not the number 1 (quote it)",
        "e.yaml:1: the same word again in 'units'",
    ] == [str(mistake) for mistake in reader.mistakes]
