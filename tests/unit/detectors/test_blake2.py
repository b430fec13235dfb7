"""Addresses with a checksum of BLAKE2b: Ergo, Filecoin, SS58."""

from secrets import token_bytes

import pytest
from bip_utils import (
    ErgoNetworkTypes,
    ErgoP2PKHAddrEncoder,
    FilSecp256k1AddrEncoder,
    Secp256k1PrivateKey,
    SS58Encoder,
)

from tests.unit.detectors.found import found

_GLUE = [("", ""), ("account", ""), ("", "x"), ("acc1", "x"), ("address", "account")]
_ERGO = [
    "9fRAWhdxEsTcdb8PhGNrZfwqa65zfkuYHAMmkQLcic1gdLSV5vA",  # the documentation's: a key
    "3WwbzW6u8hKWBcL1W7kNVMr25s2UHfSBnYtwSHvrRQt7DdPuoXrt",  # the same on the test network
    "8UApt8czfFVuTgQmMwtsRBZ4nfWquNiSwCWUjMg",  # a script's hash
]
_TREE = "BxKBaHkvrTvLZrDcZjcsxsF7aSsrN73ijeFZXtbj4CXZHHcvBtqSxQ"
_FILECOIN = [
    "f17uoq6tp427uzv7fztkbsnn64iwotfrristwpryy",  # the specification's
    "f24vg6ut43yw2h2jqydgbg2xq7x6f4kub3bg6as6i",
    "t1abjxfbp274xpdqcpuaykwkfb43omjotacm2p3za",
    "f410fkkld55ioe7qg24wvt7fu6pbknb56ht7pt4zamxa",
]


@pytest.mark.parametrize("word", _ERGO)
@pytest.mark.parametrize(("head", "tail"), _GLUE)
def test_ergo(word: str, head: str, tail: str) -> None:
    """Keys and hashes of scripts, alone and glued; a wrong letter is none."""
    assert [word] == found("ergo", head + word + tail)
    assert [] == found("ergo", head + word[:-1] + ("x" if word[-1] != "x" else "y") + tail)


def test_ergo_that_holds_its_script() -> None:
    """It has no length of its own, so it must be the whole run."""
    assert [_TREE] == found("ergo", _TREE)
    assert [] == found("ergo", "x" + _TREE)


def test_fresh_ergo_of_bip_utils() -> None:
    """What an independent encoder makes is found, two of them in one run."""
    key = Secp256k1PrivateKey.FromBytes(token_bytes(31) + b"\x01").PublicKey()
    for network in ErgoNetworkTypes:
        word = ErgoP2PKHAddrEncoder.EncodeKey(key, net_type=network)
        assert [word] == found("ergo", word)
        assert [word, word] == found("ergo", f"to{word}from{word}x")


@pytest.mark.parametrize("word", _FILECOIN)
@pytest.mark.parametrize(("head", "tail"), _GLUE)
def test_filecoin(word: str, head: str, tail: str) -> None:
    """By shape where it stands alone, by checksum where words are glued on."""
    assert [word] == found("filecoin", head + word + tail, word)
    wrong = word[:-3] + ("a" if word[-3] != "a" else "b") + word[-2:]
    assert ([wrong] if not head + tail else []) == found("filecoin", head + wrong + tail, wrong)


def test_fresh_filecoin_of_bip_utils() -> None:
    """What an independent encoder makes is found."""
    key = Secp256k1PrivateKey.FromBytes(token_bytes(31) + b"\x01").PublicKey()
    word = FilSecp256k1AddrEncoder.EncodeKey(key)
    assert [word] == found("filecoin", f"account{word}x", word)


def test_ss58() -> None:
    """Formats of one and two bytes are found; a wrong letter is not."""
    for form in (0, 2, 42, 63, 64, 1000, 16383):
        word = SS58Encoder.Encode(token_bytes(32), form)
        assert [word] == found("ss58", word)
    alice = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"  # Substrate's development key
    assert [alice] == found("ss58", alice)
    assert [alice] == found("ss58", "account"[:4] + alice)
    assert [] == found("ss58", alice[:-1] + "Z")


@pytest.mark.parametrize(("head", "tail"), _GLUE)
def test_ss58_between_words(head: str, tail: str) -> None:
    """Words on both sides do not hide it; what is no word on both sides does."""
    alice = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"
    assert [alice] == found("ss58", head + alice + tail)
    assert [] == found("ss58", "aZ9d" + alice + "Zz9Q")
