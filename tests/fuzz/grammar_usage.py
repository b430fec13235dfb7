"""Requests of usage events: valid, nearly valid and broken, in every encoding, secrets in them.

Law of this file: an input is what the relay looks at, and no more: the request target as on the
wire, and below it a line for each header that carries consent. The same `Random` gives the same
bytes.
"""

from collections.abc import Callable, Mapping
from random import Random
from typing import Final
from urllib.parse import quote, quote_plus, urlencode

from relay.usage.attributes import EventType, Type
from tests.fuzz import planted
from tests.fuzz.tally import note

IDS: Final = {
    "c_instance_id": "lXk2r9QbZt",
    "c_session_id": "Wq7uYh3MnB",
    "c_message_id": "Zt9QbX4kR4",
}
"""As Suite draws them: ten letters and digits. What came so may not come out."""

MODES: Final = ("valid", "nearly valid", "broken", "huge")
_SHARES: Final = (45, 30, 17, 8)

PATHS: Final = (
    "/suite/log/web/stable.log", "/suite/log/desktop/develop.log", "/suite/log/stable.log",
    "/connect/log/web/stable.log", "/open/log/mobile/develop.log",
)  # fmt: skip
_NO_PATHS: Final = (
    "/suite/log/web/stable.log/", "//suite/log/web/stable.log", "/suite/log/tv/stable.log",
    "/suite/log/web/beta.log", "/SUITE/log/web/stable.log", "/%73uite/log/web/stable.log",
    "/nobody/log/web/stable.log", "/suite/log/../log/web/stable.log", "/", "",
)  # fmt: skip
_WORDS: Final = {
    Type.BOOLEAN: ("true", "false", "1", "0", "True", "yes", ""),
    Type.INTEGER: ("0", "7", "12", "900", "12345678", "-1", "07", "1.0", "9" * 16),
    Type.NUMBER: ("0.5", "12.25", "1e3", "-3", "NaN", "Infinity", "0." + "1" * 20, "1e999"),
    Type.VERSION: ("1.8.3", "2.0.30-beta.1", "203.0.113.7", "v1", "1.2.3.4", "24.11"),
    Type.LANGUAGE: ("en", "pt-BR", "zh-Hant-TW", "x-private", "EN_us", "e"),
    Type.TEXT: ("plain", "two words", "ein Text", "漢字", "a,b", "x" * 200),
}
_ODD: Final = (
    "c_v", "c_", "value", "type", "version", "constructor", "__proto__", "c_consent", "hasOwn",
    "C_TYPE", "c_type[]", "a b", "é", "\u202e", "walletLabel", "device_id", "",
)  # fmt: skip
_CONSENT: Final = ("true", "1", "granted", "false", "0", "denied", "yes", "TRUE", "", "tru\u0435")


def request(events: Mapping[str, EventType]) -> Callable[[Random], bytes]:
    """Return what draws a request of one of these types."""

    def draw(chance: Random) -> bytes:
        (mode,) = chance.choices(MODES, _SHARES)
        note("mode", mode)
        event = events[chance.choice(sorted(events))]
        pairs = _pairs(chance, event)
        fitting = [path for path in PATHS if not event.apps or path.split("/")[1] in event.apps]
        path = chance.choice(fitting if fitting and chance.random() < 0.9 else PATHS)
        if mode == "huge":
            return _with_head(chance, path, _huge(chance, pairs))
        if mode == "nearly valid":
            path = _wrong(chance, pairs, path)
        query = _query(chance, pairs)
        if mode == "broken":
            query = _broken(chance, query)
        return _with_head(chance, path, query)

    return draw


def _with_head(chance: Random, path: str, query: str) -> bytes:
    lines = [f"{path}?{query}"]
    if chance.random() < 0.2:
        lines += [chance.choice(_CONSENT) for _ in range(chance.choice((1, 1, 1, 2)))]
    return "\n".join(lines).encode("utf-8", "surrogatepass")


