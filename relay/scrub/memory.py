"""What is remembered from one document to the next: clean texts, and what rules say of places.

Events of one program repeat most of their strings and all of their structure. Law of this file:
only facts are remembered (this text holds nothing; these rules apply at this place), so forgetting
any of it changes the cost of a document and never its outcome. All of it is bounded.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from relay.rules.compiling import CompiledRules
from relay.scrub.places import Places, Spot

_TEXTS: Final = 20_000
_LONGEST: Final = 512
"""Longer texts are not remembered; few of them come twice."""
_WHOLES: Final = 8 << 20
_LARGEST: Final = 8 << 10
"""Bytes of all parts of documents that are known as a whole, and of one."""


class Remembered(NamedTuple):
    """Texts, numbers and parts of documents that are known as clean."""

    texts: frozenset[str]
    integers: frozenset[int]
    floats: frozenset[float]
    wholes: frozenset[bytes] = frozenset()

    def __repr__(self) -> str:
        return f"Remembered({len(self.texts)} texts)"


NOTHING: Final = Remembered(frozenset({""}), frozenset(), frozenset())


@dataclass(slots=True)
class Memory:
    """The memory of one set of rules.

    Attributes:
        texts: strings and keys in which no rule finds anything, through no view; "" is one.
        integers: whole numbers of which the text is clean.
        floats: other numbers of which the text is clean.
        wholes: maps and lists, as JSON with the mark of their place, in which nothing is to do.
    """

    compiled: CompiledRules = field(repr=False)
    texts: set[str] = field(default_factory=lambda: {*NOTHING.texts}, repr=False)
    integers: set[int] = field(default_factory=set, repr=False)
    floats: set[float] = field(default_factory=set, repr=False)
    wholes: set[bytes] = field(default_factory=set, repr=False)
    _size: int = field(default=0, repr=False)
    _places: dict[tuple[str, bool], Places] = field(default_factory=dict, repr=False)

    def root(self, root_type: str, *, structural: bool) -> Spot:
        """Return where documents of a type begin.

        Args:
            root_type: the selector type of the root, such as `event`.
            structural: whether rules about keys and places apply.
        """
        places = self._places.get((root_type, structural))
        if places is None:
            places = Places(self.compiled, root_type, structural)
            self._places[root_type, structural] = places
        return places.root

    def unknown(self, texts: Iterable[str]) -> list[str]:
        """Return the texts that have not been found clean before."""
        clean = self.texts
        return [text for text in texts if text not in clean]

    def remember(self, texts: Iterable[str]) -> None:
        """Note texts in which no rule found anything."""
        if len(self.texts) >= _TEXTS:
            self.forget()
        self.texts.update([text for text in texts if len(text) <= _LONGEST])

    def remember_numbers(self, numbers: Iterable[float]) -> None:
        """Note numbers in whose text no rule found anything."""
        if len(self.integers) + len(self.floats) >= _TEXTS:
            self.integers.clear()
            self.floats.clear()
        for number in numbers:
            if type(number) is float:
                # 0.0 and -0.0 are the only equal ones of two texts.
                if number:
                    self.floats.add(number)
            elif -_FAR < number < _FAR:
                self.integers.add(int(number))

    def remember_whole(self, whole: bytes) -> None:
        """Note a map or list, as JSON with the mark of its place, in which nothing is to do."""
        if len(whole) > _LARGEST:
            return
        if self._size > _WHOLES:
            self.wholes.clear()
            self._size = 0
        self.wholes.add(whole)
        self._size += len(whole)

    def remembered(self) -> Remembered:
        """Return what is known as clean; for measurements."""
        return Remembered(
            frozenset(self.texts),
            frozenset(self.integers),
            frozenset(self.floats),
            frozenset(self.wholes),
        )

    def forget(self, but: Remembered = NOTHING) -> None:
        """Forget what is clean, but for this; for measurements."""
        self.texts.clear()
        self.integers.clear()
        self.floats.clear()
        self.wholes.clear()
        self.texts.update(but.texts)
        self.integers.update(but.integers)
        self.floats.update(but.floats)
        self.wholes.update(but.wholes)
        self._size = sum(map(len, self.wholes))


_FAR: Final = 1 << 64
"""Longer numbers are not remembered."""
