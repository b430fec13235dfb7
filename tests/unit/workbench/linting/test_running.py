"""Each code word: a rule where it is said, and one where it is not."""

from relay.rules.loading import RuleText, load_rules
from relay.scrub.hashing import HashKeys
from relay.scrub.scrubber import Scrubber
from relay.workbench.linting.model import MEANINGS, Code, Severity
from relay.workbench.linting.running import SLOW_SHARE, lint
from tests.linted import ROOM, TICKET, WIDER, codes, linted


def test_a_good_rule() -> None:
    """There is nothing to say about the rule of the guide."""
    assert () == linted(TICKET)


def test_every_word_has_its_meaning() -> None:
    """The table is whole."""
    assert set(Code) == set(MEANINGS)


def test_an_example_that_fails() -> None:
    """What other examples prove is not told then."""
    broken = TICKET.replace("'TKT-123'", "'TKT-12345'")
    (finding,) = linted(broken)
    assert (Code.FAILS, Severity.ERROR, 11) == (finding.code, finding.severity, finding.line)


def test_a_rule_that_is_off_is_read_only() -> None:
    """Its text is looked at, its behaviour is not."""
    off = TICKET.replace("'TKT-123'", "'TKT-12345'") + "status: off\n"
    assert set() == codes(off)
    assert {Code.THIN_TEXT} == codes(off.replace("Numbers of support tickets", "Tickets"))


def test_a_shadow_rule_is_held_as_if_enforced() -> None:
    """So that it can be mended before it is promoted."""
    assert {Code.UNEXERCISED} == codes(
        ROOM.replace("room [", "(?:room|flat) [") + "status: shadow\n"
    )


def test_findings_stand_in_the_order_of_files_and_lines() -> None:
    """As a person reads them."""
    one = ROOM.replace("Nobody upstream may see it.", "Because.").replace("[one]", "one!")
    found = linted(one, TICKET.replace("A ticket leads to the person who wrote it.", "Yes."))
    assert [("x/one", 3), ("x/one", 6), ("support/ticket", 4)] == [(f.rule, f.line) for f in found]


def test_only_some() -> None:
    """Rules that are not of interest are still part of the set."""
    files = [RuleText("x/one", "one", ROOM), RuleText("x/two", "two", WIDER)]
    found = lint(load_rules(files), files, made, only={"x/one"})
    assert {("x/one", Code.SHADOWED), ("x/one", Code.OVERLAPS)} == {(f.rule, f.code) for f in found}


def made(rules: tuple) -> Scrubber:  # type: ignore[type-arg]
    return Scrubber.from_rules(rules, HashKeys(b"k" * 32))


def test_slow() -> None:
    """A rule that was measured to take most of the time; nothing where nothing was measured."""
    files = [RuleText("support/ticket", "f", TICKET)]
    rules = load_rules(files)
    (finding,) = lint(rules, files, made, shares={"support/ticket": SLOW_SHARE})
    assert (Code.SLOW, Severity.NOTE) == (finding.code, finding.severity)
    assert () == lint(rules, files, made, shares={"support/ticket": SLOW_SHARE / 2})
