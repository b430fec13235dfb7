"""Chains with a form of their own; their specifications' vectors are in vectors.yaml too."""

from secrets import token_bytes

import pytest
from bip_utils import (
    Ed25519MoneroPrivateKey,
    EosAddrEncoder,
    Secp256k1PrivateKey,
    XmrAddrEncoder,
    XmrIntegratedAddrEncoder,
)

from tests.unit.detectors.found import found


@pytest.mark.parametrize(
    "word",
    [
        "EQDKbjIcfM6ezt8KjKJJLshZJJSqX7XOA4ff-W72r5gqPrHF",  # the TON documentation's
        "UQDKbjIcfM6ezt8KjKJJLshZJJSqX7XOA4ff-W72r5gqPuwA",
        "Ef8zMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzM0vF",  # the elector contract
    ],
)
def test_ton(word: str) -> None:
    """Bounceable or not, either workchain; base64 or base64url; glued."""
    assert [word] == found("ton", word)
    standard = word.replace("-", "+").replace("_", "/")
    assert [standard] == found("ton", standard)
    assert [word] == found("ton", "to_" + word)
    assert [] == found("ton", word[:-1] + "A" * (word[-1] != "A"))


@pytest.mark.parametrize(
    "word",
    [
        "Ae2tdPwUPEZFRbyhz3cpfC2CumGzNkFBN2L42rcUc2yjQpEkxDbkPodpMAi",  # cardano-wallet's
        (
            "DdzFFzCqrhsfdzUZxvuBkhV8Lpm9p43p9ubh79GCTkxJikAjKh51qhtCFMqUniC5tv5ZExyvSmAte2Du2tGimavSo6qSgXb"
            "jiy8qZRTg"
        ),  # wallet-address-validator's tests
    ],
)
def test_byron(word: str) -> None:
    """Cardano's first addresses are found by their CRC."""
    assert [word] == found("byron", word)
    assert [word] == found("byron", "xx" + word)


@pytest.mark.parametrize(
    "word",
    [
        "DdzFFzCqrhsfdzUZxvuBkhV8",
        "Ae2tdPwUPEZFRbyhz3cpfC2C",
        "Ae2tdPwUPEZFRbyhz3cpfC2CumGzNkFBN2L42rcUc2yjQpEkxDbkPodpMAix",
        "37btjrVyb4KDXBNC4haBVPCrro8AQPHwvCMp3R",
        "2cWKMJemoBajEMGCtLFpjPPJUkAkzsJc5nfYCo",
    ],
)
def test_a_telling_beginning_of_byron_is_enough(word: str) -> None:
    """Cut off, or with a word behind, an address still begins with its head in CBOR."""
    assert [word] == found("byron", word)
    assert [word] == found("byron", "acc" + word)


def test_byron_needs_its_checksum_or_its_beginning() -> None:
    """Three letters alone say nothing."""
    assert [] == found("byron", "Ae2tdPwVZEZFRbyhz3cpfC2CumGzNkFBN2L42rcUc2yjQpEkxDbkPodpMAi")
    assert [] == found("byron", "37btaaaaaaaaaaaaaaaaaaaa")


def test_monero() -> None:
    """Standard and integrated addresses of bip_utils are found, alone and glued."""
    for _ in range(5):
        key = Ed25519MoneroPrivateKey.FromBytes(bytes(31) + b"\x07").PublicKey()
        word = XmrAddrEncoder.EncodeKey(key, pub_vkey=key, net_ver=b"\x12")
        assert [word] == found("monero", word)
        assert [word] == found("monero", "to" + word + "z")
        word = XmrIntegratedAddrEncoder.EncodeKey(
            key, pub_vkey=key, net_ver=b"\x13", payment_id=token_bytes(8)
        )
        assert [word] == found("monero", word)
        assert [] == found("monero", word[:-1] + ("1" if word[-1] != "1" else "2"))


def test_eos_keys() -> None:
    """Public keys of EOS are found by RIPEMD-160."""
    key = Secp256k1PrivateKey.FromBytes(token_bytes(31) + b"\x01").PublicKey()
    word = EosAddrEncoder.EncodeKey(key)
    assert [word] == found("eos", word)
    assert [] == found("eos", word[:-1] + ("1" if word[-1] != "1" else "2"))
