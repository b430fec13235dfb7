"""What a rule is, after loading: frozen data, no behaviour beyond reading it."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from relay.rules.patterns import Pattern
from relay.rules.selectors import Selector

NEAR_WINDOW: Final = 64
"""How many characters on either side of a hit `near` looks at."""


class Status(StrEnum):
    """Whether a rule is applied, only counted, or not looked at."""

    ENFORCE = "enforce"
    SHADOW = "shadow"
    OFF = "off"


class Method(StrEnum):
    """What happens to what a rule finds."""

    REMOVE = "remove"
    REPLACE = "replace"
    MASK = "mask"
    HASH = "hash"


@dataclass(frozen=True, slots=True)
class Redaction:
    """A method, the text that `replace` writes, and the key family that `hash` uses."""

    method: Method
    text: str = ""
    family: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """What a rule looks for. At least one of pattern, keys and any is set.

    Attributes:
        pattern: what to find in text; with `keys`, only in values under them.
        check: the name of a validator in `relay.detectors.CHECKS`; narrows or refuses a hit.
        keys: whole values under these keys, as `normalise_key` writes them; one that begins with
            `*` stands for every key that ends so.
        spelled: the same keys as the rule spells them.
        any: whatever stands at the place.
        near: lower-case words, one of which must be close by or in the path.
    """

    pattern: Pattern | None = None
    check: str = ""
    keys: frozenset[str] = frozenset()
    spelled: tuple[str, ...] = ()
    any: bool = False
    near: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scrubs:
    """An example that must be redacted: text in and out, or an event before and after."""

    before: Any
    after: Any
    is_document: bool
    line: int


@dataclass(frozen=True, slots=True)
class Leaves:
    """An example that must stay as it is: text, or an event."""

    value: Any
    is_document: bool
    line: int


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `id` is its path under the rules folder, without the ending."""

    id: str
    description: str
    why: str
    status: Status
    match: Match
    where: tuple[Selector, ...]  # none: everywhere
    excepts: tuple[Selector, ...]
    redaction: Redaction
    scrubs: tuple[Scrubs, ...] = field(repr=False)
    leaves: tuple[Leaves, ...] = field(repr=False)
    file: str = ""
    line: int = 1

    @property
    def claims(self) -> bool:
        """Whether what its pattern finds is redacted wherever it stands."""
        free = not (self.where or self.excepts or self.match.near or self.match.keys)
        return free and self.status is Status.ENFORCE

    @property
    def everywhere(self) -> bool:
        """Whether a hit of it counts wherever it stands."""
        return not (self.where or self.excepts) and self.status is Status.ENFORCE

    @property
    def marker(self) -> str | None:
        """The text that it writes, if it writes the same one always; else None."""
        constant = self.redaction.method is Method.REPLACE and self.status is Status.ENFORCE
        return self.redaction.text if constant else None


def normalise_key(key: str) -> str:
    """Return the key as rules compare it: case, `_`, `-` and spaces do not count."""
    return key.casefold().translate(_IGNORED)


_IGNORED: Final = {ord(c): None for c in "_- "}
