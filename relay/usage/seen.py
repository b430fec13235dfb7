"""What the rules have looked at and found nothing in: it is not looked at again.

Most of an event is words of the allow-list, and there are few of them. Law of this file: only what
a list closes is remembered, and versions, languages and commits beside it, as they are kept; never
a text. Forgetting any of it changes the cost of an event and never what is kept. All of it is
bounded.
"""

from typing import Final

from relay.usage.attributes import Attribute, Type, Value

MOST: Final = 20_000
"""Values that are remembered, of all types of events together."""


class Seen:
    """What one set of rules has found nothing in."""

    __slots__ = ("_clean", "_texts", "commits", "headers")

    def __init__(self) -> None:
        self.commits: set[str] = set()
        """Commits."""
        self.headers: set[tuple[str, str]] = set()
        """Types of events, each with a version."""
        self._texts: dict[str, dict[tuple[str, str], Value]] = {}
        self._clean: dict[str, set[_Pair]] = {}

    def __len__(self) -> int:
        values = sum(map(len, self._clean.values()))
        return len(self.commits) + len(self.headers) + values

    def texts(self, event_type: str) -> dict[tuple[str, str], Value]:
        """Return what is kept of a parameter's text, by name and text, of one type of events."""
        return self._texts.get(event_type) or _NOTHING

    def is_clean(self, event_type: str, name: str, value: Value) -> bool:
        """Return whether a value was looked at in an attribute of that name."""
        return (name, _key(value)) in self._clean.get(event_type, ())

    def remember(self, event_type: str, attribute: Attribute, value: Value) -> None:
        """Note that nothing was found in a value of an attribute, unless it is a free text."""
        if attribute.type is Type.TEXT:
            return
        self._clean.setdefault(event_type, set()).add((attribute.name, _key(value)))
        text = _text_of(attribute, value)
        if text is not None:
            self._texts.setdefault(event_type, {})[attribute.name, text] = value

    @property
    def full(self) -> bool:
        """Whether so much is remembered that it is time to begin anew."""
        return len(self) > MOST


_Pair = tuple[str, Value | tuple[str, ...]]
_NOTHING: Final[dict[tuple[str, str], Value]] = {}


def _key(value: Value) -> Value | tuple[str, ...]:
    return tuple(value) if type(value) is list else value


def _text_of(attribute: Attribute, value: Value) -> str | None:
    """Return a text that a value is read from, its own; None where what was sent is not kept."""
    match attribute.type:
        case Type.BOOLEAN:
            return "true" if value else "false"
        case Type.WORD | Type.VERSION | Type.LANGUAGE:
            return str(value)
        case Type.INTEGER if not attribute.buckets:
            return str(value)
        case _:
            return None
