"""Sentry's selector syntax: parse a selector, ask whether it holds at a path.

Source: Sentry's documentation of advanced data scrubbing ("Sources") and of Relay's PII
configuration ("Applications"). A path selector is anchored at the root, unless it starts with `**`
or with a type such as `$error`. Keys compare without regard to case; an element of a list is
addressed by its index, an element of a list of pairs by its key.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from relay.rules.paths import PRIMITIVES, Path, ValueType, has_type
from relay.yamlio import nearest


class SelectorError(ValueError):
    """A selector that does not parse; the message says what and at which character."""


_ALIASES: Final = {
    "error": ValueType.EXCEPTION,
    "http": ValueType.REQUEST,
    "client_sdk_info": ValueType.SDK,
    "ourlog": ValueType.LOG,
    "text": ValueType.STRING,
    "bool": ValueType.BOOLEAN,
    "list": ValueType.ARRAY,
    "stack": ValueType.STACKTRACE,
}
TYPE_NAMES: Final = frozenset(str(t) for t in ValueType) | frozenset(_ALIASES)

_NEVER: Final = frozenset({"datetime", "binary", "minidump", "heap_memory", "stack_memory"})
"""Types of Sentry's that no value here has: a rule must not be passed over in silence."""


@dataclass(frozen=True, slots=True)
class Part:
    """One component of a path selector; keys are lower case."""

    kind: str  # key, type, one (*), many (**)
    text: str = ""


Predicate = Callable[[Path, str, str], bool]
"""(path, value type, root type) -> whether the selector holds there."""


@dataclass(frozen=True, slots=True)
class Selector:
    """A parsed selector.

    Attributes:
        source: as written.
        last_keys: if the selector can only hold where the last key is one of these (lower case),
            they; else None. Used to look places up directly.
        names_index: whether it names an element of a list by its number.
    """

    source: str
    last_keys: frozenset[str] | None
    names_index: bool
    _holds: Predicate = field(repr=False, compare=False)

    def holds(self, path: Path, value_type: str, root_type: str = "event") -> bool:
        """Return whether it selects a value of this type (`string`, `number`, …) at this path."""
        if self.last_keys is not None and (
            not path or str(path[-1]).casefold() not in self.last_keys
        ):
            return False
        return self._holds(path, value_type, root_type)


def parse_selector(source: str) -> Selector:
    """Parse one selector.

    Raises:
        SelectorError: with the place of the mistake.
    """
    parser = _Parser(source)
    predicate, last_keys = parser.alternatives()
    parser.end()
    return Selector(source, last_keys, parser.names_index, predicate)


def paths_of(source: str) -> tuple[tuple[Part, ...], ...]:
    """Return the paths that a selector is made of, whatever joins them.

    Raises:
        SelectorError: with the place of the mistake.
    """
    parser = _Parser(source)
    parser.alternatives()
    return tuple(parser.paths)


_Parsed = tuple[Predicate, frozenset[str] | None]


