"""What a detector recognises, with the pattern that finds it and published values to show it with.

The values are test vectors of the standards or examples of their documentation: nobody's.
"""

from dataclasses import dataclass
from typing import Final

from relay.detectors import CHECKS
from relay.rules.sentry_import.builtin import FINDS
from relay.rules.sentry_import.model import Find

_BASE58: Final = "[1-9A-HJ-NP-Za-km-z]{24,}"
_WORDS: Final = "(?:[A-Za-z]{3,8}[^A-Za-z0-9][^A-Za-z]{0,11}){11,}[A-Za-z]{2,8}"
_TXID: Final = "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b"
_OTHER_TXID: Final = "0e3e2357e806b6cdb1f70b54c3a3a17b6714ee1f0e68bebb44a74b1efd512098"
_XPUB: Final = (
    "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7"
    "usUDFdp6W1EGMcet8"
)
_OTHER_XPUB: Final = (
    "xpub6BiVtCpG9fQPxnPmHXG8PhtzQdWC2Su4qWu6XW9tpWFYhxydCLJGrWBJZ5H6qTAHdPQ7pQhtpjiYZVZARo14qHiay2"
    "fvrX996oEP42u8wZy"
)
_XPRV: Final = (
    "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtR"
    "BeJgk33yuGBxrMPHi"
)
_MONERO: Final = (
    "44AFFq5kSiGBoZ4NMDwYtN18obc8AemS33DBLWs3H7otXft3XjrpDtQGv7SqSsaBYBb98uNbr2VBBEt7f2wfn3RVGQBEP"
    "3A"
)
_OTHER_MONERO: Final = (
    "888tNkZrPN6JsEgekjMnABU4TBzc2Dt29EPAvkRxbANsAnjyPbb3iQ1YBRk1UXcdRsiKc9dhwMVgN5S9cQUiyoogDavup"
    "3H"
)
_JWT: Final = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3"
    "I9PlFUP0THsR8U"
)
_OTHER_JWT: Final = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJl"


@dataclass(frozen=True, slots=True)
class Kind:
    """One check: a coarse pattern before it, values that it takes, values that it does not."""

    check: str
    noun: str
    pattern: str
    hits: tuple[str, ...]
    misses: tuple[str, ...]


def _known(name: str) -> Kind:
    (find,) = FINDS[name]
    return Kind(find.check, find.noun, find.pattern, find.hits, find.misses)


