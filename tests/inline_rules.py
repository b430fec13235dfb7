"""Small rule sets, so that tests of the engine do not depend on the rules that ship."""

from typing import Any

from relay.rules.loading import RuleText, load_rules
from relay.rules.model import Rule
from relay.scrub.hashing import HashKeys
from relay.scrub.scrubber import Scrubber

_EXAMPLES = """
examples:
  scrubs: [{in: a, out: a}, {in: b, out: b}]
  leaves: [a, b]
"""

NUMBER = "id: t/number\nmatch: {pattern: '[0-9]{4,}'}\nredact: {method: replace, text: '[n]'}"
IP = (
    "id: t/ip\nmatch: {pattern: '[0-9.]{7,15}', check: ip}\nredact: {method: replace, text: '[ip]'}"
)
DEVICE = "id: t/device\nmatch: {key: [device_id, label]}\nredact: {method: replace, text: '[d]'}"
EMAIL = "id: t/email\nmatch: {pattern: '[a-z]+@[a-z]+[.][a-z]+'}\nredact: {method: remove}"
HASHED = "id: t/hashed\nmatch: {key: [who]}\nredact: {method: hash, family: people}"
MASKED = "id: t/masked\nmatch: {pattern: 'hush[a-z]+'}\nredact: {method: mask}"


def rule_text(body: str) -> str:
    """Return a rule file of which only id, match, redact and the like are given."""
    return f"description: d\nwhy: w\n{body}\n{_EXAMPLES}"


def rules(*bodies: str) -> tuple[Rule, ...]:
    """Load rules."""
    return load_rules(
        RuleText(f"r{i}", f"r{i}.yaml", rule_text(body)) for i, body in enumerate(bodies)
    )


def scrubber(*bodies: str) -> Scrubber:
    """Make a scrubber of rules, with a fixed secret."""
    return Scrubber.from_rules(rules(*bodies), HashKeys(b"test" * 8))


def plain(made: Scrubber, value: Any) -> Any:
    """Scrub a parsed document."""
    return made.scrub_plain(value)
