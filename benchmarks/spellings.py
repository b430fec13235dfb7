"""How identifiers hide: each spelling writes one into a text, and knows how a reader undoes it.

The blocks are those of the project's list of spellings. "first" must always be found, "second" as
far as ordinary text allows, "truncated" is what telling beginnings alone can give away. `SKIPS`
says what is not tried, and why.
"""

import base64
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from urllib.parse import quote

from benchmarks.identifiers.identifier import Identifier, segment
from benchmarks.undoing import (
    LOOK_ALIKES,
    folded,
    opened_base64,
    opened_hex,
    unescaped,
    unquoted,
    unspaced,
)

Write = Callable[[Identifier, Random], str]
Read = Callable[[str], str]

FIRST, SECOND, TRUNCATED = "first", "second", "truncated"
CUT = 500
"""Characters at which Suite's SDKs cut a text."""


@dataclass(frozen=True, slots=True)
class Spelling:
    """One way to write.

    Attributes:
        name, block: for the reports.
        write: puts an identifier into a text.
        read: undoes the spelling in what is left of an event, as one who looks for leaks would.
        parts: what must not survive, where it is not what the identifier itself says.
    """

    name: str
    block: str
    write: Write
    read: Read = str
    parts: Callable[[Identifier, str], tuple[str, ...]] | None = None

    def leaks(self, identifier: Identifier, text: str) -> tuple[str, ...]:
        """Return the pieces that must not be in a scrubbed event, once it was read."""
        return identifier.leaks() if self.parts is None else self.parts(identifier, text)


def _bare(identifier: Identifier) -> str:
    return identifier.lead + identifier.text


def _around(form: str) -> Write:
    """Put it where `{}` stands; `{w}` is a made-up word."""

    def write(identifier: Identifier, chance: Random) -> str:
        text = form
        while "{w}" in text:
            text = text.replace("{w}", segment(chance), 1)
        return text.replace("{}", _bare(identifier), 1)

    return write


def _glued(mark: str, *, left: bool, right: bool) -> Write:
    def write(identifier: Identifier, chance: Random) -> str:
        before = segment(chance) + mark if left else ""
        after = mark + segment(chance) if right else ""
        return f"{before}{identifier.text}{after}"

    return write


def _url(form: str) -> Write:
    def write(identifier: Identifier, chance: Random) -> str:
        text = _bare(identifier)
        if re.search(r"[^A-Za-z0-9._~:@\[\]-]", text):
            text = quote(text, safe="") if chance.random() < 0.7 else quote(text, safe=":")
        return form.format(text, w=segment(chance), k=identifier.key or segment(chance))

    return write


def _percent(identifier: Identifier, chance: Random) -> str:
    form = chance.choice(("%{:02X}", "%{:02x}"))
    if chance.random() < 0.5:
        return "".join(form.format(byte) for byte in _bare(identifier).encode())
    quoted = quote(f"{segment(chance)} <{_bare(identifier)}> {segment(chance)}", safe="")
    return quoted if "X" in form else re.sub("%..", lambda found: found.group().lower(), quoted)


def _percent_twice(identifier: Identifier, chance: Random) -> str:
    return quote(_percent(identifier, chance), safe="")


def _json(levels: int, *, as_key: bool = False) -> Write:
    def write(identifier: Identifier, chance: Random) -> str:
        key, text = identifier.key or segment(chance), _bare(identifier)
        value: object = {text: 1} if as_key else {key: text, "n": chance.randrange(99)}
        if not as_key and chance.random() < 0.3:
            value = {"items": [value]} if identifier.key else [text, segment(chance)]
        compact = chance.random() < 0.5
        for _ in range(levels):
            value = json.dumps(
                value, ensure_ascii=chance.random() < 0.5,
                separators=(",", ":") if compact else None,
            )  # fmt: skip
            value = value if _ == levels - 1 else {"payload": value}
        return str(value)

    return write


def _several(identifier: Identifier, chance: Random) -> str:
    text = _bare(identifier)
    mark = chance.choice((" ", ", ", " -> ", "; ", " and ", "\n"))
    return mark.join((segment(chance), text, "198.51.100.77", text, segment(chance)))


def _upper(identifier: Identifier, chance: Random) -> str:
    return f"{segment(chance)} {identifier.text.upper()}"


def _to_the_cut(identifier: Identifier, chance: Random) -> str:
    text = " " + _bare(identifier)
    return _filler(chance, CUT - len(text)) + text


def _filler(chance: Random, size: int) -> str:
    text = ""
    while len(text) < size:
        text += segment(chance) + chance.choice((" ", " ", ", ", ". "))
    return text[: max(0, size - 1)] + "." * (size > 0)


