"""How a failed example is shown."""

from relay.rules.examples import ExampleResult, run_examples
from relay.rules.loading import RuleText, load_rules
from relay.scrub.hashing import HashKeys
from relay.scrub.scrubber import Scrubber
from relay.workbench.differing import Difference, Piece, difference

KEYS = HashKeys(b"k" * 32)
HEAD = "description: d\nwhy: w\n"
RULE = f"""\
id: t/number
{HEAD}match: {{pattern: '[0-9]+'}}
redact: {{method: replace, text: '[n]'}}
examples:
  scrubs: [{{in: at 1, out: 'at [m]'}}, {{event: {{a: 1, b: x}}, becomes: {{a: '[m]', b: x}}}}]
  leaves: [a, b]
"""


def failed(*texts: str) -> list[tuple[ExampleResult, Difference]]:
    rules = load_rules(RuleText(f"r{n}", f"r{n}.yaml", text) for n, text in enumerate(texts))
    results = run_examples(rules, lambda some: Scrubber.from_rules(some, KEYS))
    everything = Scrubber.from_rules(rules, KEYS)
    return [(r, difference(r, everything)) for r in results if not r.passed]


def test_a_text() -> None:
    """What differs is told by character."""
    (_, shown), _ = failed(RULE)
    assert (Piece("at [", differs=False), Piece("m", differs=True), Piece("]", differs=False)) == (
        shown.wanted
    )
    assert Piece("n", differs=True) in shown.got
    assert ((), ()) == (shown.lines, shown.others)


def test_a_document() -> None:
    """A document is compared line by line."""
    _, (_, shown) = failed(RULE)
    assert ('-  "a": "[m]",', '+  "a": "[n]",') == tuple(
        line for line in shown.lines if line[0] in "-+"
    )


def test_another_rule() -> None:
    """Where an example holds alone and not in the set, the rule that it fights with is told."""
    good = RULE.replace("[m]", "[n]")
    other = (
        f"id: t/other\n{HEAD}match: {{pattern: 'n'}}\nredact: {{method: replace, text: '5'}}\n"
        "examples:\n  scrubs: [{in: anb, out: a5b}, {in: n, out: '5'}]\n  leaves: [a, b]\n"
    )
    found = [(r.rule.id, shown.others) for r, shown in failed(good, other)]
    assert {("t/number", ("t/other",)), ("t/other", ("t/number",))} == set(found)
