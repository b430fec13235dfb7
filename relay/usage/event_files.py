"""One file of the allow-list: YAML in, types of events out, or every mistake with its line."""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

from relay.errors import Mistake, RequestError
from relay.rules.loading import RuleText
from relay.usage import described_events as described
from relay.usage.attributes import (
    MAX_KEPT,
    MAX_TEXT,
    Attribute,
    EventType,
    Example,
    Type,
    Value,
)
from relay.usage.forbidden_names import why_forbidden
from relay.usage.requests import read_query
from relay.yamlio import Node, load, nearest, plain, shown_key, type_name, unknown_keys

EVENT_NAME: Final = r"[A-Za-z0-9][A-Za-z0-9_-]*(/[A-Za-z0-9_-]+)*"
"""What the name of a type looks like; files of a set are named after it, `/` as `.`."""

NAME: Final = r"[A-Za-z][A-Za-z0-9_-]*"
"""What the name of an attribute, of an app or of a list of words looks like."""

LONGEST_NAME: Final = 100

OWN: Final = "c_"
"""What the names of parameters begin with that every request has."""

WORD: Final = r"[\w/][\w ._:/+()-]{0,63}"
"""What a word in `values` looks like: letters of any script, for units have Greek ones."""

Lists = Mapping[str, tuple[str, frozenset[str]]]
"""Named lists of words of all files: where each stands, and its words."""


