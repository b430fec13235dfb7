"""Fields that Sentry needs intact: not searched for text, but held to a strict shape of their own.

Law of this file: a shape must be too narrow for an identifier of a person or a wallet. A value that
has its shape stays as it is. One that has not is dropped where Sentry itself gives the field its
meaning, and searched like any other text elsewhere. Release, dist and sdk may be free text in
practice; when they are, they are searched.
Source: Sentry's event payload and envelope documentation.
"""

import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any, Final

from relay.protocol import ids
from relay.protocol.ids import is_hex
from relay.rules.selectors import Path, Selector, parse_selector

Shape = Callable[[Any], bool]

is_id: Final[Shape] = ids.is_id
"""32 hex digits, or a UUID with hyphens."""

is_public_key: Final[Shape] = ids.is_hex32
"""A DSN's public key: 32 hex digits."""


def is_span_id(value: Any) -> bool:
    """16 hex digits (W3C Trace Context)."""
    return isinstance(value, str) and len(value) == 16 and is_hex(value)


def is_segment_id(value: Any) -> bool:
    """A span's, or the number of a replay's segment."""
    if isinstance(value, int) and not isinstance(value, bool):
        return 0 <= value < _MAX_SEGMENTS
    return is_span_id(value)


_MAX_SEGMENTS: Final = 100_000
"""A replay lasts an hour at most, and makes a segment every few seconds."""


def is_debug_id(value: Any) -> bool:
    """A UUID, with an age of up to 8 hex digits after it."""
    if not isinstance(value, str):
        return False
    if is_id(value):
        return True
    head, _, age = value.rpartition("-")
    return (is_id(head) and len(age) <= 8 and is_hex(age)) or (
        # As Breakpad writes it: the age is one digit, without a hyphen.
        len(value) == 33 and is_hex(value)
    )


def is_code_id(value: Any) -> bool:
    """A build id: up to 40 hex digits (a SHA-1 at most), or a UUID."""
    if not isinstance(value, str):
        return False
    return (len(value) <= 40 and is_hex(value) and _is_one_case(value)) or is_id(value)


def _is_one_case(text: str) -> bool:
    """Hex in mixed case is how Ethereum writes an address (EIP-55); no build or commit is."""
    return text in (text.lower(), text.upper())


def is_address(value: Any) -> bool:
    """A memory address: a number, or 0x and at most 16 hex digits."""
    if isinstance(value, int) and not isinstance(value, bool):
        return 0 <= value < 1 << 64
    return isinstance(value, str) and value[:2] == "0x" and len(value) <= 18 and is_hex(value[2:])


def is_timestamp(value: Any) -> bool:
    """Seconds (or milliseconds) since the epoch, or RFC 3339."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return 0 <= value < 1e14
    if not isinstance(value, str) or not 10 <= len(value) <= 35 or not value.isascii():
        return False
    return _TIME.fullmatch(value) is not None


# A fixed shape, not a rule pattern: RFC 3339, section 5.6, with what SDKs leave out of it.
_TIME: Final = re.compile(  # noqa: TID251
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"([Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.,][0-9]{1,9})?)?([Zz]| ?[+-][0-9]{2}:?[0-9]{2})?)?"
)


_WORD_LIMIT: Final = 24
"""Shorter than any address; the shortest in use have 25 characters."""
_WORDS_LIMIT: Final = 10
"""Fewer than the words of any recovery phrase."""
_RELEASE_SPLIT: Final = {ord(c): " " for c in "@/.-+_"}
_SDK_SPLIT: Final = {ord(c): " " for c in "@/.-+_:"}


def is_release(value: Any) -> bool:
    """A version, `package@version+build`, or a commit; each part of short words.

    Source: Sentry's documentation of releases. A word is letters, digits, hex of one case, or
    short; so no address, key, phrase or MAC address has the shape.
    """
    if not isinstance(value, str) or not 0 < len(value) <= 200:
        return False
    found = _RELEASE.fullmatch(value)
    if found is None:
        return False
    words = [word for word in value.translate(_RELEASE_SPLIT).split(" ") if word]
    mixed = sum(1 for word in words if not (word.isalpha() or word.isdigit()))
    return (
        len(words) <= _WORDS_LIMIT
        and mixed <= _MIXED_LIMIT
        and not _has_mac(words)
        and all(map(_is_release_word, words))
        and not _FOLDERS.intersection(word.casefold() for word in words)
        and _is_free_of_addresses(value)
    )


# A fixed shape, not a rule pattern.
_RELEASE: Final = re.compile(  # noqa: TID251
    r"(?:(?:@[a-z0-9][a-z0-9._-]*/)?[A-Za-z][A-Za-z0-9._-]*@)?"
    r"(?:v?[0-9]+(?:\.[0-9]+)*(?:[-._][A-Za-z0-9]+)*|[0-9a-f]{7,40}|[0-9A-F]{7,40})"
    r"(?:\+[A-Za-z0-9.-]+)?"
)
_MIXED_LIMIT: Final = 3


def _has_mac(words: list[str]) -> bool:
    return sum(len(word) == _PAIR and is_hex(word) for word in words) >= _MAC_WORDS


_PAIR: Final = 2
_MAC_WORDS: Final = 6
"""Pairs of hex digits that make a MAC address."""


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


def _is_release_word(word: str) -> bool:
    if word.isdigit():
        return len(word) <= 14
    if len(word) < (_WORD_LIMIT if word.isalpha() else 13):
        return True
    return len(word) <= 40 and is_hex(word) and _is_one_case(word)


_FOLDERS: Final = frozenset({"home", "users", "local", "lan"})
"""Words of paths and host names that name a person."""


def is_sdk_text(value: Any) -> bool:
    """A package, integration or version name: not an address of any kind, not a path.

    `@` stands only before a scope (`npm:@sentry/browser`), `:` only once, four numbers only in a
    version (`is_sdk_version`), and none between slashes.
    """
    if not isinstance(value, str) or len(value) > 120 or not value.isascii():
        return False
    words = value.translate(_SDK_SPLIT).split(" ")
    if len(words) > _WORDS_LIMIT or value.count(":") > 1 or value[:1] == "/" or " " in value:
        return False
    if any(a.isalnum() and b == "@" for a, b in pairwise(value)):
        return False
    if _has_mac(words) or _FOUR.search(value) is not None or _LEVELS.search(value) is not None:
        return False
    numbers = sum(word.isdigit() for word in words)
    return numbers < _ADDRESS_NUMBERS and all(
        not word or (word.isalnum() and len(word) < _WORD_LIMIT and word.casefold() not in _FOLDERS)
        for word in words
    )


_ADDRESS_NUMBERS: Final = 4
"""So many numbers may be an IPv4 address."""
_LEVELS: Final = re.compile(r"/[0-9]+[Hh]?/[0-9]")  # noqa: TID251 - a closed shape
"""Two levels of a derivation path."""


def is_sdk_version(value: Any) -> bool:
    """A version: short words, which may be four numbers by themselves, and no `@`, `:` or `/`."""
    if not isinstance(value, str) or not 0 < len(value) <= 40 or not value.isascii():
        return False
    words = value.translate(_VERSION_SPLIT).split(" ")
    return (
        value[0].isdigit()
        and all(word.isalnum() and len(word) <= _VERSION_WORD for word in words if word)
        and sum(word.isdigit() and len(word) == _FOURS for word in words) < _FOURS
        and not _has_mac(words)
        and _is_free_of_addresses(value)
    )


_VERSION_WORD: Final = 12
_FOURS: Final = 4
"""So many numbers of as many digits may be a card's."""


