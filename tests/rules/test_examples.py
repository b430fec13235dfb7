"""Every rule that ships, held against its own examples: one test an example."""

import pytest

from relay import rulefiles
from relay.rules.examples import ExampleResult, run_examples
from relay.rules.loading import load_rules
from relay.rules.model import Rule
from relay.scrub.hashing import HashKeys
from relay.scrub.scrubber import Scrubber


def results() -> list[ExampleResult]:
    """Run everything once."""
    keys = HashKeys(b"test" * 8)
    return list(run_examples(rules(), lambda some: Scrubber.from_rules(some, keys)))


def rules() -> tuple[Rule, ...]:
    """The rules that ship."""
    return load_rules(rulefiles.shipped())


@pytest.mark.parametrize("result", results(), ids=lambda r: f"{r.rule.id}:{r.example.line}")
def test_example(result: ExampleResult) -> None:
    """The example goes as the rule says, and its output stays when it is scrubbed again."""
    assert ("", result.wanted) == (result.problem, result.wanted if result.passed else result.got)


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.id)
def test_a_rule_says_what_it_is_for(rule: Rule) -> None:
    """Each rule has a sentence of its own on what it finds and why, and proof both ways."""
    assert rule.description.strip()
    assert rule.why.strip()
    assert len(rule.scrubs) >= 2
    assert len(rule.leaves) >= 2
