"""Selectors that are suggested: each selects the value."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.rules.selectors import parse_selector
from relay.workbench.locating import Located, every, locate
from relay.workbench.suggesting import Way, suggest


def located(document: dict[str, Any], word: str) -> Located:
    text = json.dumps(document)
    at = text.index(word) + 1
    return locate(text, "event", at, at)


def selectors(document: dict[str, Any], word: str) -> list[tuple[str, str]]:
    return [(one.selector, str(one.way)) for one in suggest(located(document, word))]


def test_best_first() -> None:
    """The place, the name anywhere, the key, the type, all of a part, all of a kind."""
    document = {"exception": {"values": [{"device_label": "secretly"}]}}
    assert [
        ("exception.values.*.device_label", "place"),
        ("**.device_label", "place"),
        ("**.device_label", "key"),
        ("$error.device_label", "place"),
        ("exception.**", "place"),
        ("$string", "pattern"),
    ] == selectors(document, "secretly")


@pytest.mark.parametrize(
    ("document", "word", "wanted"),
    [
        ({"request": {"headers": [["X-Real Ip", "1.2"]]}}, "1.2", "request.headers.'X-Real Ip'"),
        ({"extra": {"the owner": "vv"}}, "vv", "extra.'the owner'"),
        ({"extra": {"jane's safe": "vv"}}, "vv", "extra.*"),
        ({"extra": {"owners": ["jane"]}}, "jane", "extra.owners.*"),
        ({"extra": {"420777123456": {"n": "vv"}}}, "vv", "extra.*.n"),
        ({"extra": {"jane": "jane"}}, 'jane"}', "extra.*"),
        ({"user": {"email": "x@y"}}, "x@y", "user.email"),
    ],
)
def test_the_place(document: dict[str, Any], word: str, wanted: str) -> None:
    """Indexes and keys that look like data are `*`; other keys are quoted where they must be."""
    assert wanted == selectors(document, word)[0][0]


def test_the_key_of_a_list_selects_its_elements() -> None:
    """A rule by the key takes all of the list; its selector shows what was chosen."""
    assert ("**.owners.*", "key") in selectors({"extra": {"owners": ["jane"]}}, "jane")


def test_plain_text_has_no_places() -> None:
    """There is nothing to select."""
    assert () == suggest(locate("hello jane", "text", 7, 7))


def test_no_suggestion_holds_the_value() -> None:
    """A key that is the value itself is named nowhere."""
    made = suggest(located({"extra": {"jane doe": "jane doe"}}, 'jane doe"}'))
    assert made
    assert not [one for one in made if "jane" in one.selector + one.note or one.way is Way.KEY]


words = st.text(alphabet="ab'. 1\n\u00e9$*", max_size=5) | st.sampled_from(
    ["exception", "values", "user", "request", "breadcrumbs", "stacktrace", "frames", "value"]
)
documents = st.dictionaries(
    words,
    st.recursive(
        words | st.integers(0, 9) | st.booleans(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
        max_leaves=6,
    ),
    max_size=3,
)


@given(documents)
def test_each_selects_the_value(document: dict[str, Any]) -> None:
    """Whatever is suggested holds at the value, and the place comes first."""
    for one in every(json.dumps(document), "event"):
        made = suggest(one)
        assert made
        for suggestion in made:
            selector = parse_selector(suggestion.selector)
            assert selector.holds(one.path, str(one.value_type), one.root_type)
