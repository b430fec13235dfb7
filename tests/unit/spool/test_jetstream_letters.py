"""Letters: what was packed comes out whole, and nothing else comes out at all."""

from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.limit_memory import KeyLimit
from relay.outcomes import Reason
from relay.protocol.enforcement import Limit
from relay.protocol.rate_limits import Scope
from relay.spool.jetstream_letters import (
    buried,
    letter_of,
    pack,
    pack_limit,
    revived,
    unpack,
    unpack_limit,
)
from tests.fakes import envelope


def test_a_letter_comes_out_whole() -> None:
    """Every field of an envelope is in its letter."""
    original = envelope(7, project="42", payload=bytes(range(256)), client="a.b/1 é")
    letter = unpack(pack(letter_of(original, 12.5)))
    assert letter is not None
    assert (original, 12.5, len(original.body)) == (letter.envelope, letter.stored_at, letter.size)


def test_a_body_that_lies_elsewhere() -> None:
    """A letter without its body knows its size and name, and gets it back."""
    original = envelope(7)
    letter = unpack(pack(letter_of(original, 1.0, "name")))
    assert letter is not None
    assert (b"", "name", len(original.body)) == (
        letter.envelope.body,
        letter.body_name,
        letter.size,
    )
    assert original == letter.with_body(original.body)


def test_a_dead_letter_lives_again() -> None:
    """A dead letter has reason and attempts; revived it is as if just put."""
    letter = letter_of(envelope(), 1.0)
    dead = unpack(pack(buried(letter, 3, Reason.UNROUTABLE)))
    assert dead is not None
    assert (3, Reason.UNROUTABLE, 1.0) == (dead.attempts, dead.reason, dead.stored_at)
    assert letter_of(envelope(), 9.0) == revived(dead, 9.0)


def fields() -> list[Any]:
    read: list[Any] = msgpack.unpackb(pack(letter_of(envelope(), 1.0)))
    return read


@pytest.mark.parametrize("place", range(12))
@pytest.mark.parametrize("value", [None, {"a": 1}, 99])
def test_a_field_of_another_kind_makes_it_none(place: int, value: Any) -> None:
    """A letter with one field that is not of its kind, or not true, is none."""
    wrong = fields()
    wrong[place] = value
    assert (place == 9 and value == 99) == (unpack(msgpack.packb(wrong)) is not None)


@pytest.mark.parametrize("change", [[1], ["word", 1], []])
def test_a_list_of_other_things_is_none(change: list[Any]) -> None:
    """Categories are words, and there are as many fields as there are."""
    wrong = fields()
    wrong[5] = change or wrong[5]
    assert unpack(msgpack.packb(wrong if change else wrong[:-1])) is None


@given(st.binary(max_size=200))
def test_bytes_of_others_are_none(data: bytes) -> None:
    """Bytes that we have not written make no letter, and raise nothing."""
    assert unpack(data) is None
    assert unpack_limit(data) is None


@given(st.integers(0, 300), st.integers(0, 255))
def test_a_changed_byte_never_raises(place: int, value: int) -> None:
    """A letter with a changed byte is read or is none; its size holds in any case."""
    data = bytearray(pack(letter_of(envelope(), 1.0)))
    data[place % len(data)] = value
    letter = unpack(bytes(data))
    assert letter is None or letter.body_name or letter.size == len(letter.envelope.body)


def test_a_limit_comes_out_whole() -> None:
    """Every field of a limit is kept."""
    one = KeyLimit(("up", "key"), Limit(5.0, "error", Scope.PROJECT, "quota", "custom"))
    assert one == unpack_limit(pack_limit(one))


def test_a_limit_of_an_unknown_scope_is_none() -> None:
    """Words of others are not taken."""
    one = msgpack.unpackb(pack_limit(KeyLimit(("up", "key"), Limit(5.0, "error"))))
    one[5] = "galaxy"
    assert unpack_limit(msgpack.packb(one)) is None
