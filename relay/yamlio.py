"""The only YAML reader: text in, nodes with line numbers out.

Law of this file: no I/O. It reads a strict part of YAML in which nothing changes its type by
surprise. Plain `true` and `false` are booleans; `null`, `~` and nothing at all are null; decimal
integers and fractions are numbers. Everything else is the text as written: `no`, `on`, `017`,
`12:30:45`, `1e3`, `2024-01-01`. Keys are always text. Anchors, aliases, tags, duplicate keys and
second documents are mistakes, so a small file cannot grow into a large one.
"""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import yaml

from relay.errors import Mistake

MAX_DEPTH: Final = 64
"""Deeper files are refused: nobody writes them by hand."""

MAX_DIGITS: Final = 4_000
"""Longer integers stay text: Python refuses to convert them (the same bound as in jsonio)."""

MAX_SHOWN_DIGITS: Final = 10
"""A longer number may be a secret."""

MAX_KEY_DIGITS: Final = 2
"""A key with more digits may be a secret."""

Kind = Literal["map", "list", "scalar"]

_Loader: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NOT_TEXT: Final[Mapping[str, bool | None]] = {
    "true": True, "false": False, "null": None, "~": None, "": None,
}  # fmt: skip
_TRAPS: Final = frozenset({"yes", "no", "on", "off", "y", "n", "true", "false", "null", "none"})


@dataclass(frozen=True, slots=True)
class Node:
    """One value of a YAML file and the line on which it starts (the first line is 1).

    Attributes:
        value: a `dict[str, Node]` for a map, a `list[Node]` for a list, else str, bool, int, float
            or None.
        line: where the value starts.
        kind: which of the three it is.
        raw: a scalar as it was written, without quotes; empty for maps and lists.
        key_lines: for a map, the line of each key.
    """

    value: Any = field(repr=False)
    line: int
    kind: Kind
    raw: str = field(default="", repr=False)
    key_lines: Mapping[str, int] = field(default_factory=dict, repr=False)


def load(text: str, file: str) -> tuple[Node, list[Mistake]]:
    """Read one document.

    Args:
        text: YAML.
        file: the name to show in mistakes.

    Returns:
        The document's root and every mistake found. After a duplicate key the first value stands,
        so a caller may go on and find further mistakes, but must not use the result if there are
        any. Text that is not YAML gives an empty map.
    """
    builder = _Builder(file)
    try:
        text.encode()  # libyaml reads UTF-8
        for event in yaml.parse(text, Loader=_Loader):
            builder.take(event)
            if builder.stop:
                break
    except yaml.YAMLError as error:
        builder.mistakes.append(_syntax_mistake(error, text, file))
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        builder.mistakes.append(Mistake(file, line, "not YAML: a lone surrogate"))
    root = builder.root
    if root is None or (root.kind == "scalar" and root.value is None):
        if not builder.mistakes:
            builder.mistakes.append(Mistake(file, 1, "the file is empty"))
        return Node({}, 1, "map"), builder.mistakes
    return root, builder.mistakes


def plain(node: Node) -> Any:
    """Return ordinary Python data (dict, list, str, bool, int, float, None) for a node."""
    if node.kind == "map":
        return {key: plain(child) for key, child in node.value.items()}
    if node.kind == "list":
        return [plain(child) for child in node.value]
    return node.value


def scalar(raw: str) -> str | bool | int | float | None:
    """Give a plain (unquoted) scalar its type, by the rules at the top of this file."""
    if raw in _NOT_TEXT:
        return _NOT_TEXT[raw]
    if len(raw) <= MAX_DIGITS:
        if re.fullmatch(r"-?(0|[1-9][0-9]*)", raw, re.ASCII):
            return int(raw)
        if re.fullmatch(r"-?(0|[1-9][0-9]*)\.[0-9]+", raw, re.ASCII):
            return float(raw)
    return raw


def type_name(node: Node, *, secret: bool = False) -> str:
    """Say in words what a node is, for a mistake: `a map`, `the number 12`, `text`.

    Text itself is not shown, for it may be a secret, but for the words that other YAML readers take
    for booleans; a number neither, where it is long or stands in a `secret`'s place.
    """
    if node.kind != "scalar":
        return f"a {node.kind}"
    match node.value:
        case None:
            return "nothing"
        case bool():
            return f"the boolean {node.raw}"
        case int() | float():
            hidden = secret or len(node.raw) > MAX_SHOWN_DIGITS
            return "a number" if hidden else f"the number {node.raw}"
        case _:
            trap = node.raw.lower() in _TRAPS
            return f"the text '{node.raw}'" if trap else "text"


