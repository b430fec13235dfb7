"""Secrets that no other run has: of each kind, one for each place that it is put into.

Law of this file: a secret is valid by its own format and made up. What of it must not survive
(`traces`) is long enough that no other text holds it by chance, and stands in nothing that ships.
"""

from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

from benchmarks.identifiers import COINS, Identifier, chains, keys, network, paths, phrases, suite
from benchmarks.identifiers.identifier import HEX, Maker, drawn
from tests.system.planted import Needles

SHORTEST = 9
"""Characters of a trace, at least."""
LONG = 16
"""Shorter ones may stand elsewhere: three numbers of an address in a home network in an example."""
PIECE = 12
"""Of a text that is random all through, so many characters in a row are a trace."""
UPPER, LOWER, DIGITS = "ABCDEFGHJKLMNPQRSTUVWXYZ", "abcdefghjkmnpqrstuvwxyz", "23456789"
MIXED = UPPER + LOWER + DIGITS


@dataclass(frozen=True, slots=True)
class Secret:
    """One secret.

    Attributes:
        kind: one of `KINDS`.
        text: as it is written, with the words before it that its format needs.
        key: the key that must stand at it, where its format tells too little by itself.
        traces: what must be found nowhere.
        identifier: what the spellings of benchmarks/ take.
    """

    kind: str
    text: str
    key: str
    traces: tuple[str, ...]
    identifier: Identifier


def _keyed(family: str, names: tuple[str, ...], alphabet: str, size: int) -> Maker:
    """A kind that only its key tells."""

    def make(chance: Random) -> Identifier:
        text = drawn(chance, alphabet, size)
        return Identifier(family, text, kind="context", key=chance.choice(names))

    return make


def _amount(chance: Random) -> Identifier:
    text = f"{chance.randint(1000, 9999)}.{chance.randint(10**7, 10**8 - 1)}"
    name = chance.choice(("balance", "availableBalance", "amount", "totalSpent"))
    return Identifier("amount", text, (text,), 0, kind="context", key=name)


def _jwt(chance: Random) -> Identifier:
    head = urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').rstrip(b"=").decode()
    claims = f'{{"sub":"{chance.randint(10**9, 10**10)}"}}'
    body = urlsafe_b64encode(claims.encode()).rstrip(b"=").decode()
    seal = drawn(chance, MIXED, 43)
    return Identifier("JWT", f"{head}.{body}.{seal}", (body, seal))


def _service_key(chance: Random) -> Identifier:
    lead, size = chance.choice((("ghp_", 36), ("sk_live_", 24), ("glpat-", 20), ("npm_", 36)))
    text = drawn(chance, MIXED, size)
    return Identifier("key of a service", lead + text, (text,))


def _bearer(chance: Random) -> Identifier:
    token = drawn(chance, MIXED, 32)
    return Identifier("bearer token", token, lead="Authorization: Bearer ")


def _password_in_text(chance: Random) -> Identifier:
    word = drawn(chance, LOWER, 8) + drawn(chance, DIGITS, 4) + drawn(chance, LOWER, 4)
    return Identifier("password in a text", word, lead=chance.choice(("password=", "passwd = ")))


def _folder(form: str) -> Maker:
    def make(chance: Random) -> Identifier:
        user = drawn(chance, "chjkqwx", 6) + drawn(chance, LOWER, 6)
        return Identifier("folder", form.format(user), (user,), 0, kind="path")

    return make


def _extended(name: str, *, private: bool) -> Maker:
    def make(chance: Random) -> Identifier:
        return Identifier(name, keys.extended(chance, name, private=private))

    return make


_COINS = (
    "Bip44 BITCOIN", "Bip49 BITCOIN", "Bip84 BITCOIN", "Bip86 BITCOIN", "Bip44 LITECOIN",
    "Bip44 DOGECOIN", "Bip44 DASH", "Bip44 ZCASH", "Bip44 BITCOIN_CASH", "Bip44 ETHEREUM",
    "Bip44 RIPPLE", "Bip44 CARDANO_BYRON_ICARUS", "Bip44 SOLANA", "Bip44 STELLAR", "Bip44 TRON",
    "Bip44 TEZOS", "Bip44 COSMOS", "Bip44 POLKADOT_ED25519_SLIP", "Bip44 ALGORAND", "Bip44 TON",
    "Bip44 MONERO_ED25519_SLIP", "Bip44 EOS", "Bip44 FILECOIN", "Bip44 NEM", "Bip44 ERGO",
)  # fmt: skip

