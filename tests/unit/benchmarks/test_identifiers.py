"""Made-up identifiers are valid ones: decoders of others read them."""

from collections.abc import Callable
from random import Random

import base58
import pytest
from bip_utils import (
    AdaByronAddrDecoder,
    AdaShelleyAddrDecoder,
    AdaShelleyAddrNetworkTags,
    AdaShelleyStakingAddrDecoder,
    BchBech32Decoder,
    Bech32Decoder,
    Bip39MnemonicValidator,
    SS58Decoder,
    WifDecoder,
    XmrAddrDecoder,
)
from shamir_mnemonic.share import Share

from benchmarks.identifiers import chains, keys, network, phrases
from benchmarks.identifiers.blake256 import blake256
from benchmarks.identifiers.identifier import Identifier

SEEDS = range(40)


def shelley(text: str) -> None:
    """Read an address of Cardano, of either network."""
    tags = AdaShelleyAddrNetworkTags
    tag = tags.TESTNET if "_test1" in text else tags.MAINNET
    if text.startswith("stake"):
        AdaShelleyStakingAddrDecoder.DecodeAddr(text, net_tag=tag)
    elif len(text) > 90:
        AdaShelleyAddrDecoder.DecodeAddr(text, net_tag=tag)


def phrase(text: str) -> None:
    """Read a phrase, whatever stands between its words."""
    words = "".join(c if c.isalpha() else " " for c in text.lower()).split()
    Bip39MnemonicValidator().Validate(" ".join(words))


def share(text: str) -> None:
    """Read a share."""
    words = "".join(c if c.isalpha() else " " for c in text.lower()).split()
    Share.from_mnemonic(" ".join(words))


def wif(text: str) -> None:
    """Read a private key under its own version."""
    WifDecoder.Decode(text, net_ver=base58.b58decode(text)[:1])


@pytest.mark.parametrize(
    ("maker", "read"),
    [
        (chains.any_version, base58.b58decode_check),
        (chains.ripple_x, lambda text: base58.b58decode_check(text, base58.RIPPLE_ALPHABET)),
        (chains.tezos, base58.b58decode_check),
        (chains.listed_part, lambda text: Bech32Decoder.Decode(text.rpartition("1")[0], text)),
        (chains.shelley, shelley),
        (chains.byron, AdaByronAddrDecoder.DecodeAddr),
        (chains.ss58, SS58Decoder.Decode),
        (
            chains.any_cash_part,
            lambda text: BchBech32Decoder.Decode(text.partition(":")[0], text),
        ),
        (keys.unlisted_version, base58.b58decode_check),
        (keys.wif, wif),
        (keys.bip38, base58.b58decode_check),
        (phrases.bip39, phrase),
        (phrases.slip39, share),
    ],
)
def test_others_read_them(
    maker: Callable[[Random], Identifier], read: Callable[[str], object]
) -> None:
    """A decoder that was not written here takes each."""
    for seed in SEEDS:
        read(maker(Random(seed)).text)


def test_monero() -> None:
    """bip_utils reads Monero's addresses, given their network."""
    for seed in SEEDS:
        text = chains.monero(Random(seed)).text
        if len(text) == 95:
            XmrAddrDecoder.DecodeAddr(text, net_ver=bytes([_first_byte(text)]))


def _first_byte(text: str) -> int:
    """The network is in the first block of eleven characters: eight bytes."""
    return base58.b58decode(text[:11]).rjust(8, b"\0")[0]


def test_descriptor_checksum() -> None:
    """The example of BIP-380."""
    assert "89f8spxm" == keys.descriptor_checksum("raw(deadbeef)")


def test_blake256() -> None:
    """The vectors of the proposal's submission package, and an address of dcrutil's tests."""
    assert blake256(b"\0").hex() == (
        "0ce8d4ef4dd7cd8d62dfded9d4edb0a774ae6a41929a74da23109e8f11139c87"
    )
    assert blake256(bytes(72)).hex() == (
        "d419bad32d504fb7d44d460c42c5593fe544fa4c135dec31e21bd9abdcc22d41"
    )
    address = base58.b58decode("DsUZxxoHJSty8DCfwfartwTYbuhmVct7tJu")
    assert address[-4:] == blake256(blake256(address[:-4]))[:4]


def test_extended_keys_have_their_names() -> None:
    """A key begins with the four letters that its version is known by."""
    for private, table in ((False, keys.PUBLIC), (True, keys.PRIVATE)):
        for name in table:
            text = keys.extended(Random(7), name, private=private)
            assert name[:4] == text[:4]
            assert len(text) in (111, 112)


def test_half_an_address_is_a_leak() -> None:
    """Eight characters in a row are one of the pieces that must not be left; seven are none."""
    one = Identifier("a", "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq")
    assert "rr7xfkvy" in one.leaks()
    assert all(8 == len(piece) for piece in one.leaks())
    address = network.ipv4(Random(1))
    assert 2 == len(address.leaks())
