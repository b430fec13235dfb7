"""Where values stand in the text of a document."""

import pytest

from relay.workbench.json_spans import chosen_points, document_span, values_of


def test_each_value_has_its_place() -> None:
    """With its key, which may look like a value; what holds others ends behind them."""
    text = '{"a": [1, {"b": "c:,"}],\n "[": null}'
    found = {value.path: text[value.first : value.end] for value in values_of(text)}
    assert {
        ("a", 0): "1",
        ("a", 1, "b"): '"b": "c:,"',
        ("a", 1): '{"b": "c:,"}',
        ("a",): '"a": [1, {"b": "c:,"}]',
        ("[",): '"[": null',
        (): text,
    } == found


@pytest.mark.parametrize(
    ("text", "at", "expected"),
    [
        (' {"a": "}"} {}', 0, '{"a": "}"}'),
        (' {"a": "}"} {}', 11, "{}"),
        ("[[1], 2]", 0, "[[1], 2]"),
        ("word {}", 0, None),
        ('{"a": [1}', 0, None),
        ("  ", 0, None),
    ],
)
def test_the_span_of_a_document(text: str, at: int, expected: str | None) -> None:
    """From its first bracket to the last; a word, or what does not end, is none."""
    span = document_span(text, at)
    assert expected == (None if span is None else text[slice(*span)])


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [(0, 1, (0, 1)), (2, 3, (1, 2)), (1, 7, (1, 2)), (7, 20, (2, 4)), (0, 20, None)],
)
def test_points_of_a_string(start: int, end: int, expected: tuple[int, int] | None) -> None:
    r"""A selection that touches an escape covers the character; one of all is none."""
    assert expected == chosen_points(r"a\u00e9\ud83d\ude00b", start, end)
