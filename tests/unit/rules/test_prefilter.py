"""The prefilter: it may say "maybe" too often, never too seldom."""

# ruff: noqa: E501 - a table is read best in rows

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay import rulefiles
from relay.rules.loading import load_rules
from relay.rules.patterns import compile_pattern
from relay.rules.prefilter import Prefilter, required_run, weaken
from relay.scrub.search import TRIGGERS
from tests.strategies import HIDINGS, SECRETS, SYNTAX

SOURCES = (
    "[0-9a-f]{24}", "[A-Za-z0-9]{20,30}", r"\b[0-9]{4}\b", "(?i)key=([a-z]+)", "^start", "end$",
    "(?:[0-9]{3}-){2}[0-9]", "x|[0-9]{30}", "é+", r"[{}]{3}", "bc1[a-z0-9]{8,}",
    r"[^\s]{2}@[^\s]{2}", "a[0-9]{20}?b", "(?:ab){11}", "hello", "hello|wor[lk]d", "(?i)straSSe",
)  # fmt: skip
PIECES = st.sampled_from([
    "0123456789abcdef01234567", "ABCDEFGHIJKLMNOPQRSTUVWX", "1234", " key=abc", "start", "end", "x",
    "111-222-3", "é", "{{}", "bc1qqqqqqqqq", "ab@cd", "a" + "1" * 20 + "b", "ab" * 11, " ", "HELLO",
    "hello", "workd", "STRASSE",
])  # fmt: skip


def missed(sources: list[str], texts: list[str]) -> list[tuple[str, str]]:
    """Return each hit of a pattern that lies outside of what the prefilter has named."""
    data = "\n".join(texts).encode()
    starts = [0]
    for text in texts[:-1]:
        starts.append(starts[-1] + len(text.encode()) + 1)
    found = Prefilter(sources).stretches(data, starts)
    out = []
    for number, source in enumerate(sources):
        for left, right in compile_pattern(source).spans(data):
            if not any(a <= left and right <= b for a, b in found.get(number, [])):
                out.append((source, data[left:right].decode()))
    return out


@settings(deadline=None)
@given(
    st.sets(st.sampled_from(SOURCES), min_size=1).map(sorted),
    st.lists(st.lists(PIECES, max_size=5).map("".join) | st.text(SYNTAX, max_size=20), min_size=1, max_size=6),
)  # fmt: skip
def test_no_hit_is_missed(sources: list[str], texts: list[str]) -> None:
    """Wherever a pattern matches, the prefilter has named the pattern and the place."""
    assert [] == missed(sources, texts)


@pytest.mark.parametrize("secret", SECRETS, ids=lambda secret: secret.name)
def test_no_hit_of_a_shipped_rule_is_missed(secret: object) -> None:
    """The same holds for the rules that ship and the triggers of the views."""
    rules = load_rules(rulefiles.shipped())
    sources = [rule.match.pattern.source for rule in rules if rule.match.pattern is not None]
    texts = [hide(secret.text).replace("\n", "\r") for hide in HIDINGS.values()]  # type: ignore[attr-defined]
    assert [] == missed([*sources, *TRIGGERS], texts)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a{64}", "a+"), ("a{3,64}b", "a+b"), ("a{0,4}", "a*"), ("[a{20}]", "[a{20}]"),
        ("[]{20}]{20}", "[]{20}]+"), (r"[^\]{20}]{2}", r"[^\]{20}]+"), (r"\{20}", r"\{20}"),
        (r"[[:alpha:]{20}]", r"[[:alpha:]{20}]"), ("[a[:z]{20}", "[a[:z]+"), (r"\x{100}{20}", r"\x{100}+"),
        (r"\p{Greek}{20}", r"\p{Greek}+"), ("a{,20}", "a{,20}"),
    ],
)  # fmt: skip
def test_weaken(source: str, expected: str) -> None:
    """Counts become open repetitions; braces that are no counts stay."""
    assert expected == weaken(source)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("[0-9]{24}", 24), ("x[a-f]{5,}y[0-9]{30,40}", 30), ("(?:[0-9]{24})?", 0), ("[0-9]{24}|x", 0),
        ("[^x]{24}", 0), (r"[\w]{24}", 0), ("[a-z-]{24}", 0), ("[a-z_]{24}", 0), ("x{24}", 0),
        ("(?i)[a-z]{24}", 24), ("[0-9]+", 0),
    ],
)  # fmt: skip
def test_required_run(source: str, expected: int) -> None:
    """A run is required only where each match must hold it."""
    assert expected == required_run(source)
