"""Spellings of the first block: an identifier as it is, in whatever text stands around it."""

import json
import re
from collections.abc import Callable
from random import Random
from typing import Any
from urllib.parse import quote

from benchmarks.identifiers import draw
from benchmarks.identifiers.identifier import Identifier, segment

Write = Callable[[Identifier, Random], Any]

CUT = 500
"""Characters at which Suite's SDKs cut a text."""


def bare(identifier: Identifier) -> str:
    """Return its text with the words that must stand before it."""
    return identifier.lead + identifier.text


def around(form: str) -> Write:
    """Put it where `{}` stands; `{w}` is a made-up word."""

    def write(identifier: Identifier, chance: Random) -> str:
        text = form
        while "{w}" in text:
            text = text.replace("{w}", segment(chance), 1)
        return text.replace("{}", bare(identifier), 1)

    return write


def glued(mark: str, *, left: bool, right: bool) -> Write:
    """Put a word before or behind it, or both, with a mark between."""

    def write(identifier: Identifier, chance: Random) -> str:
        before, after = segment(chance), segment(chance)
        if mark in ("", ":") and identifier.kind in ("ipv6", "mac"):
            # Letters of hex in the word would be digits of the address, or a group of it.
            before, after = before.rstrip("abcdef") + "r", "r" + after.lstrip("abcdef")
        return (before + mark) * left + identifier.text + (mark + after) * right

    return write


def in_url(form: str) -> Write:
    """Put it into a URL, encoded where it must be; `{k}` is a field's name."""

    def write(identifier: Identifier, chance: Random) -> str:
        text = bare(identifier)
        if re.search(r"[^A-Za-z0-9._~:@\[\]-]", text):
            text = quote(text, safe="") if chance.random() < 0.7 else quote(text, safe=":")
        return form.format(text, w=segment(chance), k=identifier.key or segment(chance))

    return write


def percent_encoded(identifier: Identifier, chance: Random) -> str:
    """Encode each of its bytes, or what must be (RFC 3986), in either case."""
    form = chance.choice(("%{:02X}", "%{:02x}"))
    if chance.random() < 0.5:
        return "".join(form.format(byte) for byte in bare(identifier).encode())
    quoted = quote(f"{segment(chance)} <{bare(identifier)}> {segment(chance)}", safe="")
    return quoted if "X" in form else re.sub("%..", lambda found: found.group().lower(), quoted)


def percent_encoded_twice(identifier: Identifier, chance: Random) -> str:
    """Encode what is encoded already."""
    return quote(percent_encoded(identifier, chance), safe="")


def in_json(levels: int, *, as_key: bool = False) -> Write:
    """Put it into a document in a string, so many times over, as a value or a key."""

    def write(identifier: Identifier, chance: Random) -> str:
        key, text = identifier.key or segment(chance), bare(identifier)
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


def several(identifier: Identifier, chance: Random) -> str:
    """Write it twice, an address of the network between."""
    text = bare(identifier)
    mark = chance.choice((" ", ", ", " -> ", "; ", " and ", "\n"))
    return mark.join((segment(chance), text, "198.51.100.77", text, segment(chance)))


def upper_case(identifier: Identifier, chance: Random) -> str:
    """Write it in capitals."""
    return f"{segment(chance)} {identifier.text.upper()}"


def to_the_cut(identifier: Identifier, chance: Random) -> str:
    """Write it whole at the end of a text that was cut behind it."""
    text = " " + bare(identifier)
    return filler(chance, CUT - len(text)) + text


def filler(chance: Random, size: int) -> str:
    """Return so many characters of made-up words."""
    text = ""
    while len(text) < size:
        text += segment(chance) + chance.choice((" ", " ", ", ", ". "))
    return text[: max(0, size - 1)] + "." * (size > 0)


def json_in_url(identifier: Identifier, chance: Random) -> str:
    """Write a state that a page keeps in its address."""
    held = json.dumps({identifier.key or segment(chance): bare(identifier)})
    return f"https://{segment(chance)}.example/?state={quote(held, safe='')}&v=2"


def url_in_json(identifier: Identifier, chance: Random) -> str:
    """Write an address of a page into a document."""
    write = in_url("https://{w}.example/send?{k}={}&b=2")
    return json.dumps({"url": write(identifier, chance), "status": 404})


def next_to_another(identifier: Identifier, chance: Random) -> str:
    """Write another identifier right before or behind it, one character between."""
    other = draw(chance)
    while other.kind not in ("token", "hex") or other.key or other.lead:
        other = draw(chance)
    mark = chance.choice((",", " ", "|", ";", "\n", "->", "&"))
    pair = [bare(identifier), other.text]
    chance.shuffle(pair)
    return mark.join(pair)


def in_long_text(identifier: Identifier, chance: Random) -> str:
    """Write some thousand characters before and behind it."""
    before, after = (filler(chance, chance.randint(1000, 4000)) for _ in range(2))
    return f"{before} {bare(identifier)} {after}"


# --- structures: the value is no text ------------------------------------------------------------


def in_lists(identifier: Identifier, chance: Random) -> Any:
    """Put it into lists in lists and maps."""
    return [segment(chance), [[bare(identifier), 1], {segment(chance): [bare(identifier)]}]]


def words_in_a_list(identifier: Identifier, chance: Random) -> Any:
    """Put each word of a phrase into a list."""
    words = re.findall("[A-Za-z]+", identifier.text)
    return words if chance.random() < 0.7 else {"words": [words]}


def numbers(identifier: Identifier, _: Random) -> Any:
    """Put a list of numbers as numbers; a single one too."""
    found = [int(number) for number in re.findall("[0-9]+", identifier.text)]
    return found if identifier.kind == "array" else found[0]
