"""A scrubber of rule files: what does not hold its examples is none, where that is asked."""

import pytest

from relay.errors import RuleError
from relay.rules.loading import RuleText
from relay.scrub.hashing import HashKeys
from relay.scrub.verified import scrubber_of
from tests.inline_rules import IP, NUMBER, rule_text, scrubber

KEYS = HashKeys(b"test" * 8)
PROVEN = """\
id: t/ticket
description: d
why: w
match: {pattern: 'TKT-[0-9]+'}
redact: {method: replace, text: '[ticket]'}
examples:
  scrubs: [{in: 'TKT-1', out: '[ticket]'}, {in: 'a TKT-23', out: 'a [ticket]'}]
  leaves: ['TKT', 'tkt-1']
"""


def files(*texts: str) -> list[RuleText]:
    return [RuleText(f"r{i}", f"r{i}.yaml", text) for i, text in enumerate(texts)]


def test_what_holds_is_a_scrubber() -> None:
    """It scrubs as its rules say."""
    assert "[ticket]!" == scrubber_of(files(PROVEN), KEYS, verify=True).scrub_text("TKT-7!")


def test_all_examples_that_do_not_hold_are_told() -> None:
    """With file, line and rule, and not with the texts of the examples."""
    wrong = PROVEN.replace("'[ticket]'}, {in", "'[tikket]'}, {in").replace("'tkt-1'", "'TKT-9'")
    with pytest.raises(RuleError) as caught:
        scrubber_of(files(PROVEN.replace("t/ticket", "t/other"), wrong), KEYS, verify=True)
    assert [("r1.yaml", 7, True), ("r1.yaml", 8, True)] == [
        (m.file, m.line, m.message.startswith("t/ticket: ")) for m in caught.value.mistakes
    ]
    assert not any(text in caught.value.detail for text in ("tikket", "TKT-9"))


def test_examples_are_not_asked_where_they_were_before() -> None:
    """The set is the same one, by its digest."""
    made = scrubber_of(files(*map(rule_text, (IP, NUMBER))), KEYS, verify=False)
    assert scrubber(IP, NUMBER).digest == made.digest


@pytest.mark.parametrize("verify", [True, False])
def test_a_mistake_in_a_file_hides_no_example_of_another(verify: bool) -> None:
    """All that is to be mended is told at once."""
    misspelt = PROVEN.replace("why:", "wy:").replace("t/ticket", "t/other")
    wrong = PROVEN.replace("'tkt-1'", "'TKT-9'")
    with pytest.raises(RuleError) as caught:
        scrubber_of(files(misspelt, wrong), KEYS, verify=verify)
    of_files = [("r0.yaml", 1), ("r0.yaml", 3)]
    told = sorted((m.file, m.line) for m in caught.value.mistakes)
    assert ([*of_files, ("r1.yaml", 8)] if verify else of_files) == told
