"""How identifiers hide: each spelling writes one into a text, and knows how a reader undoes it.

The blocks are those of the project's list of spellings. "first" must always be found, "second" as
far as ordinary text allows, "truncated" is what telling beginnings alone can give away.
"""

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks.hiding import (
    ALPHABETS,
    base64_in_data_url,
    base64_in_json,
    base64_in_url,
    broken_off,
    cut_off,
    entities,
    escaped,
    full_width_in_json,
    in_alphabet,
    in_base64,
    in_hex,
    in_pieces,
    look_alikes,
    mistyped,
    parts_before_the_cut,
    shortened,
    shortened_parts,
    strewn,
    words_in_fields,
)
from benchmarks.identifiers.identifier import Identifier
from benchmarks.plain_sight import (
    Write,
    around,
    glued,
    in_json,
    in_lists,
    in_long_text,
    in_url,
    json_in_url,
    next_to_another,
    numbers,
    percent_encoded,
    percent_encoded_twice,
    several,
    to_the_cut,
    upper_case,
    url_in_json,
    words_in_a_list,
)
from benchmarks.undoing import (
    folded,
    opened_base64,
    opened_hex,
    spaced,
    unescaped,
    unquoted,
    unreferenced,
    unspaced,
    without_gaps,
)

Read = Callable[[str], str]

FIRST, SECOND, TRUNCATED = "first", "second", "truncated"


@dataclass(frozen=True, slots=True)
class Spelling:
    """One way to write.

    Attributes:
        name, block: for the reports.
        write: puts an identifier into a text.
        read: undoes the spelling in what is left of an event, as one who looks for leaks would.
        parts: what must not survive, where it is not what the identifier itself says.
        structured: whether it writes a list or a map, for places that take any value.
    """

    name: str
    block: str
    write: Write
    read: Read = str
    parts: Callable[[Identifier, Any], tuple[str, ...]] | None = None
    structured: bool = False

    def leaks(self, identifier: Identifier, text: Any) -> tuple[str, ...]:
        """Return the pieces that must not be in a scrubbed event, once it was read."""
        return identifier.leaks() if self.parts is None else self.parts(identifier, text)


def _numbers_left(identifier: Identifier, _: Any) -> tuple[str, ...]:
    return (" ".join(re.findall("[0-9]+", identifier.text)[:3]),)


_FIRST: dict[str, tuple[Write, Read]] = {
    "alone": (around("{}"), str),
    "sentence": (around("could not reach {w} at {} because of {w}."), str),
    "sentence's start": (around("{} is not {w}"), str),
    "sentence's end": (around("the {w} gave up on {}."), str),
    "question": (around("is {w} really {}?!"), str),
    "double quotes": (around('{w} "{}" {w}'), str),
    "single quotes": (around("{w} '{}' {w}"), str),
    "typographic quotes": (around("{w} \u201e{}\u201c {w}"), str),
    "backticks": (around("{w} `{}` {w}"), str),
    "round brackets": (around("{w}({})"), str),
    "square brackets": (around("{w} [{}]"), str),
    "braces": (around("{w} {{}}"), str),
    "angle brackets": (around("<{}>"), str),
    "markup": (around("<b>{}</b>"), str),
    "assignment": (around("{w}={}"), str),
    "colon and space": (around("{w}: {}"), str),
    "semicolons": (around("{w};{};{w}"), str),
    "pipes": (around("{w}|{}|{w}"), str),
    "arrow": (around("{w}->{}"), str),
    "cookie": (around("{w}={}; {w}={w}"), str),
    "line of its own": (around("{w}\n{}\n{w}"), str),
    "crlf": (around("{w}\r\n{}\r\n{w}"), str),
    "tab": (around("{w}\t{}\t{w}"), str),
    "list in a text": (around("['{w}', '{}', '{w}']"), str),
    "stack of a browser": (around("Error: {} at {w} (app.js:1:2)"), str),
    "non-ascii around": (around("zpráva {} 漢字"), str),
    "non-ascii glued": (around("č{}漢"), str),
    "emoji glued": (around("\U0001f600{}\U0001f600"), str),
    "url path": (in_url("https://{w}.example/tx/{}"), unquoted),
    "url path, inside": (in_url("https://{w}.example/v2/{}/utxo?page=2"), unquoted),
    "url query": (in_url("https://{w}.example/send?a=1&{k}={}&b=2"), unquoted),
    "url query, last": (in_url("/send?{k}={}"), unquoted),
    "url fragment": (in_url("https://{w}.example/app#/{}"), unquoted),
    "url fragment, field": (in_url("https://{w}.example/app#{k}={}"), unquoted),
    "percent-encoded": (percent_encoded, unquoted),
    "percent-encoded twice": (percent_encoded_twice, unquoted),
    "json, one level": (in_json(1), unescaped),
    "json, two levels": (in_json(2), unescaped),
    "json, three levels": (in_json(3), unescaped),
    "json, as a key": (in_json(1, as_key=True), unescaped),
    "json, as a key in two levels": (in_json(2, as_key=True), unescaped),
    "json in a url": (json_in_url, lambda text: unescaped(unquoted(text))),
    "url in json": (url_in_json, unquoted),
    "next to another": (next_to_another, str),
    "in a long text": (in_long_text, str),
    "several": (several, str),
    "upper case": (upper_case, str),
    "up to the cut": (to_the_cut, str),
    **{
        f"glued by {mark} {side}": (
            glued(mark, left=side != "behind", right=side != "before"),
            str,
        )
        for mark in "_-@:/.,"
        for side in ("before", "behind", "around")
    },
    **{
        f"glued to a word {side}": (glued("", left=side != "behind", right=side != "before"), str)
        for side in ("before", "behind", "around")
    },
}

