"""Description, reason, file name, marker, pseudonyms."""

import pytest

from relay.rules.loading import RuleText, load_rules
from relay.workbench.linting.model import Code
from relay.workbench.linting.texts import file_name
from tests.linted import TICKET, codes, linted, said


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("Numbers of support tickets", "Tickets", "description has fewer than 2 words"),
        ("Numbers of support tickets", "TODO describe it", "description is still to be written"),
        ("A ticket leads to the person who wrote it.", "Because", "why has fewer than 3 words"),
        ("A ticket leads to the person who wrote it.", "'TODO: say why nobody may see it.'",
         "why is still to be written"),
        ("A ticket leads to the person who wrote it.", "Numbers of support tickets.",
         "why says the same as description"),
    ],
)  # fmt: skip
def test_thin(old: str, new: str, message: str) -> None:
    """At the line where it stands."""
    (finding,) = linted(TICKET.replace(old, new))
    assert (Code.THIN_TEXT, message) == (finding.code, finding.message)
    assert (3 if old.startswith("N") else 4) == finding.line


def test_a_file_of_another_name() -> None:
    """A single file is not held to its id by the loader."""
    (rule,) = load_rules([RuleText("tickets", "f.yaml", TICKET)])
    (finding,) = file_name(rule, "tickets")
    assert (Code.FILE_NAME, "the file should be named ticket.yaml") == (
        finding.code,
        finding.message,
    )
    assert [] == list(file_name(rule, "ticket"))
    assert [] == list(file_name(rule, "support/ticket"))


def named(rule_id: str, marker: str) -> str:
    """The good rule under another name, with another prefix and marker."""
    word = rule_id[-1].upper()
    return (
        TICKET.replace("support/ticket", rule_id).replace("TKT", f"TK{word}")
    ).replace("[ticket]", marker)  # fmt: skip


def test_a_marker_of_another_form() -> None:
    """A note."""
    assert {Code.MARKER_FORM} == codes(TICKET.replace("[ticket]", "REDACTED"))
    assert {Code.MARKER_FORM} == codes(TICKET.replace("[ticket]", "[Ticket]"))


def test_a_marker_that_is_nearly_another() -> None:
    """The rarer one is the odd one; markers of their own are fine."""
    texts = [named("x/a", "[ticket]"), named("x/b", "[ticket]"), named("x/c", "[tickett]")]
    assert {("x/c", Code.MARKER_FORM)} == said(*texts)
    assert set() == said(*texts[:2], named("x/c", "[host]"))
    assert set() == said(*texts[1:])


def test_pseudonyms_for_ever() -> None:
    """Where the key never changes."""
    hashed = (
        TICKET.replace("{method: replace, text: '[ticket]'}", "{method: hash}")
        .replace("'see [ticket].'", "'hash:*'")
        .replace("'see TKT-48213.'", "TKT-48213")
        .replace("{in: 'TKT-00001 and TKT-00002', out: '[ticket] and [ticket]'}",
                 "{in: TKT-00001, out: 'hash:*'}")
    )  # fmt: skip
    assert {("support/ticket", Code.HASH_FOR_EVER)} == said(hashed, rotates=False)
    assert set() == said(hashed)
    assert set() == said(TICKET, rotates=False)
