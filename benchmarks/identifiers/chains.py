"""Families beyond bip_utils' coins: other formats, odd checksums, coins that are on no list."""

import hashlib
from base64 import b32encode
from binascii import crc32, crc_hqx
from random import Random

import base58
import cbor2
from bip_utils import (
    AdaShelleyAddrEncoder,
    AdaShelleyAddrNetworkTags,
    AdaShelleyRewardAddrEncoder,
    BchBech32Encoder,
    Bech32Encoder,
    EllipticCurveTypes,
    XmrAddrEncoder,
    XmrIntegratedAddrEncoder,
)
from bip_utils.bech32.bech32_base import Bech32BaseUtils
from Crypto.Hash import keccak

from benchmarks.identifiers.blake256 import blake256
from benchmarks.identifiers.coins import least_of, public_key
from benchmarks.identifiers.identifier import BECH32, HEX, Identifier, drawn, name

_RIPPLE = base58.RIPPLE_ALPHABET


def base58check(payload: bytes, digest: str = "sha256d") -> str:
    """Encode with four bytes of a checksum behind; SmartCash has keccak, Decred BLAKE-256."""
    if digest == "keccak":
        check = keccak.new(digest_bits=256, data=payload).digest()
    elif digest == "blake256":
        check = blake256(blake256(payload))
    else:
        check = hashlib.sha256(hashlib.sha256(payload).digest()).digest()
    return base58.b58encode(payload + check[:4]).decode()


def any_version(chance: Random) -> Identifier:
    """Give Base58Check of 20 bytes under any version byte, or two that coins have."""
    versions = [bytes([chance.randrange(256)])] * 3
    versions += [bytes.fromhex(chance.choice(("1cb8", "1cbd", "1d25", "1836", "183b", "1325")))]
    text = base58check(chance.choice(versions) + chance.randbytes(20))
    return Identifier("base58check, any version", text)


def smartcash(chance: Random) -> Identifier:
    """Give an address of SmartCash: keccak for a checksum."""
    version = bytes([chance.choice((0x3F, 0x12, 0x41, 0x15))])
    return Identifier("base58check, keccak", base58check(version + chance.randbytes(20), "keccak"))


def decred(chance: Random) -> Identifier:
    """Give an address of Decred, main net or test net: two bytes of version, BLAKE-256."""
    version = bytes.fromhex(chance.choice(("073f", "071a", "0f21", "0efc")))
    return Identifier(
        "base58check, blake256", base58check(version + chance.randbytes(20), "blake256")
    )


def groestl(chance: Random) -> Identifier:
    """Give an address in the shape of Groestlcoin's; its sum is not at hand, its name stands by."""
    version = bytes([chance.choice((0x24, 0x05))])
    text = base58.b58encode(version + chance.randbytes(24)).decode()
    return Identifier("groestlcoin, named", text, kind="context", lead="grs address ")


def any_part(chance: Random) -> Identifier:
    """Give bech32 with a human-readable part that is on no list, 20 or 32 bytes of data."""
    part = drawn(chance, "abcdefghjkmnpqrstuvwxyz", chance.randint(2, 8))
    data = Bech32BaseUtils.ConvertToBase32(chance.randbytes(chance.choice((20, 32, 43))))
    text = bech32_text(part, data, chance.choice((1, 0x2BC830A3)))
    return Identifier("bech32, any part", text, (text[len(part) + 1 :],), anycase=True)


def bech32_text(part: str, data: list[int], final: int = 1) -> str:
    """Encode groups of five bits with the checksum of bech32 (BIP-173), or bech32m (BIP-350)."""
    values = [ord(c) >> 5 for c in part] + [0] + [ord(c) & 31 for c in part] + data
    state = 1
    for value in [*values, 0, 0, 0, 0, 0, 0]:
        top = state >> 25
        state = (state & 0x1FFFFFF) << 5 ^ value
        for i, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            state ^= generator if top >> i & 1 else 0
    state ^= final
    check = [state >> 5 * (5 - i) & 31 for i in range(6)]
    return part + "1" + "".join(BECH32[value] for value in data + check)


