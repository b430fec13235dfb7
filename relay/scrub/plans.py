"""Plans: what the rules say about values at one kind of place."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from relay.rules.compiling import CompiledRules, TextRule, applies
from relay.rules.model import Method
from relay.rules.paths import Path
from relay.scrub.protected import WORDS, Shape

KEY_LENGTH: Final = 24
"""What stands under longer keys is worked out each time: they may be an address, which has 25
characters or more."""
_TEXTS: Final = 1_000
"""Texts that are remembered at one kind of place."""
_LONGEST: Final = 512

ANY_INDEX: Final = -1
"""Stands in a path for the number of a list's element, where no rule tells them apart."""


@dataclass(slots=True)
class Plan:
    """What the rules say about values at one kind of place.

    Attributes:
        path: as selectors see it: the value of a pair stands under the pair's key.
        whole: numbers of the rules about whole values that may apply here.
        keyed: rules with a pattern that look into values here.
        shape: what protects a scalar here from being searched, if anything.
        must: whether a scalar without that shape is dropped.
        grow: told of each thing more that is remembered here; all places together have a bound.
        alone: the shape, where a value that has it needs nothing more, and is fresh each time.
        special: whether there is more to do here than to look for what was found in the text.
        clean: texts in which the `keyed` rules find nothing.
        shaped: texts that have the shape.
    """

    compiled: CompiledRules = field(repr=False)
    root_type: str
    path: Path = field(repr=False)
    whole: tuple[int, ...]
    keyed: tuple[TextRule, ...]
    shape: Shape | None
    must: bool
    grow: Callable[[], None] = field(default=lambda: None, repr=False)
    alone: Shape | None = field(init=False)
    special: bool = field(init=False)
    clean: set[str] = field(default_factory=set, repr=False)
    shaped: set[str] = field(default_factory=set, repr=False)
    _taken: dict[str, int | None] = field(default_factory=dict, repr=False)
    _allowed: dict[tuple[int, str, Path], bool] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        """Work out what is asked for most."""
        only_shape = not self.whole and not self.keyed and self.shape not in WORDS
        self.alone = self.shape if only_shape else None
        self.special = bool(self.whole or self.keyed or self.shape is not None)

    def taken(self, value_type: str) -> int | None:
        """Return the rule that takes a whole value of this type; None if none does.

        Text stands for all that is not removed. A rule that takes that text would take it in a
        second scrub, so it takes the value at once.
        """
        if value_type not in self._taken:
            number = next(self._taking(value_type), None)
            rules = self.compiled.rules
            if number is not None and rules[number].redaction.method is not Method.REMOVE:
                number = next(self._taking("string"), number)
            self._taken[value_type] = number
        return self._taken[value_type]

    def all_that_take(self, value_type: str) -> tuple[int, ...]:
        """Return every rule that would take a whole value of this type, were it alone."""
        return tuple(self._taking(value_type))

    def _taking(self, value_type: str) -> Iterator[int]:
        for number in self.whole:
            near = self.compiled.rules[number].match.near
            if (not near or path_has(self.path, near)) and self.allows(number, value_type):
                yield number

    def allows(self, number: int, value_type: str, inner: Path = ()) -> bool:
        """Return whether a rule's `where` selects values of this type here, `except` does not.

        Args:
            number: of the rule.
            value_type: the selector type of the value.
            inner: the path inside of the value, when it is a string that holds a document.
        """
        known = self._allowed.get((number, value_type, inner))
        if known is None:
            rule = self.compiled.rules[number]
            # What a rule about places found inside a string has been held against `where` there.
            path = inner if inner and rule.match.any else self.path + inner
            known = applies(rule, path, value_type, self.root_type)
            if sum(len(str(part)) for part in inner) <= KEY_LENGTH:
                if len(self._allowed) >= _TEXTS:
                    self._allowed.clear()
                self.grow()
                self._allowed[number, value_type, inner] = known
        return known

    def has_shape(self, value: Any) -> bool:
        """Return whether a scalar has the shape that protects it here.

        Names and versions of packages come again with each event, unlike ids and times.
        """
        shape = self.shape
        if shape not in WORDS or type(value) is not str:
            return shape is not None and shape(value)
        if value in self.shaped:
            return True
        fits = shape(value)
        if fits:
            self._remember(self.shaped, value)
        return fits

    def remember(self, text: str) -> None:
        """Note a text in which the `keyed` rules find nothing."""
        self._remember(self.clean, text)

    def _remember(self, texts: set[str], text: str) -> None:
        if len(text) <= _LONGEST:
            if len(texts) >= _TEXTS:
                texts.clear()
            self.grow()
            texts.add(text)


def path_has(path: Path, words: Sequence[str]) -> bool:
    """Return whether a path holds one of these lower-case words."""
    shown = ".".join("0" if part == ANY_INDEX else str(part) for part in path).casefold()
    return any(word in shown for word in words)
