"""Stellar, Algorand, NEM and onion names."""

from secrets import token_bytes

import pytest
from bip_utils import AlgoAddrEncoder, Ed25519PrivateKey, XlmAddrEncoder, XlmAddrTypes

from tests.unit.detectors.found import found

_STELLAR = [
    "GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVSGZ",  # SEP-23's, two
    "MA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJUAAAAAAAAAAAACJUQ",
    "SBU2RRGLXH3E5CQHTD3ODLDF2BWDCYUSSBLLZ5GNW7JXHDIYKXZWHOKR",
]


@pytest.mark.parametrize("word", _STELLAR)
def test_stellar(word: str) -> None:
    """Accounts, muxed accounts and seeds are found alone and glued; one wrong letter is not."""
    assert [word] == found("stellar", word)
    assert [word] == found("stellar", "AB" + word + "Z")
    assert [] == found("stellar", word[:-1] + ("A" if word[-1] != "A" else "B"))


def test_fresh_ones_of_bip_utils() -> None:
    """What an independent encoder makes is found."""
    for _ in range(20):
        key = Ed25519PrivateKey.FromBytes(token_bytes(32)).PublicKey()
        for kind in (XlmAddrTypes.PUB_KEY, XlmAddrTypes.PRIV_KEY):
            word = XlmAddrEncoder.EncodeKey(key, addr_type=kind)
            assert [word] == found("stellar", word)
        word = AlgoAddrEncoder.EncodeKey(key)
        assert [word] == found("algorand", word)
        assert [] == found("algorand", "A" + word[1:-1] + ("A" if word[-1] != "A" else "Q"))


def test_nem_plain_and_dashed() -> None:
    """NEM addresses are found with their dashes or without."""
    plain = "NALICELGU3IVY4DPJKHYLSSVYFFWYS5QPLYEZDJJ"  # of the NIS API documentation
    dashed = "-".join(plain[at : at + 6] for at in range(0, 40, 6))
    assert [plain] == found("nem", plain)
    assert [dashed] == found("nem", dashed)
    assert [] == found("nem", plain[:-1] + "A")


def test_onion_names_of_version_3() -> None:
    """A service name is verified without its suffix; it is that of DuckDuckGo."""
    word = "duckduckgogg42xjoc72x3sjasowoarfbgcmvfimaftt6twagswzczad"
    assert [word] == found("onion", word)
    assert [] == found("onion", word[:-3] + "aad")
    assert [] == found("onion", "a" * 56)


@pytest.mark.parametrize(
    ("head", "tail"), [("account", ""), ("", "x"), ("peer", "down"), ("ad", "AD")]
)
def test_onion_names_between_words(head: str, tail: str) -> None:
    """The checksum tells where a name begins and ends."""
    word = "duckduckgogg42xjoc72x3sjasowoarfbgcmvfimaftt6twagswzczad"
    assert [word] == found("onion", head + word + tail)
    assert [word.upper()] == found("onion", head + word.upper() + tail)
    assert [] == found("onion", head + word[:-3] + "aad" + tail)


def test_constants_in_capitals_survive() -> None:
    """Names in capitals, the look of base32, are left alone."""
    for check in ("stellar", "algorand", "nem", "onion"):
        assert [] == found(check, "GETTRANSACTIONSFROMTHEBLOCKCHAINANDSTOREEVERYTHINGINCACHE")
