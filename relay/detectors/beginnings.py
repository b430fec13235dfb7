"""Beginnings of identifiers that are telling, however few characters are left of them.

Sources: SLIP-132 and the odd prefixes of extended keys, SLIP-173 and CIP-5 (human-readable parts),
the payment URIs of wallets, Nano, Nimiq, ICON, NEM.
"""

import re

from relay.detectors.bech32 import CHARSET, PLAIN, TELLING
from relay.detectors.extended_keys import PREFIXES

_NAMES = "|".join(sorted(TELLING, key=len, reverse=True))
_PLAIN_NAMES = "|".join(sorted(PLAIN, key=len, reverse=True))
_SCHEMES = (
    "bitcoin|litecoin|bitcoincash|bitcoingold|dash|digibyte|dogecoin|namecoin|vertcoin|zcash|"
    "ethereum|ethclassic|ripple|cardano|solana|polygon|binance|optimism|stellar|tron|monero|"
    "lightning|bchtest|ecash"
)
_NIMIQ = "[0-9A-HJ-NP-VXY]"
# Closed shapes, not rule patterns. None can match the empty text.
_BEGINNING = re.compile(  # noqa: TID251
    "(?<![A-Za-z0-9])(?:"
    f"(?:{'|'.join(sorted(PREFIXES))})(?P<key>[1-9A-HJ-NP-Za-km-z]+)"
    f"|(?:{_NAMES})1[{CHARSET}]{{2,}}|(?:{_NAMES.upper()})1[{CHARSET.upper()}]{{2,}}"
    f"|(?:{_PLAIN_NAMES})1[{CHARSET}]{{8,}}"
    "|ln(?:bcrt|bc|tbs|tb)[0-9][0-9a-z]*"
    f"|(?i:{_SCHEMES}):(?://)?(?=[a-z]*[0-9])[A-Za-z0-9]{{2,}}"
    f"|(?i:bitcoincash|bchtest|ecash):[qp][{CHARSET}]*"
    "|(?:nano|xrb)_[13][13-9a-km-uw-z]+"
    f"|NQ[0-9]{{2}}(?: ?{_NIMIQ}{{4}})* ?{_NIMIQ}{{1,4}}"
    "|[hc]x[0-9a-f]{6,}"
    "|[NTM][A-Z2-7]{5}(?:-[A-Z2-7]{6})*-[A-Z2-7]+"
    ")$"
)
# The rest of a name in camel case, as in `xpubKey`.
_NAME = re.compile("[a-z]*(?:[A-Z][a-z]+)*")  # noqa: TID251


def beginning(tail: str) -> int:
    """Give the length of the telling beginning of an identifier that ends `tail`, or 0."""
    found = _BEGINNING.search(tail)
    if found is None or _NAME.fullmatch(found["key"] or "0"):
        return 0
    return len(found.group())
