"""Views: other ways to read a string, each with a map back."""

# ruff: noqa: E501 - a table is read best in rows

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.scrub.views import VIEWS, View, fold
from tests.strategies import SYNTAX

BY_NAME = {view.name: view for view in VIEWS}


def spans_of(view: View, text: str) -> list[tuple[int, int]]:
    """Run a trigger over a text, and return spans in characters."""
    data = text.replace("\n", "\r").encode()
    return [(len(data[:a].decode()), len(data[:b].decode())) for a, b in view.trigger.spans(data)]


def read(name: str, text: str) -> list[str]:
    """Return what a view makes of a text."""
    view = BY_NAME[name]
    spans = spans_of(view, text)
    return [made for made, _, _ in view.make(text, iter(spans))] if spans else []


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("percent", "a%41%42c", ["aABc"]),
        ("percent", "%C3%A9!", ["é!"]),
        ("percent", "%ff%41", ["ÿA"]),
        ("percent", "100% %zz", []),
        ("percent", "%2541", ["%41"]),
        ("unescape", r"\u0041\x42\"\\", ['AB"\\']),
        ("unescape", r"\u{1F642}\U0001F642", ["🙂🙂"]),
        ("unescape", r"\ud83d", ["\ufffd"]),
        ("unescape", r"a\nb\tc", ["a\nb\tc"]),
        ("entities", "a&#46;b&amp;c&#x2F;&colon;", ["a.b&c/:"]),
        ("entities", "&#9999999; &nothing;", ["\ufffd &nothing;"]),
        ("groups", "abcd efgh ijkl mnop qrst uv", ["abcdefghijklmnopqrstuv"]),
        ("groups", "some words of a sentence", []),
        ("base64", "aGVsbG8gMjAzLjAuMTEzLjc3IQ==", ["hello 203.0.113.77!"]),
        ("base64", "xaGVsbG8gMjAzLjAuMTEzLjc3IQ==", ["hello 203.0.113.77!"]),
        ("base64", "thisisnotbasesixtyfouratall", []),
        ("hex", "68656c6c6f203230332e302e3131332e3737", ["hello 203.0.113.77"]),
        ("hex", "0123456789abcdef0123456789abcdef", []),
    ],
)  # fmt: skip
def test_reads(name: str, text: str, expected: list[str]) -> None:
    """A view reads what its encoding hides, and nothing where there is none."""
    assert expected == read(name, text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("１９２．１６８", "192.168"), ("a\u200bb\u00adc", "abc"), ("раypal", "paypal"), ("ﬁ", "fi"),
        ("٣", "3"), ("plain é", None), ("a\u202e b", "a b"), ("Ⅷ", "VIII"), ("ﷺ", None), ("", None),
    ],
)  # fmt: skip
def test_fold(text: str, expected: str | None) -> None:
    """Look-alikes read as Latin, invisible characters not at all; the rest stays."""
    made = fold(text)
    assert expected == (made[0] if made is not None else None)


@given(st.text(SYNTAX + "%4u0041&#;", max_size=60))
def test_maps_lead_back(text: str) -> None:
    """Each character of each view has a source inside the text, in order."""
    made = [*([fold(text)] if fold(text) else [])]
    for view in VIEWS:
        spans = spans_of(view, text)
        made += view.make(text, iter(spans)) if spans else []
    for reading in made:
        assert reading is not None
        out, starts, ends = reading
        assert len(out) == len(starts) == len(ends)
        assert all(0 <= a < b <= len(text) for a, b in zip(starts, ends, strict=True))
        assert starts == sorted(starts)
        for c, a, b in zip(out, starts, ends, strict=True):
            assert b - a > 1 or c == text[a] or not text[a].isascii() or len(set(starts)) == 1
