"""Counts of what was drawn and of what became of it, by word: for figures, never for a decision."""

from collections import Counter
from typing import Final

COUNTS: Final[Counter[str]] = Counter()
"""All counts of this process, as `what:word`."""


def note(what: str, word: str) -> None:
    """Count one more."""
    COUNTS[f"{what}:{word}"] += 1


def words(what: str) -> dict[str, int]:
    """Return the counts of one sort, by word."""
    return {
        key[len(what) + 1 :]: count
        for key, count in sorted(COUNTS.items())
        if key.startswith(f"{what}:")
    }
