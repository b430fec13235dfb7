"""Shapes of releases, and of what an SDK says of itself: names and versions.

Law of this file: a shape may be too narrow, for what has it not is only searched; where it is too
wide, something personal goes unseen.
"""

import re
from itertools import pairwise
from typing import Any, Final

from relay.protocol.ids import is_hex

_WORD_LIMIT: Final = 24
"""Shorter than any address; the shortest in use have 25 characters."""
_WORDS_LIMIT: Final = 10
"""Fewer than the words of any recovery phrase."""
_MIXED_LIMIT: Final = 3
"""Words of letters and digits in one release or name: an address in groups has more."""
_MIXED_LENGTH: Final = 12
_NUMBER_LENGTH: Final = 14
_COMMIT_LENGTH: Final = 40
_DEVICE_ID: Final = 24
"""Upper-case hex digits of a Trezor's id; no commit has so many."""
_SPLIT: Final = {ord(c): " " for c in "@/.-+_:"}


def is_one_case(text: str) -> bool:
    """Hex in mixed case is how Ethereum writes an address (EIP-55); no build or commit is."""
    return text in (text.lower(), text.upper())


def is_release(value: Any) -> bool:
    """A version, `package@version+build`, or a commit; each part of short words.

    Source: Sentry's documentation of releases. A word is letters, digits, hex of one case, or
    short; so no address, key, phrase or MAC address has the shape.
    """
    if not isinstance(value, str) or not 0 < len(value) <= 200:
        return False
    if _RELEASE.fullmatch(value) is None:
        return False
    words = _words(value)
    return (
        _are_plain(words, value)
        and all(_is_short(word) or _is_commit(word) for word in words)
        and _is_free_of_addresses(value)
    )


# A fixed shape, not a rule pattern.
_RELEASE: Final = re.compile(  # noqa: TID251
    r"(?:(?:@[a-z0-9][a-z0-9._-]*/)?[A-Za-z][A-Za-z0-9._-]*@)?"
    r"(?:v?[0-9]+(?:\.[0-9]+)*(?:[-._][A-Za-z0-9]+)*|[0-9a-f]{7,40}|[0-9A-F]{7,40})"
    r"(?:\+[A-Za-z0-9.-]+)?"
)


def is_sdk_text(value: Any) -> bool:
    """A package, integration or version name: not an address of any kind, not a path.

    `@` stands only before a scope (`npm:@sentry/browser`), `:` only once, four numbers only in a
    version (`is_sdk_version`), and none between slashes.
    """
    if not isinstance(value, str) or len(value) > 120 or not value.isascii():
        return False
    if value.count(":") > 1 or value[:1] == "/" or " " in value or ":/" in value or "//" in value:
        return False
    if any(a.isalnum() and b == "@" for a, b in pairwise(value)):
        return False
    words = _words(value)
    return (
        _are_plain(words, value)
        and all(word.isalnum() and _is_short(word) for word in words)
        and sum(word.isdigit() for word in words) < _ADDRESS_NUMBERS
        and _FOUR.search(value) is None
        and _LEVELS.search(value) is None
    )


_ADDRESS_NUMBERS: Final = 4
"""So many numbers may be an IPv4 address."""
_LEVELS: Final = re.compile(r"/[0-9]+[Hh]?/[0-9]")  # noqa: TID251 - a closed shape
"""Two levels of a derivation path."""


def is_sdk_version(value: Any) -> bool:
    """A version: short words, which may be four numbers by themselves; no `@`, `:`, `/`, space."""
    if not isinstance(value, str) or _VERSION.fullmatch(value) is None:
        return False
    words = _words(value)
    return (
        _are_plain(words, value)
        and all(len(word) <= _MIXED_LENGTH for word in words)
        and sum(word.isdigit() and len(word) == _FOURS for word in words) < _FOURS
        and _is_free_of_addresses(value)
    )


_VERSION: Final = re.compile(r"[0-9][A-Za-z0-9.+_-]{0,39}")  # noqa: TID251 - a closed shape
_FOURS: Final = 4
"""So many numbers of as many digits may be a card's."""


# --- parts of them -------------------------------------------------------------------------------


def _words(value: str) -> list[str]:
    return value.translate(_SPLIT).split()


def _are_plain(words: list[str], value: str) -> bool:
    """Return whether words are few and, for the most part, either letters or digits.

    None names a folder or network of somebody's, and together they are no MAC address, and no
    address of NEM's, which is written in groups of six.
    """
    mixed = sum(not (word.isalpha() or word.isdigit()) for word in words)
    pairs = sum(len(word) == _PAIR and is_hex(word) for word in words)
    return (
        len(words) <= _WORDS_LIMIT
        and mixed <= _MIXED_LIMIT
        and pairs < _MAC_PAIRS
        and sum(len(word) == _SIX for word in words) < _SIXES
        and _CISCO.search(value) is None
        and _FOLDERS.isdisjoint(word.casefold() for word in words)
    )


_PAIR: Final = 2
_MAC_PAIRS: Final = 4
"""Pairs of hex digits; a MAC address has six, of which words may be glued to the outer ones."""
_SIX: Final = 6
_SIXES: Final = 5
_CISCO: Final = re.compile(  # noqa: TID251 - a closed shape
    r"(?i)(?=[0-9.]{0,13}[a-f])[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}"
)
"""Three groups of four hex digits, a letter among them: a MAC address as Cisco writes it."""
_FOLDERS: Final = frozenset({"home", "users", "local", "lan", "media", "mnt", "volumes", "eth"})
"""Words of paths, host names and wallets' names that name a person."""


def _is_short(word: str) -> bool:
    if word.isdigit():
        return len(word) <= _NUMBER_LENGTH
    return len(word) < _WORD_LIMIT if word.isalpha() else len(word) <= _MIXED_LENGTH


def _is_commit(word: str) -> bool:
    if len(word) == _DEVICE_ID and not word.islower():
        return False
    return len(word) <= _COMMIT_LENGTH and is_hex(word) and is_one_case(word)


def _is_free_of_addresses(release: str) -> bool:
    """Return whether a release holds no four numbers, but for those that are its version.

    A version may have its own words behind (`1.2.3.4-beta.1`), not somebody's.
    """
    package, _, rest = release.rpartition("@")
    version, _, build = rest.partition("+")
    if _FOUR.search(package) is not None or _FOUR.search(build) is not None:
        return False
    return _FOUR.search(version) is None or _OF_FOUR.fullmatch(version) is not None


# Fixed shapes, not rule patterns.
_FOUR: Final = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}")  # noqa: TID251
_OF_FOUR: Final = re.compile(  # noqa: TID251
    r"v?[0-9]+(?:\.[0-9]+){3,}(?:[-._](?:[0-9]+|(?i:a|b|rc|alpha|beta|dev|pre|post|preview|nightly"
    r"|canary|snapshot|final|build|release|debug|production|staging|stable)[0-9]*))*"
)
