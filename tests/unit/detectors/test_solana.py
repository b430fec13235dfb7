"""Solana: base58 of a size, without a checksum."""

from hashlib import sha512
from secrets import token_bytes

import base58
import pytest
from bip_utils import Ed25519PrivateKey, SolAddrEncoder

from relay.detectors import CHECKS
from relay.detectors.base58 import BITCOIN
from relay.detectors.ripple import RIPPLE
from tests.unit.detectors.found import found

_SOL = "7EcDhSYGxXyscszYEp35KHN8vvw3svAuLKTzXwCFLtV"


def test_solana_in_its_places() -> None:
    """Bare, in a path, a query, quotes."""
    assert [_SOL] == found("solana", _SOL)
    for text in (
        f"https://explorer.solana.com/address/{_SOL}?cluster=devnet",
        f"?to={_SOL}&x=1",
        f'"{_SOL}"',
        f"sol:{_SOL}@x",
        f"{_SOL}=0x9AADc0Bc71de33287b7a8a1f95D791BcF4BBB34D",
    ):
        assert [_SOL] == found("solana", text, _SOL)


@pytest.mark.parametrize(
    ("head", "tail"),
    [("address", ""), ("", "account"), ("address", "x"), ("acc1", "x"), ("wallet", "Label"),
     ("myAccount", ""), ("x", "x")],
)  # fmt: skip
def test_solana_glued_to_words(head: str, tail: str) -> None:
    """Words on either side do not hide it; a letter or two of them may go along."""
    for number in range(20):
        # Not fresh: one in 10,000 has the case of a name.
        digest = sha512(bytes([number])).digest()
        for data in (b"\x05" + digest[:31], b"\x05" + digest[:63]):
            word = base58.b58encode(data).decode()
            text = head + word + tail
            start = head.rfind("l") + 1  # no letter of base58: the candidate begins behind it
            stop = len(text) - len(tail) + tail.find("l") if "l" in tail else len(text)
            spans = CHECKS["solana"](text, start, stop)
            assert any(a <= len(head) and b >= len(head + word) for a, b in spans), text


def test_solana_glued_to_what_is_no_word_is_left() -> None:
    """Without a checksum nothing tells it from a longer piece of base58."""
    assert [] == found("solana", "aZ9dress" + _SOL)
    assert [] == found("solana", BITCOIN)
    assert [] == found("solana", RIPPLE)
    assert [] == found("solana", ("VXVx" * 11)[:43])
    assert [] == found("solana", RIPPLE, RIPPLE.partition("f")[2].rpartition("u")[0])
    assert [] == found("solana", "GetTheAccountInfoOfTheDeviceThatIsSelectedNow")


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
