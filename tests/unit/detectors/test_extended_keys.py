"""Extended keys: BIP32's and SLIP-132's vectors, cut off, and names that look alike."""

from hashlib import sha512

import base58
import pytest
from bip_utils import Bip44, Bip44Coins, Bip49, Bip49Coins, Bip84, Bip84Coins

import relay
from tests.unit.detectors.found import found

_XPUB = (
    "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7"
    "usUDFdp6W1EGMcet8"
)  # BIP32, vector 1
_XPRV = (
    "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtR"
    "BeJgk33yuGBxrMPHi"
)


def test_the_vectors_of_bip32() -> None:
    """Public and private ones are told apart."""
    assert [_XPUB] == found("xpub", _XPUB)
    assert [] == found("xprv", _XPUB)
    assert [_XPRV] == found("xprv", _XPRV)
    assert [] == found("xpub", _XPRV)


@pytest.mark.parametrize("between", ["/velape", "/account", "/", "velape"])
def test_whole_keys_beside_each_other_are_no_base64(between: str) -> None:
    """A key whose checksum holds is one, however much like base64 what stands around it looks."""
    text = between.join([_XPUB] * 3)
    scrubbed = relay.load_scrubber(secret=b"test" * 8, verify=False).scrub_text(text)
    assert _XPUB not in scrubbed


@pytest.mark.parametrize("length", [24, 40, 80, 110])
def test_cut_off_keys_are_found(length: int) -> None:
    """A known prefix and 20 characters are enough."""
    assert [_XPUB[:length]] == found("xpub", _XPUB[:length])
    assert [_XPRV[:length]] == found("xprv", "a" + _XPRV[:length])


@pytest.mark.parametrize(
    "word",
    ["xpub", "xpubKey", "xpub6BiVtCpG9fQPx", "getAccountDescriptorFromTypubsAndMoreOfThem",
     "zpubkeysAreStoredInTheStateOfWa"],
)  # fmt: skip
def test_names_survive(word: str) -> None:
    """The word xpub, and a name in camel case that holds it, stay."""
    assert [] == found("xpub", word)


def test_an_unknown_prefix_is_found_by_length() -> None:
    """Any run of 111 characters is a key, whatever it begins with."""
    word = "Abcd" + _XPUB[4:]
    assert [word] == found("xpub", word)


def test_fresh_keys_of_bip_utils_are_found() -> None:
    """Every prefix that an independent library writes is known."""
    seed = bytes(range(64))
    for maker, coins in ((Bip44, Bip44Coins), (Bip49, Bip49Coins), (Bip84, Bip84Coins)):
        for coin in coins:
            try:
                account = maker.FromSeed(seed, coin).Purpose()
                public = account.PublicKey().ToExtended()
                private = account.PrivateKey().ToExtended()
            except ValueError:
                continue
            assert [public] == found("xpub", public)
            assert [private] == found("xprv", private)


_FEW_DIGITS = (
    "xprv9yUajHYVjSuYgjWqSUZLntgKoiAktEmbvyRQFCyrUkj1SwcfQdU5yo847tvfw7GjWXEKbf7cMEBFxevmZPithafKyH"
    "bVYMGgLyXyVtFUky8"
)


@pytest.mark.parametrize("length", [24, 30, 36, 44, 100, 110, 111])
def test_a_key_with_few_digits_at_its_beginning_is_found(length: int) -> None:
    """Chance leaves one key in a hundred with one digit in its first forty characters."""
    assert [_FEW_DIGITS[:length]] == found("xprv", _FEW_DIGITS[:length])
    assert [] == found("xpub", _FEW_DIGITS[:length])


def test_a_key_that_a_word_is_glued_to_goes_with_it() -> None:
    """Where the key ends cannot be told, so the word goes along."""
    word = _FEW_DIGITS + "account"
    assert [word] == found("xprv", word)


def test_every_cut_of_random_keys_is_found() -> None:
    """Whatever the digits, what is left of a key is found and told apart by its prefix."""
    for number in range(40):
        key = Bip44.FromSeed(bytes([number] * 32), Bip44Coins.BITCOIN).Purpose()
        public, private = key.PublicKey().ToExtended(), key.PrivateKey().ToExtended()
        for length in (44, 60, 100, 111):
            assert [public[:length]] == found("xpub", public[:length])
            assert [private[:length]] == found("xprv", private[:length])


@pytest.mark.parametrize(
    ("head", "tail"), [("account", ""), ("", "x"), ("acc1", "account"), ("xpub", "")]
)
def test_any_version_is_found_between_words(head: str, tail: str) -> None:
    """The checksum tells where a key of a coin that is on no list begins and ends."""
    for version in (b"\x11\x22\x33\x44", b"\xf0\x00\x00\x01"):
        # Not fresh: one in some thousand holds another prefix in its middle.
        word = base58.b58encode_check(version + sha512(version).digest() + bytes(10)).decode()
        (key,) = found("xpub", head + word + tail)
        assert word in key
        wrong = word[:-3] + ("a" if word[-3] != "a" else "b") + word[-2:]
        assert [] == found("xpub", "account" + wrong + "x")


@pytest.mark.parametrize(("head", "tail"), [("", ""), ("account", "x")])
def test_a_prefix_by_chance_in_the_middle_hides_nothing(head: str, tail: str) -> None:
    """The whole key goes, and not what follows the four letters."""
    word = (
        "fQNM8iULUKNAk87syJefm9WbfM5AecwicUw83rWTsz6svieFtCmtCFh7GKchqPDncUFs6oPpipprvWy5qcTszMBFZV"
        "1egduPs6RNw2nNBR74952"
    )
    assert [word] == found("xpub", head + word + tail)
    assert [] == found("xprv", head + word + tail)
