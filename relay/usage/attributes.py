"""What an attribute of a usage event may be, and how its text is read.

Law of this file: strict. What is not of its type is not kept, and no reader guesses.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from math import isfinite
from typing import Final, assert_never

Value = bool | int | str | list[str]
"""What an attribute holds, as JSON."""

Reader = Callable[[str], Value | None]

MAX_TEXT: Final = 128
"""Characters that a text may be allowed to have: what is longer is prose."""

MAX_KEPT: Final = 1_000
"""The greatest `max`: a number that says more goes into buckets, or it is as good as a name."""

MAX_BUCKETS: Final = 32
"""With more bounds a bucket is as exact as the number."""

CACHED: Final = 4_096
"""Accepted texts of versions and languages that are remembered; others never are."""

BEFORE_RELEASE: Final = (
    r"-(?:alpha|beta|rc|dev|canary|next|nightly|pre|preview)(?:[.-]?[0-9]{1,5})?"
)
"""What may stand at the end of a version: words of this list alone, for any other may be a name."""

_VERSION: Final = re.compile(  # noqa: TID251 - bounded, and nothing in it can match in two ways
    r"(?P<kept>(?P<first>[0-9]{1,5})(?:\.[0-9]{1,5}){0,2})"
    r"(?P<fourth>\.[0-9]{1,5})?"
    rf"(?P<before>{BEFORE_RELEASE})?"
)
_LANGUAGE: Final = re.compile(  # noqa: TID251 - as above
    r"(?P<language>[A-Za-z]{2,3})(?:-(?P<script>[A-Za-z]{4}))?(?:-(?P<region>[A-Za-z]{2}|[0-9]{3}))?"
)
_SCRIPTS: Final = (
    "Adlm Arab Armn Beng Cans Cher Cyrl Deva Ethi Geor Grek Gujr Guru Hans Hant Hebr Jpan Khmr "
    "Knda Kore Laoo Latn Mlym Mong Mtei Mymr Nkoo Olck Orya Rohg Sinh Sund Taml Telu Tfng Thaa "
    "Thai Tibt Vaii Yiii"
)
"""Scripts that platforms name (ISO 15924, as in Unicode's CLDR): other letters may be a name."""
_KNOWN_SCRIPTS: Final = frozenset(_SCRIPTS.split())
_INTEGER: Final = re.compile(r"0|[1-9][0-9]{0,15}")  # noqa: TID251 - as above
_NUMBER: Final = re.compile(  # noqa: TID251 - as above; a number as JavaScript writes it
    r"-?(?:0|[1-9][0-9]{0,21})(?:\.[0-9]{1,20})?(?:e[+-]?[0-9]{1,3})?"
)
_LONGEST: Final = 64
"""Characters of the longest number, version or language that is looked at."""


class Type(StrEnum):
    """What an attribute is; each is read strictly, and anything else is dropped."""

    BOOLEAN = "boolean"
    """`true` or `false`."""
    INTEGER = "integer"
    """A whole number from 0 to `max`; with `buckets`, the text of its bucket instead."""
    NUMBER = "number"
    """Any finite number; always in buckets."""
    WORD = "word"
    """One of `values`."""
    WORDS = "words"
    """Any of `values`, separated by commas; sorted, each once."""
    VERSION = "version"
    """A version: `1.8.3`, `2.0.30-beta.1`; of four numbers the first alone is kept, for four may
    be an address."""
    LANGUAGE = "language"
    """A language: `en`, `pt-BR`; of IETF BCP 47 its language, script and region."""
    TEXT = "text"
    """A short text of at most `max_length` characters; what rules find in it is redacted."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of an event.

    Attributes:
        name: of its query parameter.
        type: what it is.
        description: for the data dictionary.
        values: words that it may have.
        buckets: ascending bounds: `[1, 10]` makes `0`, `1-9` and `10+` of whole numbers, and
            `<1`, `1-10` and `>=10` of others.
        max: the greatest whole number that is kept as it is.
        max_length: characters of a text.
        describes: whether it describes a person or their device rather than what was done; sets
            for analysis group people by these.
        read: returns what is kept of a parameter's text; None where it is not of this type.
    """

    name: str
    type: Type
    description: str
    values: frozenset[str] = frozenset()
    buckets: tuple[float, ...] = ()
    max: int = 0
    max_length: int = 64
    describes: bool = False
    read: Reader = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "read", _reader(self))


@dataclass(frozen=True, slots=True)
class Example:
    """A query string, as in a request but without what every request has, and what is kept of it.

    Attributes:
        query: as a client encodes it.
        keeps: the attributes that are kept, by name.
        line: where it stands in its file.
    """

    query: str
    keeps: Mapping[str, Value]
    line: int


