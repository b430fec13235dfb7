"""A clean document in pieces, each with the rule that has written it."""

from typing import Any

from relay import jsonio
from relay.rules.model import Method
from relay.scrub.remarks import Note
from relay.workbench import marking
from relay.workbench.marking import Marked, Redaction, mark_document, mark_text


def shown(marked: Marked) -> str:
    """All of the text."""
    return "".join(segment.text for segment in marked.segments)


def marks(marked: Marked) -> list[tuple[str, str, str]]:
    """Marked pieces: text, rule, path."""
    return [(s.text, s.redaction.rule, s.redaction.path) for s in marked.segments if s.redaction]


def test_a_document_reads_as_indented_json() -> None:
    """Joined, the pieces are the document as `jsonio.pretty` writes it."""
    document: dict[str, Any] = {
        "a": {"b": [1, "x\ny", {"c": None}], "empty": {}, "none": []},
        "é": "[ip] and [ip]",
        "t": [["k", "[key]"]],
    }
    notes = [
        Note(("é",), (("n/ip", "s", 0, 4), ("n/ip", "s", 9, 13)), 20),
        Note(("t", 0, 1), (("n/key", "s", 0, 5),), 9),
        Note(("a", "b", 2, "gone"), (("n/gone", "x"),)),
    ]
    marked = mark_document(document, notes)
    assert jsonio.pretty(document) == shown(marked)
    assert [
        ("[ip]", "n/ip", "'é'"),
        ("[ip]", "n/ip", "'é'"),
        ("[key]", "n/key", "t.0.1"),
    ] == marks(marked)
    assert (Redaction("n/gone", "a.b.2.gone", Method.REMOVE),) == marked.removed


def test_spans_count_characters_before_they_are_escaped() -> None:
    """A quote or a line's end before a span does not move it."""
    marked = mark_document({"a": 'say "x"\n[ip]!'}, [Note(("a",), (("n/ip", "s", 8, 12),))])
    assert [("[ip]", "n/ip", "a")] == marks(marked)
    assert '{\n  "a": "say \\"x\\"\\n[ip]!"\n}' == shown(marked)


def test_keys_are_marked() -> None:
    """A remark without a span on what is still there is about its key."""
    notes = [Note(("[email]",), (("p/email", "s"),)), Note(("[email]",), (("n/ip", "s", 0, 4),))]
    marked = mark_document({"[email]": "[ip]"}, notes)
    assert [("[email]", "p/email", "'[email]'"), ("[ip]", "n/ip", "'[email]'")] == marks(marked)
    assert () == marked.removed


def test_an_element_that_went_is_marked_as_null() -> None:
    """In a list `null` keeps the place of what was removed."""
    marked = mark_document([1, None], [Note((1,), (("a/b", "x"),))])
    assert ([("null", "a/b", "1")], ()) == (marks(marked), marked.removed)


def test_what_left_nothing_is_an_empty_piece() -> None:
    """A removal inside of a text has a place, and no text."""
    marked = mark_text("ab", [Note((0,), (("a/b", "x", 1, 1),))])
    assert (["a", "", "b"], [("", "a/b", "")]) == (
        [segment.text for segment in marked.segments],
        marks(marked),
    )


def test_a_text_whose_whole_went_is_listed() -> None:
    """A remark without a span on a text is told beside it."""
    marked = mark_text("", [Note((0,), (("a/b", "x"),))], "log")
    assert (Redaction("a/b", "", Method.REMOVE, None, "log"),) == marked.removed


def test_spans_that_do_not_fit_break_nothing() -> None:
    """A span beyond the text, or over another one, marks what there is."""
    notes = [Note((0,), (("a/b", "s", 1, 9), ("a/c", "s", 0, 2)))]
    marked = mark_text("xyz", notes)
    assert ("xyz", ["xy", "z"]) == (shown(marked), [text for text, _, _ in marks(marked)])


def test_marks_have_an_end(monkeypatch: Any) -> None:
    """Beyond a number of marks the rest stands there without."""
    monkeypatch.setattr(marking, "MOST_MARKS", 2)
    value = ["[ip]"] * 5
    marked = mark_document(value, [Note((i,), (("n/ip", "s", 0, 4),)) for i in range(5)])
    assert (2, jsonio.pretty(value)) == (len(marks(marked)), shown(marked))


def test_a_piece_shows_no_text_of_itself() -> None:
    """Neither pieces nor what holds them tell a text by accident."""
    assert "secret" not in repr(mark_text("a secret", []))
