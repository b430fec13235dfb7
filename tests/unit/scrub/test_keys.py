"""Values under keys, as they stand and inside of text."""

import pytest

from relay.errors import ScrubError
from relay.rules.compiling import CompiledRules
from relay.scrub.budget import Budget
from relay.scrub.buffer import join
from relay.scrub.hits import Hit, Hits
from relay.scrub.keys import KeysInText, in_value
from tests.inline_rules import scrubber

LABEL = "id: t/label\nmatch: {key: [label]}\nredact: {method: replace, text: '[l]'}"
NAME = "id: t/name\nmatch: {key: [name], pattern: '[A-Z][a-z]+'}\nredact: {method: remove}"
NEAR = "id: t/near\nmatch: {key: [label], near: [wallet]}\nredact: {method: replace, text: '[n]'}"
AT = "id: t/at\nmatch: {any: true}\nwhere: ['a.b']\nredact: {method: replace, text: '[a]'}"


def found(compiled: CompiledRules, text: str, work: int = 10_000) -> dict[int, list[Hit]]:
    """What is found under keys in one text."""
    hits = Hits()
    buffer = join([text])
    KeysInText(compiled, Budget(work), hits).run(buffer, [(0, len(buffer.data))])
    return hits.by_text()


@pytest.mark.parametrize(
    ("rule", "text", "expected"),
    [
        (LABEL, '{"label":"Savings"}', [Hit(10, 17, 0, ("label",))]),
        (LABEL, "x?label=Savings&y", [Hit(8, 15, 0, ("label",))]),
        (LABEL, '{"label":"[l]"}', []),
        (LABEL, "labels of things", []),
        (NAME, '{"name":"by Jane"}', [Hit(12, 16, 0, ("name",))]),
        (NEAR, '{"wallet":1,"label":"Savings"}', [Hit(21, 28, 0, ("label",))]),
        (NEAR, '{"label":"Savings"}', [Hit(10, 17, 0, ("label",), wants_word=True)]),
        (AT, '{"a":{"b":"Savings"},"b":1}', [Hit(11, 18, 0, ("a", "b"))]),
    ],
)
def test_in_text(rule: str, text: str, expected: list[Hit]) -> None:
    """A value under a key that a rule names is found, with the path that leads to it."""
    assert expected == found(scrubber(rule).compiled, text).get(0, [])


def test_work_is_counted() -> None:
    """Values that are read are paid for."""
    with pytest.raises(ScrubError):
        found(scrubber(LABEL).compiled, '{"label":"' + "x" * 1_000 + '"}', 500)


@pytest.mark.parametrize("piece", ["label=a;", "label=(", "label=x,", "label: ["])
def test_each_key_is_paid_for(piece: str) -> None:
    """Text full of keys costs more than its characters: each key is looked around."""
    with pytest.raises(ScrubError):
        found(scrubber(LABEL).compiled, piece * 1_000, 200 * 1_000)


def test_in_one_value() -> None:
    """Rules look into a value as it stands, by characters and not by bytes."""
    (rule,) = scrubber(NAME).compiled.keyed["name"]
    budget = Budget(1_000)
    assert [Hit(3, 7, 0)] == in_value([rule], "ř\n Jane", budget)
    assert budget.left < 1_000
    assert [] == in_value([rule], "nobody", budget)
