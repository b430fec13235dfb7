"""Rules that are tried out: what is counted, and how little is told of where."""

from typing import Any

import pytest

from relay.errors import ScrubError
from relay.scrub.shadow import MOST_PATHS, OTHERS, add_hits, added, by_rule
from tests.inline_rules import DEVICE, EMAIL, HASHED, IP, MASKED, NUMBER, scrubber

ADDRESS = "203.0.113.77"
CODE = "id: t/code\nmatch: {pattern: '[a-f]{6}'}\nredact: {method: replace, text: '[c]'}"
NEAR = "id: t/near\nmatch: {pattern: 'x+', near: [wallet]}\nredact: {method: remove}"
TAGS = (
    "id: t/tags\nmatch: {pattern: 'x+'}\nwhere: [tags.**]\nexcept: [tags.b]\n"
    "redact: {method: remove}"
)
ANY = "id: t/any\nmatch: {any: true}\nwhere: [user.**]\nredact: {method: remove}"
KEYED = "id: t/keyed\nmatch: {key: [pin], pattern: '[0-9]+'}\nredact: {method: remove}"


def shadow(*rules: str) -> tuple[str, ...]:
    """The same rules, to be tried out."""
    return tuple(f"{rule}\nstatus: shadow" for rule in rules)


def hits(document: Any, *rules: str) -> dict[tuple[str, str], int]:
    """What shadow rules find in a document; the paths without the kind."""
    made = scrubber(*rules)
    assert made.shadow is not None
    found = made.shadow.find(document, 10_000, "event", "event", structural=True)
    return {(rule, path.removeprefix("event/")): count for (rule, path), count in found.items()}


@pytest.mark.parametrize(
    ("rules", "document", "expected"),
    [
        (shadow(NUMBER), {"a": "1234 5678", "b": [1234, "x"]}, {"a": 2, "b.*": 1}),
        (shadow(NUMBER), {"a": "123", "b": None, "c": ""}, {}),
        (shadow(NUMBER), {"1234": "x"}, {"*": 1}),
        (shadow(NUMBER), {"a": {"b c": {"d": "1234"}}}, {"a.*.d": 1}),
        (shadow(NUMBER), {"a": "%31%32%33%34"}, {"a": 1}),
        # Once for each place, and once for spans that overlap.
        (shadow(NUMBER), {"a": ["1234", "1234"]}, {"a.*": 2}),
        (shadow(NUMBER), [{"a": "1234"}, {"a": "5678"}], {"*.a": 2}),
        (shadow(NUMBER), {"tags": [["number", "1234"]]}, {"tags.number": 1}),
        # As enforced: checks, words close by, places.
        (shadow(IP), {"a": ADDRESS, "b": "1.2.3"}, {"a": 1}),
        (shadow(NEAR), {"a": "wallet xx", "b": "xx", "wallet": "xx"}, {"a": 1, "wallet": 1}),
        (shadow(TAGS), {"tags": {"a": "x", "b": "x"}, "c": "x"}, {"tags.a": 1}),
        # What a rule writes itself is no hit.
        (shadow(CODE), {"a": "[c] abcdef"}, {"a": 1}),
        # Whole values, and what is inside of one is part of it.
        (shadow(DEVICE), {"label": "x", "a": {"device_id": [1]}}, {"label": 1, "a.device_id": 1}),
        (shadow(DEVICE), {"label": None, "device_id": ""}, {}),
        (shadow(ANY), {"user": {"a": {"b": 1}, "c": 2}}, {"user": 1}),
        (shadow(KEYED), {"pin": "12 and 34", "other": "12"}, {"pin": 2}),
        (shadow(DEVICE), {"a": '{"label":"mine"}'}, {"a": 1}),
        (shadow(HASHED), {"who": "jane"}, {"who": 1}),
        # Fields that are held to their shape are not looked into.
        (shadow(NUMBER), {"event_id": "1" * 32, "timestamp": 1234567890}, {}),
    ],
)
def test_what_is_counted(rules: tuple[str, ...], document: Any, expected: dict[str, int]) -> None:
    """Places by their path, as the rule would be applied; asked twice."""
    assert expected == {path: count for (_, path), count in hits(document, *rules).items()}


@pytest.mark.parametrize(
    ("enforced", "tried"),
    [(IP, IP.replace("t/ip", "t/two")), (NUMBER, IP), (DEVICE, DEVICE.replace("t/dev", "t/two"))],
)
def test_it_counts_also_where_another_rule_takes_it(enforced: str, tried: str) -> None:
    """It is asked before the rules that are enforced: one can replace another."""
    document = {"a": ADDRESS, "label": "1234"}
    alone = hits(document, *shadow(tried))
    assert alone
    assert alone == hits(document, enforced, *shadow(tried))


