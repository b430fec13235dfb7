"""The only JSON loads and dumps.

Law of this file: orjson does the work; what it refuses although clients send it (lone surrogates,
NaN and infinities, integers beyond 64 bits, deep nesting) is decided here and nowhere else.
"""

import json
from collections.abc import Collection
from typing import Any, Final

import orjson

MAX_DIGITS: Final = 4_000
"""Longer integers are refused: Python itself refuses to convert them back to text."""

MAX_VALUES: Final = 3_000_000
"""More values in a document are refused: each takes 30 to 200 bytes, be it one byte in JSON. A
profile of the 50 MiB that are allowed has 2.6 million."""

_COUNTED: Final = 1024 * 1024
"""Bytes that are looked at in one go, for nothing else runs meanwhile."""


class JsonError(ValueError):
    """Bytes that are not JSON we accept. The message holds no part of them."""


def loads(data: bytes | bytearray | memoryview | str) -> Any:
    """Parse one JSON document.

    Integers of any size stay exact, lone surrogates become U+FFFD, NaN and infinities become null.

    Args:
        data: UTF-8 bytes (a byte-order mark is skipped) or text.

    Raises:
        JsonError: not JSON, not UTF-8, too deep, or of more than `MAX_VALUES` values.
    """
    if isinstance(data, str):
        data = data.encode("utf-8", "replace")
    raw = bytes(data)
    if raw.startswith(b"\xef\xbb\xbf"):
        raw = raw[3:]
    if count_values(raw) > MAX_VALUES:
        raise JsonError("too many values")
    if _may_be_inexact(raw):
        return _loads_slowly(raw)
    try:
        return orjson.loads(raw)  # noqa: TID251 - the one place
    except orjson.JSONDecodeError:
        # Outside of here, for an error remembers the one that it was raised in, and that one holds
        # all of the payload.
        pass
    return _loads_slowly(raw)


def count_values(data: bytes) -> int:
    """Return how many values JSON has at most, by what begins or parts them; 0 where few fit in.

    It ends where it is over `MAX_VALUES`. What stands in a text counts too.
    """
    found = 0
    for start in range(0, len(data) if len(data) > MAX_VALUES else 0, _COUNTED):
        found += sum(data.count(one, start, start + _COUNTED) for one in (b",", b"[", b"{"))
        if found > MAX_VALUES:
            break
    return found


def place_of_fault(data: bytes) -> tuple[int, int]:
    """Return line and column, from 1, at which a document breaks that `loads` refuses.

    1 and 1 if it has no such place, being too deep for instance. Nothing of the document is told.
    """
    raw = data.removeprefix(b"\xef\xbb\xbf")
    try:
        json.loads(raw.decode())  # noqa: TID251 - the one place
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        return before.count(b"\n") + 1, error.start - before.rfind(b"\n")
    except json.JSONDecodeError as error:
        return error.lineno, error.colno
    except (ValueError, RecursionError):
        pass
    return 1, 1


def dumps(value: Any) -> bytes:
    """Serialise to compact UTF-8 JSON; integers of any size are written exactly.

    Raises:
        JsonError: a value that has no JSON form.
    """
    try:
        return orjson.dumps(value)
    except (TypeError, orjson.JSONEncodeError):
        pass
    try:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        return text.encode("utf-8", "replace")
    except (TypeError, ValueError, RecursionError):
        pass
    raise JsonError("a value has no JSON form")


def exact(value: Any) -> bytes | None:
    """Serialise so that equal bytes mean equal values; None for what orjson does not write."""
    try:
        return orjson.dumps(value)
    except (TypeError, orjson.JSONEncodeError):
        return None


def pretty(value: Any, *, sort_keys: bool = False) -> str:
    """Serialise to JSON for people: indented by two, a line a value, no newline at the end.

    Raises:
        JsonError: a value that has no JSON form, or is too deep.
    """
    try:
        text = json.dumps(value, indent=2, ensure_ascii=False, sort_keys=sort_keys, allow_nan=False)
        return text.encode("utf-8", "replace").decode()
    except (TypeError, ValueError, RecursionError):
        pass
    raise JsonError("a value has no JSON form")


def _may_be_inexact(raw: bytes) -> bool:
    """Whether a number may stand there that orjson does not keep exact: 19 or more digits.

    A cheap test: it may say yes for digits inside a string, which only costs time; but not for
    digits behind a letter or another digit, as in a key or an id.
    """
    flat = raw.translate(_DIGITS)
    at = flat.find(_LONG_RUN)
    while at >= 0:
        if at == 0 or raw[at - 1] in _BEFORE_NUMBERS:
            return True
        end = flat.find(b" ", at)
        at = flat.find(_LONG_RUN, end) if end >= 0 else -1
    return False


def repeats(data: bytes, names: Collection[str]) -> bool:
    """Return whether an object in a document has one of these keys twice.

    Args:
        data: a document that `loads` takes.
        names: keys.
    """
    # A letter may be written as an escape too.
    if b"\\u" not in data and all(data.count(b'"' + n.encode() + b'"') < 2 for n in names):
        return False
    found = False

    def look(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal found
        keys = [key for key, _ in pairs if key in names]
        found = found or len(set(keys)) < len(keys)
        return dict(pairs)

    try:
        json.loads(data, object_pairs_hook=look)  # noqa: TID251 - the one place
    except (ValueError, RecursionError):
        return True
    return found


_DIGITS: Final = bytes(48 if 48 <= c <= 57 else 32 for c in range(256))
_LONG_RUN: Final = b"0" * 19
_BEFORE_NUMBERS: Final = frozenset(b":,[- \t\r\n")


def _loads_slowly(raw: bytes) -> Any:
    why = "not UTF-8"
    try:
        text = raw.decode("utf-8")
        why = "not JSON"
        value = json.loads(  # noqa: TID251 - the one place
            text, parse_constant=lambda _: None, parse_int=_parse_int, parse_float=_parse_float
        )
    except JsonError:
        raise
    except (ValueError, RecursionError):
        pass
    else:
        # Well-formed UTF-8 has no surrogates; only an escape can bring one.
        return _without_surrogates(value) if b"\\u" in raw else value
    raise JsonError(why)


def _parse_int(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise JsonError("an integer is too long")
    return int(digits)


def _parse_float(text: str) -> float | None:
    value = float(text)
    return value if value - value == 0 else None


def _without_surrogates(value: Any) -> Any:
    """Replace lone surrogates, without recursion (a deep document must not end the process)."""
    holder: list[Any] = [value]
    stack: list[Any] = [holder]
    while stack:
        node = stack.pop()
        if type(node) is list:
            for i, child in enumerate(node):
                if type(child) is str:
                    node[i] = _clean(child)
                elif type(child) is dict or type(child) is list:
                    stack.append(child)
        else:
            if not all(_is_clean(key) for key in node):
                items = [(_clean(key), child) for key, child in node.items()]
                node.clear()
                node.update(items)
            for key, child in node.items():
                if type(child) is str:
                    node[key] = _clean(child)
                elif type(child) is dict or type(child) is list:
                    stack.append(child)
    return holder[0]


def _is_clean(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= c <= "\udfff" for c in text)


def _clean(text: str) -> str:
    return (
        text
        if _is_clean(text)
        else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    )
