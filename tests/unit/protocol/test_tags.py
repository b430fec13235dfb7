"""Tags of several places."""

from typing import Any

import pytest

from relay import jsonio
from relay.errors import BodyError
from relay.protocol.tags import entries, joined, refuse_repeats


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([], {}),
        ([{"a": 1}, {"b": 2}], {"a": 1, "b": 2}),
        ([{"a": True}, [["a", True], ["b", 2]]], {"a": True, "b": 2}),
        ([{"a": True}, {"a": False}], [["a", True], ["a", False]]),
        ([{"a": None}, {"a": True}], [["a", None], ["a", True]]),
        ([[["a"]], {"a": True}], [["a"], ["a", True]]),
        ([[{"key": "a", "value": False}], {"a": 1}], [{"key": "a", "value": False}, ["a", 1]]),
        ([{"a": [1]}, {"a": [1]}], [["a", [1]], ["a", [1]]]),
        ([{"a": [1]}, {"a": 1}], [["a", [1]], ["a", 1]]),
        (["text", None, 5, {"a": 1}], {"a": 1}),
    ],
)
def test_nothing_said_is_lost(said: list[Any], expected: Any) -> None:
    """Where places agree it is one mapping; where they do not, a list holds what each says."""
    assert expected == joined(entry for one in said for entry in entries(one))


@pytest.mark.parametrize(
    ("data", "refused"),
    [
        (b'{"tags":{"a":1,"b":1}}', False),
        (b'{"tags":{"a":1,"a":2}}', True),
        (b'{"tags":{"a":1},"tags":{"b":1}}', True),
        (b'{"tags":{"\\u0061":1,"a":2}}', True),
        (b'{"extra":{"b":1,"b":2},"tags":{"a":1}}', False),
        (b'{"tags":[["a",1],["a",2]]}', False),
        (b'{"extra":{"b":1,"b":2},"tags":["b"]}', False),
        (b'{"message":"no tags"}', False),
        (b"[1]", False),
    ],
)
def test_what_stands_twice(data: bytes, refused: bool) -> None:
    """JSON that says a tag twice is refused, and the error says nothing of it."""
    document = jsonio.loads(data)
    if refused:
        with pytest.raises(BodyError, match=r"^a key stands twice$"):
            refuse_repeats(data, document)
    else:
        refuse_repeats(data, document)
