"""The allow-list: which usage events there are, what each may say, and of what type it is.

Law of this file: what is not in the list is not kept. No I/O: the files are read by `rulefiles`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

Value = bool | int | str | list[str]
"""What an attribute holds, as JSON."""


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
    """A version: `1.8.3`, `2.0.30-beta.1`."""
    LANGUAGE = "language"
    """A language: `en`, `pt-BR`; only what IETF BCP 47 allows, without extensions."""
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
    """

    name: str
    type: Type
    description: str
    values: frozenset[str] = frozenset()
    buckets: tuple[float, ...] = ()
    max: int = 0
    max_length: int = 64
    describes: bool = False

    def read(self, text: str) -> Value | None:
        """Return what is kept of a parameter's text; None where it is not of this type."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class EventType:
    """One type of event: its name as in `c_type`, and its attributes by name."""

    name: str
    description: str
    attributes: Mapping[str, Attribute]
    apps: frozenset[str] = frozenset()
    """Apps that send it; empty for any."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All types of events, by name, and a digest of the list (SHA-256, hex)."""

    events: Mapping[str, EventType] = field(repr=False)
    digest: str

    def find(self, app: str, name: str) -> EventType | None:
        """Return the type of an event, if that app may send it."""
        found = self.events.get(name)
        return found if found is not None and (not found.apps or app in found.apps) else None


EMPTY: Final = Catalogue({}, "")
