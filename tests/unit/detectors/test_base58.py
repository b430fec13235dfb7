"""Base58Check: published vectors, glue, look-alikes, and a second opinion from bip_utils."""

from hashlib import sha256
from secrets import token_bytes

import base58
import pytest
from bip_utils import Base58Encoder, P2PKHAddrEncoder, XrpAddrEncoder
from bip_utils import Secp256k1PrivateKey as PrivateKey

from relay.detectors.base58 import decode
from tests.unit.detectors.found import found

_VECTORS = [
    "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",  # the genesis block
    "1111111111111111111114oLvT2",  # a hash of zeros
    "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy",
    "mvbu1Gdy8SUjTenqerxUaZyYjmveZvt33q",
    "t1VmmGiyjVNeCjxDZzg7vZmd99WyzVby9yC",
    "TJRabPrwbZy45sbavfcjinPJC18kjpRTv8",
    "KT1PWx2mnDueood7fEmfbBDKx1D9BAnnXitn",
    "mv1WA4U1ineKMHs2Cghctc2xgE3FhJJWzLSk",
    "tz1VSUr8wwNhLAzempoch5d6hLRiTh8Cjcjb",
    "edpkvGfYw3LyB1UcCahKQk4rF2tvbMUk8GFiTuMjL75uGXrpvKXhjn",
    "5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ",  # WIF
    "KwFfNUhSDaASSAwtG7ssQM1uVX8RgX5GHWnnLfhfiQDigjioWXHH",
    "6PRVWUbkzzsbcVac2qwfssoUJAN1Xhrg6bNk8J7Nzm5H7kxEbn2Nh2ZoGg",  # BIP38
]


@pytest.mark.parametrize("word", _VECTORS)
@pytest.mark.parametrize("head", ["", "xyz", "account"[:4]])
@pytest.mark.parametrize("tail", ["", "abc"])
def test_an_identifier_is_found_alone_and_glued(word: str, head: str, tail: str) -> None:
    """A valid one is cut out of a run that words are glued to."""
    assert [word] == found("base58check", head + word + tail)


@pytest.mark.parametrize("word", _VECTORS)
def test_one_wrong_character_is_not_found(word: str) -> None:
    """A checksum that fails is no identifier: shape alone would eat ids."""
    wrong = word[:-3] + ("a" if word[-3] != "a" else "b") + word[-2:]
    assert [] == found("base58check", wrong)


def test_random_ids_survive() -> None:
    """Of 2,000 random hex ids of 32 digits none is taken for an address."""
    ids = [token_bytes(16).hex().replace("0", "1") for _ in range(2000)]
    assert [] == [word for word in ids if found("base58check", word) or found("ripple", word)]


@pytest.mark.parametrize("size", [1, 2, 3])
def test_any_version_of_one_to_three_bytes_is_found(size: int) -> None:
    """A coin that is on no list is found by its checksum."""
    for _ in range(40):
        word = base58.b58encode_check(b"\x01" + token_bytes(size - 1 + 20)).decode()
        assert [word] == found("base58check", word)
        assert [word] == found("base58check", "zz" + word)


def test_fresh_addresses_of_bip_utils_are_found() -> None:
    """What an independent encoder makes, the checks find."""
    for _ in range(20):
        key = PrivateKey.FromBytes(sha256(token_bytes(8)).digest()).PublicKey()
        for version in (b"\x00", b"\x1e", b"\x30", b"\x4c", b"\x6f", b"\x1c\xb8"):
            word = P2PKHAddrEncoder.EncodeKey(key, net_ver=version)
            assert [word] == found("base58check", word)
        word = XrpAddrEncoder.EncodeKey(key)
        assert [word] == found("ripple", word)


@pytest.mark.parametrize(
    "word",
    [
        "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh",
        "rrrrrrrrrrrrrrrrrrrrrhoLvTp",  # account zero
        "snoPBrXtMeMyMHUVTgbuqAfg1SUTb",  # seed
        "X7AcgcsBL6XDcUb289X4mJ8djcdyKaB5hJDWMArnXr61cqZ",  # XLS-5
        "T719a5UwUCnEs54UsxG9CJYYDhwmFCqkr7wxCcNcfZ6p5GZ",
    ],
)
def test_ripples_alphabet(word: str) -> None:
    """Addresses, seeds and X-addresses of the XRP Ledger are found alone and glued."""
    assert [word] == found("ripple", word)
    assert [word] == found("ripple", "to" + word)
    assert [] == found("ripple", word[:-1] + ("a" if word[-1] != "a" else "b"))


def test_a_run_over_the_bound_goes_whole() -> None:
    """A wall that could hold an address is redacted, not searched; one of a single case cannot."""
    wall = "Aa" * 300
    assert [wall] == found("base58check", wall)
    assert [wall] == found("ripple", wall)
    assert [] == found("base58check", "A" * 600)
    assert [] == found("ripple", "x" * 600)


def test_decode_agrees_with_another_library() -> None:
    """Our decoder and bip_utils' encoder are inverse, leading zeros too."""
    for size in (0, 1, 20, 32, 64):
        data = b"\x00\x00" + token_bytes(size)
        assert data == decode(Base58Encoder.Encode(data))
    assert decode("0OIl") is None


@pytest.mark.parametrize("head", ["account", "acc1", "x"])
def test_any_version_is_found_between_words(head: str) -> None:
    """Addresses and private keys of a coin that is on no list, with words on both sides."""
    for version in range(0, 256, 5):
        # Not fresh: one in some thousand has no digit, and with a word before it the case of one.
        digest = sha256(bytes([version])).digest()
        for payload in (digest[:20], digest, digest + b"\x01"):
            word = base58.b58encode_check(bytes([version]) + payload).decode()
            assert [word] == found("base58check", head + word + "x")


def test_an_address_without_a_digit_is_found_between_words() -> None:
    """The case of its letters tells it from a name."""
    word = "ZFmCvqaUoXrapBKzFGfhfDuuxaPzRgegCD"
    assert [word] == found("base58check", f"acc{word}x")
