"""What detectors recognise: published values only, and each kind can be drafted."""

import pytest

from relay.detectors import CHECKS
from relay.workbench.drafting import draft, locate
from relay.workbench.recognised import KINDS, Kind, recognise

NAMES = [kind.check for kind in KINDS]


@pytest.mark.parametrize("kind", KINDS, ids=NAMES)
def test_values_and_near_misses(kind: Kind) -> None:
    """Each value is taken by its check, no near miss is as a whole."""
    check = CHECKS[kind.check]
    for hit in kind.hits:
        assert check(hit, 0, len(hit)) or " " in hit
    for miss in kind.misses:
        assert ((0, len(miss)),) != tuple(check(miss, 0, len(miss)))


@pytest.mark.parametrize("kind", KINDS, ids=NAMES)
def test_a_draft_goes_by_the_check(kind: Kind) -> None:
    """A published value is drafted with its check, and shown with another one."""
    first = kind.hits[0]
    made = draft("a/b", locate(first, "text", 0, len(first)), why="w")
    assert f"  check: {kind.check}\n" in made
    assert first not in made.partition("examples:")[2]


def test_what_nobody_knows() -> None:
    """Ordinary texts are no identifiers."""
    assert [None] * 3 == [recognise(text) for text in ("hello", "TKT-48213", "Jane Doe")]
