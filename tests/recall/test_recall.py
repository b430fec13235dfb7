"""Recall in small: fresh identifiers in every place and spelling; in large: benchmarks/recall.py.

Every run has a seed of its own; `RECALL_SEED` repeats one, `RECALL_COUNT` makes it longer.
"""

import os
import secrets
from random import Random

import pytest

from benchmarks.identifiers import COINS, MAKERS
from benchmarks.recall import Recall, measure, ours
from benchmarks.spellings import FIRST, SECOND, SPELLINGS, TRUNCATED
from relay.protocol.item_kinds import KINDS, Policy

COUNT = int(os.environ.get("RECALL_COUNT", "3000"))
SEED = int(os.environ.get("RECALL_SEED", secrets.randbelow(1 << 32)))


@pytest.fixture(scope="module")
def recall() -> Recall:
    """One run with the rules that ship."""
    scrub, scrub_envelope = ours()
    return measure(scrub, COUNT, SEED, scrub_envelope)


def missed(recall: Recall, block: str) -> list[str]:
    """What a block missed, a line each."""
    return [
        f"RECALL_SEED={SEED} {miss.family} | {miss.spelling} | {miss.place} | {miss.example!r}"
        for miss in recall.misses
        if miss.block == block
    ]


def test_everything_in_plain_sight_is_found(recall: Recall) -> None:
    """Not one identifier of the first block is left, in any place."""
    misses = missed(recall, FIRST)
    assert not misses, "\n".join(misses)


def test_what_was_cut_off_is_found(recall: Recall) -> None:
    """Beginnings that tell are enough where a text was cut."""
    misses = missed(recall, TRUNCATED)
    assert not misses, "\n".join(misses)


def test_what_hides_is_found_nearly_always(recall: Recall) -> None:
    """Of the second block, 95 % are found."""
    assert recall.share(SECOND) >= 0.95, "\n".join(missed(recall, SECOND))


def test_nothing_was_given_up(recall: Recall) -> None:
    """A document that is dropped whole leaks nothing, but would prove nothing either."""
    assert (SEED, 0) == (SEED, recall.refused)


def test_what_was_dropped_was_meant_to_be(recall: Recall) -> None:
    """Only items go whose kind is dropped by policy, and attachments that do not read as text.

    Those are UTF-16 without a mark in letters of another alphabet. None of it counts as found.
    """
    dropped = tuple(f"item {kind.name}." for kind in KINDS.values() if kind.policy is Policy.DROP)
    dropped += ("attachment, utf-16-le", "attachment, utf-16-be")
    assert [] == [place for place in recall.dropped if not place.startswith(dropped)]


def test_no_spelling_and_no_family_hides_behind_the_others(recall: Recall) -> None:
    """Of each that was tried often enough to tell, more than a few are found."""
    weak = [(name, found, total) for _, name, found, total in recall.weak() if total >= 10]
    assert (SEED, []) == (SEED, weak)


def test_a_scrubber_that_does_nothing_finds_nothing() -> None:
    """What the run above looks for was there."""
    idle = measure(bytes, 1000, SEED, bytes)
    found = {miss.family for miss in idle.misses}
    assert (SEED, {FIRST: 0.0, SECOND: 0.0, TRUNCATED: 0.0}) == (
        SEED, {block: idle.share(block) for block in idle.by_block},
    )  # fmt: skip
    assert found == {family for tally in idle.by_family.values() for family in tally}


def test_all_coins_and_spellings_are_there() -> None:
    """The generator knows the 122 coin and format pairs, and a seed makes the same identifiers."""
    assert 122 == len(COINS)
    assert len(SPELLINGS) == len({spelling.name for spelling in SPELLINGS})
    makers = [*COINS.values(), *MAKERS]
    first, second, other = ([maker(Random(seed)) for maker in makers] for seed in (1, 1, 2))
    assert first == second
    assert not {one.text for one in first} & {one.text for one in other}
