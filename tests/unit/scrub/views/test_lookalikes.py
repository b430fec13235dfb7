"""Look-alikes: characters that read as Latin ones, or not at all."""

import pytest

from relay.scrub.readings import Map
from relay.scrub.views.lookalikes import fold


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("１９２．１６８", "192.168"), ("a\u200bb\u00adc", "abc"), ("раypal", "paypal"),
        ("ﬁ", "fi"), ("раypal ﬁ bа", "paypal fi ba"),
        ("٣", "3"), ("plain é", None), ("a\u202e b", "a b"), ("Ⅷ", "VIII"), ("ﷺ", None), ("", None),
        ("e\u0301x", "ex"), ("1\u03362\u0336", "12"), ("❶🅰", "1A"), ("a\U000e0031b", "ab"),
        ("\U000e0031\U000e002e\U000e0032\U000e002e!", "1.2.!"), ("Ԛ", "Q"),
    ],
)  # fmt: skip
def test_fold(text: str, expected: str | None) -> None:
    """Look-alikes read as Latin, invisible characters not at all; the rest stays."""
    made = fold(text)
    assert expected == (made[0] if made is not None else None)


@pytest.mark.parametrize(
    "block",
    [(0x300, 0x36F), (0x483, 0x489), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF),
     (0xFE00, 0xFE0F), (0xFE20, 0xFE2F), (0xE0100, 0xE01EF)],
)  # fmt: skip
def test_marks_over_letters_are_not_there(block: tuple[int, int]) -> None:
    """Every block of Unicode that combines, from its first sign to its last."""
    for code in block:
        made = fold(f"a{chr(code)}b")
        assert made is not None
        assert "ab" == made[0]


def test_a_text_of_the_same_length_needs_no_map() -> None:
    """Where each character reads as one, offsets are the same, and there is no map."""
    assert ("see 192.168", None) == fold("see １９２．１６８")


def way_back(text: str) -> tuple[str, Map]:
    made = fold(text)
    assert made is not None
    read, way = made
    assert way is not None
    return read, way


@pytest.mark.parametrize(
    ("text", "piece", "expected"),
    [
        ("see a\u200bb\u00adc there", "abc", "a\u200bb\u00adc"), ("x ﬁ y", "f", "ﬁ"),
        ("x ﬁ y", "i y", "ﬁ y"), ("\u200b１９２\u200b．１", "192.1", "１９２\u200b．１"),
    ],
)  # fmt: skip
def test_what_is_found_leads_back(text: str, piece: str, expected: str) -> None:
    """A piece is mapped to the characters that it was read from, with invisible ones between."""
    read, way = way_back(text)
    start = read.index(piece)
    begin, end = way.source(start, start + len(piece))
    assert expected == text[begin:end]


ALIKE = {
    "-": (0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2015, 0x2043, 0x2212, 0x2796, 0x2CBA),
    ".": (0x2024, 0x3002, 0xA4F8, 0xFF0E),
    "/": (0x2041, 0x2044, 0x2215, 0x2571, 0x27CB, 0x29F8, 0x2CC6),
    "2": (0x01A7, 0x03E8, 0xA75A),
    "3": (0x01B7, 0x021C, 0x0417, 0x04E0, 0x2CCC, 0xA76A, 0xA7AB),
    "4": (0x13CE,),
    "5": (0x01BC,),
    "6": (0x0431, 0x13EE, 0x2CD2),
    "8": (0x0222, 0x0223),
    "9": (0x2CCA, 0xA76E),
    ":": (0x0589, 0x205A, 0x2236, 0xA4FD, 0xA789, 0xFF1A),
    "A": (0x0391, 0x0410, 0x13AA, 0xA4EE),
    "B": (0x0392, 0x0412, 0x13F4, 0xA4D0, 0xA7B4),
    "C": (0x03F9, 0x0421, 0x13DF, 0x2CA4, 0xA4DA),
    "D": (0x13A0, 0xA4D3),
    "E": (0x0395, 0x0415, 0x13AC, 0xA4F0),
    "F": (0x03DC, 0xA4DD, 0xA798),
    "G": (0x050C, 0x13C0, 0x13F3, 0xA4D6),
    "H": (0x0397, 0x041D, 0x13BB, 0x2C8E, 0xA4E7),
    "I": (0x0196, 0x0399, 0x0406, 0x04C0, 0x2C92),
    "J": (0x037F, 0x0408, 0x13AB, 0xA4D9, 0xA7B2),
    "K": (0x039A, 0x041A, 0x13E6, 0x2C94, 0xA4D7),
    "L": (0x13DE, 0x2CD0, 0xA4E1),
    "M": (0x039C, 0x03FA, 0x041C, 0x13B7, 0x2C98, 0xA4DF),
    "N": (0x039D, 0x2C9A, 0xA4E0),
    "O": (0x039F, 0x041E, 0x0555, 0x2C9E, 0xA4F3),
    "P": (0x03A1, 0x0420, 0x13E2, 0x2CA2, 0xA4D1),
    "Q": (0x051A,),
    "R": (0x01A6, 0x13A1, 0x13D2, 0xA4E3),
    "S": (0x0405, 0x054F, 0x13D5, 0x13DA, 0xA4E2),
    "T": (0x03A4, 0x0422, 0x13A2, 0x2CA6, 0xA4D4),
    "U": (0x054D, 0xA4F4),
    "V": (0x0474, 0x13D9, 0xA4E6),
    "W": (0x051C, 0x13B3, 0x13D4, 0xA4EA),
    "X": (0x03A7, 0x0425, 0x2CAC, 0xA4EB, 0xA7B3),
    "Y": (0x03A5, 0x03D2, 0x0423, 0x04AE, 0x13A9, 0x13BD, 0x2CA8, 0xA4EC),
    "Z": (0x0396, 0x13C3, 0xA4DC),
    "\\": (0x2216, 0x29F5),
    "a": (0x0251, 0x03B1, 0x0430),
    "b": (0x0184, 0x042C, 0x13CF),
    "c": (0x03F2, 0x0441, 0x1D04, 0x2CA5),
    "d": (0x0501, 0x13E7, 0xA4D2),
    "e": (0x0435, 0x04BD),
    "f": (0x0584, 0xA799),
    "g": (0x018D, 0x0261, 0x0581),
    "h": (0x04BB, 0x0570, 0x13C2),
    "i": (0x0131, 0x0269, 0x026A, 0x037A, 0x03B9, 0x0456, 0x04CF, 0x13A5),
    "j": (0x0237, 0x03F3, 0x0458),
    "k": (0x03BA,),
    "l": (0x01C0, 0x2113, 0xA4F2),
    "n": (0x0578, 0x057C),
    "o": (0x03BF, 0x03C3, 0x043E, 0x0585, 0x1D0F, 0x1D11, 0x2C9F),
    "p": (0x03C1, 0x03F1, 0x0440, 0x2CA3),
    "q": (0x051B, 0x0563, 0x0566),
    "r": (0x0433, 0x1D26, 0x2C85),
    "s": (0x01BD, 0x0455, 0xA731),
    "t": (0x03C4,),
    "u": (0x028B, 0x03C5, 0x057D, 0x1D1C, 0xA79F),
    "v": (0x03BD, 0x0475, 0x1D20),
    "w": (0x026F, 0x0461, 0x051D, 0x0561, 0x1D21),
    "x": (0x0445,),
    "y": (0x0263, 0x028F, 0x03B3, 0x0443, 0x04AF),
    "z": (0x1D22,),
}
"""By what they read as: code points that Unicode TR 39 (confusables) says look alike."""