_SECOND: dict[str, tuple[Write, Read]] = {
    **{name: (in_alphabet(name), folded) for name in ALPHABETS},
    "look-alikes": (look_alikes, folded),
    "zero-width": (strewn("\u200b\u200c\u200d\u2060\ufeff"), folded),
    "soft hyphens": (strewn("\u00ad"), folded),
    "bidi controls": (strewn("\u200e\u200f\u202a\u202c\u2066\u2069"), folded),
    "groups of four": (in_pieces(4, " "), unspaced),
    "groups of four, no-break": (in_pieces(4, "\u00a0"), unspaced),
    "groups of four, hyphens": (in_pieces(4, "-"), unspaced),
    "display lines": (in_pieces(0, "\n"), unspaced),
    "display lines, spaces": (in_pieces(0, " "), unspaced),
    "base64": (in_base64(base64.b64encode), opened_base64),
    "base64url": (in_base64(base64.urlsafe_b64encode), opened_base64),
    "hex of text": (in_hex, opened_hex),
    "escaped digits": (escaped("\\u{:04x}", 0.5), unescaped),
    "escaped": (escaped("\\u{:04X}", 1), unescaped),
    "full-width in json": (full_width_in_json, lambda text: folded(unescaped(text))),
    "entities": (entities, unreferenced),
    "base64 of json, in json": (base64_in_json, lambda text: unescaped(opened_base64(text))),
    "base64 in a url": (base64_in_url, opened_base64),
    "base64 in a data url": (base64_in_data_url, opened_base64),
    "escaped, \\x": (escaped("\\x{:02x}", 1), unescaped),
}

SPELLINGS: tuple[Spelling, ...] = (
    *(Spelling(name, FIRST, *rest) for name, rest in _FIRST.items()),
    *(Spelling(name, SECOND, *rest) for name, rest in _SECOND.items()),
    Spelling("lists in lists", FIRST, in_lists, structured=True),
    Spelling("words in a list", FIRST, words_in_a_list, without_gaps, structured=True),
    Spelling("words in fields", SECOND, words_in_fields, without_gaps, structured=True),
    Spelling("numbers in a list", FIRST, numbers, spaced, _numbers_left, structured=True),
    Spelling("shortened", SECOND, shortened, str, shortened_parts),
    Spelling("cut off", TRUNCATED, cut_off, str, parts_before_the_cut),
    Spelling("broken off", TRUNCATED, broken_off, str, parts_before_the_cut),
    Spelling("mistyped", TRUNCATED, mistyped, str, parts_before_the_cut),
)
