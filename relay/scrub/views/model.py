"""What a view is: a trigger and a function that reads."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from relay.rules.patterns import Pattern
from relay.scrub.budget import Budget
from relay.scrub.readings import COPIED, WHOLE, Map

Mapped = tuple[str, Map | None]
"""A text and the way back to what it was read from; no map where the offsets are the same."""

MakeView = Callable[[str, Iterator[tuple[int, int]], Budget], Iterator[Mapped]]
"""(text, spans that the trigger found in it, budget) -> the texts it can also be read as.

A view that can make more of a text than there was asks the budget before it does.
"""


@dataclass(frozen=True, slots=True)
class View:
    """A name, the trigger and the function that reads.

    `by_token` is true where each span of the trigger is read alone, false where the text is read
    as a whole. `cost` is what a span costs beyond its length, in units of work of about 25 ns.
    """

    name: str
    trigger: Pattern
    make: MakeView
    by_token: bool = False
    cost: int = 40


class Builder(Map):
    """Collects a text with its map."""

    __slots__ = ("pieces",)

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []

    def copy(self, text: str, start: int, end: int) -> None:
        """Add a part of the source as it stands."""
        if start < end:
            self.put(text[start:end], start, end, COPIED)

    def put(self, piece: str, start: int, end: int, width: int = WHOLE) -> None:
        """Add what a part of the source reads as."""
        if piece:
            self.pieces.append(piece)
            self.at.append(self.length)
            self.sources.append((start, end, width))
            self.length += len(piece)

    def result(self) -> Mapped:
        """Return what was collected."""
        return "".join(self.pieces), self


def put_bytes(out: Builder, raw: bytes, start: int, end: int, width: int) -> None:
    """Add decoded bytes, of which each stood in `width` characters of source.

    UTF-8 where they are, Latin-1 else; so are the bytes of a URL or of a string in C.
    """
    try:
        decoded = raw.decode()
    except UnicodeDecodeError:
        decoded = raw.decode("latin-1")
    if len(decoded) == len(raw):
        out.put(decoded, start, end, width)
        return
    at = start
    for c in decoded:
        size = width * len(c.encode())
        out.put(c, at, at + size)
        at += size
