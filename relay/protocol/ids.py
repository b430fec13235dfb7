"""Shapes of ids and keys: hex digits, 32 of them, UUIDs.

Law of this file: shapes only, either case, ASCII digits alone; what an id means is for the caller.
Source: Sentry's event payload (event_id: 32 hex digits, hyphens allowed) and RFC 9562, section 4.
"""

from typing import Any, Final

_HEX: Final = frozenset("0123456789abcdefABCDEF")
_UUID_GROUPS: Final = [8, 4, 4, 4, 12]


def is_hex(text: str) -> bool:
    """Whether it is hex digits, one at least."""
    return bool(text) and _HEX.issuperset(text)


def is_hex32(value: Any) -> bool:
    """Whether it is text of 32 hex digits: a DSN's public key, or an id without hyphens."""
    return isinstance(value, str) and len(value) == 32 and is_hex(value)


def is_uuid(value: Any) -> bool:
    """Whether it is text with the form of a UUID, hyphens included."""
    if not isinstance(value, str) or len(value) != 36:
        return False
    groups = value.split("-")
    return [len(group) for group in groups] == _UUID_GROUPS and all(map(is_hex, groups))


def is_id(value: Any) -> bool:
    """Whether it is 32 hex digits, or a UUID with hyphens."""
    return is_hex32(value) or is_uuid(value)
