"""Selectors for a value, best first: its place, its key wherever it stands, its kind.

Law of this file: what is suggested selects the value, and names no part of a path that looks like
somebody's data.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from relay.rules.paths import Path, ValueType
from relay.rules.selectors import parse_selector
from relay.scrub.remarks import show_path
from relay.workbench.locating import Located
from relay.workbench.shapes import is_telling_word

_TYPES: Final = (
    ("frame", "of a line of a stack"),
    ("stacktrace", "of a stack"),
    ("error", "of an exception"),
    ("thread", "of a thread"),
    ("breadcrumb", "of a breadcrumb"),
    ("request", "of a request"),
    ("user", "of the user"),
    ("logentry", "of the message"),
    ("sdk", "of the SDK"),
)
_ANYTHING: Final = "*"
_LONGEST_REST: Final = 8
"""Parts behind a type that a selector still reads well with."""
_LEAST: Final = 3
"""Shorter values stand in many keys by chance."""


class Way(StrEnum):
    """What a rule made of a suggestion goes by."""

    PLACE = "place"  # any: true, where: the selector
    KEY = "key"  # match: key
    PATTERN = "pattern"  # a pattern, where: the selector


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A selector, what it means in plain words, and how a rule would use it."""

    selector: str
    note: str
    way: Way = Way.PLACE


def suggest(located: Located) -> tuple[Suggestion, ...]:
    """Return selectors for a value, best first; none for plain text, which has no places."""
    path = general(located)
    if not path:
        return ()
    made = [Suggestion(_shown(path), "exactly this place")]
    last = path[-1]
    if last != _ANYTHING:
        made.append(Suggestion(f"**.{_shown((last,))}", f"{last}, in any part of the event"))
    if _may_name(located, located.key):
        named = f"the key {located.key}, wherever it stands: inside of texts too"
        made.append(Suggestion(_by_key(path, located.key), named, Way.KEY))
    made += _typed(located, path)
    if len(path) > 1 and path[0] != _ANYTHING:
        made.append(Suggestion(f"{_shown(path[:1])}.**", f"all that is below {path[0]}"))
    if located.value_type is not ValueType.BOOLEAN:
        note = f"every {located.value_type} there is"
        made.append(Suggestion(f"${located.value_type}", note, Way.PATTERN))
    return tuple(dict.fromkeys(s for s in made if selects(s.selector, located)))


def selects(selector: str, located: Located) -> bool:
    """Return whether a selector holds at a value, in the sample and in a rule's example."""
    parsed = parse_selector(selector)
    roots = {located.root_type, "event"}
    return all(parsed.holds(located.path, str(located.value_type), root) for root in roots)


def general(located: Located) -> tuple[str, ...]:
    """Return a path with `*` for indexes, and for keys that look like somebody's data."""
    return tuple(
        part if isinstance(part, str) and _may_name(located, part) else _ANYTHING
        for part in located.path
    )


def _may_name(located: Located, key: str) -> bool:
    chosen = located.selected.casefold()
    private = len(chosen) >= _LEAST and chosen in key.casefold()
    return bool(key) and key.isprintable() and is_telling_word(key) and not private


def _by_key(path: tuple[str, ...], key: str) -> str:
    for at in range(len(path) - 1, -1, -1):
        if path[at] == key:
            return f"**.{_shown(path[at:])}"
    return _shown(path)  # beside its value, as in {"key": …, "value": …}


def _typed(located: Located, path: tuple[str, ...]) -> Iterator[Suggestion]:
    """Yield `$error.value` and the like: the type that leaves the shortest rest."""
    for name, note in _TYPES:
        for start in range(len(path), max(-1, len(path) - _LONGEST_REST), -1):
            rest = path[start:]
            selector = f"${name}.{_shown(rest)}" if rest else f"${name}"
            if selects(selector, located):
                shown = _shown(rest) or "all"
                yield Suggestion(selector, f"{shown} {note}, wherever one stands")
                return


def _shown(path: tuple[str, ...] | Path) -> str:
    return ".".join(part if part == _ANYTHING else show_path((part,)) for part in path)
