"""Fresh random identifiers of every family, valid by their own format, from one seed.

Made-up ones: no key or address here was ever anyone's. What is left out, and why: Android's
`/data/user/0/<package>/` names no person (what stands behind it is tested as a path of its own).
"""

from random import Random

from benchmarks.identifiers import chains, keys, network, paths, phrases, suite
from benchmarks.identifiers.coins import coin_makers
from benchmarks.identifiers.identifier import Identifier, Maker

__all__ = ["COINS", "MAKERS", "Identifier", "draw"]

COINS: dict[str, Maker] = dict(coin_makers())
"""All coin and format pairs of bip_utils."""

MAKERS: tuple[Maker, ...] = (
    chains.any_version, chains.smartcash, chains.decred, chains.groestl,
    chains.any_part, chains.listed_part, chains.shelley,
    chains.byron, chains.monero, chains.ss58, chains.bare_cashaddr, chains.ripple_x, chains.tezos,
    chains.stellar, chains.nem, chains.bare_ethereum,
    chains.any_cash_part, chains.signature, chains.name_service, chains.crown, chains.tron_hex,
    keys.extended_public, keys.extended_public, keys.extended_private, keys.unlisted_version,
    keys.descriptor, keys.wif, keys.bip38, keys.cardano_account, keys.hex_key, keys.fingerprint,
    keys.txid,
    phrases.bip39, phrases.slip39, phrases.unchecked,
    network.ipv4, network.ipv4_number, network.ipv6, network.ipv6, network.ipv6_with_ipv4,
    network.mac, network.onion, network.onion_v2, network.local_name, network.backend,
    network.host_url,
    paths.home, paths.home, paths.encoded, paths.share, paths.container, paths.temporary,
    suite.device_id, suite.device_field, suite.label, suite.device_state, suite.account_key,
    suite.payment_uri, suite.invoice, suite.node, suite.derivation, suite.hardened,
    suite.email,
)  # fmt: skip
"""Everything else; what has many forms stands twice."""

_COIN_MAKERS = tuple(COINS.values())


def draw(chance: Random) -> Identifier:
    """Return a fresh identifier: of one of the coins, or of another family."""
    return chance.choice(_COIN_MAKERS if chance.random() < 0.4 else MAKERS)(chance)
