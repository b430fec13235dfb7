"""Hits: what a rule found in a text, and whether a word that it wants stands close by."""

from collections.abc import Sequence
from typing import NamedTuple

from relay.rules.model import NEAR_WINDOW
from relay.rules.paths import Path


class Hit(NamedTuple):
    """What one rule found in one string.

    Attributes:
        start: where it begins in the string, in characters.
        end: where it ends.
        rule: the rule's number.
        inner: the path inside the string, when it holds a document.
        wants_word: the rule wants a word close by; none stood there, so the path must hold one.
    """

    start: int
    end: int
    rule: int
    inner: Path = ()
    wants_word: bool = False

    def __repr__(self) -> str:
        # A path inside a string is made of the payload's keys.
        return f"Hit({self.start}, {self.end}, rule={self.rule}, depth={len(self.inner)})"


class Hits:
    """All hits of one search, by the number of the text; none twice."""

    __slots__ = ("_by_text",)

    def __init__(self) -> None:
        """Begin with none."""
        self._by_text: dict[int, set[Hit]] = {}

    def add(self, number: int, hit: Hit) -> None:
        """Note a hit in a text."""
        hits = self._by_text.get(number)
        if hits is None:
            hits = self._by_text[number] = set()
        hits.add(hit)

    def by_text(self) -> dict[int, list[Hit]]:
        """Return them, in no particular order; texts without any are left out."""
        return {number: list(hits) for number, hits in self._by_text.items()}

    def __repr__(self) -> str:
        return f"Hits(in {len(self._by_text)} texts)"


def is_near(words: Sequence[str], text: str, start: int, end: int) -> bool:
    """Return whether one of these lower-case words stands close before or behind a span."""
    before = text[max(0, start - NEAR_WINDOW) : start].casefold()
    after = text[end : end + NEAR_WINDOW].casefold()
    return any(word in before or word in after for word in words)
