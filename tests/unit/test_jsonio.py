"""The only JSON loads and dumps."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay import jsonio
from relay.jsonio import JsonError, count_values, dumps, loads, place_of_fault, pretty, repeats
from tests.strategies import json_documents


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b'{"a":1}', {"a": 1}),
        ('{"a":"é"}', {"a": "é"}),
        (bytearray(b"[1]"), [1]),
        (memoryview(b"[1]"), [1]),
        (b"\xef\xbb\xbf[1]", [1]),
        (b'{"a":1,"a":2}', {"a": 2}),
        (b"18446744073709551616", 18446744073709551616),
        (b"-123456789012345678901234567890", -123456789012345678901234567890),
        (b'{"x1234567890123456789":"a12345678901234567890","b":[12345678901234567890123]}',
         {"x1234567890123456789": "a12345678901234567890", "b": [12345678901234567890123]}),
        (b'["x1234567890123456789x1234567890123456789",\n12345678901234567890123]',
         ["x1234567890123456789x1234567890123456789", 12345678901234567890123]),
        (b"[0.12345678901234567890123,1.5E-1234567890123456789]", [0.12345678901234568, 0.0]),
        (b"[NaN,Infinity,-Infinity,1e999]", [None, None, None, None]),
        (rb'"\ud83d\ude42"', "🙂"),
        (rb'{"\ud800":["\udfff",{"a":"x\ud800y\ud83d\ude42"}]}',
         {"\ufffd": ["\ufffd", {"a": "x\ufffdy🙂"}]}),
        (rb'{"a\ud800":1,"a\udfff":2}', {"a\ufffd": 2}),
        ("\ud800" and '"\ud800"', "?"),
        (rb'"\u0000"', "\0"),
        (b" 0 ", 0),
    ],
)  # fmt: skip
def test_loads(data: Any, expected: Any) -> None:
    """What clients send is read: exactly where it can be, as harmless text where it cannot."""
    assert expected == loads(data)


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[1,]", b"{'a':1}", b"\xff", b'"\xff"', b"nul", b"1" * 5_000, b"[" * 100_000,
     b'{"a":' * 100_000, b"\xff\xfe[\x001\x00]\x00", b"[1]x"],
)  # fmt: skip
def test_refused(data: bytes) -> None:
    """What is not JSON is refused, and the error shows none of it."""
    with pytest.raises(JsonError) as caught:
        loads(data)
    assert str(caught.value) in {"not JSON", "not UTF-8", "an integer is too long"}
    # The error of the standard library has the whole document with it.
    assert caught.value.__context__ is None


@given(json_documents)
def test_round_trip(value: Any) -> None:
    """What is written reads back."""
    assert value == loads(dumps(value))


@given(json_documents)
def test_agrees_with_the_standard_library(value: Any) -> None:
    """Documents in plain and in escaped JSON read as Python's own parser reads them."""
    for ascii_only in (True, False):
        text = json.dumps(value, ensure_ascii=ascii_only)
        assert json.loads(text) == loads(text) == loads(text.encode())


@given(st.binary(max_size=40))
def test_any_bytes(data: bytes) -> None:
    """Any bytes are read or refused."""
    try:
        loads(data)
    except JsonError:
        return


@pytest.mark.parametrize("value", [math.nan, math.inf, {1, 2}, object(), b"x"])
def test_no_json_form(value: Any) -> None:
    """What has no JSON form is refused, not written as something else."""
    if isinstance(value, float):
        # orjson writes null, which is what we read them as.
        assert b"null" == dumps(value)
        return
    with pytest.raises(JsonError):
        dumps({"a": value})


def test_dumps_is_compact_and_exact() -> None:
    """Integers of any size are written exactly, text as UTF-8."""
    assert b'{"a":18446744073709551616,"b":"\xc3\xa9"}' == dumps({"a": 1 << 64, "b": "é"})


def test_deep_documents_are_written() -> None:
    """What the walk lets through can be written: orjson alone stops at 254 levels."""
    value: Any = 1
    for _ in range(400):
        value = [value]
    assert b"[" * 400 + b"1" + b"]" * 400 == dumps(value)