class _Parser:
    """Recursive descent: || over && over ! over parentheses and paths."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.at = 0
        self.depth = 0
        self.names_index = False
        self.paths: list[tuple[Part, ...]] = []

    def fail(self, message: str) -> SelectorError:
        return SelectorError(f"{message} at character {self.at + 1} of {self.source!r}")

    def skip(self) -> None:
        while self.at < len(self.source) and self.source[self.at] == " ":
            self.at += 1

    def take(self, token: str) -> bool:
        self.skip()
        if self.source.startswith(token, self.at):
            self.at += len(token)
            return True
        return False

    def end(self) -> None:
        self.skip()
        if self.at < len(self.source):
            raise self.fail("unexpected character")

    def alternatives(self) -> _Parsed:
        parsed = [self.conjunction()]
        while self.take("||"):
            parsed.append(self.conjunction())
        if len(parsed) == 1:
            return parsed[0]
        predicates = [predicate for predicate, _ in parsed]
        keys: frozenset[str] | None = frozenset()
        for _, last in parsed:
            keys = None if keys is None or last is None else keys | last
        return (lambda p, v, r: any(holds(p, v, r) for holds in predicates)), keys

    def conjunction(self) -> _Parsed:
        parsed = [self.negation()]
        while self.take("&&"):
            parsed.append(self.negation())
        if len(parsed) == 1:
            return parsed[0]
        predicates = [predicate for predicate, _ in parsed]
        keys = next((last for _, last in parsed if last is not None), None)
        return (lambda p, v, r: all(holds(p, v, r) for holds in predicates)), keys

    def negation(self) -> _Parsed:
        if self.take("!"):
            holds, _ = self.negation_operand()
            return (lambda p, v, r: not holds(p, v, r)), None
        return self.operand()

    def negation_operand(self) -> _Parsed:
        self.enter()
        parsed = self.negation()
        self.depth -= 1
        return parsed

    def enter(self) -> None:
        self.depth += 1
        if self.depth > 32:
            raise self.fail("nested too deeply")

    def operand(self) -> _Parsed:
        if self.take("("):
            self.enter()
            parsed = self.alternatives()
            self.depth -= 1
            if not self.take(")"):
                raise self.fail("a closing parenthesis is missing")
            return parsed
        return self.path()

    def path(self) -> _Parsed:
        parts = [self.part()]
        while self.at < len(self.source) and self.source[self.at] == ".":
            self.at += 1
            parts.append(self.part())
        self.paths.append(tuple(parts))
        last = parts[-1]
        keys = frozenset({last.text}) if last.kind == "key" else None
        self.names_index |= any(part.kind == "key" and part.text.isdigit() for part in parts)
        return _path_predicate(tuple(parts)), keys

    def part(self) -> Part:
        self.skip()
        if self.source.startswith("**", self.at):
            self.at += 2
            return Part("many")
        if self.source.startswith("*", self.at):
            self.at += 1
            return Part("one")
        if self.source.startswith("$", self.at):
            self.at += 1
            name = self.word()
            if name in _NEVER:
                raise self.fail(f"${name} selects nothing in this version")
            if name not in TYPE_NAMES:
                hint = nearest(name, TYPE_NAMES)
                raise self.fail(f"unknown type ${name}{hint and f' ({hint})'}")
            return Part("type", str(_ALIASES.get(name, name)))
        if self.source.startswith("'", self.at):
            return Part("key", self.quoted().casefold())
        return Part("key", self.word().casefold())

    def word(self) -> str:
        start = self.at
        while self.at < len(self.source) and (
            self.source[self.at].isalnum() or self.source[self.at] in "_-"
        ):
            self.at += 1
        if start == self.at:
            raise self.fail("a key, *, ** or $type is missing")
        return self.source[start : self.at]

    def quoted(self) -> str:
        self.at += 1
        pieces: list[str] = []
        while True:
            stop = self.source.find("'", self.at)
            if stop < 0:
                raise self.fail("a closing quote is missing")
            pieces.append(self.source[self.at : stop])
            self.at = stop + 1
            if not self.source.startswith("'", self.at):
                return "".join(pieces)
            pieces.append("'")
            self.at += 1


def _path_predicate(parts: tuple[Part, ...]) -> Predicate:
    if len(parts) == 1 and parts[0].kind == "type" and parts[0].text in PRIMITIVES:
        wanted = parts[0].text
        return lambda _path, value_type, _root: value_type == wanted
    floating = parts[0].kind == "type"
    # Most selectors name one place, at one depth.
    length = None if floating or any(part.kind == "many" for part in parts) else len(parts)

    def holds(path: Path, value_type: str, root_type: str) -> bool:
        if length is not None and len(path) != length:
            return False
        # A type stands for the node itself, so the node must exist: the root is path ().
        starts = range(len(path) + 1) if floating else (0,)
        return any(_match(parts, path, start, value_type, root_type) for start in starts)

    return holds


def _match(
    parts: tuple[Part, ...], path: Path, start: int, value_type: str, root_type: str
) -> bool:
    """Match parts against path[start:]; a type at place 0 names the node path[:start]."""
    first = 0
    if parts[0].kind == "type":
        if not has_type(parts[0].text, path[:start], path, value_type, root_type):
            return False
        first = 1
    # positions in the path that the parts so far can have reached
    reached = {start}
    for part in parts[first:]:
        nxt: set[int] = set()
        for at in reached:
            if part.kind == "many":
                nxt.update(range(at, len(path) + 1))
            elif at < len(path) and (
                part.kind == "one"
                or (part.kind == "key" and str(path[at]).casefold() == part.text)
                or (
                    part.kind == "type"
                    and has_type(part.text, path[: at + 1], path, value_type, root_type)
                )
            ):
                nxt.add(at + 1)
        if not nxt:
            return False
        reached = nxt
    return len(path) in reached
