"""What is left of an identifier at the end of a text that was cut."""

import pytest

from relay.detectors import CHECKS

_FILL = "the device said no, and so on. " * 400


def _found(tail: str, size: int = 500, dots: str = "") -> list[str]:
    """Run the check on the last token of a text of `size` characters that ends with `tail`."""
    text = _FILL[: size - len(tail) - 1] + " " + tail
    assert size == len(text)
    start = 1 + max(text.rfind(char) for char in " \"'/=<(")
    text += dots
    return [text[a:b] for a, b in CHECKS["cut_off"](text, start, size)]


@pytest.mark.parametrize(
    "token",
    [
        "1A1zP1eP5QGefi2DMPTfT", "3J98t1WpEZ", "0x529084000985", "4a5e1e4baab89f3a3",
        "rHb9CJAWyB4rj91VRWn96", "7EcDhSYGxXyscszYEp35", "GAAZI4TCR3TY5OJHCTJC2A4",
        "5HueCGU8rMjxEXxiPuD5", "355C817510C0EABF", "355C817510C0",
        "qpm2qsznhks23z7629", "kqNzTfWxGhJL",
        "account1A1zP1eP5QG", "9f3a1b2c4d", "L4rK1yDtC",
    ],
)  # fmt: skip
@pytest.mark.parametrize(("size", "dots"), [(500, ""), (500, "..."), (1024, "\u2026"), (8192, "")])
def test_what_is_left_of_an_identifier_goes(token: str, size: int, dots: str) -> None:
    """Cut at the lengths that SDKs cut at; the dots stay."""
    expected = [] if token == "9f3a1b2c4d" else [token]  # too short for hex
    assert expected == _found(token, size, dots)


@pytest.mark.parametrize("size", [497, 499, 501, 600, 997])
def test_a_text_that_was_not_cut_keeps_its_end(size: int) -> None:
    """At any other length the last token is whole, and the other checks decide."""
    assert [] == _found("1A1zP1eP5QGefi2DMPTfT", size)


def test_the_dots_may_be_counted_in_or_not() -> None:
    """Some SDKs cut to 497 and add three dots, some cut to 500 and add them."""
    assert ["1A1zP1eP5QG"] == _found("1A1zP1eP5QG", 497, "...")
    assert ["1A1zP1eP5QG"] == _found("1A1zP1eP5QG", 499, "\u2026")


def test_a_length_in_units_of_utf_16_counts_too() -> None:
    """JavaScript counts a character beyond the basic plane as two."""
    text = "\U0001f600" * 10 + "x" * 468 + " 1A1zP1eP5QG"
    assert 500 == len(text.encode("utf-16-le")) // 2
    spans = CHECKS["cut_off"](text, text.index("1A1z"), len(text))
    assert ["1A1zP1eP5QG"] == [text[a:b] for a, b in spans]


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        ("2001:db8:85a3::8a2e:3", "2001:db8:85a3::8a2e:3"),
        ("2001:db8:85a3:8a2e:3", "2001:db8:85a3:8a2e:3"),
        ("[2001:db8:85a3:8a2e:", "2001:db8:85a3:8a2e:"),
        ("57:73:b2:ef:1", "57:73:b2:ef:1"),
        ("jane.doe@exampl", "jane.doe@exampl"),
        ("jane.doe@example.c", "jane.doe@example.c"),
        ("jane.doe@e", "jane.doe@e"),
        ("mailto:jane.doe@", "jane.doe@"),
        ("m_1A1zP1eP5QG", "1A1zP1eP5QG"),
        ("acc.1A1zP1eP5QG", "1A1zP1eP5QG"),
        ("acc:0x5290840009", "0x5290840009"),
    ],
)
def test_what_has_signs_in_it_goes_as_one(token: str, expected: str) -> None:
    """An address of the network or of a person is more than its last letters and digits."""
    assert [expected] == _found(token)


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        *((word, word) for word in [
            "xpub6", "zpubBBa", "YpubDXfxY", "Ltub4t", "127xah1g", "dgpv7z", "bc1q9", "addr1v8",
            "BC1QW", "npub1g4", "lnbc2500u", "bitcoincash:q", "ecash:pp", "bitcoin:tb1",
            "litecoin:ltc1",
            "nano_1fr", "hxef3686", "NALICE-LG", "bitcoin:1A1z",
        ]),
        ("addr_test1dd", "addr_test1dd"),
        ("stake_test1xf", "stake_test1xf"),
        ("age-secret-key-1gk", "age-secret-key-1gk"),
        ("acc_bc1q9l", "bc1q9l"),
        ("x:xpubDXf9", "xpubDXf9"),
    ],
)  # fmt: skip
def test_telling_beginnings_go_however_short(token: str, expected: str) -> None:
    """A known prefix and two characters are enough where the text was cut."""
    assert [expected] == _found(token)
    assert [] == _found(token, 499)


@pytest.mark.parametrize(
    "token",
    ["xpubKey", "zpubkeys", "bitcoin:", "bitcoin:Cli", "cardano:getAddr", "script1", "abc1qq",
     "nano_second", "fixed", "hxel", "NONE-AB", "web1234", "ecash:"],
)  # fmt: skip
def test_names_that_begin_so_survive(token: str) -> None:
    """A prefix alone, or a word behind it, is a name in a program."""
    assert [] == _found(token)


@pytest.mark.parametrize(
    "token",
    [
        "disconnected", "getAccountInfoFromXPub", "XMLHttpRequest", "CONNECTION", "chunk1234",
        "base58check", "sha256sum", "Windows10", "12345678", "1732430400123", "keccak256hash",
        "main.js:1234:56", "12:34:56:789", "d0cbfe8", "d0cbfe8a", "src/main.chunk", "step1234",
        "2026-11-24T10:00:00.123Z", "a::b::c::d", "image@2x", "Object@4b1c1ea0",
        "java.lang.Object@b1c1ea", "handler@https", "lodash@4.17.2", "@trezor/connect",
        "std::vector::push_b", "internationalization", "git@github.co", "1.2.3.4", "EIP712Domain",
        "550e8400-e29b-41d4-a716-446655a40000",
        "Chrome/128.0.0.0", "[address]", "[ip]", "_", "@", ":", ".",
    ],
)  # fmt: skip
def test_words_names_and_numbers_survive(token: str) -> None:
    """A cut text ends in an ordinary word most of the time."""
    assert [] == _found(token)
