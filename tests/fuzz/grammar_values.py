"""Small values: texts with and without a secret, names, numbers, ids, times, and any JSON.

Law of this file: all randomness is the generator's. A secret is drawn by `planted.hidden` alone.
"""

import json
from collections.abc import Callable
from random import Random
from typing import Any, Final

from tests.fuzz.planted import hidden, keyed
from tests.strategies import SYNTAX

PLANTED: Final = 0.1
"""Share of texts that hold a secret."""

PLAIN: Final = (
    "", "ok", "error", "TypeError", "Cannot read properties of undefined (reading 'map')",
    "GET /api/v2 404", "connect", "navigation", "app.js", "webpack:///./src/index.ts", "main",
    "a.b.c", "true", "null", "0", "-1", "3.14", "Chrome/128.0.0.0", "suite-desktop", "en-US",
    "could not open the device", "x" * 60, "http", "INFO started in 12 ms\nWARN slow\n",
    "[ip]", "[redacted]", "[Filtered]", "%s of %s", "{0} failed",
    "\u010dau \u6f22\u5b57 \U0001f642",
    "at run (app.js:10:5)\n    at <anonymous>", '{"a":1}', "[1,2]", "eyJhIjoxfQ==", "a=1&b=2",
    "2024-07-03T12:00:00Z", "f" * 32, "deadbeef", "Error: x", "C", "/", "\\", "\u200b", "\ufeff",
    "data:text/plain,hi", "https://x.example/y?z=1#f", "x.example", "node_modules/react/index.js",
)  # fmt: skip
ODD: Final = ("\0", "\ud800", "a\udc00b", "\x1b[31mred\x1b[0m", "\u202e", "\r\n", "\x7f", "\uffff")
KEYS: Final = (
    "a", "b", "id", "name", "key", "value", "data", "type", "message", "url", "label", "accounts",
    "device", "items", "state", "args", "params", "x-y", "A.B", "0", "", "_meta", "tags", "user",
    "timestamp", "event_id", "password", "xpub", "path", "address", "amount", "walletLabel",
    "release", "text", "rem", "len", "err", "values", "frames", "length", "__proto__", "ip",
)  # fmt: skip
NUMBERS: Final = (
    0, 1, -1, 7, 404, 1720000000, 1720000000.5, 1720000000123, 0.1, 1e300, -0.0, 2**31, 2**53,
    2**63, 2**64, 3405803853, 100.25, 5e-324,
)  # fmt: skip
ID: Final = "0123456789abcdef0123456789abcdef"


def text(chance: Random, *, version: bool = False) -> str:
    """Draw a text; see `planted.hidden` for `version`."""
    roll = chance.random()
    if roll < PLANTED:
        return hidden(chance, version=version)
    if roll < 0.80:
        return chance.choice(PLAIN)
    if roll < 0.86:
        return "".join(chance.choices(SYNTAX, k=chance.randint(1, 24)))
    if roll < 0.88:
        return f"{chance.choice(PLAIN)} {hidden(chance, version=version)} {chance.choice(PLAIN)}"
    if roll < 0.89:
        return json.dumps({key(chance): hidden(chance), key(chance): chance.choice(PLAIN)})
    if roll < 0.91:
        return chance.choice(ODD) + chance.choice(PLAIN)
    if roll < 0.98:
        return word(chance)
    return chance.choice(PLAIN) * chance.randint(2, 40)


def word(chance: Random) -> str:
    """Draw a made-up word."""
    return "".join(chance.choices("abcdefghijklmnoprstuvz", k=chance.randint(3, 9)))


def key(chance: Random) -> str:
    """Draw a key of a map; now and then it is a secret itself."""
    roll = chance.random()
    if roll < 0.85:
        return chance.choice(KEYS)
    return hidden(chance, version=True) if roll < 0.88 else word(chance)


def number(chance: Random) -> float:
    """Draw a number."""
    return chance.choice(NUMBERS) if chance.random() < 0.7 else chance.randint(-(10**6), 10**12)


def scalar(chance: Random) -> Any:
    """Draw a value that is no list or map."""
    roll = chance.random()
    if roll < 0.75:
        return text(chance)
    return number(chance) if roll < 0.92 else chance.choice((None, True, False))


def value(chance: Random, levels: int = 2) -> Any:
    """Draw any JSON, at most so deep."""
    roll = chance.random()
    if levels <= 0 or roll < 0.6:
        return scalar(chance)
    if roll < 0.8:
        return mapping(chance, levels)
    if roll < 0.92:
        return [value(chance, levels - 1) for _ in range(chance.randint(0, 3))]
    if roll < 0.97:
        return pairs(chance, levels)
    return {"key": key(chance), "value": value(chance, levels - 1)}


def mapping(chance: Random, levels: int = 2) -> dict[str, Any]:
    """Draw a map of any values."""
    made = {key(chance): value(chance, levels - 1) for _ in range(chance.randint(0, 3))}
    return made | keyed(chance) if chance.random() < 0.04 else made


def pairs(chance: Random, levels: int = 1) -> list[list[Any]]:
    """Draw a list of keys and values."""
    return [[key(chance), value(chance, levels - 1)] for _ in range(chance.randint(1, 3))]


def some(chance: Random, fields: dict[str, Callable[[Random], Any]], most: int) -> dict[str, Any]:
    """Draw a map of up to so many of these fields."""
    names = chance.sample(list(fields), k=min(len(fields), chance.randint(1, most)))
    return {name: fields[name](chance) for name in names}


# --- what has a form ------------------------------------------------------------------------------


def identity(chance: Random) -> Any:
    """Draw an id of an event or trace, or what should have been one."""
    roll = chance.random()
    if roll < 0.7:
        return f"{chance.getrandbits(128):032x}"
    if roll < 0.8:
        return "01234567-89AB-cdef-0123-456789abcdef"
    return ID if roll < 0.92 else scalar(chance)


def span_id(chance: Random) -> Any:
    """Draw the id of a span."""
    return f"{chance.getrandbits(64):016x}" if chance.random() < 0.9 else scalar(chance)


def time(chance: Random) -> Any:
    """Draw a time."""
    roll = chance.random()
    if roll < 0.4:
        return 1720000000 + chance.randint(0, 10**6)
    if roll < 0.6:
        return 1720000000.123
    return "2024-07-03T12:00:00.000Z" if roll < 0.9 else scalar(chance)


def version(chance: Random) -> Any:
    """Draw a release or a version."""
    roll = chance.random()
    if roll < 0.7:
        return chance.choice(("1.0", "24.7.2", "suite@24.7.2+abc", "1.2.3.4", "desktop-f00ba4"))
    return text(chance, version=True) if roll < 0.95 else number(chance)


def write(chance: Random, document: Any) -> bytes:
    """Write JSON in one of its spellings."""
    roll = chance.random()
    if roll < 0.6:
        return json.dumps(document).encode()
    if roll < 0.9:
        compact = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
        return compact.encode("utf-8", "surrogatepass")
    return json.dumps(document, indent=1).encode()
