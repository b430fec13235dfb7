"""Adversarial documents: what a megabyte costs that was made to be slow, against a normal one.

Each generator gives a JSON document of about so many bytes. A document may be refused, because its
budget of work has run out; it must not take long.
"""

import base64
import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass

import base58
from mnemonic import Mnemonic

from benchmarks.events import event_of
from relay import jsonio
from relay.errors import ScrubError
from relay.scrub.scrubber import Scrubber

Make = Callable[[int], bytes]

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_HEX = "0123456789abcdef"
_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_WORDS = Mnemonic("english").wordlist


def _document(value: object) -> bytes:
    return json.dumps({"message": value}, ensure_ascii=False).encode()


def _one_text(make: Callable[[random.Random, int], str]) -> Make:
    """Return a document with one long text; the size is what it has as JSON."""

    def build(size: int) -> bytes:
        text = make(random.Random(1), size)
        inside = len(json.dumps(text, ensure_ascii=False).encode())
        return _document(text[: max(1, len(text) * size // inside)])

    return build


def _repeated(piece: str) -> Make:
    """Return a document with one text, the same again and again."""
    return _one_text(lambda _, size: piece * (size // len(piece) + 1))


def _drawn(letters: str) -> Make:
    """Return a document with one text of random letters."""
    return _one_text(lambda chance, size: "".join(chance.choices(letters, k=size)))


def _tokens(make: Callable[[random.Random], str], between: str = " ") -> Make:
    """Return a document with one text of many tokens."""

    def text(chance: random.Random, size: int) -> str:
        count = size // (len(make(chance)) + len(between)) + 1
        return between.join(make(chance) for _ in range(count))

    return _one_text(text)


def _elements(make: Callable[[random.Random], str]) -> Make:
    """Return a document with many short texts in a list."""

    def build(size: int) -> bytes:
        chance = random.Random(2)
        return _document([make(chance) for _ in range(size // (len(make(chance)) + 4))])

    return build


def _keys(make: Callable[[random.Random], str]) -> Make:
    """Return a document with many keys."""

    def build(size: int) -> bytes:
        chance = random.Random(3)
        return _document({make(chance): 1 for _ in range(size // (len(make(chance)) + 7))})

    return build


def _word(letters: str, length: int) -> Callable[[random.Random], str]:
    return lambda chance: "".join(chance.choices(letters, k=length))


def _valid(chance: random.Random) -> str:
    return base58.b58encode_check(b"\0" + chance.randbytes(20)).decode()


def _wrong(chance: random.Random) -> str:
    return base58.b58encode(b"\0" + chance.randbytes(24)).decode()


def _ipv4(chance: random.Random) -> str:
    return ".".join(str(chance.randint(1, 254)) for _ in range(4))


def _email(chance: random.Random) -> str:
    return f"{_word('abcdefgh', 6)(chance)}@{_word('abcdefgh', 5)(chance)}.com"


def _nested_json(size: int) -> bytes:
    """JSON in a string in JSON, until escaping has made it large enough."""
    value = json.dumps({"message": "jane@example.com from 203.0.113.77", "device_id": "x" * 24})
    while len(value) * 2 < size:
        value = json.dumps({"data": value})
    return _document(json.loads(value)["data"] if value.startswith('{"data"') else value)


def _json_in_strings(size: int) -> bytes:
    """Many documents in a text, each holding keys that rules know."""
    piece = json.dumps({"label": "Savings", "device_id": "abc", "n": 1, "user": {"ip": "x"}})
    return _document(json.dumps([piece] * (size // (2 * len(piece)))))


def _deep(size: int) -> bytes:
    """Nest lists a hundred deep, again and again."""
    piece = "[" * 100 + '"x"' + "]" * 100
    return ("[" + ",".join([piece] * (size // len(piece))) + "]").encode()


def _too_deep(size: int) -> bytes:
    return b"[" * (size // 2) + b"]" * (size // 2)


def _base64_of(make: Callable[[int], str]) -> Make:
    def build(size: int) -> bytes:
        return _document(base64.b64encode(make(size * 3 // 4).encode()).decode())

    return build


def _nested_base64(size: int) -> bytes:
    text = "at 203.0.113.77 "
    while len(text) * 4 // 3 < size:
        text = base64.b64encode((text * 2).encode()).decode()
    return _document(text)


def _numbers(size: int) -> bytes:
    chance = random.Random(4)
    return _document([chance.getrandbits(60) for _ in range(size // 20)])


def _one_number(size: int) -> bytes:
    return b'{"message": ' + b"7" * size + b"}"


_ESCAPED = (
    "%41",
    "\\u0041",
    "&#65;",
    "\\x41",
    "=41=42",
    "%2541",
    "\\\\u0041",
    "&amp;#65;",
    "\uff21",
)

ADVERSARIAL: dict[str, Make] = {
    "random printable": _drawn("".join(map(chr, range(32, 127)))),
    "random letters": _drawn(_BASE58 + "0OIl  "),
    "base58 wall": _drawn(_BASE58),
    "base58, tokens of 34": _tokens(_word(_BASE58, 34)),
    "base58, tokens of 500": _tokens(_word(_BASE58, 500)),
    "ones wall": _repeated("1"),
    "bech32 wall": _drawn(_BECH32),
    "bech32, many separators": _repeated("bc1q"),
    "bech32, tokens": _tokens(lambda chance: "bc1" + _word(_BECH32, 39)(chance)),
    "hex wall": _drawn(_HEX),
    "hex, tokens of 40": _tokens(_word(_HEX + "ABCDEF", 40)),
    "hex of text": _repeated(b"at 203.0.113.x, ".hex()),
    "hex pairs": _tokens(_word(_HEX, 2)),
    "base64 wall": _drawn(_BASE64),
    "base64 of text": _base64_of(lambda size: "some text, and so on. " * (size // 22)),
    "base64 of random letters": _base64_of(lambda size: _word(_BASE58, size)(random.Random(5))),
    "base64, tokens": _tokens(
        lambda chance: base64.b64encode(_word(_BASE58, 24)(chance).encode()).decode()
    ),
    "base64 in base64": _nested_base64,
    "base32 wall": _drawn("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"),
    "wrong checksums": _tokens(_wrong),
    "valid addresses": _tokens(_valid),
    "valid addresses, a list": _elements(_valid),
    "wrong checksums, a list": _elements(_wrong),
    "addresses of the network": _tokens(_ipv4),
    "e-mail addresses": _tokens(_email),
    "short texts": _elements(_word(_BASE58, 16)),
    "texts with escapes": _elements(lambda chance: "".join(chance.choices(_ESCAPED, k=4))),
    "keys": _keys(_word(_BASE58, 13)),
    "keys, passwords": _keys(lambda chance: "password" + _word(_HEX, 6)(chance)),
    "nested JSON strings": _nested_json,
    "JSON in a string": _json_in_strings,
    "deep nesting": _deep,
    "too deep": _too_deep,
    "words of a phrase": _tokens(lambda chance: chance.choice(_WORDS)),
    "words of a phrase, a list": _elements(lambda chance: chance.choice(_WORDS)),
    "digits and dots": _drawn("0123456789...."),
    "digits": _drawn("0123456789"),
    "dotted numbers": _repeated("1.2.3."),
    "colons": _repeated(":"),
    "colons and hex": _drawn(_HEX + "::::"),
    "at signs": _repeated("@"),
    "a@a": _repeated("a@a."),
    "slashes": _repeated("/"),
    "backslashes": _repeated("\\"),
    "folders": _repeated("/Users/"),
    "Windows folders": _repeated("C:\\Users\\a"),
    "password": _repeated("password"),
    "password=": _repeated("password="),
    "key=value": _tokens(lambda chance: f"{_word('xyz', 6)(chance)}={_word(_HEX, 5)(chance)}", "&"),
    "hot keys": _repeated('device_id=["label": '),
    "quotes": _repeated('"'),
    "brackets": _repeated("{[("),
    "long numbers": _numbers,
    "one number": _one_number,
    "percent wall": _repeated("%41"),
    "percent signs": _repeated("%25"),
    "unescape wall": _repeated("\\u0041"),
    "entity wall": _repeated("&#65;"),
    "named entities": _repeated("&amp;"),
    "encodings in turn": _one_text(
        lambda chance, size: "".join(chance.choices(_ESCAPED, k=size // 5))
    ),
    "encodings and words": _tokens(lambda chance: "".join(chance.choices((*_ESCAPED, "ab1"), k=5))),
    "zero-width wall": _repeated("\u200b"),
    "zero-width, digits": _repeated("1\u200b"),
    "combining marks": _repeated("a\u0301"),
    "full-width wall": _drawn("".join(map(chr, range(0xFF10, 0xFF5B)))),
    "Cyrillic": _drawn("абвгдежзийклмнопрстуфхцчшщ "),
    "every character": _drawn("".join(map(chr, range(0xA0, 0xD800)))),
    "emoji": _drawn("\U0001f600\U0001f680\U0001f1e8\U0001f1ff\u2764\ufe0f"),
    "NULs": _repeated("1\0"),
    "groups of four": _tokens(_word(_HEX, 4)),
    "single letters": _tokens(_word(_BASE58, 1)),
    "lines of 19": _tokens(_word(_BASE58, 19), "\n"),
    "spaces": _repeated(" "),
    "newlines": _repeated("a\n"),
}  # fmt: skip
"""Documents by what they are made of."""


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement: CPU seconds of a scrub, and how many times a normal event's."""

    name: str
    seconds: float
    times: float
    outcome: str


def measure(scrubber: Scrubber, size: int = 1_000_000, only: str = "") -> list[Row]:
    """Measure documents of about `size` bytes, slowest first, against a normal one of that size.

    The memory of known texts is emptied before each.
    """
    normal = event_of("1 MB", "much", lambda document: scrubber.scrub_json(document).body)
    usual = _timed(scrubber, normal)[0] * size / len(normal)
    rows = []
    for name, make in ADVERSARIAL.items():
        if only in name:
            seconds, outcome = _timed(scrubber, make(size))
            rows.append(Row(name, seconds, seconds / usual, outcome))
    return sorted(rows, key=lambda row: -row.times)


def _timed(scrubber: Scrubber, document: bytes) -> tuple[float, str]:
    best, outcome = float("inf"), "accepted"
    for _ in range(2):
        scrubber.memory.forget()
        started = time.process_time()
        try:
            scrubber.scrub_json(document)
        except (ScrubError, jsonio.JsonError) as error:
            outcome = f"dropped: {error}"
        best = min(best, time.process_time() - started)
    return best, outcome
