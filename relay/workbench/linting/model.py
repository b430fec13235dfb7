"""What lint finds, and the table of its code words; docs/rules.md is held against it.

Law of this file: one row a word. A word is for good, for rule files silence it by name.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from relay.rules.model import Rule
from relay.yamlio import Node, load


class Severity(StrEnum):
    """How sure it is that something is wrong."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Code(StrEnum):
    """What is wrong, in a word."""

    FAILS = "fails"
    MATCHES_ANYTHING = "matches-anything"
    MARKER_FOUND = "marker-found"
    SAME_MATCH = "same-match"
    SHADOWED = "shadowed"
    MATCHES_KIND = "matches-kind"
    COMMON_KEY = "common-key"
    SELECTS_NOTHING = "selects-nothing"
    UNEXERCISED = "unexercised"
    NO_NEAR_MISS = "no-near-miss"
    THIN_TEXT = "thin-text"
    FILE_NAME = "file-name"
    HASH_FOR_EVER = "hash-for-ever"
    SILENCE = "silence"
    SAME_KEY = "same-key"
    OVERLAPS = "overlaps"
    MARKER_FORM = "marker-form"
    NOTHING_TELLING = "nothing-telling"
    SLOW = "slow"


@dataclass(frozen=True, slots=True)
class Meaning:
    """One row of the table: how severe, what it is, why it matters, what to do."""

    severity: Severity
    what: str
    why: str
    remedy: str


_E, _W, _N = Severity.ERROR, Severity.WARNING, Severity.NOTE

MEANINGS: Final[Mapping[Code, Meaning]] = {
    Code.FAILS: Meaning(
        _E,
        "An example fails",
        "what lint says of a rule rests on its examples",
        "`relay rules test` shows it",
    ),
    Code.MATCHES_ANYTHING: Meaning(
        _E,
        "The pattern matches most ordinary text",
        "events would be blanked",
        "a prefix, a length, a digit, a `check`, a `near` or a `where`",
    ),
    Code.MARKER_FOUND: Meaning(
        _E,
        "What the rule writes is found by a rule",
        "what it wrote would be redacted once more",
        "another `text`",
    ),
    Code.SAME_MATCH: Meaning(
        _E,
        "Another rule looks for the same, at the same places",
        "one of the two never counts",
        "take one away, or join their examples",
    ),
    Code.SHADOWED: Meaning(
        _W,
        "Without the rule its examples come out as clean",
        "other rules take all that it would take: it looks alive and does nothing",
        "an example that only it finds, or take it away",
    ),
    Code.MATCHES_KIND: Meaning(
        _W,
        "The pattern matches most of one kind of ordinary text, such as versions or dates",
        "what helps to find the fault is blanked",
        "as for `matches-anything`",
    ),
    Code.COMMON_KEY: Meaning(
        _W,
        "The rule takes whole values under a key that every event has, such as `message`",
        "events are blanked",
        "a `where` that says which of them, or a `pattern`",
    ),
    Code.SELECTS_NOTHING: Meaning(
        _W,
        "A selector names a field that Sentry's protocol has not",
        "misspelt, it selects nothing, and the example misspelt alike passes",
        "the field's name; silence it if the field is your own",
    ),
    Code.UNEXERCISED: Meaning(
        _W,
        "Without this alternative, key, selector, word or check all examples pass",
        "whoever breaks it is not told",
        "an example that needs it, or take it away",
    ),
    Code.NO_NEAR_MISS: Meaning(
        _W,
        "None of `leaves` is nearly a hit",
        "that the rule stops in time is not shown",
        "what looks alike and must stay",
    ),
    Code.THIN_TEXT: Meaning(
        _W,
        "`description` or `why` says nothing, or the same twice",
        "whoever meets the rule in Sentry asks what it is for",
        "a sentence",
    ),
    Code.FILE_NAME: Meaning(
        _W,
        "The file is not named as the id ends",
        "remarks in Sentry carry the id, and lead to no file",
        "rename the file",
    ),
    Code.HASH_FOR_EVER: Meaning(
        _W,
        "The rule hashes, and `hash.rotate` is 0",
        "a pseudonym that never changes is a name",
        "let the key rotate",
    ),
    Code.SILENCE: Meaning(
        _W,
        "A comment that silences has no reason, an unknown word, or nothing to silence",
        "silence that nobody needs hides what comes later",
        "mend the comment or take it away",
    ),
    Code.SAME_KEY: Meaning(
        _N,
        "Two rules name the same key, and neither a pattern",
        "at places that both select, the first one wins",
        "take the key out of one, if they write different things",
    ),
    Code.OVERLAPS: Meaning(
        _N,
        "In an example of the rule another one finds the same span",
        "only one of them is named in the remark",
        "nothing, if either marker will do",
    ),
    Code.MARKER_FORM: Meaning(
        _N,
        "`text` is not of the form `[word]`, or is nearly that of another rule",
        "people and searches know markers by their form",
        "the usual marker",
    ),
    Code.NOTHING_TELLING: Meaning(
        _N,
        "The prefilter can say of no text that the pattern is not in it",
        "each event is searched for it",
        "a word that each match must hold, or a run of 20 letters and digits",
    ),
    Code.SLOW: Meaning(
        _N,
        "The rule alone takes a twentieth or more of the time for an event",
        "each event waits for it",
        "as for `nothing-telling`; `relay rules bench` shows figures",
    ),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with a rule.

    Attributes:
        rule: its id.
        file: its file.
        line: where in it.
        code: what is wrong, in a word.
        severity: how sure it is.
        message: what is wrong, in a sentence made of the rule alone.
        other: the id of another rule that it is about; mostly empty.
    """

    rule: str
    file: str
    line: int
    code: Code
    severity: Severity
    message: str
    other: str = ""


def found(
    rule: Rule, code: Code, message: str, *, line: int | None = None, other: str = ""
) -> Finding:
    """Make a finding.

    Args:
        rule: that it is about.
        code: what is wrong, in a word; how sure it is stands in `MEANINGS`.
        message: for people.
        line: of the rule's file; its first unless told otherwise.
        other: the id of a rule that has to do with it.
    """
    severity = MEANINGS[code].severity
    return Finding(
        rule.id, rule.file, rule.line if line is None else line, code, severity, message, other
    )


@dataclass(frozen=True, slots=True)
class Lines:
    """Where in a rule file things stand."""

    root: Node = field(repr=False)
    first: int

    @classmethod
    def of(cls, rule: Rule, text: str) -> "Lines":
        """Read a rule's file once more, for its lines alone."""
        root, mistakes = load(text, rule.file)
        return cls(root if not mistakes else Node({}, rule.line, "map"), rule.line)

    def at(self, *keys: str, item: int = 0) -> int:
        """Return the line of a value, or of an item of a list that it is; else the first line."""
        node = self.root
        for key in keys:
            child = node.value.get(key) if node.kind == "map" else None
            if not isinstance(child, Node):
                return self.first
            node = child
        if node.kind == "list" and item < len(node.value):
            return int(node.value[item].line)
        return node.line