def nearest(word: str, known: Iterable[str]) -> str:
    """Return a hint such as `did you mean 'port'?`, or nothing if no known word is close."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"did you mean '{close[0]}'?" if close else ""


def unknown_keys(node: Node, known: Iterable[str], file: str, place: str = "") -> Iterator[Mistake]:
    """Yield a mistake for every key of a map that is not known, with the nearest one that is.

    Args:
        node: a map; other kinds have no keys.
        known: the keys that may stand there.
        file: the name to show.
        place: the path of the map, such as `consent`; shown when given.
    """
    if node.kind != "map":
        return
    words = sorted(known)
    where = f" in {place}" if place else ""
    for key in node.value:
        if key not in words:
            hint = nearest(key, words) or f"known: {', '.join(words)}"
            yield Mistake(file, node.key_lines[key], f"unknown key {shown_key(key)}{where}", hint)


def shown_key(key: str) -> str:
    """Return a key in quotes; of what does not look like one, nothing: it may be a secret."""
    plain_word = re.fullmatch(r"[A-Za-z_$][\w$.* -]{0,31}", key, re.ASCII)
    digits = sum(c.isdigit() for c in key)
    return f"'{key}'" if plain_word and digits <= MAX_KEY_DIGITS else "(not shown)"


@dataclass(slots=True)
class _Open:
    """A map or list that has begun and not ended."""

    kind: Kind
    line: int
    value: Any
    key_lines: dict[str, int] = field(default_factory=dict)
    key: str | None = None
    skip: bool = False


class _Builder:
    """Makes nodes from parser events, without recursion."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.mistakes: list[Mistake] = []
        self.root: Node | None = None
        self.stop = False
        self._stack: list[_Open] = []
        self._documents = 0

    def take(self, event: yaml.Event) -> None:
        """Take the next event."""
        mark = event.start_mark
        line = mark.line + 1 if mark else 1
        match event:
            case yaml.DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    self._mistake(line, "a second document", "one document a file; remove '---'")
                    self.stop = True
            case yaml.AliasEvent():
                self._mistake(line, "aliases (*name) are not supported", "write the value out")
                self._place(Node(None, line, "scalar"))
            case yaml.ScalarEvent():
                self._decorated(event, line)
                self._place(_scalar_node(event, line))
            case yaml.MappingStartEvent():
                self._decorated(event, line)
                self._begin(_Open("map", line, {}))
            case yaml.SequenceStartEvent():
                self._decorated(event, line)
                self._begin(_Open("list", line, []))
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                done = self._stack.pop()
                node = Node(done.value, done.line, done.kind, "", done.key_lines)
                if not done.skip:
                    self._place(node)
            case _:
                pass

    def _mistake(self, line: int, message: str, hint: str = "") -> None:
        self.mistakes.append(Mistake(self.file, line, message, hint))

    def _decorated(self, event: yaml.NodeEvent, line: int) -> None:
        if event.anchor is not None:
            self._mistake(line, "anchors (&name) are not supported", "write the value out")
        tag = getattr(event, "tag", None)
        if tag is not None:
            self._mistake(line, "tags (!name) are not supported", "quote text that begins with '!'")

    def _begin(self, new: _Open) -> None:
        if len(self._stack) >= MAX_DEPTH:
            self._mistake(new.line, "nested too deeply")
            self.stop = True
            return
        above = self._stack[-1] if self._stack else None
        if above is not None and above.kind == "map" and above.key is None:
            # A map or list as a key: read it to its end, then let its value pass by.
            self._mistake(new.line, "a key must be text", "quote it if it begins with '{' or '['")
            new.skip = True
            above.key = _unused_key(above)
        self._stack.append(new)

    def _place(self, node: Node) -> None:
        if not self._stack:
            self.root = self.root or node
            return
        above = self._stack[-1]
        if above.kind == "list":
            above.value.append(node)
        elif above.key is None:
            above.key = node.raw
            if node.raw in above.value:
                first = above.key_lines[node.raw]
                shown = shown_key(node.raw)
                self._mistake(node.line, f"duplicate key {shown}", f"first on line {first}")
                above.key = _unused_key(above)
            else:
                above.key_lines[node.raw] = node.line
        else:
            if above.key in above.key_lines:
                above.value[above.key] = node
            above.key = None


def _unused_key(above: _Open) -> str:
    """Return a key that no line stands for: its value is read and let go."""
    key = "?"
    while key in above.key_lines:
        key += "?"
    return key


def _scalar_node(event: yaml.ScalarEvent, line: int) -> Node:
    quoted = event.style not in (None, "")
    value = event.value if quoted else scalar(event.value)
    return Node(value, line, "scalar", event.value)


def _syntax_mistake(error: yaml.YAMLError, text: str, file: str) -> Mistake:
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        problem = error.problem or "a syntax error"
        tab = text.split("\n")[line - 1 : line]
        hint = "indent with spaces, not tabs" if any("\t" in part for part in tab) else ""
        return Mistake(file, line, f"not YAML: {problem}", hint)
    position = getattr(error, "position", None)
    line = 1
    if isinstance(position, int):
        line += text.count("\n", 0, position)
    return Mistake(file, line, "not YAML: a character that YAML does not allow", "write it as \\x…")