# Those first that say most of what they take.
KINDS: Final = (
    Kind(
        "xpub",
        "Extended public keys",
        _BASE58,
        (_XPUB, _OTHER_XPUB),
        ("xpubKey", "xpub6BiVtCpG9fQPx"),
    ),
    Kind(
        "xprv",
        "Extended private keys",
        _BASE58,
        (_XPRV, _XPRV[:29]),
        ("xprvKey", "xprv9s21ZrQH143K3"),
    ),
    Kind(
        "device_state",
        "States of a Trezor",
        "[1-9A-HJ-NP-Za-km-z]*@[0-9A-F]{24}(?::[0-9]+)?",
        (
            "mvbu1Gdy8SUjTenqerxUaZyYjmveZvt33q@355C817510C0EABF2F147145:0",
            "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa@355C817510C0EABF2F147145:1",
        ),
        ("user@host:0", "mvbu1Gdy8SUj@355c817510c0eabf2f147145:0"),
    ),
    Kind(
        "device_id",
        "Ids of a Trezor",
        "[0-9A-F]{24}",
        ("355C817510C0EABF2F147145", "9B1D40E2A7C3F5586D20B4E1"),
        ("355c817510c0eabf2f147145", "355C817510C0EABF2F147145AB"),
    ),
    Kind(
        "node_id",
        "Compressed public keys",
        "[0-9a-fA-F]{66}",
        (
            "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
            "02c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5",
        ),
        ("0279be667ef9dcbbac55a06295ce87", "app.module.js"),
    ),
    Kind(
        "hex64",
        "Transactions and keys in hex",
        "(?:0[xX])?[0-9a-fA-F]{64,}",
        (_TXID, _OTHER_TXID),
        (_TXID[:-2], f"sha256-{_TXID}"),
    ),
    Kind(
        "eip55",
        "Ethereum addresses with a checksum",
        "(?:0[xX])?[0-9a-fA-F]{40}",
        ("5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "fB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"),
        (
            "5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
            "d0cbfe8ad0cbfe8ad0cbfe8ad0cbfe8ad0cbfe8a",
        ),
    ),
    Kind(
        "bech32",
        "Addresses in bech32",
        "(?i)[a-z0-9_-]+1[02-9ac-hj-np-z]{8,}",
        (
            "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
            "bc1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqkedrcr",
        ),
        ("chunk1abcdefgh", "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxq"),
    ),
    Kind(
        "cashaddr",
        "Bitcoin Cash addresses",
        "(?i)[02-9ac-hj-np-z]{42,}",
        (
            "qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a",
            "bitcoincash:qr95sy3j9xwd2ap32xkykttr4cvcu7as4y0qverfuy",
        ),
        (
            "qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6q",
            "qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq",
        ),
    ),
    Kind(
        "base58check",
        "Addresses in Base58Check",
        _BASE58,
        ("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy"),
        ("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb", "4a5e1e4baab89f3a32518a88c31bc87f"),
    ),
    Kind(
        "ripple",
        "Addresses of the XRP Ledger",
        _BASE58,
        ("rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh", "X7AcgcsBL6XDcUb289X4mJ8djcdyKaB5hJDWMArnXr61cqZ"),
        ("rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTx", "renderTransactionsForAccountsList"),
    ),
    Kind(
        "stellar",
        "Stellar keys and addresses",
        "[A-Z2-7]{56,}",
        (
            "GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVSGZ",
            "SBU2RRGLXH3E5CQHTD3ODLDF2BWDCYUSSBLLZ5GNW7JXHDIYKXZWHOKR",
        ),
        ("GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVSGA", "STELLAR"),
    ),
    Kind(
        "monero",
        "Monero addresses",
        "[1-9A-HJ-NP-Za-km-z]{39,}",
        (_MONERO, _OTHER_MONERO),
        (f"{_MONERO[:-1]}B", "4" * 95),
    ),
    Kind(
        "ss58",
        "Polkadot-like addresses",
        "[1-9A-HJ-NP-Za-km-z]{39,}",
        (
            "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY",
            "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty",
        ),
        ("5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQZ", "W" * 48),
    ),
    Kind(
        "solana",
        "Solana addresses and signatures",
        _BASE58,
        (
            "7EcDhSYGxXyscszYEp35KHN8vvw3svAuLKTzXwCFLtV",
            "4fYNw3dojWmQ4dXtSGE9epjRGy9pFSx62YypT7avPYvA",
        ),
        ("sha256-7EcDhSYGxXyscszYEp35KHN8vvw3svAuLKTzXwCFLtV=", "4a5e1e4baab89f3a32518a88c31bc87f"),
    ),
    Kind(
        "onion",
        "Names of Tor services",
        "(?i)[a-z2-7]{56,}",
        (
            "duckduckgogg42xjoc72x3sjasowoarfbgcmvfimaftt6twagswzczad",
            "DUCKDUCKGOGG42XJOC72X3SJASOWOARFBGCMVFIMAFTT6TWAGSWZCZAD",
        ),
        ("duckduckgogg42xjoc72x3sjasowoarfbgcmvfimaftt6twagswzcaad", "a" * 56),
    ),
    Kind(
        "jwt",
        "JSON web tokens",
        r"eyJ[A-Za-z0-9_-]{8,}(?:\.{1,2}[A-Za-z0-9_-]+){1,4}",
        (_JWT, _OTHER_JWT),
        ("eyJhIjoxfQabc.eyJhIjoxfQ.c2ln", "app.module.js"),
    ),
    _known("email"),
    _known("ip"),
    _known("mac"),
    _known("iban"),
    _known("creditcard"),
    Kind(
        "bip32_path",
        "Derivation paths",
        r"(?:[mM]/)?[0-9]{1,10}['hH\x{2019}\x{2032}]?(?:/[0-9]{1,10}['hH\x{2019}\x{2032}]?)+",
        ("m/84'/0'/0'/0/5", "44h/0h/0h"),
        ("on 1/2/2024", "m/s"),
    ),
    Kind(
        "mnemonic",
        "Recovery phrases",
        _WORDS,
        (
            "legal winner thank year wave sausage worth useful legal winner thank yellow",
            "letter advice cage absurd amount doctor acoustic avoid letter advice cage above",
        ),
        (
            "The quick brown fox jumps over the lazy dog while they enjoy their summer holiday",
            "legal winner thank year wave sausage worth useful legal winner thank",
        ),
    ),
)


def recognise(text: str) -> Find | None:
    """Return what a text is as a whole, by the detectors; None if none of them knows it."""
    for kind in KINDS:
        if tuple(CHECKS[kind.check](text, 0, len(text))) == ((0, len(text)),):
            return Find("", kind.noun, kind.pattern, kind.check, (), False, kind.hits, kind.misses)
    return None
