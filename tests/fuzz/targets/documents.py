"""JSON as strangers write it: read, counted, written again."""

import json
import math
from contextlib import suppress
from random import Random
from typing import Any

from relay import jsonio
from tests.fuzz.target import Target
from tests.fuzz.targets.drawing import broken, raw, says_nothing, word


def run_json(data: bytes) -> None:
    """Any bytes are JSON or none; what was read is written, and read again as the same."""
    line, column = jsonio.place_of_fault(data)
    assert min(line, column) >= 1
    try:
        value = jsonio.loads(data)
    except jsonio.JsonError as error:
        says_nothing(error)
        with suppress(ValueError, RecursionError, UnicodeDecodeError):
            # What Python reads and we do not is told apart by its depth or its digits.
            other = json.loads(data.decode())
            assert _is_beyond(data), type(other)
        return
    try:
        written = jsonio.dumps(value)
    except jsonio.JsonError:
        assert _is_deep(data)  # its callers know of it
        return
    assert value == jsonio.loads(written)
    assert written == jsonio.dumps(jsonio.loads(written))
    with suppress(ValueError, RecursionError):
        assert _like_ours(json.loads(data.decode("utf-8-sig"))) == value


def _is_beyond(data: bytes) -> bool:
    return _is_deep(data) or len(data) > jsonio.MAX_DIGITS


def _is_deep(data: bytes) -> bool:
    return data.count(b"[") + data.count(b"{") > 200


def _like_ours(value: Any) -> Any:
    """Return what Python's own reader made, as `jsonio` promises it."""
    match value:
        case dict():
            return {_like_ours(key): _like_ours(one) for key, one in value.items()}
        case list():
            return [_like_ours(one) for one in value]
        case float() if not math.isfinite(value):
            return None
        case str():
            return "".join("\ufffd" if 0xD800 <= ord(c) < 0xE000 else c for c in value)
        case _:
            return value


def draw_value(random: Random, levels: int = 5) -> Any:
    """Return a value, with the numbers and texts that parsers differ on."""
    roll = random.randrange(10 if levels else 6)
    match roll:
        case 0:
            return random.choice((0, -0.0, 1e308, 5e-324, 2**63, 2**64, -(2**63) - 1, 10**30, 0.1))
        case 1:
            return random.choice((None, True, False, math.nan, math.inf))
        case 2 | 3 | 4 | 5:
            return word(random)
        case 6 | 7:
            return {word(random): draw_value(random, levels - 1) for _ in range(3)}
        case _:
            return [draw_value(random, levels - 1) for _ in range(random.randrange(4))]


def draw_json(random: Random) -> bytes:
    roll = random.random()
    if roll < 0.05:
        depth = random.choice((1_000, 1_023, 1_024, 1_025, 3_000))
        return b"[" * depth + raw(random, 2) + b"]" * random.choice((depth, depth - 1))
    if roll < 0.1:
        digits = b"9" * random.choice((18, 19, 20, 309, 3_999, 4_000, 4_001))
        return random.choice((b"", b"-")) + digits + random.choice((b"", b".5", b"e400", b"e-400"))
    ascii_too = random.random() < 0.5
    text = json.dumps(draw_value(random), ensure_ascii=ascii_too)
    return broken(text.encode("utf-8", "surrogatepass"), random)


TARGETS = (
    Target(
        "json", run_json, draw_json,
        lambda: [b'{"a": [1, 2.5, null, true, "\\ud800"]}', b"\xef\xbb\xbf[1e400]", b"NaN"],
        (b"{", b"}", b"[", b"]", b'"', b":", b",", b"null", b"true", b"false", b"NaN", b"Infinity",
         b"-", b"1e309", b"\\ud800", b"\\udc00", b"\\u0000", b"\xef\xbb\xbf",
         b"18446744073709551616"),
    ),
)  # fmt: skip
