"""`relay.load_scrubber`: rules prove themselves, and whoever's do not is told what to do."""

from pathlib import Path

import pytest

import relay
from relay.errors import RuleError
from tests.inline_rules import NUMBER, rule_text

ROOT = Path(__file__).parents[2]


def test_a_failing_example_says_what_to_run(tmp_path: Path) -> None:
    """The mistake at start names the command that shows what came out, for these very rules."""
    folder = tmp_path / "my rules"
    folder.mkdir()
    file = folder / "number.yaml"
    file.write_text(rule_text(NUMBER).replace("out: ", "out: not "))
    with pytest.raises(RuleError) as caught:
        relay.load_scrubber(folder)
    assert caught.value.causes
    for cause in caught.value.causes:
        assert cause.startswith(f"{file}:")
        assert cause.endswith(f"(run `relay rules test --rules '{folder}'`)")
    assert relay.load_scrubber(folder, verify=False)


def test_the_rules_that_ship() -> None:
    """With no path the rules that ship are loaded; a secret of one's own makes pseudonyms join."""
    first, second = (relay.load_scrubber(secret=b"s" * 32, verify=False) for _ in range(2))
    event = b'{"user":{"id":"42"}}'
    assert first.scrub_json(event).body == second.scrub_json(event).body
    assert first.digest == relay.load_scrubber(ROOT / "rules", verify=False).digest
