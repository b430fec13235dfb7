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
    return [made for made, _ in view.make(text, iter(spans))] if spans else []


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("escapes", "a%41%42c", ["aABc"]),
        ("escapes", "%C3%A9!", ["é!"]),
        ("escapes", "%ff%41", ["ÿA"]),
        ("escapes", "100% %zz", []),
        ("escapes", "%2541", ["%41"]),
        ("escapes", "%u0041%u00e9%41", ["AéA"]),
        ("escapes", r"\u0041\x42\"\\", ['AB"\\']),
        ("escapes", r"\u{1F642}\U0001F642", ["🙂🙂"]),
        ("escapes", r"\ud83d", ["\ufffd"]),
        ("escapes", r"\u0041\ud83d\u0042", ["A\ufffdB"]),
        ("escapes", r"a\nb\tc", ["a\nb\tc"]),
        ("escapes", r"\101\102 \xc3\xa9", ["AB é"]),
        ("escapes", r"a\0b\u0000", ["a\0b\0"]),
        ("escapes", "a\0b\0", ["ab"]),
        ("escapes", "a\x1b[32mb\x1b[0m", ["ab"]),
        ("escapes", "ab=\ncd\\\r\nef", ["abcdef"]),
        ("escapes", "a&#46;b&amp;c&#x2F;&colon;", ["a.b&c/:"]),
        ("escapes", "&#49&#50;&#x33", ["123"]),
        ("escapes", "&#9999999; &nothing;", ["\ufffd &nothing;"]),
        ("escapes", "&nothing;", []),
        ("escapes", "=32=30=33.1", ["203.1"]),
        ("escapes", "=C5=BE", ["ž"]),
        ("escapes", "x=31", []),
        ("groups", "abcd efgh ijkl mnop qrst u7", ["abcdefghijklmnopqrstu7"]),
        ("groups", "some words that have four each", []),
        ("groups", "1234 5678 1234 5678 1234 56", []),
        ("groups", "a1b2c-d3e4f-g5h6i-j7k8l-m9", ["a1b2cd3e4fg5h6ij7k8lm9"]),
        ("groups", "31 32 33 34 35 36 37 38 39 30 31 32", ["123456789012"]),
        ("groups", " ".join(["0x2F9D2"] * 200), []),
        ("groups", "70 61 73 73 20 32 30 33 2e 30 00 " * 50 + "0a", ["pass 203.0\0" * 50 + "\n"]),
        ("groups", "11 12 13 14 15 16 17 18 19 10 11 12", []),
        ("groups", "a1 b2 c3 d4 e5 f6 a7 b8 c9 d0 e1 f2", ["a1b2c3d4e5f6a7b8c9d0e1f2"]),
        ("groups", "a1:b2:c3:d4:e5:f6:a7:b8:c9:d0:e1", ["a1b2c3d4e5f6a7b8c9d0e1"]),
        ("groups", "0xa1, 0xb2, 0xc3, 0xd4, 0xe5, 0xf6, 0xa7, 0xb8, 0xc9, 0xd0", ["a1b2c3d4e5f6a7b8c9d0"]),
        ("groups", "with 1a2b 3c4d 5e6f 7a8b 9c0d 1e from", ["with1a2b3c4d5e6f7a8b9c0d1e", "1a2b3c4d5e6f7a8b9c0d1e"]),
        ("groups", "mvbu 1Gdy 8SUj Ten@ 355C 8175 :0", ["mvbu1Gdy8SUjTen@355C8175:0", "1Gdy8SUjTen@355C8175:0"]),
        ("groups", "NotImplementedError\n\n    @abc.abstractmethod\n    def", []),
        ("groups", "raise NotImplementedErrorA\n  someOtherPartOfCodeAA\n  def", []),
        ("groups", "2ABF62E3 5E668076 BEAD208B", []),
        ("groups", "1A1zP1eP5QGefi2DMP\n TfTL5SLmv7Di", ["1A1zP1eP5QGefi2DMPTfTL5SLmv7Di"]),
        ("base64", "aGVsbG8gMjAzLjAuMTEzLjc3IQ==", ["hello 203.0.113.77!"]),
        ("base64", "aGVsbG8gMjAzLjAuMTEzLjc3IQ", ["hello 203.0.113.77!"]),
        ("base64", "xaGVsbG8gMjAzLjAuMTEzLjc3IQ==", ["hello 203.0.113.77!"]),
        ("base64", "MS4yLjMuNA==", ["1.2.3.4"]),
        ("base64", "xb7FvmFiIDIwMy4wLjExMy43Nw==", ["žžab 203.0.113.77"]),
        ("base64", "//4yADAAMwAuADAALgAxADEAMwAuADcANwA=", ["203.0.113.77"]),
        ("base64", "/wADaGVsbG8gMjAzLjAuMTEzLjc3gIA=", ["hello 203.0.113.77"]),
        ("base64", "H4sIAAAAAAACA8tIzcnJVzAyMNYz0DM0NNYzNwcAYD4FSBIAAAA=", ["hello 203.0.113.77"]),
        ("base64", "thisisnotbasesixtyfouratall", []),
        ("base64", "getAccountDescriptorFromTypubs", []),
        ("base32", "NBSWY3DPEAZDAMZOGAXDCMJTFY3TO===", ["hello 203.0.113.77"]),
        ("base32", "nbswy3dpeazdamzogaxdcmjtfy3to", ["hello 203.0.113.77"]),
        ("base32", "abcdefghijklmnopqrstuvwxyzAB", []),
        ("hex", "68656c6c6f203230332e302e3131332e3737", ["hello 203.0.113.77"]),
        ("hex", "a68656c6c6f203230332e302e3131332e3737", ["hello 203.0.113.77"]),
        ("hex", "c3a968656c6c6f203230332e302e37", ["éhello 203.0.7"]),
        ("hex", "3200300033002e0030002e003700310000", ["203.0.71\n"]),
        ("hex", "320030003300320030003300320030003300320030", ["2032032032\n"]),
        ("hex", "0123456789abcdef0123456789abcdef", []),
        ("base64", ("aGVsbG8gMjAz" * 5 + "\n") * 2 + "aGVsbG8=\xa0Mg", ["hello 203" * 10 + "hello"]),
        ("hex", "312e322e332e34", ["1.2.3.4"]),
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
        ("e\u0301x", "ex"), ("1\u03362\u0336", "12"), ("❶🅰", "1A"), ("a\U000e0031b", "ab"),
        ("\U000e0031\U000e002e\U000e0032\U000e002e!", "1.2.!"), ("Ԛ", "Q"),
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
        out, way = reading
        if way is None:
            assert len(out) == len(text)
            continue
        assert len(out) == way.length
        sources = [way.source(place, place + 1) for place in range(len(out))]
        assert all(0 <= a < b <= len(text) for a, b in sources)
        assert sources == sorted(sources)
        whole = len(set(sources)) == 1
        for c, (a, b) in zip(out, sources, strict=True):
            assert b - a > 1 or c == text[a] or not text[a].isascii() or whole
