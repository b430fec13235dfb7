"""Documents made to be slow: each is about as large as asked for, and the same every time."""

import pytest

import relay
from benchmarks.adversarial import ADVERSARIAL, measure

SIZE = 20_000


@pytest.mark.parametrize("name", ADVERSARIAL)
def test_documents_have_their_size(name: str) -> None:
    """A document is as large as asked for, within what doubling or escaping a piece can miss."""
    document = ADVERSARIAL[name](SIZE)
    assert document == ADVERSARIAL[name](SIZE)
    assert SIZE // 4 <= len(document) <= SIZE * 3


def test_documents_are_measured() -> None:
    """A measurement says what a document cost and what became of it."""
    rows = measure(relay.load_scrubber(verify=False), 2_000, only="base58")
    assert {"base58 wall", "base58, tokens of 34", "base58, tokens of 500"} == {
        row.name for row in rows
    }
    assert all(row.times > 0 and row.outcome.startswith(("accepted", "dropped")) for row in rows)