KINDS: Mapping[str, Maker] = {
    "IPv4": network.ipv4,
    "IPv6": network.ipv6,
    "IPv6 with IPv4": network.ipv6_with_ipv4,
    "URL of an address": network.host_url,
    "MAC": network.mac,
    "onion name": network.onion,
    "name in a home network": network.local_name,
    "server of one's own": network.backend,
    "e-mail": suite.email,
    "folder, Linux": _folder("/home/{}/.config/@trezor/suite-desktop/logs/main.log"),
    "folder, macOS": _folder("/Users/{}/Library/Application Support/@trezor/suite-desktop/a.log"),
    "folder, Windows": _folder("C:\\Users\\{}\\AppData\\Roaming\\@trezor\\suite-desktop\\a.log"),
    "folder, file URL": _folder("file:///C:/Users/{}/AppData/Local/suite/index.html"),
    "folder, encoded": paths.encoded,
    "folder, share": paths.share,
    "folder, iOS": paths.container,
    "folder, temporary": paths.temporary,
    **{name: _extended(name, private=False) for name in ("xpub", "ypub", "zpub", "tpub", "Ltub")},
    **{name: _extended(name, private=True) for name in ("xprv", "yprv", "zprv", "tprv")},
    "extended key of an unlisted version": keys.unlisted_version,
    "WIF": keys.wif,
    "BIP38": keys.bip38,
    "descriptor": keys.descriptor,
    "Cardano account": keys.cardano_account,
    "public key": keys.hex_key,
    "transaction id": keys.txid,
    "BIP39": phrases.bip39,
    "BIP39, mistyped": phrases.unchecked,
    "SLIP39": phrases.slip39,
    **{f"address, {name}": COINS[name] for name in _COINS if name in COINS},
    "address, Shelley": chains.shelley,
    "address, NEM": chains.nem,
    "address, any version": chains.any_version,
    "address, any bech32": chains.any_part,
    "invoice": suite.invoice,
    "payment URI": suite.payment_uri,
    "device id": suite.device_id,
    "device state": suite.device_state,
    "account key": suite.account_key,
    "JWT": _jwt,
    "key of a service": _service_key,
    "bearer token": _bearer,
    "password in a text": _password_in_text,
    "device id under a key": _keyed("d", ("device_id", "deviceId", "serial_number"), HEX, 24),
    "session under a key": _keyed("s", ("session_id", "sessionId", "staticSessionId"), HEX, 64),
    "token under a key": _keyed("t", ("access_token", "apiKey", "refreshToken"), MIXED, 32),
    "password under a key": _keyed("p", ("password", "passphrase", "walletPassphrase"), MIXED, 14),
    "private key under a key": _keyed("k", ("privateKey", "private_key", "seed"), HEX, 64),
    "label under a key": _keyed("l", ("label", "walletLabel", "accountLabel"), LOWER, 14),
    "amount under a key": _amount,
}
"""What is drawn, by the name of its kind."""

FREE = tuple(kind for kind, make in KINDS.items() if not make(Random(0)).key)
"""Kinds that are told by their form: they may stand anywhere."""


class Mint:
    """Draws secrets, remembers where each of them went, and finds them again."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        self.needles = Needles()
        self.cells: dict[str, tuple[str, str]] = {}
        """Kind and place by the name that a find goes by."""
        self._used: set[str] = set()

    def draw(self, kind: str, place: str) -> Secret:
        """Return a fresh secret for one place."""
        make = KINDS[kind]
        while True:
            identifier = make(self.chance)
            traces = _traces(identifier)
            if min(map(len, traces)) < SHORTEST or self._used.intersection(traces):
                continue
            if not any(len(trace) < LONG and trace in _texts() for trace in traces):
                break
        self._used.update(traces)
        name = f"{len(self.cells)} {kind} in {place}"
        self.cells[name] = (kind, place)
        for trace in traces:
            self.needles.add(name, trace)
        text = identifier.lead + identifier.text
        return Secret(kind, text, identifier.key, traces, identifier)

    def watch(self, kind: str, place: str, text: str) -> None:
        """Look for a text that something else has made, such as the client's address."""
        name = f"{len(self.cells)} {kind} in {place}"
        self.cells[name] = (kind, place)
        self.needles.add(name, text)


@cache
def _texts() -> str:
    """All that ships and may be shown, and all that is sent beside the secrets."""
    root = Path(__file__).parents[2]
    files = [*root.glob("rules/**/*.yaml"), *root.glob("usage/*.yaml")]
    files += [path for path in root.glob("tests/samples/**/*") if path.is_file()]
    files += root.glob("tests/system/*.py")
    return "\n".join(path.read_text("utf-8", "replace") for path in sorted(files))


def _traces(identifier: Identifier) -> tuple[str, ...]:
    """What of an identifier tells it; of one that is random all through, every part of it."""
    whole = identifier.secrets or (identifier.text,)
    if not identifier.window:
        return tuple(dict.fromkeys(whole))
    # Not the first one: all addresses of a chain may begin alike.
    pieces = [s[at : at + PIECE] for s in whole for at in range(PIECE, len(s) - PIECE + 1, PIECE)]
    return tuple(dict.fromkeys((*whole, *pieces)))


Draw = Callable[[str, bool], Secret | None]
"""Makes a secret for a place, told whether the key there is ours; None where none of its kind can
be told from other text."""


def taking_turns(mint: Mint, kinds: tuple[str, ...] = tuple(KINDS)) -> Draw:
    """Return what draws one kind after the other."""
    turns = {True: list(kinds), False: [kind for kind in kinds if kind in FREE]}
    at = {True: 0, False: 0}

    def draw(place: str, keyed: bool) -> Secret:
        some = turns[keyed]
        kind = some[at[keyed] % len(some)]
        at[keyed] += 1
        return mint.draw(kind, place)

    return draw
