"""Chains with a form of their own."""

from secrets import token_bytes

import base58
import pytest
from bip_utils import (
    Ed25519MoneroPrivateKey,
    Ed25519PrivateKey,
    EosAddrEncoder,
    Secp256k1PrivateKey,
    SolAddrEncoder,
    SS58Encoder,
    XmrAddrEncoder,
    XmrIntegratedAddrEncoder,
)

from tests.unit.detectors.found import found

_SOL = "7EcDhSYGxXyscszYEp35KHN8vvw3svAuLKTzXwCFLtV"


def test_ss58() -> None:
    """Formats of one and two bytes are found; a wrong letter is not."""
    for form in (0, 2, 42, 63, 64, 1000, 16383):
        word = SS58Encoder.Encode(token_bytes(32), form)
        assert [word] == found("ss58", word)
    alice = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"
    assert [alice] == found("ss58", alice)
    assert [alice] == found("ss58", "account"[:4] + alice)
    assert [] == found("ss58", alice[:-1] + "Z")


@pytest.mark.parametrize(
    "word",
    [
        "EQDKbjIcfM6ezt8KjKJJLshZJJSqX7XOA4ff-W72r5gqPrHF",
        "UQDKbjIcfM6ezt8KjKJJLshZJJSqX7XOA4ff-W72r5gqPuwA",
        "Ef8zMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzM0vF",
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
        "Ae2tdPwUPEZFRbyhz3cpfC2CumGzNkFBN2L42rcUc2yjQpEkxDbkPodpMAi",
        (
            "DdzFFzCqrhsfdzUZxvuBkhV8Lpm9p43p9ubh79GCTkxJikAjKh51qhtCFMqUniC5tv5ZExyvSmAte2Du2tGimavSo6qSgXb"
            "jiy8qZRTg"
        ),
    ],
)
def test_byron(word: str) -> None:
    """Cardano's first addresses are found by their CRC."""
    assert [word] == found("byron", word)
    assert [word] == found("byron", "xx" + word)


def test_byron_cut_off_and_wrong() -> None:
    """The long form goes by shape; the short one needs its checksum."""
    assert ["DdzFFzCqrhsfdzUZxvuBkhV8"] == found("byron", "DdzFFzCqrhsfdzUZxvuBkhV8")
    assert [] == found("byron", "Ae2tdPwUPEZFRbyhz3cpfC2CumGzNkFBN2L42rcUc2yjQpEkxDbkPodpMAj")


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


def test_solana_in_its_places() -> None:
    """Bare, in a path, a query, quotes."""
    assert [_SOL] == found("solana", _SOL)
    for text in (
        f"https://explorer.solana.com/address/{_SOL}?cluster=devnet",
        f"?to={_SOL}&x=1",
        f'"{_SOL}"',
        f"sol:{_SOL}@x",
    ):
        assert [_SOL] == found("solana", text, _SOL)


def test_solana_glued_to_a_word_in_small_letters() -> None:
    """The word is cut off; a run in which anything else stands before is left."""
    assert [_SOL] == found("solana", "address" + _SOL)
    assert [] == found("solana", "aZ9dress" + _SOL)


def test_fresh_solana_of_bip_utils() -> None:
    """Random keys are found, and signatures of 64 bytes."""
    for _ in range(50):
        word = SolAddrEncoder.EncodeKey(Ed25519PrivateKey.FromBytes(token_bytes(32)).PublicKey())
        assert [word] == found("solana", word)
        signature = base58.b58encode(b"\x05" + token_bytes(63)).decode()
        assert [signature] == found("solana", signature)


@pytest.mark.parametrize(
    "text",
    [
        f"sha256-{_SOL}=",
        f"{_SOL}+Xk29aPq",
        f"Xk29aPqR/{_SOL}",
        "11111111111111111111111111111111",  # the system program
        "getAccountBalanceFromTheBLockchainServiceXY",
        "4a5e1e4baab89f3a32518a88c31bc87f",
        "a8b1c2d3e4f5a6b7c8d9e1f2a3b4c5d6",
    ],
)
def test_what_only_looks_like_solana_survives(text: str) -> None:
    """Base64 of a hash, ids in hex, names in camel case."""
    assert [] == found("solana", text, _SOL if _SOL in text else None)


def test_eos_keys() -> None:
    """Public keys of EOS are found by RIPEMD-160."""
    key = Secp256k1PrivateKey.FromBytes(token_bytes(31) + b"\x01").PublicKey()
    word = EosAddrEncoder.EncodeKey(key)
    assert [word] == found("eos", word)
    assert [] == found("eos", word[:-1] + ("1" if word[-1] != "1" else "2"))