def listed_part(chance: Random) -> Identifier:
    """Give bech32 with a part that chains have and bip_utils has not."""
    part, size = chance.choice((
        ("pool", 28), ("drep", 28), ("script", 28), ("asset", 20), ("npub", 32), ("nsec", 32),
        ("vtc", 20), ("dgb", 20), ("btg", 20), ("grs", 20), ("zs", 43), ("tbnb", 20), ("lno", 60),
        ("lnurl", 45), ("ltcmweb", 66), ("u", 80), ("acm", 20), ("btx", 20), ("cpu", 20),
        ("ert", 20), ("fc", 20), ("flo", 20), ("mona", 20), ("pc", 20), ("tpc", 20), ("qc", 20),
        ("tq", 20), ("xc", 20), ("sys", 20), ("via", 20), ("vips", 20),
    ))  # fmt: skip
    text = bech32_text(part, Bech32BaseUtils.ConvertToBase32(chance.randbytes(size)))
    data = text[len(part) + 1 :]
    return Identifier(
        "bech32, listed part", text, (data,), anycase=True, least=least_of(part, data)
    )


def shelley(chance: Random) -> Identifier:
    """Give a Cardano address of Shelley: payment or stake, either net (CIP-19)."""
    curve = EllipticCurveTypes.ED25519_KHOLAW
    net = chance.choice((AdaShelleyAddrNetworkTags.MAINNET, AdaShelleyAddrNetworkTags.TESTNET))
    key = public_key(chance, curve)
    kind = chance.randrange(3)
    if kind == 0:
        text = AdaShelleyRewardAddrEncoder.EncodeKey(key, net_tag=net)
    elif kind == 1:
        text = AdaShelleyAddrEncoder.EncodeKey(key, net_tag=net, pub_skey=public_key(chance, curve))
    else:
        # An enterprise address: a payment key alone.
        tag, part = (
            (0x61, "addr") if net is AdaShelleyAddrNetworkTags.MAINNET else (0x60, "addr_test")
        )
        text = Bech32Encoder.Encode(part, bytes([tag]) + chance.randbytes(28))
    part, _, data = text.rpartition("1")
    return Identifier("cardano shelley", text, (data,), anycase=True, least=least_of(part, data))


def byron(chance: Random) -> Identifier:
    """Give a Cardano address of Byron: CBOR with CRC-32 in base58; with a path it is long."""
    attributes: dict[int, bytes] = {}
    kind = chance.randrange(4)
    if kind in (1, 3):
        attributes[1] = cbor2.dumps(chance.randbytes(28))
    if kind in (2, 3):
        attributes[2] = cbor2.dumps(1097911063)
    inner = cbor2.dumps([chance.randbytes(28), attributes, 0])
    text = base58.b58encode(cbor2.dumps([cbor2.CBORTag(24, inner), crc32(inner)])).decode()
    # The first eleven characters are the same for all of their kind.
    return Identifier("byron", text, (text[11:],), least=24)


def monero(chance: Random) -> Identifier:
    """Give a Monero address: standard, subaddress, integrated, of its three networks."""
    curve = EllipticCurveTypes.ED25519_MONERO
    key, view = public_key(chance, curve), public_key(chance, curve)
    standard, integrated, sub = chance.choice(((18, 19, 42), (53, 54, 63), (24, 25, 36)))
    if chance.random() < 0.3:
        text = XmrIntegratedAddrEncoder.EncodeKey(
            key, net_ver=bytes([integrated]), pub_vkey=view, payment_id=chance.randbytes(8)
        )
    else:
        net = bytes([chance.choice((standard, sub))])
        text = XmrAddrEncoder.EncodeKey(key, net_ver=net, pub_vkey=view)
    return Identifier("monero", text)


def ss58(chance: Random) -> Identifier:
    """Give an SS58 address of any network: one byte of it, or two (Substrate's documentation)."""
    network = chance.choice((chance.randrange(46), chance.randrange(64, 16384)))
    if network < 64:
        head = bytes([network])
    else:
        head = bytes([(network & 0xFC) >> 2 | 0x40, network >> 8 | (network & 3) << 6])
    body = head + chance.randbytes(32)
    check = hashlib.blake2b(b"SS58PRE" + body, digest_size=64).digest()[:2]
    return Identifier("ss58, any network", base58.b58encode(body + check).decode())


def bare_cashaddr(chance: Random) -> Identifier:
    """Give a cashaddr without its prefix, as most wallets show it."""
    part = chance.choice(("bitcoincash", "bchtest", "ecash"))
    text = BchBech32Encoder.Encode(part, chance.choice((b"\0", b"\x08")), chance.randbytes(20))
    return Identifier("cashaddr, bare", text.partition(":")[2], anycase=True)


