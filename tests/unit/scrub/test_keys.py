"""Values under keys, as they stand and inside of text."""

import pytest

from relay.errors import ScrubError
from relay.rules.compiling import CompiledRules
from relay.scrub.budget import Budget
from relay.scrub.buffer import join
from relay.scrub.hits import Hit, Hits
from relay.scrub.keys import KeysInText, in_value
from relay.scrub.readings import COPIED, Map, Reading
from tests.inline_rules import plain, scrubber

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


CHECKED = (
    "id: t/checked\nmatch: {key: [name], pattern: '[0-9.]{7,15}', check: ip, near: [host]}"
    "\nredact: {method: replace, text: '[ip]'}"
)
WORD = (
    "id: t/word\nmatch: {key: [name], pattern: '[a-z]{4,}'}\nredact: {method: replace, text: word}"
)


@pytest.mark.parametrize(
    ("rule", "text", "expected"),
    [
        (CHECKED, "host 203.0.113.7", [(5, 16, False)]),
        (CHECKED, "hösts 203.0.113.7", [(6, 17, True)]),
        (CHECKED, "at 203.0.113.7", [(3, 14, True)]),
        (CHECKED, "host 999.0.113.7", []),
        (CHECKED, "[ip]", []),
        (NAME, "Jane\nJöe Ölaf\ud800 Jim", [(0, 4, False), (15, 18, False)]),
        (NAME, "é Jane 日 Joe", [(2, 6, False), (9, 12, False)]),
        # What the rule writes is not found again; beside it, other words are.
        (WORD, "word", []),
        (WORD, "word other word", [(5, 10, False)]),
    ],
)
def test_what_rules_find_in_a_value(
    rule: str, text: str, expected: list[tuple[int, int, bool]]
) -> None:
    """By characters, with the rule's check, and without what the rule has written."""
    (one,) = scrubber(rule).compiled.keyed["name"]
    found = in_value([one], text, Budget(10_000))
    assert expected == [(hit.start, hit.end, hit.wants_word) for hit in found]


def test_a_value_that_another_rule_wrote_is_left() -> None:
    """Two rules would take turns for ever."""
    rules = scrubber(WORD, WORD.replace("t/word", "t/other").replace("text: word", "text: else"))
    keyed = rules.compiled.keyed["name"]
    for text in ("word", "else"):
        assert [] == in_value(keyed, text, Budget(10_000))
    assert 2 == len(in_value(keyed, "more", Budget(10_000)))


def test_a_marker_is_left_as_it_stands_alone() -> None:
    """In a view it is what somebody wrote, who knows the marker; it is redacted."""
    compiled = scrubber(LABEL).compiled
    assert {} == found(compiled, '{"label":"[l]"}')
    hits = Hits()
    original = Reading('%7B"label":"[l]"}', 0)
    way = Map()
    way.add(1, 0, 3)
    way.add(14, 3, 17, COPIED)
    opened = original.derive('{"label":"[l]"}', way)
    buffer = join([opened.text], [opened])
    KeysInText(compiled, Budget(10_000), hits).run(buffer, [(0, len(buffer.data))])
    assert {0: [Hit(12, 15, 0, ("label",))]} == hits.by_text()


@pytest.mark.parametrize("count", [2, 400])
def test_each_place_of_a_document_in_a_string(count: int) -> None:
    """A rule about places finds all of them, and needs a document."""
    text = '{"a":[' + ",".join(['{"b":1}'] * count) + "]}"
    rule = AT.replace("a.b", "a.*.b")
    key = "id: t/key\nmatch: {key: [a, b]}\nwhere: [nowhere]\nredact: {method: remove}"
    hits = found(scrubber(rule, key).compiled, text, 10_000_000).get(0, [])
    assert count == len({hit.start for hit in hits if hit.rule == 0})


def test_several_values_in_several_texts() -> None:
    """Each is counted from where its own text begins."""
    compiled = scrubber(LABEL, NAME).compiled
    hits = Hits()
    buffer = join(["label=Ä", "nothing", "é label=b name=Jim Joe"])
    KeysInText(compiled, Budget(100_000), hits).run(buffer, [(0, len(buffer.data))])
    spans = {n: sorted((h.start, h.end) for h in found) for n, found in hits.by_text().items()}
    assert {0, 2} == set(spans)
    assert [(6, 7)] == spans[0]
    assert (8, 9) in spans[2]
    assert (15, 18) in spans[2]


def test_a_long_document_that_is_cut_off_is_walked_to_its_end() -> None:
    """It holds numbers, and nothing but their place says what they are."""
    text = '{"a":[' + ",".join(['{"b":1}'] * 3_000)
    clean = plain(scrubber(AT.replace("a.b", "a.*.b"), LABEL), {"x": text})
    assert 3_000 == str(clean["x"]).count("[a]")
