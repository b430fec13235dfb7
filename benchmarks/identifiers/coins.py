"""Addresses of all coins and formats that bip_utils knows, each from a fresh public key."""

import re
from collections.abc import Iterator
from functools import partial
from random import Random
from typing import Any

from bip_utils import (
    Bip44Coins,
    Bip49Coins,
    Bip84Coins,
    Bip86Coins,
    EllipticCurveGetter,
    EllipticCurveTypes,
)
from bip_utils.bip.conf.bip44 import Bip44ConfGetter
from bip_utils.bip.conf.bip49 import Bip49ConfGetter
from bip_utils.bip.conf.bip84 import Bip84ConfGetter
from bip_utils.bip.conf.bip86 import Bip86ConfGetter

from benchmarks.identifiers.identifier import Identifier, Maker

_FAMILIES = {
    "P2PKH": "base58check", "P2SH": "base58check", "Neo": "base58check", "Trx": "base58check",
    "Xtz": "tezos", "Mvrk": "tezos", "Xrp": "ripple", "BchP2": "cashaddr", "P2WPKH": "segwit",
    "P2TR": "taproot", "Atom": "bech32", "Okex": "bech32", "One": "bech32", "Egld": "bech32",
    "Zil": "bech32", "Inj": "bech32", "Avax": "bech32", "Eth": "ethereum", "Algo": "algorand",
    "Aptos": "hex64", "Sui": "hex64", "Near": "hex64", "AdaByron": "byron", "Eos": "eos key",
    "Ergo": "ergo", "Fil": "filecoin", "Icx": "icon", "Nano": "nano", "Nim": "nimiq",
    "Sol": "solana", "Substrate": "ss58", "Ton": "ton", "Xlm": "stellar", "Xmr": "monero",
}  # fmt: skip
KEPT = 12
"""Fewest characters behind a known human-readable part that tell an address; the rest is gone."""
_CASELESS = frozenset(("segwit", "taproot", "bech32", "cashaddr", "ethereum", "hex64"))
_CUT_PARTS = ("bc1", "tb1", "bcrt1", "ltc1", "tltc1", "bnb1", "bitcoincash:", "bchtest:", "ecash:")
_KEPT_OF_SHORT = {1: 20, 2: 16, 3: 12, 4: 12}
"""The same for parts that could be a word of a program, by their letters."""
_SHORT_PARTS = frozenset(
    ("acm", "btx", "cpu", "ert", "fc", "flo", "mona", "pc", "tpc", "qc", "tq", "sys", "xc", "via",
     "vips", "u")
)  # fmt: skip


def least_of(part: str, data: str) -> int:
    """Return how many characters of bech32 with a listed part tell it when the rest is gone.

    A digit must be among those behind the part, a letter behind it: letters alone are a word, and
    with a number behind they are one of a program.
    """
    kept = _KEPT_OF_SHORT[len(part)] if part in _SHORT_PARTS else KEPT
    while kept < len(data) and not re.search("[0-9].*[a-z]", data[:kept]):
        kept += 1
    return len(part) + 1 + kept


def public_key(chance: Random, curve: EllipticCurveTypes) -> Any:
    """Return a public key of a random private one."""
    if curve == EllipticCurveTypes.ED25519_KHOLAW:
        # The same points; its private keys are extended ones of 64 bytes.
        curve = EllipticCurveTypes.ED25519_MONERO
    raw = chance.randbytes(32)
    if curve == EllipticCurveTypes.ED25519_MONERO:
        raw = raw[:31] + b"\x0f"
    kind = EllipticCurveGetter.FromType(curve).PrivateKeyClass()
    return kind.FromBytes(raw).PublicKey()


def coin_makers() -> Iterator[tuple[str, Maker]]:
    """Yield (standard and coin, maker) for each coin and format pair."""
    for coins, getter in (
        (Bip44Coins, Bip44ConfGetter),
        (Bip49Coins, Bip49ConfGetter),
        (Bip84Coins, Bip84ConfGetter),
        (Bip86Coins, Bip86ConfGetter),
    ):
        for coin in coins:
            name = f"{coins.__name__[:5]} {coin.name}"
            yield name, partial(_address, getter.GetConfig(coin))


def _address(conf: Any, chance: Random) -> Identifier:
    encoder = conf.AddrClass()
    params = dict(conf.AddrParams())
    curve = conf.Bip32Class().CurveType()
    name = encoder.__name__
    family = next(
        family
        for start, family in _FAMILIES.items()
        if name.startswith(start) and (start != "Eos" or name == "EosAddrEncoder")
    )
    if "chain_code" in params:
        params["chain_code"] = chance.randbytes(32)
    if family == "monero":
        curve = EllipticCurveTypes.ED25519_MONERO
        params = {"net_ver": b"\x12", "pub_vkey": public_key(chance, curve)}
    return described(family, encoder.EncodeKey(public_key(chance, curve), **params))


def described(family: str, text: str) -> Identifier:
    """Return an address as an identifier: the part behind a human-readable one is the secret."""
    secret, least = text, 0
    if family in ("segwit", "taproot", "bech32"):
        secret = text.rpartition("1")[2]
    elif family == "cashaddr":
        secret = text.rpartition(":")[2]
    elif family == "byron":
        secret = text[11:]
    elif family == "nimiq":
        return Identifier(family, text, (text[5:],), 10, kind="grouped")
    if text.startswith(_CUT_PARTS):
        least = least_of(text[: -len(secret) - 1], secret)
    return Identifier(
        family, text, (secret,), anycase=family in _CASELESS, least=least, kind=_kind(family)
    )


def _kind(family: str) -> str:
    return {"hex64": "hex", "ethereum": "hex", "icon": "hex", "solana": "solana"}.get(
        family, "token"
    )