@dataclass(frozen=True, slots=True)
class EventType:
    """One type of event: its name as in `c_type`, and its attributes by name.

    Attributes:
        name: as in `c_type`.
        description: what happened, for the data dictionary.
        attributes: those that are kept, by name.
        apps: apps that send it; empty for any.
        examples: the proof.
        file, line: where it stands.
    """

    name: str
    description: str
    attributes: Mapping[str, Attribute]
    apps: frozenset[str] = frozenset()
    examples: tuple[Example, ...] = ()
    file: str = ""
    line: int = 0


def read_version(text: str) -> str | None:
    """Return a version as it is kept; None if it is none.

    Of four numbers the first is kept: Chromium's versions look like addresses.
    """
    try:
        return _version(text)
    except ValueError:
        return None


def read_language(text: str) -> str | None:
    """Return a language in the usual case (`pt-BR`, `zh-Hant-TW`); None if it is none.

    Source: RFC 5646, sections 2.1 and 2.1.1. Variants and extensions are free text, and refused.
    """
    try:
        return _language(text)
    except ValueError:
        return None


# What is cached is accepted: an error is not remembered, nor is the text that caused it.
@lru_cache(CACHED)
def _version(text: str) -> str:
    found = _VERSION.fullmatch(text) if len(text) <= _LONGEST else None
    if found is None or (found["fourth"] and found["before"]):
        raise ValueError
    return found["first"] if found["fourth"] else text


@lru_cache(CACHED)
def _language(text: str) -> str:
    found = _LANGUAGE.fullmatch(text) if len(text) <= _LONGEST else None
    if found is None:
        raise ValueError
    script, region = found["script"] and found["script"].title(), found["region"]
    if script and script not in _KNOWN_SCRIPTS:
        raise ValueError
    parts = (found["language"].lower(), script, region and region.upper())
    return "-".join(part for part in parts if part)


def _reader(attribute: Attribute) -> Reader:
    """Return the function that reads an attribute's text: chosen once, for it is called often."""
    match attribute.type:
        case Type.BOOLEAN:
            return {"true": True, "false": False}.get
        case Type.INTEGER if attribute.buckets:
            return _bucketed_integer(attribute.buckets)
        case Type.INTEGER:
            return _integer(attribute.max)
        case Type.NUMBER:
            return _bucketed_number(attribute.buckets)
        case Type.WORD:
            return {word: word for word in attribute.values}.get
        case Type.WORDS:
            return _words(attribute.values)
        case Type.VERSION:
            return read_version
        case Type.LANGUAGE:
            return read_language
        case Type.TEXT:
            return _text(attribute.max_length)
    assert_never(attribute.type)


def _words(values: frozenset[str]) -> Reader:
    def read(text: str) -> list[str] | None:
        # A list of nothing is written as nothing.
        words = set(text.split(",")) if text else set()
        return sorted(words) if words <= values else None

    return read


def _text(max_length: int) -> Reader:
    def read(text: str) -> str | None:
        return text if 0 < len(text) <= max_length and text.isprintable() else None

    return read


def _integer(most: int) -> Reader:
    def read(text: str) -> int | None:
        if len(text) > _LONGEST or _INTEGER.fullmatch(text) is None:
            return None
        number = int(text)
        return number if number <= most else None

    return read


def _bucketed_integer(bounds: tuple[float, ...]) -> Reader:
    names = bucket_names(Type.INTEGER, bounds)

    def read(text: str) -> str | None:
        if len(text) > _LONGEST or _INTEGER.fullmatch(text) is None:
            return None
        return names[bisect_right(bounds, int(text))]

    return read


def _bucketed_number(bounds: tuple[float, ...]) -> Reader:
    names = bucket_names(Type.NUMBER, bounds)

    def read(text: str) -> str | None:
        if len(text) > _LONGEST or _NUMBER.fullmatch(text) is None:
            return None
        number = float(text)
        return names[bisect_right(bounds, number)] if isfinite(number) else None

    return read


def bucket_names(kind: Type, bounds: tuple[float, ...]) -> tuple[str, ...]:
    """Return what each bucket is called, from the least to the greatest: one more than bounds."""
    if kind is not Type.INTEGER:
        between = [f"{low}-{high}" for low, high in pairwise(bounds)]
        return (f"<{bounds[0]}", *between, f">={bounds[-1]}")
    starts = [0, *map(int, bounds)]
    ranges = [
        str(low) if high - low == 1 else f"{low}-{high - 1}" for low, high in pairwise(starts)
    ]
    return (*ranges, f"{starts[-1]}+")
