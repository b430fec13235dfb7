"""Keys: extended ones (SLIP-132), descriptors, WIF, BIP38, Cardano's account keys."""

import hashlib
from random import Random

from benchmarks.identifiers.chains import base58check
from benchmarks.identifiers.identifier import HEX, Identifier, drawn

PUBLIC = {
    "xpub": "0488b21e", "ypub": "049d7cb2", "zpub": "04b24746", "Ypub": "0295b43f",
    "Zpub": "02aa7ed3", "tpub": "043587cf", "upub": "044a5262", "vpub": "045f1cf6",
    "Upub": "024289ef", "Vpub": "02575483", "Ltub": "019da462", "Mtub": "01b26ef6",
    "ttub": "0436f6e1", "drkp": "02fe52cc", "dgub": "02facafd", "dpub": "02fda926",
    "ppub": "03e25d7e", "ToEA": "022d2533", "127x": "00174921", "xq1v": "0488bc26",
    "277J": "0534e7ca", "XPAR": "8f1daeb8", "xpar": "04889478", "tpub of Decred": "043587d1",
}  # fmt: skip
PRIVATE = {
    "xprv": "0488ade4", "yprv": "049d7878", "zprv": "04b2430c", "Yprv": "0295b005",
    "Zprv": "02aa7a99", "tprv": "04358394", "uprv": "044a4e28", "vprv": "045f18bc",
    "Uprv": "024285b5", "Vprv": "02575048", "Ltpv": "019d9cfe", "Mtpv": "01b26792",
    "ttpv": "0436ef7d", "drkv": "02fe52f8", "dgpv": "02fac398", "dprv": "02fda4e8",
    "pprv": "03e25945",
}  # fmt: skip
_DECRED = ("dpub", "dprv", "tpub of Decred")


def extended(chance: Random, name: str, *, private: bool) -> str:
    """Return a key of 78 bytes under the version that SLIP-132 gives the name (BIP-32)."""
    version = bytes.fromhex((PRIVATE if private else PUBLIC)[name])
    depth = bytes([chance.randint(0, 5)])
    body = version + depth + chance.randbytes(8) + chance.randbytes(32)
    body += (b"\0" if private else chance.choice((b"\x02", b"\x03"))) + chance.randbytes(32)
    return base58check(body, "blake256" if name in _DECRED else "sha256d")


def extended_public(chance: Random) -> Identifier:
    """Give an extended public key of any coin."""
    text = extended(chance, chance.choice(list(PUBLIC)), private=False)
    return Identifier("extended public key", text, least=24)


def extended_private(chance: Random) -> Identifier:
    """Give an extended private key of any coin."""
    text = extended(chance, chance.choice(list(PRIVATE)), private=True)
    return Identifier("extended private key", text, least=24)


def unlisted_version(chance: Random) -> Identifier:
    """Give an extended key under a version that no coin has registered."""
    body = chance.choice((b"\x04", b"\x02", b"\x03", b"\x01")) + chance.randbytes(77)
    return Identifier("extended key, any version", base58check(body))


_DESCRIPTOR_CHARS = (
    r"0123456789()[],'/*abcdefgh@:$%{}IJKLMNOPQRSTUVWXYZ&+-.;<=>?!^_|~"
    r"""ijklmnopqrstuvwxyzABCDEFGH`#"\ """
)


def descriptor_checksum(text: str) -> str:
    """Return the eight characters behind the `#` of an output descriptor (BIP-380)."""

    def step(state: int, value: int) -> int:
        top = state >> 35
        state = (state & 0x7FFFFFFFF) << 5 ^ value
        for i, generator in enumerate(
            (0xF5DEE51989, 0xA9FDCA3312, 0x1BAB10E32D, 0x3706B1677A, 0x644D626FFD)
        ):
            state ^= generator if top >> i & 1 else 0
        return state

    state, group, count = 1, 0, 0
    for char in text:
        at = _DESCRIPTOR_CHARS.index(char)
        state = step(state, at & 31)
        group = group * 3 + (at >> 5)
        count += 1
        if count == 3:
            state, group, count = step(state, group), 0, 0
    if count:
        state = step(state, group)
    for _ in range(8):
        state = step(state, 0)
    state ^= 1
    letters = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
    return "".join(letters[state >> 5 * (7 - i) & 31] for i in range(8))


def descriptor(chance: Random) -> Identifier:
    """Give an output descriptor: one key or several, with origin, branches and checksum."""
    mark = chance.choice(("'", "h", "H"))
    secrets: list[str] = []

    def key() -> str:
        text = extended(chance, chance.choice(("xpub", "tpub", "zpub", "ypub")), private=False)
        print_ = drawn(chance, HEX, 8)
        secrets.extend((text, print_ + "/"))
        branch = chance.choice(("/<0;1>/*", "/0/*", "/*", ""))
        purpose = chance.choice((44, 48, 49, 84, 86))
        return f"[{print_}/{purpose}{mark}/0{mark}/{chance.randrange(9)}{mark}]{text}{branch}"

    form = chance.choice(
        ("pkh({})", "wpkh({})", "sh(wpkh({}))", "tr({})", "wsh(sortedmulti(2,{},{}))",
         "sh(multi(1,{},{}))", "sh(wsh(sortedmulti(2,{},{},{})))")
    )  # fmt: skip
    text = form.format(*(key() for _ in range(form.count("{}"))))
    if chance.random() < 0.7:
        text += "#" + descriptor_checksum(text)
    return Identifier("descriptor", text, tuple(secrets), kind="script")


def wif(chance: Random) -> Identifier:
    """Give a private key for import: compressed or not, main net or test net."""
    version = bytes([chance.choice((0x80, 0xEF, 0xB0, 0x9E, 0xCC))])
    body = version + chance.randbytes(32) + chance.choice((b"", b"\x01"))
    return Identifier("wif", base58check(body))


def bip38(chance: Random) -> Identifier:
    """Give an encrypted private key, from a key or from an intermediate code (BIP-38)."""
    head, flag = chance.choice((("0142", (0xC0, 0xE0)), ("0143", (0x00, 0x20, 0x04))))
    body = bytes.fromhex(head) + bytes([chance.choice(flag)]) + chance.randbytes(36)
    return Identifier("bip38", base58check(body))


def cardano_account(chance: Random) -> Identifier:
    """Give the public key of a Cardano account: 128 hex digits."""
    return Identifier("cardano account key", drawn(chance, HEX, 128), kind="hex", anycase=True)


def hex_key(chance: Random) -> Identifier:
    """Give a public key: 66 hex digits, or 130."""
    head, size = chance.choice((("02", 64), ("03", 64), ("04", 128)))
    return Identifier("public key", head + drawn(chance, HEX, size), kind="hex", anycase=True)


def fingerprint(chance: Random) -> Identifier:
    """Give eight hex digits that only their key or brackets make a fingerprint."""
    text = drawn(chance, HEX, 8)
    if chance.random() < 0.5:
        key = chance.choice(("master_fingerprint", "rootFingerprintHex", "fingerprint"))
        return Identifier("fingerprint", text, kind="context", key=key)
    return Identifier("fingerprint", f"[{text}/84'/0'/0']", (text,), kind="origin")


def txid(chance: Random) -> Identifier:
    """Give the id of a transaction or a block, with an output's number or 0x, or without."""
    text = hashlib.sha256(chance.randbytes(8)).hexdigest()
    form = chance.choice(("{}", "{}", "{}:" + str(chance.randrange(9)), "0x{}"))
    return Identifier("txid", form.format(text), (text,), kind="hex", anycase=True)
