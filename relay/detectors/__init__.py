"""Named validators, one family a file: candidate text in, checked spans out.

Law of this package: a check is pure, sees plain text only (how text hides is the business of
views), and its cost stays linear in the candidate's length; where a bound is hit, the candidate is
returned whole. `CHECKS` is what a rule's `check:` may name.
"""

from collections.abc import Mapping
from types import MappingProxyType

from relay.detectors.abbreviated import abbreviated
from relay.detectors.altchains import byron, eos, monero, ton
from relay.detectors.base32 import algorand, nem, onion, stellar
from relay.detectors.base58 import base58check
from relay.detectors.bech32 import bech32
from relay.detectors.bip32 import bip32_path
from relay.detectors.blake2 import ergo, filecoin, ss58
from relay.detectors.blake256 import decred
from relay.detectors.cashaddr import cashaddr
from relay.detectors.cut_off import cut_off
from relay.detectors.ethereum import eip55
from relay.detectors.extended_keys import xprv, xpub
from relay.detectors.fields import account, token
from relay.detectors.folders import drive_folders, user_folder
from relay.detectors.hexes import hex64, node_id
from relay.detectors.ip import ip
from relay.detectors.mnemonics import mnemonic, mnemonic_cut, mnemonic_joined, mnemonic_part
from relay.detectors.numbers import iban, luhn, mac
from relay.detectors.ripple import ripple
from relay.detectors.solana import solana
from relay.detectors.spans import Check, Span
from relay.detectors.tokens import device_id, device_state, email, jwt
from relay.detectors.values import value

__all__ = ["CHECKS", "COSTS", "Check", "Span"]

# The order in which rules run: what a telling prefix gives away first, long searches last, for what
# the first have found is not looked at again. Of those that share base58 the cheap are first.
_ALL: tuple[Check, ...] = (
    xpub, xprv, device_state, hex64, bech32, eos, byron, onion, jwt, email, stellar, algorand, nem,
    device_id, drive_folders, user_folder, value, account, token, ip, mac, node_id, bip32_path,
    abbreviated, eip55,
    luhn, iban, mnemonic, mnemonic_joined, mnemonic_cut, mnemonic_part, cashaddr, ton, filecoin,
    solana, ripple, base58check, ss58, ergo, monero, decred, cut_off,
)  # fmt: skip

CHECKS: Mapping[str, Check] = MappingProxyType({check.__name__: check for check in _ALL})

_DEAR = {
    "decred": 110, "mnemonic_joined": 90, "nem": 80, "base58check": 80, "monero": 62,
    "algorand": 60, "ergo": 48, "eip55": 45, "ripple": 36, "mnemonic": 32, "iban": 25,
    "stellar": 20, "ss58": 18, "bech32": 15, "ip": 15, "solana": 14, "cashaddr": 12, "xpub": 8,
    "xprv": 8, "mnemonic_part": 8, "ton": 8, "onion": 7, "bip32_path": 30, "luhn": 6, "byron": 5,
    "filecoin": 4, "token": 4, "mnemonic_cut": 4, "email": 3, "mac": 3, "abbreviated": 3,
    "cut_off": 3, "jwt": 2,
}  # fmt: skip
COSTS: Mapping[str, int] = MappingProxyType({name: _DEAR.get(name, 1) for name in CHECKS})
"""What a check costs, in units of work for each character of its candidate. A unit is about 25 ns;
measured on the documents of `benchmarks/adversarial.py`, and on walls made for each check.
"""
