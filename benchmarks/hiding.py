"""Spellings of the second block, and texts that were cut: an identifier that is not as it was."""

import base64
import json
import re
from collections.abc import Callable
from random import Random
from typing import Any
from urllib.parse import quote

from benchmarks.identifiers.identifier import Identifier, segment
from benchmarks.plain_sight import CUT, Write, bare, filler
from benchmarks.undoing import LOOK_ALIKES


def moved(char: str, *, digits: int, upper: int, lower: int) -> str:
    if char.isascii() and char.isdigit():
        return chr(digits + int(char))
    if "A" <= char <= "Z":
        return chr(upper + ord(char) - ord("A"))
    if "a" <= char <= "z":
        return chr(lower + ord(char) - ord("a"))
    return char


ALPHABETS = {
    "full-width": {"digits": 0xFF10, "upper": 0xFF21, "lower": 0xFF41},
    "bold letters": {"digits": 0x1D7CE, "upper": 0x1D400, "lower": 0x1D41A},
    "typewriter letters": {"digits": 0x1D7F6, "upper": 0x1D670, "lower": 0x1D68A},
    "full-width digits": {"digits": 0xFF10, "upper": 0x41, "lower": 0x61},
    "arabic digits": {"digits": 0x0660, "upper": 0x41, "lower": 0x61},
}


def in_alphabet(name: str) -> Write:
    """Write its letters and digits in another alphabet of Unicode."""

    def write(identifier: Identifier, chance: Random) -> str:
        other = (moved(char, **ALPHABETS[name]) for char in bare(identifier))
        return f"{segment(chance)} {''.join(other)} {segment(chance)}"

    return write


def look_alikes(identifier: Identifier, chance: Random) -> str:
    """Write some of its letters, or all that can be, in Cyrillic."""
    share = chance.choice((0.2, 0.6, 1.0))
    text = "".join(LOOK_ALIKES.get(c, c) if chance.random() < share else c for c in identifier.text)
    return f"{identifier.lead}{segment(chance)} {text}"


def strewn(marks: str) -> Write:
    """Put invisible characters inside: behind each character, each fourth, or a few."""

    def write(identifier: Identifier, chance: Random) -> str:
        step = chance.choice((1, 4, 9))
        out = []
        for i, char in enumerate(identifier.text):
            inside = i % step == step - 1 and i < len(identifier.text) - 1
            out.append(char + (chance.choice(marks) if inside else ""))
        return f"{segment(chance)} {identifier.lead}{''.join(out)} {segment(chance)}"

    return write


def in_pieces(size: int, between: str) -> Write:
    """Write it in groups; size 0 is a line of a display, 17 to 21 characters."""

    def write(identifier: Identifier, chance: Random) -> str:
        width = size or chance.randint(17, 21)
        text = identifier.text
        pieces = [text[i : i + width] for i in range(0, len(text), width)]
        return f"{segment(chance)}: {between.join(pieces)}"

    return write


def shortened(identifier: Identifier, chance: Random) -> str:
    """Write its first and last eight characters, as interfaces do."""
    dots = chance.choice(("\u2026", "..."))
    return f"{segment(chance)} {identifier.text[:8]}{dots}{identifier.text[-8:]} {segment(chance)}"


def shortened_parts(identifier: Identifier, _: str) -> tuple[str, ...]:
    """Return what of a shortened one must not survive."""
    return identifier.text[:8], identifier.text[-8:]


def in_base64(encode: Callable[[bytes], bytes]) -> Write:
    """Encode a text that holds it, with padding or without."""

    def write(identifier: Identifier, chance: Random) -> str:
        inner = f"{segment(chance)} {bare(identifier)} {segment(chance)}"
        text = encode(inner.encode()).decode()
        return text if chance.random() < 0.7 else text.rstrip("=")

    return write


def in_hex(identifier: Identifier, chance: Random) -> str:
    """Write a text that holds it in hex."""
    text = f"{segment(chance)} {bare(identifier)} {segment(chance)}".encode().hex()
    return text if chance.random() < 0.7 else text.upper()


