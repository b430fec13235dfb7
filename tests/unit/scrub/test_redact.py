"""Redactions and where they end up."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.rules.model import Method, Redaction
from relay.scrub.hashing import HashKeys
from relay.scrub.redact import KINDS, Cut, Mark, _moved, redact, replacement
from tests.inline_rules import DEVICE, EMAIL, HASHED, MASKED, NUMBER, rules
from tests.work import growth

KEYS = HashKeys(b"k" * 32)
RULES = rules(NUMBER, EMAIL, MASKED, DEVICE, HASHED)


@pytest.mark.parametrize(
    ("redaction", "expected"),
    [
        (Redaction(Method.REMOVE), ""),
        (Redaction(Method.REPLACE, "[x]"), "[x]"),
        (Redaction(Method.MASK), "***"),
        (Redaction(Method.HASH, family="f"), KEYS.pseudonym("abc", "f")),
    ],
)
def test_replacement(redaction: Redaction, expected: str) -> None:
    """Each method has its own text."""
    assert expected == replacement(redaction, "abc", KEYS)


def test_kinds_are_sentrys_words() -> None:
    """Relay's protocol names a remark's kind by one letter (`RemarkType`)."""
    words = {Method.REPLACE: "s", Method.REMOVE: "x", Method.MASK: "m", Method.HASH: "p"}
    assert words == KINDS


def test_nothing_to_cut() -> None:
    """A text without cuts comes back as it is, with its marks."""
    marks = [Mark(0, 1, 2)]
    assert ("abc", marks) == redact("abc", [], RULES, KEYS, marks)


def test_cut_that_changes_nothing() -> None:
    """A redaction that already stands there is no new one."""
    assert ("[n]", []) == redact("[n]", [Cut(0, 3, 0)], RULES, KEYS)


@pytest.mark.parametrize(
    ("cuts", "text", "marks"),
    [
        ([Cut(1, 3, 0)], "a[n]de", [Mark(0, 1, 4)]),
        ([Cut(1, 3, 0), Cut(2, 4, 2)], "a[n]e", [Mark(0, 1, 4)]),
        ([Cut(1, 3, 0), Cut(2, 5, 2)], "a****", [Mark(2, 1, 5)]),
        ([Cut(0, 1, 1), Cut(4, 5, 0)], "bcd[n]", [Mark(1, 0, 0), Mark(0, 3, 6)]),
        ([Cut(1, 2, 0), Cut(2, 3, 0)], "a[n][n]de", [Mark(0, 1, 4), Mark(0, 4, 7)]),
        ([Cut(1, 2, 2), Cut(1, 4, 0)], "a[n]e", [Mark(0, 1, 4)]),
        ([Cut(1, 4, 2), Cut(1, 2, 0)], "a***e", [Mark(2, 1, 4)]),
        ([Cut(1, 3, 2), Cut(1, 3, 0)], "a[n]de", [Mark(0, 1, 4)]),
        ([Cut(1, 4, 2), Cut(3, 5, 0), Cut(4, 5, 0)], "a****", [Mark(2, 1, 5)]),
        ([Cut(0, 2, 0), Cut(1, 4, 2), Cut(3, 5, 0)], "*****", [Mark(2, 0, 5)]),
    ],
)
def test_cuts(cuts: list[Cut], text: str, marks: list[Mark]) -> None:
    """Cuts that overlap become one, named by the longest or first rule; what touches does not."""
    assert (text, marks) == redact("abcde", cuts, RULES, KEYS)


def test_marks_move() -> None:
    """Marks move with their text; one that a new redaction swallows is gone."""
    first, marks = redact("aa1111bb2222cc", [Cut(2, 6, 0), Cut(8, 12, 0)], RULES, KEYS)
    assert "aa[n]bb[n]cc" == first
    second, marks = redact(first, [Cut(0, 2, 1), Cut(7, 10, 2)], RULES, KEYS, marks)
    assert ("[n]bb***cc", [Mark(1, 0, 0), Mark(0, 0, 3), Mark(2, 5, 8)]) == (second, marks)


spans = st.lists(st.tuples(st.integers(0, 39), st.integers(1, 6), st.sampled_from([0, 1, 2])))


@settings(deadline=None)
@given(st.text(min_size=45, max_size=45), spans, spans)
def test_marks_point_at_redactions(text: str, first: list, second: list) -> None:
    """After one round and a second, each mark's span holds its own redaction's text."""
    marks: list[Mark] = []
    for cuts in (first, second):
        chosen = [Cut(s, s + n, r) for s, n, r in cuts if s + n <= len(text)]
        text, marks = redact(text, chosen, RULES, KEYS, marks)
    for mark in marks:
        written = text[mark.start : mark.end]
        match RULES[mark.rule].redaction.method:
            case Method.REPLACE:
                assert "[n]" == written
            case Method.REMOVE:
                assert "" == written
            case _:
                assert set(written) <= {"*"}


def test_many_marks_move_in_one_pass() -> None:
    """Marks and moves go along with each other: twice as many cost twice, not four times."""

    def run(size: int) -> None:
        marks = [Mark(0, i * 10, i * 10 + 1) for i in range(size)]
        moves = [(i * 10 + 5, i * 10 + 6, i) for i in range(size)]
        assert size == len(_moved(marks, moves))

    assert growth(run, 2_000) < 2.6
