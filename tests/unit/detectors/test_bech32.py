"""Bech32, bech32m and cashaddr: published vectors, cut-off ones, words that look alike."""

from secrets import token_bytes

import pytest
from bip_utils import Bech32Encoder, SegwitBech32Encoder

from tests.unit.detectors.found import found

_VALID = [
    "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",  # BIP173
    "tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sl5k7",
    "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",  # BIP350
    "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw",
    "split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w",
    "ltc1qw508d6qejxtdg4y5r3zarvary0c5xw7kgmn4n9",
    (
        "addr1qx2fxv2umyhttkxyxp8x0dlpdt3k6cwng5pxj3jhsydzer3n0d3vllmyqwsx5wktcd8cc3sq835lu7drv2xwl2wyw"
        "fgse35a3x"
    ),  # CIP-19
    "addr_test1vz2fxv2umyhttkxyxp8x0dlpdt3k6cwng5pxj3jhsydzerspjrlsz",
    "stake1uyehkck0lajq8gr28t9uxnuvgcqrc6070x3k9r8048z8y5gh6ffgw",
    "npub10elfcs4fr0l0r8af98jlmgdh9c8tcxjvz9qkw038js35mp4dma8qzvjptg",  # NIP-19
    "nsec1vl029mgpspedva04g90vltkh6fvh240zqtv9k0t9af8935ke9laqsnlfe5",
    (
        "lnbc2500u1pvjluezpp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqypqdq5xysxxatsyp3k7enxv4js"
        "xqzpuaztrnwngzn3kdzw5hydlzf03qdgm2hdq27cqv3agm2awhz5se903vruatfhq77w3ls4evs3ch9zw97j25emudupq63"
        "nyw24cg27h2rspfj9srp"
    ),  # BOLT 11
]


@pytest.mark.parametrize("word", _VALID)
def test_valid_ones_are_found_in_either_case(word: str) -> None:
    """Lower case, upper case, and between separators."""
    assert [word] == found("bech32", word)
    assert [word.upper()] == found("bech32", word.upper())
    assert [word] == found("bech32", f"x_{word}_y", f"x_{word}_y")


@pytest.mark.parametrize("word", _VALID)
def test_known_names_are_found_glued_to_a_word(word: str) -> None:
    """A known name is cut out of the word it is glued to."""
    assert [word] == found("bech32", "wallet-" + word)


@pytest.mark.parametrize(
    "word",
    [
        "bc1qw508d6qejxtdg4y5r3z",
        "addr1qx2fxv2umyhttkxy",
        "bc1qw508d6qej",
        "BC1QW508D6QEJXTDG4Y5R3Z",
    ],
)
def test_a_cut_off_one_is_found_by_its_name(word: str) -> None:
    """Cut off at 500 characters there is no checksum left, and the name is telling."""
    assert [word] == found("bech32", word)


@pytest.mark.parametrize(
    "word",
    ["chunk1", "step1a2c3d4e5f", "sha1sum", "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxq",
     "frame1_qpzry9x8", "via1", "sys1", "user1settings", "bc1QW508d6qejxtdg4y5r3z", "tb1l",
     "feature1testnetwallet", "desc1"],
)  # fmt: skip
def test_words_survive(word: str) -> None:
    """A name with a one in it is no address."""
    assert [] == found("bech32", word)


def test_fresh_ones_of_bip_utils_are_found() -> None:
    """What an independent encoder makes is found, whatever its name."""
    for name in ("bc", "dgb", "cosmos", "unheardof", "grs", "x"):
        word = Bech32Encoder.Encode(name, token_bytes(32))
        assert [word] == found("bech32", word)
    for version in (0, 1):
        word = SegwitBech32Encoder.Encode("tb", version, token_bytes(32))
        assert [word] == found("bech32", word)


@pytest.mark.parametrize("name", ["axelar", "chihuahua", "zqxw", "someverylongname", "cc_hot", "k"])
@pytest.mark.parametrize(("head", "tail"), [("address", "x"), ("acc1", "x"), ("", "account")])
def test_any_name_is_found_between_words(name: str, head: str, tail: str) -> None:
    """A chain that is on no list, with words glued to its name and its data."""
    for size in (10, 20, 32, 57):
        word = Bech32Encoder.Encode(name, token_bytes(size))
        assert [word] == found("bech32", head + word + tail)
        assert [word.upper()] == found("bech32", head + word.upper() + tail)


@pytest.mark.parametrize("word", _VALID)
def test_a_word_in_the_other_case_is_no_part_of_it(word: str) -> None:
    """Bech32 has one case, so a word in the other one ends the data, or stands before the name."""
    for glued in (word + "Label", word + "Send", "LABEL" + word, "LABEL" + word + "LABEL"):
        assert [word] == found("bech32", glued)
    for glued in (word.upper() + "label", "label" + word.upper(), "a" + word.upper() + "send"):
        assert [word.upper()] == found("bech32", glued)


@pytest.mark.parametrize(
    "word",
    [
        "lntb20m1z285m9am0rvegt",
        "lnbc2500u1pvjluezpp5",
        "bc1qw508d6qejxtdg4y5r3z",
        "addr1qx2fxv2umyhttkxyxp8x0",
    ],
)
def test_a_cut_off_one_ends_where_the_case_changes(word: str) -> None:
    """Shape is enough there too."""
    assert [word] == found("bech32", word + "Send")
    assert [word.upper()] == found("bech32", word.upper() + "send")


@pytest.mark.parametrize(
    "word",
    ["bc1679ea5fc4115c4d27eb5eac816b73", "0bc1679ea5fc4225c4d27eb5eac826b73", "fc16790ea5f",
     "9bc1c4d27eb5eac8d96b73d5fc4d27eb5eac8d96b73679ea5fc4d27eb5eac8d9"],
)  # fmt: skip
def test_hex_is_no_address_without_a_checksum(word: str) -> None:
    """An id in hex holds `bc1` now and then, so digits of hex behind it are not telling."""
    assert [] == found("bech32", word)


def test_a_checksum_cuts_off_what_is_glued_behind() -> None:
    """Letters of the alphabet behind an address stay out of the span."""
    word = _VALID[0]
    assert [word] == found("bech32", word + "xyz")


@pytest.mark.parametrize(
    ("name", "least"), [("acm", 12), ("vips", 12), ("xc", 16), ("word_xc", 16), ("u", 20)]
)
def test_short_names_need_more_of_the_data(name: str, least: int) -> None:
    """Three letters need 12 characters behind, two 16, one 20."""
    data = "qx2fxv2umyhttkxyxp8x0"
    for size in (least, least - 1):
        word = f"{name}1{data[:size]}"
        expected = [word.removeprefix("word_")] if size == least else []
        assert expected == found("bech32", word)


@pytest.mark.parametrize("word", ["cpu1temperature22", "one1acdefghjklmnp", "axc1qx2fxv2umyhttkxy"])
def test_words_with_a_number_are_no_short_name(word: str) -> None:
    """The digits must stand among the letters, and nothing before the name."""
    assert [] == found("bech32", word)