@given(json_documents)
def test_pretty_round_trip(value: Any) -> None:
    """What is written for people reads back the same, in the order of its keys too."""
    assert dumps(value) == dumps(loads(pretty(value)))


def test_pretty() -> None:
    """A line a value, letters as they are; keys in order only where that is asked for."""
    assert '{\n  "b": "é",\n  "a": [\n    1\n  ]\n}' == pretty({"b": "é", "a": [1]})
    assert '{\n  "a": 1,\n  "b": 2\n}' == pretty({"b": 2, "a": 1}, sort_keys=True)


def test_pretty_is_utf_8() -> None:
    """No lone surrogate is left for whoever encodes it."""
    assert '"?"' == pretty("\ud800")


@pytest.mark.parametrize("value", [object(), {1: object()}, math.inf])
def test_no_pretty_form(value: Any) -> None:
    """What has no JSON form has no indented one, and the error shows none of it."""
    with pytest.raises(JsonError, match=r"^a value has no JSON form$"):
        pretty(value)


def test_too_deep_for_pretty() -> None:
    """A document that is too deep is refused, not a crash."""
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(JsonError):
        pretty(deep)
    while deep:  # taken apart here, for Python would do so recursively
        deep = deep.pop()


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b'{"tags":{"a":1,"b":2}}', False),
        (b'{"tags":{"a":1,"a":1}}', True),
        (b'{"tags":{"a":1},"tags":{"a":2}}', True),
        (b'{"x":{"a":1},"y":{"a":2}}', False),
        (b'[{"a":1},{"a":1,"b":1,"a":1}]', True),
        (b'{"b":1,"b":2}', False),
        (rb'{"\u0061":1,"a":1}', True),
        (rb'{"a":"\u0061"}', False),
        (b'{"a":1,"a":', True),
    ],
)
def test_repeats(data: bytes, expected: bool) -> None:
    """A key that one object has twice is seen, also where the document does not parse."""
    assert expected is repeats(data, {"a", "tags"})


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", (1, 1)),
        (b'{"a": 1,\n  "b" }', (2, 7)),
        (b'\xef\xbb\xbf{"a" 1}', (1, 6)),
        (b'[\n"\xff"]', (2, 2)),
        (b"[" * 100_000, (1, 1)),
        (b"[1]", (1, 1)),
    ],
)
def test_place_of_fault(data: bytes, expected: tuple[int, int]) -> None:
    """The place where a document breaks; the first of all if there is none."""
    assert expected == place_of_fault(data)


def test_too_many_values(monkeypatch: pytest.MonkeyPatch) -> None:
    """A value of one byte takes many in memory, so their number is bounded."""
    monkeypatch.setattr(jsonio, "MAX_VALUES", 10)
    assert [[1] * 9] == loads(b"[[" + b"1," * 8 + b"1]]")
    assert "," * 10 == loads(b'"' + b"," * 10 + b'"')
    for many in (b"[[" + b"1," * 9 + b"1]]", b"[" * 11 + b"]" * 11, b"[" + b"{},{}," * 3 + b"1]"):
        with pytest.raises(JsonError, match="too many values"):
            loads(many)


def test_counting_ends_early(monkeypatch: pytest.MonkeyPatch) -> None:
    """No more is looked at than is needed to know; short documents are not looked at."""
    monkeypatch.setattr(jsonio, "_COUNTED", 4)
    monkeypatch.setattr(jsonio, "MAX_VALUES", 5)
    assert 0 == count_values(b",,,,,")
    assert 5 == count_values(b",[{xx,,")
    assert 8 == count_values(b"," * 100)


def test_exact() -> None:
    """Equal bytes mean equal values; what cannot be written so is told."""
    values = [1, 1.0, True, "1", None, [], {}, {"a": 1, "b": 2}, {"b": 2, "a": 1}]
    assert len(values) == len({jsonio.exact(value) for value in values})
    assert [None] * 3 == [jsonio.exact(value) for value in (1 << 70, "\ud800", {1: 2})]