def test_each_is_counted() -> None:
    """Of two that find the same, neither keeps the other from being counted."""
    other = [rule.replace("id: t/", "id: t/o") for rule in (IP, DEVICE)]
    found = hits({"a": ADDRESS, "label": "x"}, *shadow(IP, DEVICE, *other))
    expected = {("t/ip", "a"), ("t/oip", "a"), ("t/device", "label"), ("t/odevice", "label")}
    assert expected == found.keys()


def test_the_document_stays() -> None:
    """It is looked at, and nothing in it is written, renamed or removed."""
    document = {"a": ADDRESS, "1234": {"label": ["x", ADDRESS]}, "who": "jane", "event_id": "bad"}
    before = repr(document)
    assert 4 == len(hits(document, *shadow(IP, NUMBER, DEVICE, HASHED)))
    assert before == repr(document)


def test_what_is_remembered_changes_nothing() -> None:
    """The same document counts as much when its clean parts are known."""
    made = scrubber(IP, *shadow(NUMBER, DEVICE))
    document = b'{"a":[{"b":"1234","c":"x"}],"d":{"label":"x"},"e":{"f":"clean"}}'
    first = made.scrub_json(document)
    assert 2 == len(first.shadow_paths)
    for _ in range(3):
        assert first == made.scrub_json(document)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("exception", "values", -1, "value"), "exception.values.*.value"),
        (("a", 3), "a.*"),
        (("Content-Type", "in_app"), "Content-Type.in_app"),
        (("os.name", "x"), "'os.name'.x"),
        (("a1", "x"), "*.x"),
        (("a b", "x"), "*.x"),
        (("", "..", "-", "*", "**"), "*.*.*.*.*"),
        (("x'y", "café", "a/b", "[n]"), "*.*.*.*"),
        (("x" * 32, "x" * 33), f"{'x' * 32}.*"),
        (("zabcdef", "b"), "*.b"),
        (("hushhush", "b"), "*.b"),
        (("x",) * 12, ".".join("x" * 12)),
        ((*("x" * 20), "y"), "x.x.x.x.x.x.x.x.x.x.**.y"),
    ],
)
def test_paths_show_plain_words_alone(path: tuple[Any, ...], expected: str) -> None:
    """Indexes, digits, long keys and what an enforced or a shadow rule finds are stars."""
    made = scrubber(MASKED, *shadow(CODE)).shadow
    assert made is not None
    for _ in range(2):
        assert {path: expected} == made.show([path])


def test_words_that_say_something_together_are_hidden() -> None:
    """Keys that no rule knows alone may be a phrase in a path."""
    rule = "id: t/p\nmatch: {pattern: 'legal winner thank'}\nredact: {method: remove}"
    for rules in ((rule, *shadow(NUMBER)), shadow(rule)):
        made = scrubber(*rules).shadow
        assert made is not None
        phrase, words = ("legal", "winner", "thank", -1), ("winner", "legal", "thank")
        assert ["*.*.*.*", "winner.legal.thank"] == list(made.show([phrase, words]).values())


def test_a_key_that_cannot_be_judged_is_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the search of a key fails, it is not shown."""
    made = scrubber(*shadow(NUMBER)).shadow
    assert made is not None
    monkeypatch.setattr("relay.scrub.shadow.budget_for", lambda _: _Spent())
    assert {("other",): "*"} == made.show([("other",)])


class _Spent:
    def spend(self, work: int) -> None:
        raise ScrubError(f"spent {work}")


def test_a_long_key_is_not_remembered() -> None:
    """What may be an address leaves nothing behind."""
    made = scrubber(EMAIL, *shadow(NUMBER)).shadow
    assert made is not None
    made.show([("short", "x" * 25), ("short", "word")])
    assert [("short", "word")] == list(made._shown)


def test_few_paths_are_told_apart() -> None:
    """The rest counts together, and nothing is lost."""
    document = {"a" * n + "b" * m: "1234" for n in range(1, 20) for m in range(1, 20)}
    found = hits(document, *shadow(NUMBER))
    assert 361 == sum(found.values())
    assert MOST_PATHS + 1 == len(found)
    assert 361 - MOST_PATHS == found["t/number", OTHERS]


def test_hits_add_up() -> None:
    """By rule and path, and by rule alone."""
    one, two = {("a", "x"): 1, ("a", "y"): 2}, {("a", "x"): 3, ("b", "x"): 4}
    both = added([one, {}, two])
    assert {("a", "x"): 4, ("a", "y"): 2, ("b", "x"): 4} == both
    assert {"a": 6, "b": 4} == by_rule(both)
    full = {("a", str(n)): 1 for n in range(MOST_PATHS)}
    add_hits(full, {("a", "1"): 1, ("b", "x"): 2, ("b", "y"): 3})
    assert (2, 5) == (full["a", "1"], full["b", OTHERS])
