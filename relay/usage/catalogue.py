"""The allow-list: which usage events there are, what each may say, and of what type it is.

Law of this file: what is not in the list is not kept. No I/O: the files are read by `rulefiles`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from relay.errors import Mistake, RuleError
from relay.rules.loading import RuleText
from relay.usage.attributes import Attribute, EventType, Type, Value
from relay.usage.event_fields import COUNTS, shown_name
from relay.usage.event_files import EventFile

__all__ = ["EMPTY", "Attribute", "Catalogue", "EventType", "Type", "Value", "load_catalogue"]


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


def load_catalogue(files: Iterable[RuleText]) -> Catalogue:
    """Load an allow-list; one file may hold many types, and a type stands in one file only.

    Raises:
        RuleError: with all mistakes of all files, examples that do not hold among them.
    """
    texts = tuple(files)
    readers = [EventFile(file) for file in texts]
    lists: dict[str, tuple[str, frozenset[str]]] = {}
    for reader in readers:
        for name, (line, words) in reader.lists().items():
            if name in lists:
                reader.wrong(line, f"a second list {shown_name(name)}", f"also in {lists[name][0]}")
            else:
                lists[name] = (reader.file, words)
    events: dict[str, EventType] = {}
    known: dict[str, EventType] = {}
    for reader in readers:
        for event in reader.events(lists):
            # Files of sets are named after types, and some file systems know no capitals.
            first = known.setdefault(event.name.casefold(), event)
            if first is not event:
                where = f"also in {first.file}:{first.line}"
                reader.wrong(event.line, f"a second type {shown_name(event.name)}", where)
            if event.name.casefold() in COUNTS:
                name = shown_name(event.name)
                reader.wrong(event.line, f"no type can be called {name}: sets of counts are")
            events.setdefault(event.name, event)
    mistakes = [one for reader in readers for one in sorted(reader.mistakes, key=_line)]
    if mistakes:
        raise RuleError(tuple(mistakes))
    return Catalogue(dict(sorted(events.items())), _digest(texts))


def _line(mistake: Mistake) -> int:
    return mistake.line


def _digest(files: Iterable[RuleText]) -> str:
    """Return a digest of what the files say, wherever they are and in whatever order."""
    each = sorted(sha256(file.text.encode()).digest() for file in files)
    return sha256(b"".join(each)).hexdigest()
