"""Ordinary text: the rules that ship find nothing in it."""

import pytest

from relay import rulefiles
from relay.rules.loading import load_rules
from relay.scrub.hashing import HashKeys
from relay.scrub.scrubber import Scrubber
from relay.workbench.linting.ordinary import ORDINARY


@pytest.fixture(scope="module")
def shipped() -> Scrubber:
    """The rules that ship."""
    return Scrubber.from_rules(load_rules(rulefiles.shipped()), HashKeys(b"k" * 32))


@pytest.mark.parametrize("kind", ORDINARY)
def test_nothing_in_it(kind: str, shipped: Scrubber) -> None:
    """No text is changed, and none stands there twice."""
    texts = ORDINARY[kind]
    assert texts == tuple(map(shipped.scrub_text, texts))
    assert len(set(texts)) == len(texts) >= 8
