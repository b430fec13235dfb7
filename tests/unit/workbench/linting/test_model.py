"""Findings and the lines where they stand."""

from relay.rules.loading import RuleText, load_rules
from relay.workbench.linting.model import Code, Lines, Severity, found
from tests.linted import TICKET


def test_lines() -> None:
    """Of keys, of items, and the first one where there is no such thing."""
    (rule,) = load_rules([RuleText("support/ticket", "f.yaml", TICKET)])
    lines = Lines.of(rule, TICKET)
    assert 5 == lines.at("match", "pattern")
    assert [9, 10, 9] == [lines.at("examples", "scrubs", item=n) for n in (0, 1, 2)]
    assert 11 == lines.at("examples", "leaves")
    assert 2 == lines.at("match", "near")
    assert 2 == lines.at("id", "x")


def test_a_finding() -> None:
    """It stands at the first line of its rule unless told otherwise."""
    (rule,) = load_rules([RuleText("support/ticket", "f.yaml", TICKET)])
    finding = found(rule, Code.SHADOWED, "m", other="o")
    assert ("support/ticket", "f.yaml", 2, Severity.WARNING, "m", "o") == (
        finding.rule, finding.file, finding.line, finding.severity, finding.message, finding.other,
    )  # fmt: skip
    assert 7 == found(rule, Code.SHADOWED, "m", line=7).line
