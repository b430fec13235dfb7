"""Tags that a request says in several places, joined so that none hides what another says.

Law of this file: consent stands in tags, and one denial wins over any grant: nothing said is lost.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from relay import jsonio
from relay.errors import BodyError

TAGS: Final = "tags"


def entries(tags: Any) -> list[Any]:
    """Return tags, a mapping or a list of pairs, as a list; anything else says nothing."""
    if isinstance(tags, Mapping):
        return [[key, value] for key, value in tags.items()]
    return list(tags) if isinstance(tags, list) else []


def joined(said: Iterable[Any]) -> dict[str, Any] | list[Any]:
    """Return tags of several places as one mapping, or as a list where they are at odds.

    In a list a tag may stand twice, and each time counts.

    Args:
        said: from `entries`.
    """
    whole = list(said)
    named: dict[str, Any] = {}
    for one in whole:
        if not isinstance(one, list) or len(one) != 2 or not isinstance(one[0], str):
            return whole
        key, value = one
        if key in named and (_is_deep(value) or named[key] != value):
            return whole
        named.setdefault(key, value)
    return named


def refuse_repeats(data: bytes, document: Any) -> None:
    """Refuse JSON that says a tag, or its tags, twice: a parser keeps one and hides the other.

    Args:
        data: the JSON.
        document: what it was parsed to.

    Raises:
        BodyError: it does.
    """
    if not isinstance(document, Mapping) or TAGS not in document:
        return
    tags = document[TAGS]
    names = tags if isinstance(tags, Mapping) else ()
    if jsonio.repeats(data, {TAGS, *names}):
        raise BodyError("a key stands twice")


def _is_deep(value: Any) -> bool:
    return isinstance(value, dict | list)