# --- second block --------------------------------------------------------------------------------


def _moved(char: str, *, digits: int, upper: int, lower: int) -> str:
    if char.isascii() and char.isdigit():
        return chr(digits + int(char))
    if "A" <= char <= "Z":
        return chr(upper + ord(char) - ord("A"))
    if "a" <= char <= "z":
        return chr(lower + ord(char) - ord("a"))
    return char


_ALPHABETS = {
    "full-width": {"digits": 0xFF10, "upper": 0xFF21, "lower": 0xFF41},
    "bold letters": {"digits": 0x1D7CE, "upper": 0x1D400, "lower": 0x1D41A},
    "typewriter letters": {"digits": 0x1D7F6, "upper": 0x1D670, "lower": 0x1D68A},
    "full-width digits": {"digits": 0xFF10, "upper": 0x41, "lower": 0x61},
    "arabic digits": {"digits": 0x0660, "upper": 0x41, "lower": 0x61},
}


def _alphabet(name: str) -> Write:
    def write(identifier: Identifier, chance: Random) -> str:
        moved = (_moved(char, **_ALPHABETS[name]) for char in _bare(identifier))
        return f"{segment(chance)} {''.join(moved)} {segment(chance)}"

    return write


def _look_alikes(identifier: Identifier, chance: Random) -> str:
    share = chance.choice((0.2, 0.6, 1.0))
    text = "".join(LOOK_ALIKES.get(c, c) if chance.random() < share else c for c in identifier.text)
    return f"{identifier.lead}{segment(chance)} {text}"


def _strewn(marks: str) -> Write:
    """Put invisible characters inside: behind each character, each fourth, or a few."""

    def write(identifier: Identifier, chance: Random) -> str:
        step = chance.choice((1, 4, 9))
        out = []
        for i, char in enumerate(identifier.text):
            inside = i % step == step - 1 and i < len(identifier.text) - 1
            out.append(char + (chance.choice(marks) if inside else ""))
        return f"{segment(chance)} {identifier.lead}{''.join(out)} {segment(chance)}"

    return write


def _in_pieces(size: int, between: str) -> Write:
    def write(identifier: Identifier, chance: Random) -> str:
        width = size or chance.randint(17, 21)
        text = identifier.text
        pieces = [text[i : i + width] for i in range(0, len(text), width)]
        return f"{segment(chance)}: {between.join(pieces)}"

    return write


def _shortened(identifier: Identifier, chance: Random) -> str:
    dots = chance.choice(("\u2026", "..."))
    return f"{segment(chance)} {identifier.text[:8]}{dots}{identifier.text[-8:]} {segment(chance)}"


def _shortened_parts(identifier: Identifier, _: str) -> tuple[str, ...]:
    return identifier.text[:8], identifier.text[-8:]


def _base64(encode: Callable[[bytes], bytes]) -> Write:
    def write(identifier: Identifier, chance: Random) -> str:
        inner = f"{segment(chance)} {_bare(identifier)} {segment(chance)}"
        text = encode(inner.encode()).decode()
        return text if chance.random() < 0.7 else text.rstrip("=")

    return write


def _hex(identifier: Identifier, chance: Random) -> str:
    text = f"{segment(chance)} {_bare(identifier)} {segment(chance)}".encode().hex()
    return text if chance.random() < 0.7 else text.upper()


def _escaped(form: str, share: float) -> Write:
    def write(identifier: Identifier, chance: Random) -> str:
        text = "".join(
            form.format(ord(c)) if ord(c) < 256 and (share == 1 or c.isdigit()) else c
            for c in identifier.text
        )
        return f"{segment(chance)} {identifier.lead}{text}"

    return write


def _cut(identifier: Identifier, chance: Random) -> str:
    """Cut the text within the identifier; what is left is at least what tells it."""
    kept = chance.randint(_least(identifier), len(identifier.text) - 1)
    lead = "recovery seed: " if _short_phrase(identifier) else " "
    text = lead + identifier.text[:kept]
    dots = chance.choice(("", "..."))
    return _filler(chance, CUT - len(text) - len(dots)) + text + dots


def _short_phrase(identifier: Identifier) -> bool:
    return identifier.kind == "words" and not identifier.least


