"""From rule files to a scrubber: loaded, held to their examples, compiled.

Law of this file: whoever makes a scrubber of rule files does it here, so that what was verified and
what runs cannot be two things.
"""

from collections.abc import Iterable
from dataclasses import replace

from relay.errors import RuleError
from relay.rules.examples import as_mistakes, run_examples
from relay.rules.loading import RuleText, read_rules
from relay.scrub.hashing import HashKeys
from relay.scrub.scrubber import Scrubber


def scrubber_of(
    files: Iterable[RuleText], keys: HashKeys, *, verify: bool, hint: str = ""
) -> Scrubber:
    """Make a scrubber of rule files.

    Args:
        files: their names and texts.
        keys: for pseudonyms.
        verify: whether each rule must pass its own examples.
        hint: said of each example that does not hold: how to see what came out.

    Raises:
        RuleError: with all mistakes at once: those of files, and of the examples of the others.
    """
    rules, mistakes = read_rules(files)
    if verify:
        failed = as_mistakes(run_examples(rules, lambda some: Scrubber.from_rules(some, keys)))
        mistakes += tuple(replace(mistake, hint=hint) for mistake in failed)
    if mistakes:
        raise RuleError(mistakes)
    return Scrubber.from_rules(rules, keys)