def _pairs(chance: Random, event: EventType) -> list[tuple[str, str]]:
    """Draw what Suite would send: all that every event has, and attributes of its type."""
    milliseconds = chance.choice((1_763_800_000_000, 0, 9_999_999_999_999, 1_763_799_999_999))
    pairs = [
        ("c_v", chance.choice(("1.39.1", "1.8", "1.20.0-beta.2"))),
        ("c_type", event.name if chance.random() < 0.9 else "no-such/type"),
        ("c_commit", "".join(chance.choices("0123456789abcdef", k=40))),
        ("c_instance_id", IDS["c_instance_id"]),
        ("c_session_id", IDS["c_session_id"]),
        ("c_timestamp", str(milliseconds + chance.randrange(10**6))),
    ]
    if chance.random() < 0.9:
        pairs.append(("c_message_id", IDS["c_message_id"]))
    if chance.random() < 0.7:
        pairs.append(("c_consent", chance.choice((*("true",) * 30, *_CONSENT))))
    if chance.random() < 0.12:
        pairs[1] = ("c_type", "settings/analytics")
        pairs.append(("value", chance.choice(("false", "true", "0", "1", "no", ""))))
    known = list(event.attributes.values())
    for attribute in chance.sample(known, chance.randrange(len(known) + 1)):
        values = sorted(attribute.values)
        if attribute.type is Type.WORD:
            text = chance.choice((*values, "other"))
        elif attribute.type is Type.WORDS:
            text = ",".join(chance.choices((*values, "other"), k=chance.randrange(5)))
        else:
            text = chance.choice(_WORDS[attribute.type])
        if chance.random() < 0.08:
            text = planted.hidden(chance)
        pairs.append((attribute.name, text))
    for _ in range(chance.choice((0, 0, 1, 3))):
        name = chance.choice(_ODD) if chance.random() < 0.7 else planted.hidden(chance)
        pairs.append((name, planted.hidden(chance) if chance.random() < 0.7 else "x"))
    return pairs


def _wrong(chance: Random, pairs: list[tuple[str, str]], path: str) -> str:
    """Make one thing wrong; return the path, which may be it."""
    at = chance.randrange(len(pairs))
    name, value = pairs[at]
    match chance.randrange(9):
        case 0:
            return chance.choice(_NO_PATHS)
        case 1:
            del pairs[at]
        case 2:
            pairs.insert(chance.randrange(len(pairs) + 1), (name, value))
        case 3:
            pairs.insert(chance.randrange(len(pairs) + 1), (name, planted.hidden(chance)))
        case 4:
            pairs[at] = (name, planted.hidden(chance))
        case 5:
            pairs[at] = (name, value + chance.choice("\0\n\r\t \x7f\x85é=&;"))
        case 6:
            pairs[at] = (name.upper(), value)
        case 7:
            pairs[at] = (name, "")
        case _:
            chance.shuffle(pairs)
    return path


_SPELLINGS: Final[tuple[Callable[[str], str], ...]] = (
    *(quote_plus,) * 6,
    lambda text: quote(text, safe=""),
    lambda text: quote(text, safe="/:,@"),
    lambda text: quote(quote(text, safe=""), safe=""),  # twice
    lambda text: "".join(f"%{byte:02x}" for byte in text.encode("utf-8", "surrogatepass")),
    lambda text: quote_plus(text).lower(),
    lambda text: text,  # not encoded at all
)


def _query(chance: Random, pairs: list[tuple[str, str]]) -> str:
    """Write pairs: most as URLSearchParams does, some each in another way."""
    if chance.random() < 0.75:
        return urlencode(pairs, errors="replace")
    return "&".join(_written(chance, *pair) for pair in pairs)


def _written(chance: Random, name: str, value: str) -> str:
    spelling = chance.choice(_SPELLINGS)
    try:
        shown = quote_plus(name) if chance.random() < 0.9 else spelling(name)
        return f"{shown}={spelling(value)}"
    except UnicodeEncodeError:
        return "a=%ed%a0%80"


_BYTES: Final = (
    "%", "%0", "%zz", "%00", "%0a", "%0d%0a", "%c0%af", "%c1%bf", "%e0%80%af", "%f0%80%80%af",
    "%ed%a0%80", "%f5%80%80%80", "%ff", "%ef%bb%bf", "%u0041", "%25", "%2525", "+", "%2B", "%26",
    "%3d", "&", "=", ";", "&&", "&=&", "=&=", "#", "?", " ", "\0", "\u00e9", "%e2%80%ae",
)  # fmt: skip


def _broken(chance: Random, query: str) -> str:
    for _ in range(chance.choice((1, 1, 2, 4, 9))):
        at = chance.randrange(len(query) + 1)
        end = min(len(query), at + chance.choice((0, 0, 1, 3, 30)))
        query = query[:at] + chance.choice((*_BYTES, query[at:end] * 2)) + query[end:]
    return query


def _huge(chance: Random, pairs: list[tuple[str, str]]) -> str:
    """Draw more than there may be of something, or just as much."""
    query = _query(chance, pairs)
    match chance.randrange(6):
        case 0:
            more = "&".join(f"a{n}=1" for n in range(chance.choice((80, 99, 100, 101, 5_000))))
        case 1:
            more = "&" * chance.choice((80, 100, 7_000, 50_000))
        case 2:
            more = "value=" + "x" * chance.choice((3_999, 4_000, 4_001, 7_999, 100_000))
        case 3:
            more = "n" * chance.choice((99, 100, 101, 9_000)) + "=1"
        case 4:
            more = "value=" + "%41" * chance.choice((1_300, 2_600, 20_000))
        case _:
            more = "&".join(["value=" + planted.hidden(chance)] * chance.choice((30, 99)))
    return query + "&" + more if chance.random() < 0.5 else more + "&" + query
