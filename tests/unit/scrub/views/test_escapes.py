"""Escapes: what stands for one character is read as it, all kinds in one pass."""

import pytest

from tests.unit.scrub.views.reading import origin, read


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a%41%42c", ["aABc"]),
        ("%C3%A9!", ["é!"]),
        ("%ff%41", ["ÿA"]),
        ("100% %zz", []),
        ("%2541", ["%41"]),
        ("%u0041%u00e9%41", ["AéA"]),
        (r"\u0041\x42\"\\", ['AB"\\']),
        (r"\u{1F642}\U0001F642", ["🙂🙂"]),
        (r"\ud83d", ["\ufffd"]),
        (r"\u0041\ud83d\u0042", ["A\ufffdB"]),
        (r"\uD83D\uDE42\u0041 %ud83d%ude42", ["🙂A 🙂"]),
        (r"\ude42\ud83d\ud83d\ude42", ["\ufffd\ufffd🙂"]),
        (r"a\nb\tc", ["a\nb\tc"]),
        (r"\101\102 \xc3\xa9", ["AB é"]),
        (r"a\0b\u0000", ["a\0b\0"]),
        ("a\0b\0", ["ab"]),
        ("a\x1b[32mb\x1b[0m", ["ab"]),
        ("ab=\ncd\\\r\nef", ["abcdef"]),
        ("a&#46;b&amp;c&#x2F;&colon;", ["a.b&c/:"]),
        ("&#49&#50;&#x33", ["123"]),
        ("&#9999999; &nothing;", ["\ufffd &nothing;"]),
        ("&nothing;", []), ("&AMP;&Period;&Eacute;&eacute;", ["&.Éé"]),
        (r"\r\u{1}\u{D7FF}\u{E000}", ["\r\1\ud7ff\ue000"]),
        (r"\u{0}\u{D800}\u{DFFF}\u{10FFFF}\u{110000}", ["\ufffd\ufffd\ufffd\U0010ffff\ufffd"]),
        ("=32=30=33.1", ["203.1"]),
        ("=C5=BE", ["ž"]),
        ("x=31", []),
    ],
)  # fmt: skip
def test_escapes(text: str, expected: list[str]) -> None:
    """An escape reads as what it stands for; what is none gives no reading."""
    assert expected == read("escapes", text)


@pytest.mark.parametrize(
    ("text", "piece", "expected"),
    [
        ("a%41%42c", "B", "%42"), ("a%41%42c", "aABc", "a%41%42c"), ("%C3%A9!", "é", "%C3%A9"),
        (r"\u0041\u0042", "B", r"\u0042"), (r"\ud83d\ude42\u0041", "A", r"\u0041"),
        (r"\u0041\ud83d\ude42\u0042", "🙂", r"\ud83d\ude42"),
        (r"\x41\x42", "A", r"\x41"), (r"\101\102", "B", r"\102"), (r"x\n\t", "\t", r"\t"),
        ("a&#46;b&amp;", ".", "&#46;"), ("=32=30", "0", "=30"), ("%u0041%u0042", "B", "%u0042"),
        ("a&#46;b&amp;c", "&", "&amp;"), (r"a\u{41}b", "A", r"\u{41}"),
        (r"a\U00000041b", "A", r"\U00000041"), (r"a\0b", "\0", r"\0"),
        (r"a\u0041\u0042c", "AB", r"\u0041\u0042"), (r"a\u0041\u0042c", "Bc", r"\u0042c"),
        (r"\ud83d\ude42\ude42x", "\ufffdx", r"\ude42x"),
    ],
)  # fmt: skip
def test_an_escape_leads_back_to_itself(text: str, piece: str, expected: str) -> None:
    """A character is mapped to its own escape, not to the run that it stands in."""
    assert expected == origin("escapes", text, piece)
