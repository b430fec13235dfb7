"""Values under a caret: every place of a document leads to the value that stands there."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.rules.paths import ValueType
from relay.workbench.locating import MAX_DEPTH, LocateError, every, locate, narrowed

EVENT: dict[str, Any] = {
    "message": 'see "TKT-48213"\n\u00e9\U0001f600 end',
    "exception": {"values": [{"type": "Error", "value": "first"}, {"value": "second"}]},
    "extra": {"count": 42, "ok": True, "nothing": None, "inner": {"deep": "x1"}},
    "request": {"headers": [["X-Real-Ip", "198.51.100.7"], ["Accept", "text"]]},
    "attributes": {"app.owner": {"value": "jane", "type": "string"}},
    "pair": {"key": "owner", "value": "bob"},
}
SHOWN = [
    json.dumps(EVENT),
    json.dumps(EVENT, indent=2, ensure_ascii=False),
    json.dumps(EVENT, separators=(",", ":")),
]
shown = pytest.mark.parametrize("text", SHOWN, ids=["spaced", "pretty", "compact"])


@shown
@pytest.mark.parametrize(
    ("at", "path", "value", "key"),
    [
        ("second", ("exception", "values", 1, "value"), "second", "value"),
        ("42", ("extra", "count"), 42, "count"),
        ('"count"', ("extra", "count"), 42, "count"),
        ("true", ("extra", "ok"), True, "ok"),
        ("null", ("extra", "nothing"), None, "nothing"),
        ("198.51", ("request", "headers", "X-Real-Ip"), "198.51.100.7", "X-Real-Ip"),
        ("X-Real-Ip", ("request", "headers", "X-Real-Ip"), "198.51.100.7", "X-Real-Ip"),
        ("jane", ("attributes", "app.owner", "value"), "jane", "app.owner"),
        ("bob", ("pair", "value"), "bob", "owner"),
        ('"inner"', ("extra", "inner"), {"deep": "x1"}, "inner"),
    ],
)
def test_a_caret_means_the_whole_value(
    text: str, at: str, path: tuple[str | int, ...], value: Any, key: str
) -> None:
    """A caret in a value, or in its key, chooses all of it."""
    place = text.index(at) + 1
    found = locate(text, "event", place, place)
    assert (path, value, key, None) == (found.path, found.value, found.key, found.span)


@shown
def test_a_selection_is_a_part_of_a_text(text: str) -> None:
    """Offsets count what is shown; the part is of the value that it stands for."""
    start = text.index("TKT-48213")
    found = locate(text, "event", start, start + 9)
    assert ("TKT-48213", (5, 14)) == (found.selected, found.span)
    assert EVENT["message"] == found.value


@shown
def test_half_an_escape_is_the_whole_character(text: str) -> None:
    """One that is cut in the middle is taken whole."""
    start = text.index("TKT-48213") + len("TKT-48213")
    end = text.index("end")
    found = locate(text, "event", start + 1, end - 1)
    assert found.span is not None
    assert '"\n\u00e9\U0001f600' == found.selected


@pytest.mark.parametrize("selected", ['"count"', '"count": 42', "42"])
def test_a_selection_over_a_key_or_a_number_is_all_of_it(selected: str) -> None:
    """There are no parts but those of texts."""
    start = SHOWN[0].index(selected)
    found = locate(SHOWN[0], "event", start, start + len(selected))
    assert (("extra", "count"), None) == (found.path, found.span)


def test_a_selection_over_several_values_is_what_holds_them() -> None:
    """The innermost map or list."""
    start, end = SHOWN[0].index("first"), SHOWN[0].index("second")
    assert ("exception", "values") == locate(SHOWN[0], "event", start, end).path


@pytest.mark.parametrize(
    ("text", "kind", "start", "end"),
    [
        ('{"a": 1}', "event", 0, 0),
        ('{"a": 1}', "event", 4, 99),
        ('{"a": 1}', "event", 5, 4),
        ('{"a": 1', "event", 5, 5),
        ("secretjane {", "event", 2, 2),
        ("   ", "text", 1, 1),
        ("x", "picture", 0, 1),
        ("no envelope", "envelope", 1, 1),
    ],
)
def test_where_nothing_stands(text: str, kind: str, start: int, end: int) -> None:
    """The error says why, and holds no part of the sample."""
    with pytest.raises(LocateError) as caught:
        locate(text, kind, start, end)
    assert "jane" not in caught.value.detail


def test_what_is_too_deep_for_a_selector() -> None:
    """It is refused at once, for the work on a path grows with the square of its length."""
    text = "[" * (MAX_DEPTH + 1) + '"x"' + "]" * (MAX_DEPTH + 1)
    with pytest.raises(LocateError, match="too deep"):
        locate(text, "event", MAX_DEPTH + 2, MAX_DEPTH + 2)
    assert [MAX_DEPTH] == [max(len(one.path) for one in every(text, "event"))]


def test_plain_text() -> None:
    """A caret chooses a word, a selection what is chosen."""
    assert "TKT-48213" == locate("see TKT-48213 now", "text", 6, 6).selected
    found = locate("see TKT-48213 now", "text", 8, 13)
    assert ("48213", (8, 13), ()) == (found.selected, found.span, found.path)


HEADER = '{"event_id":"9ec79c33ec9942ab8353589fcb2e04dc"}'
LOG = {"items": [{"body": "hello jane", "attributes": {"u": {"value": "j", "type": "string"}}}]}


@pytest.mark.parametrize("indent", [None, 2], ids=["as sent", "pretty"])
def test_an_envelope(indent: int | None) -> None:
    """Each payload is a document of its own, and says what its root is called."""
    texts = [
        HEADER,
        '{"type":"event"}',
        json.dumps(EVENT, indent=indent),
        '{"type":"log","item_count":1}',
        json.dumps(LOG, indent=indent),
        '{"type":"attachment","length":9,"filename":"a.txt"}',
        "plain bob",
        '{"type":"transaction"}',
        json.dumps({"type": "transaction", "transaction": "/here"}, indent=indent),
    ]
    text = "\n".join(texts) + "\n"

    def found(word: str) -> tuple[Any, ...]:
        at = text.index(word) + 1
        value = locate(text, "envelope", at, at)
        return value.path, value.selected, value.root_type

    assert (("exception", "values", 1, "value"), "second", "event") == found("second")
    assert (("items", 0, "body"), "hello jane", "log") == found("hello")
    assert ((), "plain", "text") == found("plain bob")
    assert (("transaction",), "/here", "transaction") == found("/here")
    assert (("filename",), "a.txt", "item_header") == found("a.txt")
    assert (("event_id",), "9ec79c33ec9942ab8353589fcb2e04dc", "envelope") == found("9ec79c")


def test_narrowed() -> None:
    """A part of a value can be named."""
    located = next(one for one in every(SHOWN[0], "event") if one.key == "message")
    part = narrowed(located, "TKT-48213")
    assert part is not None
    assert ("TKT-48213", (5, 14)) == (part.selected, part.span)
    assert narrowed(located, "absent") is None
    assert located == narrowed(located, str(located.value))


words = st.text(alphabet='ab"\\\n\u00e9\U0001f600/\t', max_size=6)
documents = st.dictionaries(
    words,
    st.recursive(
        words | st.integers(-9, 99) | st.booleans() | st.none(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
        max_leaves=8,
    ),
    max_size=4,
)


@given(documents, st.data())
def test_every_place_leads_to_its_value(document: dict[str, Any], data: st.DataObject) -> None:
    """Whatever a caret chooses is what stands at its path, however it is shown."""
    indent = data.draw(st.sampled_from([None, 2]))
    text = json.dumps(document, indent=indent, ensure_ascii=data.draw(st.booleans()))
    at = data.draw(st.integers(0, len(text)))
    try:
        found = locate(text, "event", at, at)
    except LocateError:
        return
    assert found.value in list(all_at(document, found.path))


def all_at(value: Any, path: tuple[str | int, ...]) -> Iterator[Any]:
    """Yield what stands at a path; two pairs of a list may have the same key."""
    if not path:
        yield value
    elif isinstance(value, list) and isinstance(path[0], str):
        for pair in value:
            if isinstance(pair, list) and len(pair) == 2 and pair[0] == path[0]:
                yield from all_at(pair[1], path[1:])
    else:
        yield from all_at(value[path[0]], path[1:])


@given(words.filter(bool), st.data())
def test_every_part_of_a_text(value: str, data: st.DataObject) -> None:
    """A selection of whole characters is those characters."""
    start = data.draw(st.integers(0, len(value) - 1))
    end = data.draw(st.integers(start + 1, len(value)))
    ascii_only = data.draw(st.booleans())

    def raw(text: str) -> int:
        return len(json.dumps(text, ensure_ascii=ascii_only)) - 2

    text = json.dumps({"k": value}, ensure_ascii=ascii_only)
    first = text.index(":") + 3
    found = locate(text, "event", first + raw(value[:start]), first + raw(value[:end]))
    assert value[start:end] == found.selected
    assert ValueType.STRING is found.value_type
