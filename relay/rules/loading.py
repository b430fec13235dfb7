"""Rule files: text in, rules out, or every mistake at once, with line and nearest known word."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from relay.detectors import CHECKS
from relay.errors import Mistake, RuleError
from relay.rules import described
from relay.rules.model import (
    Leaves,
    Match,
    Method,
    Redaction,
    Rule,
    Scrubs,
    Status,
    normalise_key,
)
from relay.rules.patterns import Pattern, PatternError, compile_pattern
from relay.rules.selectors import Selector, SelectorError, parse_selector
from relay.yamlio import Node, load, nearest, plain, type_name, unknown_keys

ID: Final = r"[a-z0-9]+(-[a-z0-9]+)*(/[a-z0-9]+(-[a-z0-9]+)*)*"
"""What an id looks like."""

LEAST_EXAMPLES: Final = 2
"""A rule needs so many `scrubs`, and so many `leaves`."""


@dataclass(frozen=True, slots=True)
class RuleText:
    """A rule file as read: the name that its path gives it, the file to show, its YAML."""

    name: str
    file: str
    text: str = field(repr=False)


def load_rules(files: Iterable[RuleText]) -> tuple[Rule, ...]:
    """Load a set of rule files.

    Raises:
        RuleError: with all mistakes of all files.
    """
    rules, mistakes = read_rules(files)
    if mistakes:
        raise RuleError(mistakes)
    return rules


def read_rules(files: Iterable[RuleText]) -> tuple[tuple[Rule, ...], tuple[Mistake, ...]]:
    """Return the rules of the files that are well, and the mistakes of the others."""
    rules: list[Rule] = []
    mistakes: list[Mistake] = []
    seen: dict[str, Rule] = {}
    for file in files:
        reader = _Reader(file)
        rule = reader.rule()
        mistakes += reader.mistakes
        if rule is None:
            continue
        if rule.id in seen:
            first = seen[rule.id]
            mistakes.append(
                Mistake(rule.file, rule.line, f"a second rule '{rule.id}'", f"also in {first.file}")
            )
            continue
        seen[rule.id] = rule
        rules.append(rule)
    return tuple(rules), tuple(mistakes)


class _Reader:
    """Reads one file, collecting mistakes instead of stopping at the first."""

    def __init__(self, file: RuleText) -> None:
        self.name = file.name
        self.file = file.file
        self.root, self.mistakes = load(file.text, file.file)

    def wrong(self, line: int, message: str, hint: str = "") -> None:
        self.mistakes.append(Mistake(self.file, line, message, hint))

    def rule(self) -> Rule | None:
        root = self.root
        if root.kind == "map" and not root.value and self.mistakes:
            # Not YAML, or nothing at all: what is missing in it would only hide that.
            return None
        if root.kind != "map":
            self.wrong(root.line, f"a rule is a map, not {type_name(root)}")
            return None
        self.mistakes += unknown_keys(root, described.RULE, self.file)
        rule_id = self.rule_id()
        match = self.match()
        rule = Rule(
            id=rule_id,
            description=self.text(root, "description", required=True),
            why=self.text(root, "why", required=True),
            status=self.choice(root, "status", Status, Status.ENFORCE),
            match=match,
            where=self.selectors("where"),
            excepts=self.selectors("except"),
            redaction=self.redaction(rule_id),
            scrubs=self.scrubs(),
            leaves=self.leaves(),
            file=self.file,
            line=root.key_lines.get("id", root.line),
        )
        if match.any and "where" not in root.value:
            self.wrong(root.line, "'any: true' needs a 'where'", "it would redact everything")
        return None if self.mistakes else rule

    # --- fields ----------------------------------------------------------------------------------

    def rule_id(self) -> str:
        rule_id = self.text(self.root, "id", required=True)
        line = self.root.key_lines.get("id", self.root.line)
        if rule_id and not re.fullmatch(ID, rule_id):
            self.wrong(line, "an id is lower-case words: folder/some-name")
        elif rule_id and "/" in self.name and rule_id != self.name:
            self.wrong(line, f"the id must be the file's path, '{self.name}'")
        return rule_id

    def child(self, node: Node, key: str, kind: str) -> Node | None:
        found = node.value.get(key)
        if not isinstance(found, Node):
            return None
        if found.kind != kind:
            wanted = "text" if kind == "scalar" else f"a {kind}"
            hint = f"put it in quotes: {key}: '[…]'" if kind == "scalar" else ""
            self.wrong(found.line, f"'{key}' must be {wanted}, not {type_name(found)}", hint)
            return None
        return found

    def text(self, node: Node, key: str, *, required: bool = False) -> str:
        if key not in node.value:
            if required:
                self.wrong(node.line, f"'{key}' is missing")
            return ""
        found = self.child(node, key, "scalar")
        if found is None:
            return ""
        if not isinstance(found.value, str):
            self.wrong(found.line, f"'{key}' must be text, not {type_name(found)}", "quote it")
            return ""
        if required and not found.value.strip():
            self.wrong(found.line, f"'{key}' is empty")
        return found.value

    def choice(self, node: Node, key: str, kind: Any, default: Any) -> Any:
        given = node.value.get(key)
        word = self.text(node, key)
        if given is None or not isinstance(given.value, str):
            return default
        if word not in list(kind):
            words = [str(k) for k in kind]
            hint = nearest(word, words) or f"known: {', '.join(words)}"
            self.wrong(node.value[key].line, f"unknown {key} '{word}'", hint)
            return default
        return kind(word)

    def words(self, node: Node, key: str) -> tuple[str, ...]:
        """Read one text or a list of texts."""
        found = node.value.get(key)
        if found is None:
            return ()
        nodes: Sequence[Node] = found.value if found.kind == "list" else [found]
        words: list[str] = []
        for item in nodes:
            if item.kind == "scalar" and isinstance(item.value, str) and item.value:
                words.append(item.value)
            else:
                self.wrong(item.line, f"'{key}' must be text, not {type_name(item)}", "quote it")
        if not words:
            self.wrong(found.line, f"'{key}' is empty")
        return tuple(words)

    def match(self) -> Match:
        if "match" not in self.root.value:
            self.wrong(self.root.line, "'match' is missing")
            return Match()
        node = self.child(self.root, "match", "map")
        if node is None:
            return Match()
        self.mistakes += unknown_keys(node, described.MATCH, self.file, "match")
        any_ = False
        if "any" in node.value:
            any_ = node.value["any"].value is True
            if not any_:
                self.wrong(node.value["any"].line, "'any' can only be true")
        keys = self.words(node, "key")
        if not all(normalise_key(key).lstrip("*") for key in keys):
            self.wrong(node.value["key"].line, "a key needs letters or digits")
        if any("*" in key[1:] for key in keys):
            self.wrong(node.value["key"].line, "'*' stands at the start of a key only")
        pattern = self.pattern(node)
        misspelt = set(node.value) - set(described.MATCH)
        if not (pattern or keys or any_ or misspelt or "pattern" in node.value):
            self.wrong(node.line, "a match needs 'pattern', 'key' or 'any'")
        if any_ and (keys or pattern):
            self.wrong(node.line, "'any' goes with neither 'pattern' nor 'key'", "use 'where'")
        check = self.text(node, "check")
        given = node.value.get("check")
        if given is not None and given.value == check and check not in CHECKS:
            hint = nearest(check, CHECKS) or f"known: {', '.join(sorted(CHECKS))}"
            self.wrong(node.value["check"].line, f"unknown check '{check}'", hint)
        if given is not None and "pattern" not in node.value:
            self.wrong(node.value["check"].line, "'check' needs a 'pattern'")
        near = tuple(word.casefold() for word in self.words(node, "near"))
        return Match(pattern, check, frozenset(map(normalise_key, keys)), keys, any_, near)

    def pattern(self, node: Node) -> Pattern | None:
        source = self.text(node, "pattern")
        if not source:
            if "pattern" in node.value and node.value["pattern"].value == "":
                self.wrong(node.value["pattern"].line, "'pattern' is empty")
            return None
        try:
            return compile_pattern(source)
        except PatternError as error:
            self.wrong(node.value["pattern"].line, f"bad pattern: {error}")
            return None

    def selectors(self, key: str) -> tuple[Selector, ...]:
        if key not in self.root.value:
            return ()
        found = self.root.value[key]
        parsed: list[Selector] = []
        nodes = found.value if found.kind == "list" else [found]
        for source, node in zip(self.words(self.root, key), nodes, strict=False):
            try:
                parsed.append(parse_selector(source))
            except SelectorError as error:
                self.wrong(node.line, f"bad selector: {error}")
        return tuple(parsed)

    def redaction(self, rule_id: str) -> Redaction:
        if "redact" not in self.root.value:
            self.wrong(self.root.line, "'redact' is missing")
            return Redaction(Method.REMOVE)
        node = self.child(self.root, "redact", "map")
        if node is None:
            return Redaction(Method.REMOVE)
        self.mistakes += unknown_keys(node, described.REDACT, self.file, "redact")
        if "method" not in node.value:
            self.wrong(node.line, "'method' is missing", f"known: {', '.join(Method)}")
        method = self.choice(node, "method", Method, Method.REMOVE)
        text = self.text(node, "text")
        known = node.value["method"].value in list(Method) if "method" in node.value else False
        if known and method is Method.REPLACE and "text" not in node.value:
            self.wrong(node.line, "'replace' needs a 'text'", "such as '[ip]'")
        if known and method is not Method.REPLACE and "text" in node.value:
            self.wrong(node.value["text"].line, f"'text' does not go with '{method}'")
        family = self.text(node, "family")
        given = node.value.get("family")
        if given is not None and method is not Method.HASH:
            self.wrong(given.line, "'family' goes with 'hash' only")
        elif given is not None and given.value == "":
            self.wrong(given.line, "'family' is empty")
        return Redaction(method, text, family or rule_id.partition("/")[0])

    # --- examples --------------------------------------------------------------------------------

    def examples(self, key: str) -> list[Node]:
        if "examples" not in self.root.value:
            if key == "scrubs":
                self.wrong(self.root.line, "'examples' is missing", "a rule brings its own proof")
            return []
        node = self.child(self.root, "examples", "map")
        if node is None:
            return []
        if key == "scrubs":
            self.mistakes += unknown_keys(node, described.EXAMPLES, self.file, "examples")
        found = self.child(node, key, "list")
        listed: list[Node] = found.value if found is not None else []
        if len(listed) < LEAST_EXAMPLES:
            self.wrong(
                found.line if found is not None else node.line,
                f"'{key}' needs at least {LEAST_EXAMPLES} examples",
                "one of them a near miss" if key == "leaves" else "",
            )
        return listed

    def scrubs(self) -> tuple[Scrubs, ...]:
        read: list[Scrubs] = []
        for node in self.examples("scrubs"):
            keys = set(node.value) if node.kind == "map" else set()
            values: Mapping[str, Any] = plain(node) if node.kind == "map" else {}
            if keys == {"in", "out"} and all(isinstance(v, str) for v in values.values()):
                read.append(Scrubs(values["in"], values["out"], is_document=False, line=node.line))
            elif keys == {"event", "becomes"}:
                read.append(
                    Scrubs(values["event"], values["becomes"], is_document=True, line=node.line)
                )
            else:
                self.wrong(
                    node.line, "an example is {in: text, out: text} or {event: …, becomes: …}"
                )
        return tuple(read)

    def leaves(self) -> tuple[Leaves, ...]:
        read: list[Leaves] = []
        for node in self.examples("leaves"):
            if node.kind == "scalar" and isinstance(node.value, str):
                read.append(Leaves(node.value, is_document=False, line=node.line))
            elif node.kind == "map" and set(node.value) == {"event"}:
                read.append(Leaves(plain(node.value["event"]), is_document=True, line=node.line))
            else:
                self.wrong(node.line, "an example is text or {event: …}", "quote numbers")
        return tuple(read)
