"""The examples of the rules that ship, scrubbed while a test runs; named by no default run.

tests/rules scrubs them as it is collected, which in the wide trial is before anything has changed.
"""

from tests.rules.test_examples import results


def test_examples() -> None:
    """Each goes as its rule says."""
    assert [] == [one.rule.id for one in results() if one.problem or not one.passed]
