"""Comments that silence, and comments that do not."""

import pytest

from relay.workbench.linting.model import Code
from relay.workbench.linting.silences import Silence, silences_in
from tests.linted import TICKET, codes, linted

ODD = TICKET.replace("[ticket]", "ticket").replace("Numbers of support tickets", "Tickets")


@pytest.mark.parametrize(
    ("line", "silence"),
    [
        ("# lint: ok slow (needs it)", Silence(1, ("slow",), has_reason=True)),
        ("a: b  # lint: ok slow, overlaps (needs it)",
         Silence(1, ("slow", "overlaps"), has_reason=True)),
        ("#lint:ok slow", Silence(1, ("slow",), has_reason=False)),
        ("# lint: ok slow ()", Silence(1, ("slow",), has_reason=False)),
        ("# lint: ok", Silence(1, (), has_reason=False)),
        ("# lint: ok (why)", Silence(1, (), has_reason=True)),
    ],
)  # fmt: skip
def test_what_a_comment_says(line: str, silence: Silence) -> None:
    """Words, and whether there is a reason."""
    assert (silence,) == silences_in(line)


@pytest.mark.parametrize("line", ["a#lint: ok slow (x)", "# lint: okay slow (x)", "# lint ok slow"])
def test_other_comments(line: str) -> None:
    """They say nothing to lint."""
    assert () == silences_in(line)


def test_silence() -> None:
    """Of the words that are named, in the whole file."""
    assert {Code.MARKER_FORM, Code.THIN_TEXT} == codes(ODD)
    assert {Code.THIN_TEXT} == codes(ODD + "# lint: ok marker-form (as people know it)\n")
    assert set() == codes(ODD + "# lint: ok marker-form, thin-text (as people know it)\n")


@pytest.mark.parametrize(
    ("comment", "message"),
    [
        ("ok marker-form", "the comment gives no reason: # lint: ok word (reason)"),
        ("ok (why)", "the comment names no code word"),
        ("ok marker-from (why)", "unknown code word 'marker-from' (did you mean 'marker-form'?)"),
        ("ok xyzzy (why)", "unknown code word 'xyzzy'"),
        ("ok overlaps (why)", "nothing to silence: overlaps does not hold"),
    ],
)
def test_a_comment_that_is_wrong(comment: str, message: str) -> None:
    """It is told at its line, and silences nothing."""
    found = linted(ODD + f"# lint: {comment}\n")
    assert {Code.MARKER_FORM, Code.THIN_TEXT, Code.SILENCE} == {f.code for f in found}
    (finding,) = [finding for finding in found if finding.code is Code.SILENCE]
    assert (message, 12) == (finding.message, finding.line)


def test_what_depends_on_the_clock_may_be_silenced_at_any_time() -> None:
    """A rule is slow today and not tomorrow."""
    assert set() == codes(TICKET + "# lint: ok slow (it reads every word)\n")
