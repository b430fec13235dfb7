"""Variants of an event: what another user's event of the same program looks like.

Identifiers, ids, times, numbers and names are replaced by others of the same kind, valid ones by
valid ones, the same one everywhere by the same other one. Code and texts of the program stay.
"""

import random
import re

import base58
from bip_utils import (
    BchBech32Decoder,
    BchBech32Encoder,
    Bech32ChecksumError,
    Bech32Decoder,
    Bech32Encoder,
)

_TOKEN = re.compile(
    r"0x[0-9a-fA-F]{40}|\bjane\b|\b(?:addr|bc|tb|ltc)1[02-9ac-hj-np-z]{20,}"
    r"|\bbitcoincash:[02-9ac-hj-np-z]{42}"
    r"|\b[0-9a-f]{16,}\b|\b[0-9A-F]{16,}\b|\b[0-9]{5,}\b|\b(?=[A-Za-z]*[0-9])[1-9A-HJ-NP-Za-km-z]{25,}\b"
    r"|\b203\.0\.113\.[0-9]+|(?<=2001:db8:)[0-9a-f:]+"
)


def variants(text: str, count: int) -> list[str]:
    """Return so many variants of an event's JSON, the same ones every time."""
    return [variant(text, random.Random(seed)) for seed in range(count)]


def variant(text: str, chance: random.Random) -> str:
    """Return one, with what is drawn from `chance` in place of each identifier."""
    known: dict[str, str] = {}

    def other(found: re.Match[str]) -> str:
        token = found.group()
        if token not in known:
            known[token] = _other(token, chance)
        return known[token]

    return _TOKEN.sub(other, text)


def _other(token: str, chance: random.Random) -> str:
    if token == "jane":
        return "".join(chance.choices("abcdefghiklmnoprstuvw", k=chance.randint(4, 8)))
    if token.isdigit():
        return token[0] + _drawn("0123456789", token[1:], chance)
    for kind in (_base58check, _bech32, _cashaddr):
        made = kind(token, chance)
        if made is not None:
            return made
    if token.startswith("r"):
        version = b"\0" + chance.randbytes(20)
        return base58.b58encode_check(version, base58.RIPPLE_ALPHABET).decode()
    if token.startswith("0x"):
        return "0x" + _drawn("0123456789abcdefABCDEF", token[2:], chance)
    if not set(token) - set("0123456789abcdef:"):
        return "".join(c if c == ":" else chance.choice("123456789abcdef") for c in token)
    if not set(token) - set("0123456789ABCDEF"):
        return _drawn("0123456789ABCDEF", token, chance)
    if token.startswith("203."):
        return f"203.0.113.{chance.randint(1, 254)}"
    return base58.b58encode(b"\x99" + chance.randbytes(31)).decode()


def _drawn(alphabet: str, token: str, chance: random.Random) -> str:
    return "".join(chance.choices(alphabet, k=len(token)))


def _base58check(token: str, chance: random.Random) -> str | None:
    try:
        data = base58.b58decode_check(token)
    except ValueError:
        return None
    # The version stays, of an extended key its depth and place too.
    kept = 13 if len(data) == 78 else 1
    fresh = data[:kept] + chance.randbytes(len(data) - kept)
    return base58.b58encode_check(fresh).decode()


def _bech32(token: str, chance: random.Random) -> str | None:
    name, one, _ = token.partition("1")
    try:
        size = len(Bech32Decoder.Decode(name, token))
    except (ValueError, Bech32ChecksumError):
        return None
    return str(Bech32Encoder.Encode(name, chance.randbytes(size))) if one else None


def _cashaddr(token: str, chance: random.Random) -> str | None:
    name, colon, _ = token.partition(":")
    if name != "bitcoincash" or not colon:
        return None
    version, data = BchBech32Decoder.Decode(name, token)
    return str(BchBech32Encoder.Encode(name, version, chance.randbytes(len(data))))