class EventFile:
    """Reads one file, collecting mistakes instead of stopping at the first."""

    def __init__(self, file: RuleText) -> None:
        self.file = file.file
        self.root, self.mistakes = load(file.text, file.file)
        root = self.root
        if root.kind == "map" and not root.value and self.mistakes:
            return  # not YAML, or nothing at all
        if root.kind != "map":
            self.wrong(root.line, f"a file of events is a map, not {type_name(root)}")
            self.root = Node({}, root.line, "map")
            return
        self.mistakes += unknown_keys(root, described.FILE, self.file)
        if not root.value:
            self.wrong(root.line, "'events' is missing")

    def wrong(self, line: int, message: str, hint: str = "") -> None:
        """Note a mistake."""
        self.mistakes.append(Mistake(self.file, line, message, hint))

    def lists(self) -> dict[str, tuple[int, frozenset[str]]]:
        """Return the named lists of words in this file, with their lines."""
        found: dict[str, tuple[int, frozenset[str]]] = {}
        for name, line, node in self._entries(self.root, "words"):
            self._named(NAME, name, line, "a list of words")
            found[name] = (line, self._words(node, f"words.{name}"))
        return found

    def events(self, lists: Lists) -> list[EventType]:
        """Return the types of events in this file; those with mistakes too, in part."""
        return [
            self._event(name, line, node, lists)
            for name, line, node in self._entries(self.root, "events")
        ]

    # --- one type --------------------------------------------------------------------------------

    def _event(self, name: str, line: int, node: Node, lists: Lists) -> EventType:
        self._named(EVENT_NAME, name, line, "a type of events")
        if not self._is_map(node, shown_name(name), described.EVENT):
            return EventType(name, "", {}, file=self.file, line=line)
        attributes = {
            key: self._attribute(key, at, child, lists)
            for key, at, child in self._entries(node, "attributes")
        }
        event = EventType(
            name,
            self._text(node, "description"),
            {key: found for key, found in attributes.items() if found is not None},
            self._apps(node),
            self._examples(node),
            self.file,
            line,
        )
        if None not in attributes.values():  # else what is not kept says nothing
            self._prove(event)
        return event

    def _apps(self, node: Node) -> frozenset[str]:
        if "apps" not in node.value:
            return frozenset()
        found = node.value["apps"]
        apps = self._words(found, "apps")
        if not all(re.fullmatch(NAME, app) for app in apps):
            self.wrong(found.line, "an app is letters, digits, '-' and '_'")
        return apps

    def _attribute(self, name: str, line: int, node: Node, lists: Lists) -> Attribute | None:
        before = len(self.mistakes)
        self._named(NAME, name, line, "an attribute")
        if name.startswith(OWN):
            self.wrong(line, f"what begins with '{OWN}' is of the request, and no attribute")
        if not self._is_map(node, shown_name(name), described.ATTRIBUTE):
            return None
        kind = self._type(node)
        description = self._text(node, "description")
        describes = self._flag(node, "describes")
        if kind is None:
            return None
        for key in described.ONLY_WITH:
            if key in node.value and kind not in described.ONLY_WITH[key]:
                self.wrong(node.value[key].line, f"'{key}' does not go with '{kind}'")
        values = self._values(node, lists) if kind in described.ONLY_WITH["values"] else frozenset()
        why = why_forbidden(name, kind, values)
        if why:
            self.wrong(line, f"an attribute {shown_name(name)} of type {kind}: {why}")
        buckets = self._buckets(node, kind)
        greatest = self._limit(node, "max", MAX_KEPT, 0)
        if kind is Type.NUMBER and "buckets" not in node.value:
            self.wrong(node.line, "a number needs 'buckets'", "it is never kept as it is")
        if kind is Type.INTEGER and len(node.value.keys() & {"buckets", "max"}) != 1:
            self.wrong(node.line, "an integer needs 'max' or 'buckets', and not both")
        length = self._limit(node, "max_length", MAX_TEXT, 64)
        if len(self.mistakes) > before:
            return None
        return Attribute(name, kind, description, values, buckets, greatest, length, describes)

    def _type(self, node: Node) -> Type | None:
        found = node.value.get("type")
        if found is None:
            self.wrong(node.line, "'type' is missing", f"known: {', '.join(Type)}")
            return None
        if found.kind != "scalar" or found.value not in list(Type):
            word = found.raw if isinstance(found.value, str) else ""
            hint = nearest(word, Type) or f"known: {', '.join(Type)}"
            shown = shown_key(word) if word else type_name(found)
            self.wrong(found.line, f"unknown type {shown}", hint)
            return None
        return Type(found.value)

    def _values(self, node: Node, lists: Lists) -> frozenset[str]:
        found = node.value.get("values")
        if found is None:
            self.wrong(node.line, "'values' is missing", "a list, or the name of one in 'words'")
            return frozenset()
        if found.kind == "scalar" and isinstance(found.value, str):
            if found.value not in lists:
                hint = nearest(found.value, lists)
                self.wrong(found.line, f"no list of words {shown_key(found.value)}", hint)
                return frozenset()
            return lists[found.value][1]
        return self._words(found, "values")

    def _buckets(self, node: Node, kind: Type) -> tuple[float, ...]:
        found = node.value.get("buckets")
        if found is None:
            return ()
        entries: Sequence[Node] = found.value if found.kind == "list" else ()
        bounds = tuple(one.value for one in entries)
        whole = kind is Type.INTEGER
        good = bounds and all(
            isinstance(one, int if whole else int | float) and not isinstance(one, bool)
            for one in bounds
        )
        if not good:
            what = "whole numbers" if whole else "numbers"
            self.wrong(found.line, f"'buckets' must be a list of {what}", "such as [1, 10]")
            return ()
        if any(low >= high for low, high in pairwise(bounds)):
            self.wrong(found.line, "'buckets' must ascend")
        if whole and bounds[0] < 1:
            self.wrong(found.line, "the first of 'buckets' must be 1 or more", "0 has a bucket")
        return bounds

    def _limit(self, node: Node, key: str, most: int, default: int) -> int:
        found = node.value.get(key)
        if found is None:
            return default
        number = found.value
        if not isinstance(number, int) or isinstance(number, bool) or not 1 <= number <= most:
            hint = "put greater ones into 'buckets'" if key == "max" else ""
            self.wrong(found.line, f"'{key}' must be a whole number from 1 to {most}", hint)
            return default
        return number

    # --- examples --------------------------------------------------------------------------------

    def _examples(self, node: Node) -> tuple[Example, ...]:
        found = node.value.get("examples")
        if found is None:
            self.wrong(node.line, "'examples' is missing", "a type brings its own proof")
            return ()
        if found.kind != "list" or not found.value:
            self.wrong(found.line, "'examples' must be a list of {query: text, keeps: map}")
            return ()
        read: list[Example] = []
        for one in found.value:
            query = one.value.get("query") if one.kind == "map" else None
            keeps = one.value.get("keeps") if one.kind == "map" else None
            if (
                not isinstance(query, Node)
                or not isinstance(keeps, Node)
                or set(one.value) != described.EXAMPLE.keys()
                or not isinstance(query.value, str)
                or keeps.kind != "map"
            ):
                self.wrong(one.line, "an example is {query: text, keeps: map}", "quote it")
                continue
            read.append(Example(query.value, plain(keeps), one.line))
        return tuple(read)

    def _prove(self, event: EventType) -> None:
        for example in event.examples:
            try:
                kept = kept_of(event, example.query)
            except RequestError as error:
                self.wrong(example.line, f"an example is no query string: {error.detail}")
                continue
            for name in sorted(kept.keys() | example.keeps.keys()):
                got, wanted = kept.get(name), example.keeps.get(name)
                if got is not None and type(got) is type(wanted) and got == wanted:
                    continue
                what = (
                    "is not kept" if got is None
                    else "is kept" if name not in example.keeps
                    else "is kept as something else"
                )  # fmt: skip
                self.wrong(example.line, f"an example does not hold: {shown_name(name)} {what}")

    # --- fields ----------------------------------------------------------------------------------

    def _entries(self, node: Node, key: str) -> list[tuple[str, int, Node]]:
        """Return name, line and value of each entry of the map under a key; none if there is none.

        Nothing behind a key is an empty map.
        """
        found = node.value.get(key)
        if found is None or (found.kind == "scalar" and found.value is None):
            return []
        if found.kind != "map":
            self.wrong(found.line, f"'{key}' must be a map, not {type_name(found)}")
            return []
        return [(name, found.key_lines[name], child) for name, child in found.value.items()]

    def _named(self, pattern: str, name: str, line: int, what: str) -> None:
        if not re.fullmatch(pattern, name, re.ASCII) or len(name) > LONGEST_NAME:
            slash = " and '/'" if "/" in pattern else ""
            self.wrong(line, f"the name of {what} is letters, digits, '-', '_'{slash}")

    def _is_map(self, node: Node, shown: str, known: described.Words) -> bool:
        if node.kind != "map":
            self.wrong(node.line, f"{shown} must be a map, not {type_name(node)}")
            return False
        self.mistakes += unknown_keys(node, known, self.file, shown.strip("'"))
        return True

    def _text(self, node: Node, key: str) -> str:
        found = node.value.get(key)
        if found is None:
            self.wrong(node.line, f"'{key}' is missing")
            return ""
        if not isinstance(found.value, str):
            self.wrong(found.line, f"'{key}' must be text, not {type_name(found)}", "quote it")
            return ""
        if not found.value.strip():
            self.wrong(found.line, f"'{key}' is empty")
        return found.value

    def _flag(self, node: Node, key: str) -> bool:
        found = node.value.get(key)
        if found is None:
            return False
        if not isinstance(found.value, bool):
            self.wrong(found.line, f"'{key}' must be true or false")
        return found.value is True

    def _words(self, node: Node, key: str) -> frozenset[str]:
        if node.kind != "list" or not node.value:
            self.wrong(node.line, f"'{key}' must be a list of words, not {type_name(node)}")
            return frozenset()
        words: set[str] = set()
        for one in node.value:
            if not isinstance(one.value, str):
                self.wrong(one.line, f"a word must be text, not {type_name(one)}", "quote it")
            elif not re.fullmatch(WORD, one.value):
                self.wrong(one.line, f"no word for '{key}'", "64 characters, no ','")
            elif one.value in words:
                self.wrong(one.line, f"the same word again in '{key}'")
            else:
                words.add(one.value)
        return frozenset(words)


def shown_name(name: str) -> str:
    """Return a name in quotes; of what is none, nothing: it may be a secret."""
    is_name = re.fullmatch(EVENT_NAME, name, re.ASCII) and len(name) <= LONGEST_NAME
    return f"'{name}'" if is_name else "(not shown)"


def kept_of(event: EventType, query: str) -> dict[str, Value]:
    """Return what is kept of a query string's attributes, by type alone; of two values none.

    Raises:
        RequestError: it is no query string.
    """
    texts: dict[str, str | None] = {}
    for name, text in read_query(query):
        texts[name] = None if name in texts else text
    kept: dict[str, Value] = {}
    for name, attribute in event.attributes.items():
        found = texts.get(name)
        value = attribute.read(found) if found is not None else None
        if value is not None:
            kept[name] = value
    return kept