def escaped(form: str, share: float) -> Write:
    """Write all of it, or its digits, as escapes of a string."""

    def write(identifier: Identifier, chance: Random) -> str:
        text = "".join(
            form.format(ord(c)) if ord(c) < 256 and (share == 1 or c.isdigit()) else c
            for c in identifier.text
        )
        return f"{segment(chance)} {identifier.lead}{text}"

    return write


def cut_off(identifier: Identifier, chance: Random) -> str:
    """Cut the text within the identifier; what is left is at least what tells it."""
    kept = chance.randint(least_kept(identifier), len(identifier.text) - 1)
    lead = "recovery seed: " if short_phrase(identifier) else " "
    text = lead + identifier.text[:kept]
    dots = chance.choice(("", "..."))
    return filler(chance, CUT - len(text) - len(dots)) + text + dots


def short_phrase(identifier: Identifier) -> bool:
    """Tell a phrase that a cut leaves too few words of to be one by itself."""
    return identifier.kind == "words" and not identifier.least


def least_kept(identifier: Identifier) -> int:
    """Return how many of its first characters tell it; 0 if they never do."""
    if short_phrase(identifier):
        return min(len(identifier.text) - 1, len(identifier.text) * 3 // 4)
    return identifier.least


def parts_before_the_cut(identifier: Identifier, text: str) -> tuple[str, ...]:
    """Return what of it the cut has left."""
    return tuple(leak for leak in identifier.leaks() if leak in text)


def entities(identifier: Identifier, chance: Random) -> str:
    """Write its characters as references of HTML."""
    form = chance.choice(("&#{};", "&#x{:x};"))
    text = "".join(form.format(ord(char)) for char in identifier.text)
    return f"<p>{segment(chance)} {identifier.lead}{text}</p>"


def base64_in_json(identifier: Identifier, chance: Random) -> str:
    """Encode a document that holds it, and put that into another."""
    inner = json.dumps({identifier.key or segment(chance): bare(identifier)}).encode()
    return json.dumps({"body": base64.b64encode(inner).decode(), "encoding": "base64"})


def base64_in_url(identifier: Identifier, chance: Random) -> str:
    """Encode a text that holds it into a field of a URL."""
    inner = base64.b64encode(f"{segment(chance)}={bare(identifier)}&v=1".encode()).decode()
    return f"https://{segment(chance)}.example/cb?data={quote(inner, safe='')}&v=2"


def base64_in_data_url(identifier: Identifier, chance: Random) -> str:
    """Encode a text that holds it into a data URL."""
    inner = f"{segment(chance)}\n{bare(identifier)}\n".encode()
    return f"data:text/plain;base64,{base64.b64encode(inner).decode()}"


def full_width_in_json(identifier: Identifier, chance: Random) -> str:
    """Write it in full-width letters, escaped in a document."""
    return json.dumps({"text": in_alphabet("full-width")(identifier, chance)})


def words_in_fields(identifier: Identifier, chance: Random) -> Any:
    """Put each word of a phrase into a field of its own, as a form with many inputs does."""
    words = re.findall("[A-Za-z]+", identifier.text)
    first = chance.randrange(2)
    form = chance.randrange(4)
    if form == 0:
        return [{"word": word} for word in words]
    if form == 1:
        return [[n, word] for n, word in enumerate(words, first)]
    prefix = "word" if form == 2 else ""
    return {f"{prefix}{n}": word for n, word in enumerate(words, first)}


def broken_off(identifier: Identifier, chance: Random) -> str:
    """Write the first part of it alone, within a text."""
    kept = chance.randint(least_kept(identifier), len(identifier.text) - 1)
    lead = "recovery seed " if short_phrase(identifier) else ""
    return f"{segment(chance)} {lead}{identifier.text[:kept]} {segment(chance)}"


def mistyped(identifier: Identifier, chance: Random) -> str:
    """Write it with one character changed to its neighbour, so that no checksum holds."""
    at = chance.randrange(identifier.least, len(identifier.text))
    spare = [char for char in identifier.text[identifier.least :] if char != identifier.text[at]]
    text = identifier.text[:at] + chance.choice(spare) + identifier.text[at + 1 :]
    return f"{segment(chance)} {text} {segment(chance)}"
