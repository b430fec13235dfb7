"""Fields that Sentry needs intact: not searched for text, but held to a strict shape of their own.

Law of this file: a shape must be too narrow for an identifier of a person or a wallet. A value that
has its shape stays as it is. One that has not is dropped where Sentry itself gives the field its
meaning, and searched like any other text elsewhere. Release, dist and sdk may be free text in
practice; when they are, they are searched.
Source: Sentry's event payload and envelope documentation.
"""

import re
from collections.abc import Callable
from typing import Any, Final

from relay.protocol import ids
from relay.protocol.ids import is_hex
from relay.rules.paths import Path
from relay.rules.selectors import Selector, parse_selector
from relay.scrub.versions import is_one_case, is_release, is_sdk_text, is_sdk_version

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
    return (len(value) <= 40 and is_hex(value) and is_one_case(value)) or is_id(value)


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
