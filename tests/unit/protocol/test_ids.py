"""Shapes of ids."""

from typing import Any

import pytest

from relay.protocol.ids import is_hex, is_hex32, is_id, is_uuid

UUID = "6D91CA6E-6a5d-4de7-b479-89455858b5f6"
PLAIN = "6d91ca6e6a5d4de7b47989455858b5f6"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0", True), ("09afAF", True), ("", False), ("0x1", False), ("g", False), ("١", False)],
)
def test_is_hex(text: str, expected: bool) -> None:
    """Hex digits are ASCII, of either case, and one at least."""
    assert expected == is_hex(text)


@pytest.mark.parametrize(
    ("value", "plain", "uuid"),
    [
        (PLAIN, True, False),
        (PLAIN.upper(), True, False),
        (UUID, False, True),
        (PLAIN[1:], False, False),
        (PLAIN + "0", False, False),
        (PLAIN[1:] + "g", False, False),
        (UUID.replace("-", "", 1) + "-", False, False),
        (UUID.replace("6D", "-D"), False, False),
        (UUID[:-1] + "g", False, False),
        (list(PLAIN), False, False),
        (None, False, False),
        (int(PLAIN, 16), False, False),
    ],
)
def test_ids(value: Any, plain: bool, uuid: bool) -> None:
    """An id is 32 hex digits or a UUID with its hyphens in place; anything else is none."""
    assert (plain, uuid, plain or uuid) == (is_hex32(value), is_uuid(value), is_id(value))
