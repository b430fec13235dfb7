"""Names of attributes that no allow-list may have: amounts never, and what tells of a person.

Law of this file: it looks at a name and a type, and at no value. A name that means something else
is told apart by its last or first word: `feeLevel`, `isBalanceHidden`.
"""

import re
from collections.abc import Collection
from typing import Final

from relay.usage.attributes import Type


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_AMOUNTS: Final = _set(
    "amount amounts amt balance balances fiat fee fees price prices pricing sum sums worth cost "
    "costs rate rates money funds fund sats sat satoshi satoshis wei gwei lamports lovelace profit "
    "profits loss losses portfolio wealth holdings income earnings reward rewards spent spend "
    "spending spendable paid volume total totals quantity qty turnover debt debts deposit deposits "
    "withdrawal withdrawals staked unstaked apy apr cents dollars euros usd eur gbp czk usdc usdt "
    "btc eth"
)
"""Words of a name that speak of money."""

_COUNTS: Final = frozenset(
    {"total", "totals", "sum", "sums", "volume", "btc", "eth", "rate", "rates"}
)
"""Those that do so at the end of a name only: `totalDevices`, `btcAccounts` count."""

_INSIDE: Final = ("amount", "balance", "fiat", "price", "worth", "satoshi", "portfolio")
"""Words long enough to be known inside another: `totalamount`."""

_LIST_ENDS: Final = _set(
    "level levels currency currencies unit units type types mode kind source policy step steps"
)
"""Last words of names that tell which, and not how much."""

_LIST_STARTS: Final = frozenset({"selected"})
"""First words of such names: `selectedFee` is a level."""

_FLAG_STARTS: Final = _set("is has was are show shows hide hides can did with should")
_FLAG_ENDS: Final = _set(
    "hidden shown visible enabled disabled changed edited displayed selected used set"
)
"""First and last words of names that tell whether, and not how much."""

_PERSONAL: Final = _set(
    "address addresses xpub xpubs ypub zpub descriptor label labels labeling name names user users "
    "username nickname ip ips host hosts hostname domain server servers url urls uri href link "
    "path paths file files filename folder folders email mail phone contact contacts account "
    "accounts wallet wallets txid txids tx txs transaction transactions hash hashes signature key "
    "keys secret secrets password passphrase pin seed mnemonic phrase words token tokens contract "
    "contracts id ids uuid guid serial fingerprint state message messages comment comments note "
    "notes memo text query search input content body title description error errors stack "
    "stacktrace trace reason details detail location city country referrer referer agent useragent "
    "cookie session instance device devices"
)
"""Words of a name that may hold what tells of a person, if its values are no closed list."""

_PERSONAL_INSIDE: Final = ("address", "xpub", "label", "path", "email", "passphrase", "mnemonic")

_WORDS: Final = re.compile(  # noqa: TID251 - a name in a file of the operator's
    r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+"
)
_CLOSED: Final = frozenset({Type.BOOLEAN, Type.WORD, Type.WORDS, Type.VERSION, Type.LANGUAGE})


def why_forbidden(name: str, kind: Type, values: Collection[str] = ()) -> str:
    """Return why no attribute may have this name, with this type; empty if it may.

    Args:
        name: as in the query: `camelCase`, `snake_case` or `kebab-case`.
        kind: its type. Amounts are refused whatever it is; other names where it is text.
        values: words that it may have, where it is a closed list; with digits in them they may be
            amounts after all.
    """
    if _speaks_of_amount(name, kind, values):
        return "amounts are never kept"
    if kind is Type.TEXT and _speaks_of_person(name):
        return "what may tell of a person is never kept as text"
    return ""


def words_of(name: str) -> tuple[str, ...]:
    """Return the words of a name, in small letters: of `isHidden`, `is` and `hidden`."""
    return tuple(word.lower() for word in _WORDS.findall(name))


def _speaks_of_amount(name: str, kind: Type, values: Collection[str]) -> bool:
    words = words_of(name)
    if not words:
        return False
    if kind is Type.BOOLEAN and (words[0] in _FLAG_STARTS or words[-1] in _FLAG_ENDS):
        return False
    tells_which = words[-1] in _LIST_ENDS or words[0] in _LIST_STARTS
    if kind in {Type.WORD, Type.WORDS} and tells_which and not any(map(_has_digit, values)):
        return False
    is_value = "value" in words or "values" in words
    if is_value and (kind not in _CLOSED or "total" in words):
        return True  # a closed list of values is none of amounts
    always = _AMOUNTS - _COUNTS
    return (
        not always.isdisjoint(words)
        or words[-1] in _COUNTS
        or any(inside in word for word in words for inside in _INSIDE)
    )


def _has_digit(text: str) -> bool:
    return any(character.isdecimal() for character in text)


def _speaks_of_person(name: str) -> bool:
    words = words_of(name)
    return not _PERSONAL.isdisjoint(words) or any(
        inside in word for word in words for inside in _PERSONAL_INSIDE
    )
