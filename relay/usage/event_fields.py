"""What fields of a file of the allow-list are read with: each notes its mistakes, and goes on.

Law of this file: it knows what names and words look like, and no key of a file.
"""

import re
from typing import Final

from relay.errors import Mistake
from relay.usage.described_events import Words
from relay.yamlio import Node, load, type_name, unknown_keys

EVENT_NAME: Final = r"[A-Za-z0-9][A-Za-z0-9_-]*(/[A-Za-z0-9_-]+)*"
"""What the name of a type looks like; files of a set are named after it, `/` as `.`."""

COUNTS: Final = frozenset({"opt_outs", "people_by_value"})
"""What sets are called that are of no type."""

NAME: Final = r"[A-Za-z][A-Za-z0-9_-]*"
"""What the name of an attribute, of an app or of a list of words looks like."""

LONGEST_NAME: Final = 100

WORD: Final = r"[\w/][\w ._:/+()-]{0,63}"
"""What a word in `values` looks like: letters of any script, for units have Greek ones."""


class FieldReader:
    """Reads one file's values, collecting mistakes instead of stopping at the first."""

    def __init__(self, text: str, file: str) -> None:
        self.file = file
        self.root, self.mistakes = load(text, file)

    def wrong(self, line: int, message: str, hint: str = "") -> None:
        """Note a mistake."""
        self.mistakes.append(Mistake(self.file, line, message, hint))

    def entries(self, node: Node, key: str) -> list[tuple[str, int, Node]]:
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

    def named(self, pattern: str, name: str, line: int, what: str) -> None:
        """Note a mistake where a name does not look like one."""
        if not re.fullmatch(pattern, name, re.ASCII) or len(name) > LONGEST_NAME:
            slash = " and '/'" if "/" in pattern else ""
            self.wrong(line, f"the name of {what} is letters, digits, '-', '_'{slash}")

    def is_map(self, node: Node, shown: str, known: Words) -> bool:
        """Return whether a value is a map; note each key of it that is not known."""
        if node.kind != "map":
            self.wrong(node.line, f"{shown} must be a map, not {type_name(node)}")
            return False
        self.mistakes += unknown_keys(node, known, self.file, shown.strip("'"))
        return True

    def text(self, node: Node, key: str) -> str:
        """Return the text under a key, which must be there."""
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

    def flag(self, node: Node, key: str) -> bool:
        """Return whether a key is true; false where it is not there."""
        found = node.value.get(key)
        if found is None:
            return False
        if not isinstance(found.value, bool):
            self.wrong(found.line, f"'{key}' must be true or false")
        return found.value is True

    def words(self, node: Node, key: str) -> frozenset[str]:
        """Return the words of a list; the key is for mistakes."""
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