INVISIBLE = (
    0x00AD, 0x034F, 0x061C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180E, 0x200B, 0x200C, 0x200D,
    0x200E, 0x200F, 0x202A, 0x202B, 0x202C, 0x202D, 0x202E, 0x2060, 0x2061, 0x2062, 0x2063,
    0x2064, 0x2066, 0x2067, 0x2068, 0x2069, 0x206A, 0x206B, 0x206C, 0x206D, 0x206E, 0x206F,
    0x3164, 0xFEFF, 0xFFA0, 0xFFF9, 0xFFFA, 0xFFFB,
)  # fmt: skip
"""Code points that are not shown: format characters (Cf), and fillers of Hangul."""


def reads(text: str) -> str:
    """Return what a text reads as."""
    made = fold(text)
    return text if made is None else made[0]


@pytest.mark.parametrize("letter", ALIKE)
def test_what_looks_like_a_letter_reads_as_it(letter: str) -> None:
    """An address with one such letter is an address to whoever reads it."""
    for code in ALIKE[letter]:
        assert f"a{letter}b" == reads(f"a{chr(code)}b")


def test_what_is_not_shown_is_not_there() -> None:
    """Between the letters of an address it hides it from patterns alone."""
    assert ["ab"] * len(INVISIBLE) == [reads(f"a{chr(code)}b") for code in INVISIBLE]


def test_letters_that_normalise_read_as_themselves() -> None:
    """All that ASCII shows, in full width, also where another letter looks like it."""
    shown = [chr(code) for code in range(0x21, 0x7F)]
    assert shown == [reads(chr(ord(c) - 0x21 + 0xFF01)) for c in shown]


@pytest.mark.parametrize("first", [0x1F150, 0x1F170, 0x1F1E6])
def test_alphabets_that_do_not_normalise(first: int) -> None:
    """White on black in a circle and in a square, and the letters of flags."""
    letters = "".join(chr(first + place) for place in range(26))
    assert "ABCDEFGHIJKLMNOPQRSTUVWXYZ" == reads(letters)


@pytest.mark.parametrize(
    "code",
    [0x2FF, 0x370, 0x482, 0x48A, 0x1AAF, 0x1B00, 0x1DBF, 0x1E00, 0x20CF, 0x2100, 0xFDFF, 0xFE10,
     0xFE1F, 0xFE30, 0xE00FF, 0xE0080, 0xE01F0],
)  # fmt: skip
def test_what_stands_beside_marks_is_there(code: int) -> None:
    """Letters and signs behind the last mark of a block are read."""
    assert "ab" != reads(f"a{chr(code)}b")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\U000e0031\U000e0032\U000e0033b", "ab"),
        ("a\U000e0031\U000e0032\U000e0033\U000e0034b", "a1234b"),
        ("\U000e0020\U000e007e\U000e0041\U000e0061", " ~Aa"),
        ("a\U000e0031\U000e0032\U000e0033\U000e007f\U000e0034\U000e001fb", "ab"),
    ],
)
def test_tags_in_a_row_are_text(text: str, expected: str) -> None:
    """Four of them are; fewer stand between the letters of other text."""
    assert expected == reads(text)


@pytest.mark.parametrize(("text", "expected"), [("㏂", "a.m."), ("㏘", "p.m."), ("🄫", "C")])
def test_characters_that_unfold(text: str, expected: str) -> None:
    """To four characters at most."""
    assert expected == reads(text)
    assert "﷽" == reads("﷽")


def test_digits_of_all_scripts() -> None:
    """Those that do not normalise have their value in Unicode."""
    for first in (0x0660, 0x06F0, 0x0966, 0x09E6, 0x0E50, 0x1D7CE):
        assert "0123456789" == reads("".join(chr(first + n) for n in range(10)))
