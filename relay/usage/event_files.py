"""One file of the allow-list: YAML in, types of events out, or every mistake with its line."""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

from relay.errors import RequestError
from relay.rules.loading import RuleText
from relay.usage import described_events as described
from relay.usage.attributes import (
    MAX_BUCKETS,
    MAX_KEPT,
    MAX_TEXT,
    Attribute,
    EventType,
    Example,
    Type,
    Value,
)
from relay.usage.event_fields import EVENT_NAME, NAME, FieldReader, shown_name
from relay.usage.forbidden_names import why_forbidden
from relay.usage.requests import read_query
from relay.yamlio import Node, nearest, plain, shown_key, type_name, unknown_keys

OWN: Final = "c_"
"""What the names of parameters begin with that every request has."""

Lists = Mapping[str, tuple[str, frozenset[str]]]
"""Named lists of words of all files: where each stands, and its words."""


class EventFile(FieldReader):
    """Reads one file."""

    def __init__(self, file: RuleText) -> None:
        super().__init__(file.text, file.file)
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

    def lists(self) -> dict[str, tuple[int, frozenset[str]]]:
        """Return the named lists of words in this file, with their lines."""
        found: dict[str, tuple[int, frozenset[str]]] = {}
        for name, line, node in self.entries(self.root, "words"):
            self.named(NAME, name, line, "a list of words")
            found[name] = (line, self.words(node, f"words.{name}"))
        return found

    def events(self, lists: Lists) -> list[EventType]:
        """Return the types of events in this file; those with mistakes too, in part."""
        return [
            self._event(name, line, node, lists)
            for name, line, node in self.entries(self.root, "events")
        ]

    # --- one type --------------------------------------------------------------------------------

    def _event(self, name: str, line: int, node: Node, lists: Lists) -> EventType:
        self.named(EVENT_NAME, name, line, "a type of events")
        if not self.is_map(node, shown_name(name), described.EVENT):
            return EventType(name, "", {}, file=self.file, line=line)
        attributes = {
            key: self._attribute(key, at, child, lists)
            for key, at, child in self.entries(node, "attributes")
        }
        event = EventType(
            name,
            self.text(node, "description"),
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
        apps = self.words(found, "apps")
        if not all(re.fullmatch(NAME, app) for app in apps):
            self.wrong(found.line, "an app is letters, digits, '-' and '_'")
        return apps

    def _attribute(self, name: str, line: int, node: Node, lists: Lists) -> Attribute | None:
        before = len(self.mistakes)
        self.named(NAME, name, line, "an attribute")
        if name.startswith(OWN):
            self.wrong(line, f"what begins with '{OWN}' is of the request, and no attribute")
        if not self.is_map(node, shown_name(name), described.ATTRIBUTE):
            return None
        kind = self._type(node)
        description = self.text(node, "description")
        describes = self.flag(node, "describes")
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
        return self.words(found, "values")

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
        if len(bounds) > MAX_BUCKETS:
            self.wrong(found.line, f"'buckets' has more than {MAX_BUCKETS} bounds")
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