def ripple_x(chance: Random) -> Identifier:
    """Give an X-address of Ripple: account and tag (XLS-5d)."""
    body = chance.choice((b"\x05\x44", b"\x04\x93")) + chance.randbytes(20)
    body += b"\x01" + chance.randbytes(4) + bytes(4)
    return Identifier("ripple x-address", base58.b58encode_check(body, _RIPPLE).decode())


def tezos(chance: Random) -> Identifier:
    """Give what Tezos writes in Base58Check: addresses, contracts, keys, signatures."""
    prefix, size = chance.choice((
        ("06a19f", 20), ("06a1a1", 20), ("06a1a4", 20), ("06a1a6", 20), ("025a79", 20),
        ("0d0f25d9", 32), ("0d0f3a07", 32), ("09f5cd8612", 64),
    ))  # fmt: skip
    return Identifier("tezos", base58check(bytes.fromhex(prefix) + chance.randbytes(size)))


def stellar(chance: Random) -> Identifier:
    """Give what Stellar writes in base32: accounts, seeds, muxed accounts (SEP-23)."""
    version, size = chance.choice(((6 << 3, 32), (18 << 3, 32), (12 << 3, 40)))
    body = bytes([version]) + chance.randbytes(size)
    text = b32encode(body + crc_hqx(body, 0).to_bytes(2, "little")).decode().rstrip("=")
    return Identifier("stellar", text)


def nem(chance: Random) -> Identifier:
    """Give an address of NEM: base32 with four bytes of keccak, whole or in sixes."""
    body = bytes([chance.choice((0x68, 0x98))]) + chance.randbytes(20)
    text = b32encode(body + keccak.new(digest_bits=256, data=body).digest()[:4]).decode()
    if chance.random() < 0.3:
        text = "-".join(text[i : i + 6] for i in range(0, 40, 6))
        return Identifier("nem", text, window=10, kind="grouped")
    return Identifier("nem", text)


def bare_ethereum(chance: Random) -> Identifier:
    """Give 40 hex digits without 0x: only the words or the key say that it is an address."""
    text = drawn(chance, HEX, 40)
    if chance.random() < 0.5:
        return Identifier("ethereum, bare", text, kind="context", key="address")
    return Identifier("ethereum, bare", text, kind="context", lead="recipient address ")


def any_cash_part(chance: Random) -> Identifier:
    """Give cashaddr under a prefix that is on no list, as other forks and Kaspa write."""
    part = drawn(chance, "abcdefghijklmnopqrstuvwxyz", chance.randint(4, 9))
    text = BchBech32Encoder.Encode(part, chance.choice((b"\0", b"\x08")), chance.randbytes(20))
    return Identifier("cashaddr, any prefix", text, (text.partition(":")[2],), anycase=True)


def signature(chance: Random) -> Identifier:
    """Give a signature of Solana, which is how it names a transaction: 64 bytes in base58."""
    return Identifier("solana signature", base58.b58encode(chance.randbytes(64)).decode(),
                      kind="solana")  # fmt: skip


def name_service(chance: Random) -> Identifier:
    """Give a name that stands for an address; words before it tell."""
    name_ = name(chance)
    text, lead = chance.choice((
        (f"{name_}.eth", "send to "), (f"{name_}.eth", "resolve "), (f"{name_}.sol", "send to "),
        (f"{name_}.near", "recipient "), (f"${name_}", "ada handle "),
    ))  # fmt: skip
    return Identifier("name service", text, (name_,), 0, kind="host", lead=lead)


def crown(chance: Random) -> Identifier:
    """Give an address of Crown: three bytes of version."""
    version = bytes.fromhex(chance.choice(("017507", "0174f1")))
    return Identifier("base58check, any version", base58check(version + chance.randbytes(20)))


def tron_hex(chance: Random) -> Identifier:
    """Give an address of Tron in hex: 41 and 40 digits; the key or the words tell."""
    text = "41" + drawn(chance, HEX, 40)
    if chance.random() < 0.5:
        return Identifier("tron, hex", text, kind="context", key="address")
    return Identifier("tron, hex", text, kind="context", lead="recipient address ")