def _least(identifier: Identifier) -> int:
    if _short_phrase(identifier):
        return min(len(identifier.text) - 1, len(identifier.text) * 3 // 4)
    return identifier.least


def _cut_parts(identifier: Identifier, text: str) -> tuple[str, ...]:
    return tuple(leak for leak in identifier.leaks() if leak in text)


# --- the tables ----------------------------------------------------------------------------------

_FIRST: dict[str, tuple[Write, Read]] = {
    "alone": (_around("{}"), str),
    "sentence": (_around("could not reach {w} at {} because of {w}."), str),
    "sentence's start": (_around("{} is not {w}"), str),
    "sentence's end": (_around("the {w} gave up on {}."), str),
    "question": (_around("is {w} really {}?!"), str),
    "double quotes": (_around('{w} "{}" {w}'), str),
    "single quotes": (_around("{w} '{}' {w}"), str),
    "typographic quotes": (_around("{w} \u201e{}\u201c {w}"), str),
    "backticks": (_around("{w} `{}` {w}"), str),
    "round brackets": (_around("{w}({})"), str),
    "square brackets": (_around("{w} [{}]"), str),
    "braces": (_around("{w} {{}}"), str),
    "angle brackets": (_around("<{}>"), str),
    "markup": (_around("<b>{}</b>"), str),
    "assignment": (_around("{w}={}"), str),
    "colon and space": (_around("{w}: {}"), str),
    "semicolons": (_around("{w};{};{w}"), str),
    "pipes": (_around("{w}|{}|{w}"), str),
    "arrow": (_around("{w}->{}"), str),
    "cookie": (_around("{w}={}; {w}={w}"), str),
    "line of its own": (_around("{w}\n{}\n{w}"), str),
    "crlf": (_around("{w}\r\n{}\r\n{w}"), str),
    "tab": (_around("{w}\t{}\t{w}"), str),
    "list in a text": (_around("['{w}', '{}', '{w}']"), str),
    "stack of a browser": (_around("Error: {} at {w} (app.js:1:2)"), str),
    "non-ascii around": (_around("zpráva {} 漢字"), str),
    "non-ascii glued": (_around("č{}漢"), str),
    "emoji glued": (_around("\U0001f600{}\U0001f600"), str),
    "url path": (_url("https://{w}.example/tx/{}"), unquoted),
    "url path, inside": (_url("https://{w}.example/v2/{}/utxo?page=2"), unquoted),
    "url query": (_url("https://{w}.example/send?a=1&{k}={}&b=2"), unquoted),
    "url query, last": (_url("/send?{k}={}"), unquoted),
    "url fragment": (_url("https://{w}.example/app#/{}"), unquoted),
    "url fragment, field": (_url("https://{w}.example/app#{k}={}"), unquoted),
    "percent-encoded": (_percent, unquoted),
    "percent-encoded twice": (_percent_twice, unquoted),
    "json, one level": (_json(1), unescaped),
    "json, two levels": (_json(2), unescaped),
    "json, three levels": (_json(3), unescaped),
    "json, as a key": (_json(1, as_key=True), unescaped),
    "json, as a key in two levels": (_json(2, as_key=True), unescaped),
    "several": (_several, str),
    "upper case": (_upper, str),
    "up to the cut": (_to_the_cut, str),
    **{
        f"glued by {mark} {side}": (
            _glued(mark, left=side != "behind", right=side != "before"),
            str,
        )
        for mark in "_-@:/.,"
        for side in ("before", "behind", "around")
    },
    **{
        f"glued to a word {side}": (_glued("", left=side != "behind", right=side != "before"), str)
        for side in ("before", "behind", "around")
    },
}

_SECOND: dict[str, tuple[Write, Read]] = {
    **{name: (_alphabet(name), folded) for name in _ALPHABETS},
    "look-alikes": (_look_alikes, folded),
    "zero-width": (_strewn("\u200b\u200c\u200d\u2060\ufeff"), folded),
    "soft hyphens": (_strewn("\u00ad"), folded),
    "bidi controls": (_strewn("\u200e\u200f\u202a\u202c\u2066\u2069"), folded),
    "groups of four": (_in_pieces(4, " "), unspaced),
    "groups of four, no-break": (_in_pieces(4, "\u00a0"), unspaced),
    "groups of four, hyphens": (_in_pieces(4, "-"), unspaced),
    "display lines": (_in_pieces(0, "\n"), unspaced),
    "display lines, spaces": (_in_pieces(0, " "), unspaced),
    "base64": (_base64(base64.b64encode), opened_base64),
    "base64url": (_base64(base64.urlsafe_b64encode), opened_base64),
    "hex of text": (_hex, opened_hex),
    "escaped digits": (_escaped("\\u{:04x}", 0.5), unescaped),
    "escaped": (_escaped("\\u{:04X}", 1), unescaped),
    "escaped, \\x": (_escaped("\\x{:02x}", 1), unescaped),
}

SPELLINGS: tuple[Spelling, ...] = (
    *(Spelling(name, FIRST, *rest) for name, rest in _FIRST.items()),
    *(Spelling(name, SECOND, *rest) for name, rest in _SECOND.items()),
    Spelling("shortened", SECOND, _shortened, str, _shortened_parts),
    Spelling("cut off", TRUNCATED, _cut, str, _cut_parts),
)

_WITH_KEY = (
    "alone", "json, one level", "json, two levels", "json, three levels", "url query",
    "url query, last",
)  # fmt: skip
_WITH_LEAD = (
    "alone", "sentence", "sentence's start", "sentence's end", "double quotes", "single quotes",
    "round brackets", "square brackets", "non-ascii around", "json, one level", "base64",
    "percent-encoded", "full-width", "zero-width", "list in a text", "line of its own",
)  # fmt: skip


def _is_product(identifier: Identifier) -> bool:
    return int(identifier.text.partition(".")[0]) < 10


@dataclass(frozen=True, slots=True)
class Skip:
    """What is not tried: spellings whose name starts so, for these kinds, and why."""

    spellings: tuple[str, ...]
    reason: str
    holds: Callable[[Identifier], bool]


def _kinds(*kinds: str) -> Callable[[Identifier], bool]:
    return lambda identifier: identifier.kind in kinds


_ADDRESS_LIKE = ("token", "hex", "solana", "grouped")

SKIPS: tuple[Skip, ...] = (
    Skip(("glued to a word",), "no checksum: a longer run of base58 is another number",
         _kinds("solana")),
    Skip(("glued by /",), "no checksum: between slashes it may be base64 of a hash",
         _kinds("solana")),
    Skip(("glued to a word",), "a word that runs into a path, a URI, a name or an array makes "
         "another one; a phrase loses a word", _kinds(
             "path", "uri", "host", "words", "array", "derivation", "origin", "grouped", "state")),
    Skip(("glued by / before", "glued by / around", "glued by . before", "glued by . around"),
         "a path that goes on is relative; its folders are the program's",
         _kinds("path", "derivation", "array")),
    Skip(("glued by /", "glued by .", "glued by -", "glued by _", "glued by @"),
         "a name that goes on is another name", _kinds("host")),
    Skip(("glued by / before", "glued by / around"), "a word, a slash and four numbers are a "
         "product's version (Chrome/128.0.0.0)", _kinds("ipv4")),
    Skip(("glued",), "four small numbers at a word are a version", lambda identifier: (
        identifier.kind == "ipv4" and _is_product(identifier))),
    Skip(("glued by :",), "colons are its own separators: another group would make another address",
         _kinds("ipv6", "mac")),
    Skip(("glued by -",), "hyphens are its own separators", _kinds("mac", "grouped")),
    Skip(("glued to a word",), "letters of hex in the word would be its digits", _kinds("mac")),
    Skip(("upper case",), "its case is part of it", lambda identifier: not identifier.anycase),
    Skip(("groups of four", "display lines", "shortened"), "only keys and addresses are shown so",
         lambda identifier: identifier.kind not in _ADDRESS_LIKE or "-" in identifier.text
         or "_" in identifier.text),
    Skip(("groups of four", "display lines", "shortened"), "it is in groups already, and nobody "
         "shortens those", _kinds("grouped")),
    Skip(("groups of four", "display lines"), "its prefix is no part of the groups, its port none "
         "of the name", lambda identifier: ":" in identifier.text),
    Skip(("shortened",), "its port is no part of the name", lambda identifier: (
        identifier.family == "onion" and identifier.text[-1].isdigit())),
    Skip(("glued by",), "a tilde is a home at the start of a word only", lambda identifier: (
        identifier.text.startswith("~"))),
    Skip(("cut off",), "no telling beginning", lambda identifier: not _least(identifier)),
    Skip(("up to the cut",), "longer than the cut, or only its key tells it", lambda identifier: (
        len(identifier.text) > CUT - 60 or bool(identifier.key))),
    Skip(("cut off",), "longer than the cut", lambda identifier: len(identifier.text) > CUT - 60),
)  # fmt: skip


def skipped(spelling: Spelling, identifier: Identifier) -> str | None:
    """Return why this combination is not tried, or None."""
    if identifier.key and spelling.name not in _WITH_KEY:
        return "only its key tells it"
    if identifier.lead and spelling.name not in _WITH_LEAD:
        return "only the words before it tell it"
    for skip in SKIPS:
        if spelling.name.startswith(skip.spellings) and skip.holds(identifier):
            return skip.reason
    return None
