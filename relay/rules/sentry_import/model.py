"""The words of an import: what was lost, what a Sentry rule boils down to, what comes out."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from relay.rules.model import Method


@dataclass(frozen=True, slots=True)
class Loss:
    """Something of the input that the rules do not hold: its path there, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Redact:
    """What a Sentry rule does with a hit; `given` is false where Sentry falls back to removing."""

    method: Method = Method.REMOVE
    text: str = ""
    given: bool = True


DEFAULT = Redact(given=False)


@dataclass(frozen=True, slots=True)
class Find:
    """One thing to find, in our words; a Sentry rule may need several.

    Attributes:
        part: a word for the file's name where a rule needs several files.
        noun: what it finds, for the description.
        pattern: an RE2 pattern, or empty.
        check: a name of `relay.detectors.CHECKS`, or empty.
        keys: keys as `match: key` takes them.
        any: whatever stands at the place.
        hits: texts of which it should find a part or all.
        misses: texts that look alike and should stay.
    """

    part: str
    noun: str
    pattern: str = ""
    check: str = ""
    keys: tuple[str, ...] = ()
    any: bool = False
    hits: tuple[str, ...] = ()
    misses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Leaf:
    """A Sentry rule with aliases and lists followed to their end.

    Attributes:
        name: the name in the input, such as `@ip:hash`.
        origin: the name that Sentry reports, which differs under `hideInner`.
        finds: what it finds; empty if nothing of it could be carried over.
        redact: what it does.
    """

    name: str
    origin: str
    finds: tuple[Find, ...]
    redact: Redact

    def under(self, origin: str, redact: Redact) -> "Leaf":
        """Return it as an outer rule with `hideInner` makes it."""
        return replace(self, origin=origin, redact=redact if redact.given else self.redact)


@dataclass(frozen=True, slots=True)
class ImportedRule:
    """A rule file to write: its path under the folder, its text, whether it has its examples."""

    id: str
    text: str = field(repr=False)
    finished: bool

    @property
    def file(self) -> str:
        """The path under the rules folder."""
        return f"{self.id}.yaml"


@dataclass(frozen=True, slots=True)
class Imported:
    """All that an import gives."""

    rules: tuple[ImportedRule, ...]
    losses: tuple[Loss, ...]


class NotPiiConfigError(ValueError):
    """A document that is no PII configuration; the message says what was looked for."""


def below(path: str, *keys: str | int) -> str:
    """Return the path of something deeper in the input: `rules.card`, `applications["$string"]`."""
    for key in keys:
        if isinstance(key, int):
            path += f"[{key}]"
        elif key.isidentifier() and key.isascii():
            path += f".{key}" if path else key
        else:
            path += f'["{shown(key)}"]'
    return path


def shown(word: str) -> str:
    """Return a word of the input for people: short, on one line, nothing that moves a terminal."""
    clean = "".join(c if c.isprintable() else "\ufffd" for c in word)
    return clean if len(clean) <= _SHOWN else clean[: _SHOWN - 1] + "…"


_SHOWN = 80


def distinct(losses: Iterable[Loss]) -> tuple[Loss, ...]:
    """Return losses in their order, each once."""
    return tuple(dict.fromkeys(losses))
