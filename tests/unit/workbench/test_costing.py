"""What rules cost, by a clock that a test moves."""

from collections.abc import Callable
from itertools import count

from relay.workbench.costing import Costs, Document, measure
from relay.workbench.trying import Kind
from tests.inline_rules import DEVICE, IP, NUMBER, scrubber

LIKE = NUMBER.replace("t/number", "t/like").replace("[n]", "[l]")
KEYED = "id: t/keyed\nmatch: {key: flat, pattern: '[0-9]+'}\nredact: {method: replace, text: '[f]'}"


def ticking(step: int = 1_000) -> Callable[[], int]:
    """A clock on which a microsecond passes between two looks."""
    ticks = count(step=step)
    return lambda: next(ticks)


def costs(*bodies: str, documents: tuple[bytes, ...], kind: Kind = Kind.EVENT) -> Costs:
    corpus = [Document(kind, data) for data in documents]
    return measure(scrubber(*bodies), corpus, ticking(), rounds=2)


def test_one_rule() -> None:
    """Hits, searches and what they match are those of one round; each search takes a tick."""
    measured = costs(NUMBER, documents=(b'{"a": "12345 and 6789", "b": "12345"}',))
    (rule,) = measured.rules
    assert ("t/number", 3, 0) == (rule.rule, rule.hits, rule.checks)
    # Both texts at once, and what came out once more.
    assert (2, 3, 2.0) == (rule.searches, rule.candidates, rule.micros)
    assert (1, 37, 0) == (measured.documents, measured.size, measured.dropped)
    assert {"t/number": 1.0} == measured.shares()
    # Without clocks inside, all of it takes one tick.
    assert {"t/number": 2.0} == measured.shares_of_all()


def test_a_check_is_counted() -> None:
    """It is asked about each candidate, of what came out too; its time is the rule's."""
    measured = costs(IP, documents=(b'{"a": "10.1.2.3 24.11.1.0.0"}',))
    (rule,) = measured.rules
    assert (1, 2, 3, 3) == (rule.hits, rule.searches, rule.candidates, rule.checks)
    assert 5.0 == rule.micros


def test_rules_with_one_pattern_share_its_time() -> None:
    """Two searches, each for both: half of either."""
    measured = costs(NUMBER, LIKE, documents=(b'{"a": "12345"}',))
    assert {"t/number": 1.0, "t/like": 1.0} == {r.rule: r.micros for r in measured.rules}
    assert {"t/number": 1, "t/like": 0} == {r.rule: r.hits for r in measured.rules}


def test_rules_about_keys() -> None:
    """What looks into a value is counted as a search; whole values only have hits."""
    measured = costs(DEVICE, KEYED, documents=(b'{"label": "x", "flat": "no 17", "a": "flat=3"}',))
    found = {rule.rule: (rule.hits, rule.searches) for rule in measured.rules}
    assert (1, 0) == found["t/device"]
    assert 2 == found["t/keyed"][0]
    assert found["t/keyed"][1] >= 2
    assert measured.keys > 0
    assert measured.prefilter > 0


def test_what_the_prefilter_spares() -> None:
    """A rule that is not looked for costs nothing; the dearest come first."""
    named = "id: t/named\nmatch: {pattern: 'hush[a-z]+'}\nredact: {method: mask}"
    measured = costs(named, NUMBER, documents=(b'{"a": "12345"}',))
    assert [("t/number", 2), ("t/named", 0)] == [(r.rule, r.searches) for r in measured.rules]
    assert {"t/number": 1.0, "t/named": 0.0} == measured.shares()


def test_rules_that_are_not_enforced() -> None:
    """Nothing looks for them here."""
    assert () == costs(NUMBER + "\nstatus: shadow", documents=(b'{"a": "12345"}',)).rules


def test_texts_and_envelopes() -> None:
    """Each is scrubbed as the service would."""
    text = costs(NUMBER, documents=(b"see 12345",), kind=Kind.TEXT)
    assert [1] == [rule.hits for rule in text.rules]
    envelope = b'{}\n{"type":"event"}\n{"message":"see 12345"}\n'
    assert [1] == [r.hits for r in costs(NUMBER, documents=(envelope,), kind=Kind.ENVELOPE).rules]


def test_what_cannot_be_scrubbed() -> None:
    """It is counted once, however many rounds there were; nothing to share is no fault."""
    measured = costs(NUMBER, documents=(b"no JSON", b"{}"))
    assert (2, 1) == (measured.documents, measured.dropped)
    assert {"t/number": 0.0} == measured.shares()
