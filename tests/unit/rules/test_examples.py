"""Examples as proof."""

from relay.rules.examples import as_mistakes, run_examples
from relay.rules.loading import RuleText, load_rules
from relay.rules.model import Rule
from relay.scrub.hashing import HashKeys
from relay.scrub.scrubber import Scrubber


def rule(rule_id: str, pattern: str, text: str, scrubs: str, leaves: str, status: str) -> Rule:
    """Make a rule with its examples."""
    body = (
        f"id: {rule_id}\ndescription: d\nwhy: w\nstatus: {status}\n"
        f"match: {{pattern: '{pattern}'}}\n"
        f"redact: {{method: replace, text: '{text}'}}\n"
        f"examples:\n  scrubs: [{scrubs}, {scrubs}]\n  leaves: [{leaves}, {leaves}]\n"
    )
    return load_rules([RuleText(rule_id, "f.yaml", body)])[0]


def problems(*rules: Rule) -> set[str]:
    """Run the examples; return what is wrong."""
    keys = HashKeys(b"k" * 32)
    results = list(run_examples(rules, lambda some: Scrubber.from_rules(some, keys)))
    assert len([r for r in results if not r.passed]) == len(as_mistakes(results))
    return {r.problem for r in results if not r.passed}


def test_good_examples_pass() -> None:
    """Text and documents are held against the rule, shadow rules as if they were enforced."""
    text = rule("a", "x+", "[1]", "{in: axx, out: 'a[1]'}", "b", "enforce")
    document = rule(
        "b", "y", "[2]", "{event: {a: y}, becomes: {a: '[2]'}}", "{event: {a: b}}", "shadow"
    )
    assert set() == problems(text, document)


def test_bad_examples_fail() -> None:
    """What is not scrubbed as it says, and what is scrubbed though it should stay, is told."""
    wrong = rule("a", "x+", "[1]", "{in: axx, out: 'b'}", "b", "enforce")
    changed = rule("b", "y+", "[2]", "{in: y, out: '[2]'}", "ayb", "enforce")
    assert {"an example is not scrubbed as it should be"} == problems(wrong)
    assert {"an example that must stay is changed"} == problems(changed)


def test_rules_that_are_off_prove_nothing() -> None:
    """A rule that is off is not run."""
    assert set() == problems(rule("a", "x", "[x]", "{in: x, out: no}", "x", "off"))


def test_only_some_rules_are_asked_for() -> None:
    """Examples of rules that are not asked for are not run; the set is still the whole one."""
    wrong = rule("a", "x+", "[1]", "{in: axx, out: 'b'}", "b", "enforce")
    right = rule("b", "y", "[2]", "{in: y, out: '[2]'}", "b", "enforce")
    sets: list[int] = []

    def make(some: tuple[Rule, ...]) -> Scrubber:
        sets.append(len(some))
        return Scrubber.from_rules(some, HashKeys(b"k" * 32))

    results = list(run_examples((wrong, right), make, {"b"}))
    assert ([("b", True)] * 4, [2, 1]) == ([(r.rule.id, r.passed) for r in results], sets)


def test_mistakes_show_no_text() -> None:
    """A failing example is told by file, line and rule, without its text."""
    wrong = rule("a", "x+", "[1]", "{in: secretxx, out: 'b'}", "b", "enforce")
    keys = HashKeys(b"k" * 32)
    results = list(run_examples((wrong,), lambda some: Scrubber.from_rules(some, keys)))
    assert "secret" not in "".join(map(str, as_mistakes(results)))
    told = {str(mistake) for mistake in as_mistakes(results)}
    assert {"f.yaml:8: a: an example is not scrubbed as it should be"} == told


def test_a_rule_that_never_rests_is_told() -> None:
    """A rule that matches its own redaction fails its examples; it does not end the run."""
    loop = rule("a", "x", "[x]", "{in: x, out: '[x]'}", "b", "enforce")
    assert {"it cannot be scrubbed: a text does not come to rest"} == problems(loop)
