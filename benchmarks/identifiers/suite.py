"""What Trezor's Suite writes: device ids and states, account keys, payment URIs, invoices."""

from random import Random
from urllib.parse import quote

from bip_utils import EllipticCurveTypes as Curve
from bip_utils import P2PKHAddrEncoder, P2WPKHAddrEncoder

from benchmarks.identifiers.chains import base58check, bech32_text
from benchmarks.identifiers.coins import least_of, public_key
from benchmarks.identifiers.identifier import HEX, Identifier, drawn, name
from benchmarks.identifiers.keys import extended

_UPPER_HEX = "0123456789ABCDEF"
_SCHEMES = (
    "bitcoin", "litecoin", "bitcoincash", "dash", "digibyte", "dogecoin", "namecoin", "vertcoin",
    "zcash", "ethereum", "ripple", "cardano", "solana", "polygon", "btc", "ltc", "bch", "doge",
    "dgb", "zec", "eth", "ada", "sol", "xrp", "bitcoingold", "ethclassic", "optimism",
)  # fmt: skip


def _id(chance: Random) -> str:
    while True:
        text = drawn(chance, _UPPER_HEX, 24)
        if not text.isdigit() and not text.isalpha():
            return text


def device_id(chance: Random) -> Identifier:
    """Give a Trezor's id: 24 hex digits in upper case."""
    return Identifier("device id", _id(chance), kind="hex")


def device_field(chance: Random) -> Identifier:
    """Give what only its key makes an id of a device, a session or a key."""
    key = chance.choice(
        (
            "device_id",
            "deviceState",
            "staticSessionId",
            "session_id",
            "instance_id",
            "hostCredential",
            "walletDescriptor",
            "c_instance_id",
            "evoluOwnerId",
            "serial_number",
        )
    )
    size = chance.choice((10, 24, 32, 64))
    return Identifier("device field", drawn(chance, HEX, size), kind="context", key=key)


def label(chance: Random) -> Identifier:
    """Give a name that a user has given; only its key tells."""
    key = chance.choice(("label", "walletLabel", "accountLabel", "account_label", "addressLabel"))
    words = (name(chance).title(), name(chance))
    return Identifier("label", " ".join(words), words, 0, kind="context", key=key)


def device_state(chance: Random) -> Identifier:
    """Give a device's state: an address of the test network, the device's id, a number."""
    address = base58check(b"\x6f" + chance.randbytes(20))
    device = _id(chance)
    text = f"{address}@{device}:{chance.randrange(4)}"
    return Identifier("device state", text, (address, device), kind="state")


def account_key(chance: Random) -> Identifier:
    """Give the key of an account: what it is, its coin, and the state of its device."""
    key = extended(chance, chance.choice(("xpub", "zpub", "ypub")), private=False)
    state = device_state(chance)
    coin = chance.choice(("btc", "ltc", "vtc", "test"))
    return Identifier(
        "account key", f"{key}-{coin}-{state.text}", (key, *state.secrets), kind="state"
    )


def payment_uri(chance: Random) -> Identifier:
    """Give a request to pay: a scheme, an address, an amount, a label (BIP-21)."""
    key = public_key(chance, Curve.SECP256K1)
    address = chance.choice((
        P2PKHAddrEncoder.EncodeKey(key, net_ver=b"\0"),
        P2WPKHAddrEncoder.EncodeKey(key, hrp="bc"),
        "0x" + drawn(chance, HEX, 40),
    ))  # fmt: skip
    text = f"{chance.choice(_SCHEMES)}:{address}"
    secrets = [address]
    if chance.random() < 0.6:
        payee, note = name(chance), name(chance)
        text += f"?amount=0.{chance.randrange(1, 999)}&label={payee}&message={quote('to ' + note)}"
        secrets += [payee, note]
    return Identifier("payment uri", text, tuple(secrets), kind="uri")


def invoice(chance: Random) -> Identifier:
    """Give a Lightning invoice in shape: part, time, tagged fields, signature (BOLT 11)."""
    amount = chance.choice(("", "2500u", "20m", "1n", "10p", f"{chance.randint(1, 9999)}n"))
    part = chance.choice(("lnbc", "lntb", "lnbcrt")) + amount
    data = [chance.randrange(32) for _ in range(7 + 55 + chance.randint(10, 120) + 104)]
    text = bech32_text(part, data)
    behind = text[len(part) + 1 :]
    least = least_of(part, behind)
    return Identifier("lightning", text, (behind,), anycase=True, least=least)


def node(chance: Random) -> Identifier:
    """Give a Lightning node: its key and where it is."""
    key = chance.choice(("02", "03")) + drawn(chance, HEX, 64)
    host = name(chance)
    text = f"{key}@{host}.example.org:9735"
    return Identifier("lightning node", text, (key, host), kind="script")


def derivation(chance: Random) -> Identifier:
    """Give a path of keys (BIP-32), with the marks that wallets use."""
    mark = chance.choice(("'", "h", "H", "\u2019"))
    purpose = chance.choice((44, 49, 84, 86, 48, 1852, 10025))
    coin, account, index = (
        chance.choice((0, 1, 2, 60, 1815)),
        chance.randrange(90),
        chance.randrange(999),
    )
    text = f"m/{purpose}{mark}/{coin}{mark}/{account}{mark}"
    if chance.random() < 0.6:
        text += f"/{chance.randrange(2)}/{index}"
    return Identifier("derivation path", text, window=0, kind="derivation")


def hardened(chance: Random) -> Identifier:
    """Give such a path as Connect writes it: a list of numbers, hardened ones above 2^31."""
    numbers = [
        chance.choice((44, 49, 84, 86)) + (1 << 31),
        1 << 31,
        (1 << 31) + chance.randrange(90),
    ]
    numbers += [chance.randrange(2), chance.randrange(999)]
    text = chance.choice((", ", ",")).join(map(str, numbers))
    return Identifier("derivation array", f"[{text}]", (text,), 0, kind="array")


def email(chance: Random) -> Identifier:
    """Give an e-mail address."""
    user = chance.choice(("{}", "{}.{}", "{}_{}", "{}+suite")).format(name(chance), name(chance))
    text = f"{user}@{name(chance)}.{chance.choice(('com', 'org', 'co.uk', 'cz'))}"
    return Identifier("e-mail", text, (text.partition("@")[0],), 0, kind="mail")