_VERSION_SPLIT: Final = {ord(c): " " for c in ".-+_"}


_BY_KEY: Final[dict[str, Shape]] = {
    **dict.fromkeys(
        ("event_id", "trace_id", "replay_id", "profile_id", "profiler_id", "chunk_id",
         "check_in_id", "sid", "associated_event_id"),
        is_id,
    ),
    **dict.fromkeys(("span_id", "parent_span_id"), is_span_id),
    "segment_id": is_segment_id,
    **dict.fromkeys(
        ("image_addr", "image_vmaddr", "instruction_addr", "symbol_addr", "function_addr"),
        is_address,
    ),
    **dict.fromkeys(
        ("timestamp", "start_timestamp", "end_timestamp", "sent_at", "started", "received"),
        is_timestamp,
    ),
}  # fmt: skip


_FREE: Final[tuple[tuple[Selector, Shape], ...]] = (
    (parse_selector("release || dist || attrs.release || trace.release"), is_release),
    (parse_selector("sdk.version || sdk.packages.*.version"), is_sdk_version),
    (parse_selector("sdk.**"), is_sdk_text),
    (parse_selector("trace.public_key"), is_public_key),
)
_IMAGES: Final[dict[str, Shape]] = {"debug_id": is_debug_id, "code_id": is_code_id}
_IN_IMAGE: Final = parse_selector("debug_meta.images.*.*")

_MEANT: Final = parse_selector(
    "event_id || timestamp || start_timestamp || received || sent_at || sid || started"
    " || check_in_id || profile_id || profiler_id || chunk_id || replay_id || segment_id"
    " || trace_id || span_id || parent_span_id || end_timestamp"
    " || contexts.trace.* || contexts.profile.* || contexts.replay.* || contexts.feedback.*"
    " || trace.* || spans.*.* || items.*.* || debug_meta.images.*.*"
    " || **.frames.*.* || exception.values.*.stacktrace.frames.*.*"
)

WORDS: Final[tuple[Shape, ...]] = (is_release, is_sdk_text, is_sdk_version)
"""Shapes of words, which rules about keys still look at."""

KEYS: Final = frozenset(_BY_KEY) | frozenset(_IMAGES) | {"release", "dist", "sdk", "public_key"}
"""Keys at or under which something may be protected; a cheap first test."""


def shape_at(path: Path, key: str) -> Shape | None:
    """Return the shape that protects a value here from being searched, if any."""
    shape = _BY_KEY.get(key)
    if shape is None and key in _IMAGES and _IN_IMAGE.holds(path, "string"):
        shape = _IMAGES[key]
    if shape is not None:
        return shape
    for selector, free in _FREE:
        if selector.holds(path, "string"):
            return free
    return None


def must_have_shape(path: Path, key: str) -> bool:
    """Return whether a value here is dropped when it has not its shape."""
    return (key in _BY_KEY or key in _IMAGES) and _MEANT.holds(path, "string")
