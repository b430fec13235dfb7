"""Search: strings in, hits out, within a budget."""

import base64

import pytest

from relay.errors import ScrubError
from relay.scrub.budget import Budget, budget_for
from relay.scrub.hits import Hit
from relay.scrub.search import MAX_ROUNDS, search, search_keyed
from tests.inline_rules import DEVICE, IP, NUMBER, scrubber

ADDRESS = "203.0.113.77"
IP_UNDER_KEY = IP.replace("{pattern", "{key: [at], pattern")


def under_key(text: str, rule: str) -> list[str]:
    """Return what one rule finds in a value under a key that it names."""
    compiled = scrubber(rule).compiled
    ((_, rules),) = compiled.keyed.items()
    found = search_keyed(compiled, rules, text, budget_for(1_000))
    return sorted(text[hit.start : hit.end] for hit in found)


def hits(text: str, *rules: str) -> list[tuple[str, int]]:
    """Return what is found in one text, as text and rule."""
    found = search(scrubber(*rules).compiled, [text], budget_for(1_000)).get(0, [])
    return sorted((text[hit.start : hit.end], hit.rule) for hit in found)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"at {ADDRESS}:80", [(ADDRESS, 0)]),
        (f"é {ADDRESS} 漢 {ADDRESS}", [(ADDRESS, 0), (ADDRESS, 0)]),
        ("a%32%30%33.0.113.77b", [("%32%30%33.0.113.77", 0)]),
        ("a%2532%2530%2533.0.113.77b", [("%2532%2530%2533.0.113.77", 0)]),
        (r"\u0032\u0030\u0033.0.113.77", [(r"\u0032\u0030\u0033.0.113.77", 0)]),
        ("２０３.0.113.77", [("２０３.0.113.77", 0)]),
        ("999.0.113.77", []),
        ("", []),
    ],
)
def test_a_hit_in_a_view_is_a_span_of_the_original(
    text: str, expected: list[tuple[str, int]]
) -> None:
    """Whatever view a hit was found in, it names what it came from."""
    found = hits(text, IP)
    assert set(expected) <= set(found)
    # What is found besides lies inside of it: a part that is an address when it is read as it is.
    assert all(any(part in whole for whole, _ in expected) for part, _ in found)


def test_keys_in_text() -> None:
    """A value under a hot key in text is a hit, with the key as its path."""
    found = search(scrubber(DEVICE).compiled, ['{"label":"Savings"}'], budget_for(100))
    assert {0: [Hit(10, 17, 0, ("label",))]} == found


def test_strings_without_hits_are_left_out() -> None:
    """The answer holds only strings with hits."""
    texts = ["a", ADDRESS, "b\nc", f"x\n{ADDRESS}", "label=", '"label":{}']
    found = search(scrubber(IP, DEVICE).compiled, texts, budget_for(100))
    assert {1, 3} <= set(found)
    assert not {0, 2} & set(found)


def test_no_hit_crosses_from_one_string_into_the_next() -> None:
    """Strings are joined for speed only."""
    assert {} == search(
        scrubber(IP, NUMBER).compiled, ["203.0.", "113.77", "12", "34"], budget_for(9)
    )


def test_the_budget_is_a_bound() -> None:
    """A document that needs more work than its size allows is refused."""
    with pytest.raises(ScrubError):
        search(scrubber(IP).compiled, ["x" * 100], Budget(50))
    budget = Budget(10)
    budget.spend(10)
    with pytest.raises(ScrubError):
        budget.spend(1)


def test_the_budget_grows_with_the_document() -> None:
    """Twice the size may cost twice the work, no more."""
    small, large = budget_for(1_000_000).left, budget_for(2_000_000).left
    assert 2 * small - budget_for(0).left == large
    small, large = budget_for(1_000_000).room, budget_for(2_000_000).room
    assert 2 * small - budget_for(0).room == large


@pytest.mark.parametrize(
    "text", ["device_id=[" * 60_000, pytest.param("device_id=" * 60_000, marks=pytest.mark.long)]
)
def test_values_that_hold_each_other_run_out_of_budget(text: str) -> None:
    """Hot keys whose values all reach to the end of the text are not read again and again."""
    with pytest.raises(ScrubError):
        search(scrubber(DEVICE).compiled, [text], budget_for(len(text)))


