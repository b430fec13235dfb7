"""What a walk takes out of a document: texts, and the places where they stand.

Law of this file: a place is named by its container and its slot; its path is written only for who
asks, for paths of many places in a deep document would add up.
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from relay.rules.paths import Path, PathPart
from relay.scrub.lists import ListText
from relay.scrub.places import Spot
from relay.scrub.plans import Plan

Link = tuple["Link | None", PathPart] | None
"""A path as a linked list from the leaf up; None is the root."""

Slot = tuple[int, PathPart]
"""A place by identity: the id of its container's link, which lives as long as the run, and a key.
Paths of many places in a deep document would add up; these do not."""


class Container(NamedTuple):
    """A map or list in the document.

    Attributes:
        node: the map or list itself; redactions change it in place.
        link: its path.
        spot: what kind of place it stands at.
    """

    node: Any
    link: Link
    spot: Spot

    def __repr__(self) -> str:
        return f"Container({type(self.node).__name__} of {len(self.node)})"


class Place(NamedTuple):
    """Where a value or a key stands.

    Attributes:
        container: the map or list that holds it.
        slot: its key or index there.
        plan: what the rules say about this kind of place.
        value_type: the selector type of the value.
        is_key: whether it is the key itself, not what stands under it.
    """

    container: Container
    slot: Any
    plan: Plan
    value_type: str
    is_key: bool = False

    @property
    def id(self) -> Slot:
        """What names it in this run."""
        return id(self.container.link), self.slot

    def __repr__(self) -> str:
        return f"Place({self.value_type})"


@dataclass(slots=True)
class Walked:
    """A document taken apart.

    Attributes:
        texts: every distinct string, key and number text that is not known as clean, with the
            places where it stands.
        numbers: the numbers among them, by their text.
        lists: each list of words or numbers, read as one text.
        forms: words that stand in a field each, with these places, read as one text.
    """

    texts: dict[str, list[Place]] = field(default_factory=dict, repr=False)
    numbers: dict[str, float] = field(default_factory=dict, repr=False)
    lists: list[tuple[Container, ListText]] = field(default_factory=list, repr=False)
    forms: list[tuple[list[Place], ListText]] = field(default_factory=list, repr=False)


def path_of(link: Link) -> Path:
    """Return a linked path as a tuple from the root down."""
    parts: list[PathPart] = []
    while link is not None:
        link, part = link
        parts.append(part)
    parts.reverse()
    return tuple(parts)