def test_views_in_another_order_are_read_once() -> None:
    """Text with several encodings is not read again for each order of opening them."""
    text = "%41 \\u0041 &amp; é １ " * 500
    spent = budget_for(0).left
    budget = budget_for(0)
    search(scrubber(IP).compiled, [text], budget)
    assert spent - budget.left < 110 * len(text)


def test_the_same_token_twice_is_found_twice() -> None:
    """Two tokens that open to the same text are two places."""
    token = base64.b64encode(b"from 203.0.113.77 here").decode()
    assert [(token, 0), (token, 0)] == hits(f"{token} and {token}", IP)


@pytest.mark.parametrize("depth", range(1, 9))
def test_views_nest_to_a_depth(depth: int) -> None:
    """Six times one in the other; what is deeper has no reader."""
    text = ADDRESS.replace("2", "%32", 1)
    for _ in range(depth - 1):
        text = text.replace("%", "%25")
    expected = [(text, 0)] if depth < MAX_ROUNDS else []
    assert expected == [hit for hit in hits(text, IP) if len(hit[0]) == len(text)]
    keyed = under_key(text, IP_UNDER_KEY)
    assert [text for text, _ in expected] == [hit for hit in keyed if len(hit) == len(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("by Jane", ["Jane"]),
        ("Jane", ["Jane"]),
        ("Jane and %4aoe", ["%4aoe", "Jane"]),
        ("Jane and Joe, of whom nobody speaks", ["Jane", "Joe"]),
        ("Ｊane, Joe", ["Joe", "Ｊane"]),
        ("nobody, in eleven letters and more", []),
        ("bWFkZSBieSBKYW5lIHRoZW4=", ["bWFkZSBieSBKYW5lIHRoZW4="]),
        ("", []),
    ],
)
def test_what_rules_under_a_key_find(text: str, expected: list[str]) -> None:
    """As it stands and through views, each once, and the one does not hide the other."""
    name = "id: t/name\nmatch: {key: [name], pattern: 'J[a-z]+'}\nredact: {method: remove}"
    found = under_key(text, name)
    assert expected == [one for one in found if one in expected]
    assert bool(expected) is bool(found)


def test_what_a_rule_writes_is_left_where_it_stands_only() -> None:
    """A marker in a view is what somebody wrote, and is taken with what hid it."""
    rule = "id: t/w\nmatch: {pattern: '[a-z]{4}'}\nredact: {method: replace, text: word}"
    assert [] == hits("word", rule)
    assert [("text", 0)] == hits("word text", rule)
    assert ("wo%72d", 0) in hits("wo%72d", rule)


def test_a_word_nearby_is_asked_for() -> None:
    """A hit without one says so, and the words may stand beside a view of it."""
    near = IP.replace("check: ip", "check: ip, near: [host]")
    compiled = scrubber(near).compiled
    for text, wants in ((f"host {ADDRESS}", False), (f"at {ADDRESS}", True)):
        (hit,) = search(compiled, [text], budget_for(100))[0]
        assert (wants, text.index(ADDRESS)) == (hit.wants_word, hit.start)


def test_all_that_is_read_is_paid_for() -> None:
    """Once as it stands, once more for each view of it."""

    def cost(text: str) -> int:
        budget = Budget(1_000_000)
        search(scrubber(IP).compiled, [text], budget)
        return 1_000_000 - budget.left

    plain = cost("x " * 500)
    assert 1_000 <= plain < 3_000
    # Three bytes each, the fold that is made, and what it reads as.
    assert cost("１ " * 500) >= plain + 1_000 + 1_000
    assert cost("%41 x " * 500) >= 3_000 + 2 * 500


def test_rules_with_the_same_pattern_all_find() -> None:
    """They share one search, and which of them counts is decided elsewhere."""
    other = NUMBER.replace("t/number", "t/other")
    assert [("1234", 0), ("1234", 1)] == hits("a 1234", NUMBER, other)
    near = IP.replace("t/ip", "t/near").replace("check: ip", "check: ip, near: [host]")
    # What one rule claims needs no other.
    assert [(ADDRESS, 0)] == hits(f"at {ADDRESS}", IP, near)
    plain = IP.replace("t/ip", "t/plain").replace(", check: ip", "")
    assert ("999.0.113.77", 1) in hits("999.0.113.77", IP, plain)
    assert ("999.0.113.77", 0) not in hits("999.0.113.77", IP, plain)
